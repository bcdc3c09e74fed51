//! What an edited plan makes of a run that takes it.

use super::resume::start_over;
use super::{Ask, Handed, Model, Phase, Saved, Status, Stop, Undo, Unit};
use crate::plan::Action;

impl Model<'_> {
    /// Whether a goal was stopped for failures alone, and all is undone that is to be.
    fn may_go_on(&self, goal: usize, changed: &[usize]) -> bool {
        let stop = self.nodes[goal].stop;
        let by = stop.rolls.and_then(|(by, _)| by);
        if stop.late || !stop.failure && by.is_none() {
            return false;
        }
        let undone = self.rolled(goal).is_none_or(|top| {
            let fine = |step: usize| {
                let state = &self.nodes[step];
                state.undo != Undo::Failed && !self.is_to_undo(step)
            };
            self.steps_in(top).all(fine)
        });
        // Its verify did not hold, which only what changed in it may mend.
        let own = by == Some(goal);
        let inside = |at: &usize| *at == goal || self.tree.around(*at).any(|g| g == goal);
        undone && (!own || changed.iter().any(inside))
    }

    /// What changed starts over, and what was stopped for failures that all lie in it goes on.
    pub(super) fn take_changes(&mut self, changed: &[usize], late: &[bool]) {
        let nodes = 0..self.nodes.len();
        let stopped: Vec<usize> = nodes.filter(|goal| self.may_go_on(*goal, changed)).collect();
        for goal in &stopped {
            self.nodes[*goal].stop = Stop::default();
        }
        for node in 0..self.nodes.len() {
            let state = &self.nodes[node];
            let over = |step: usize| self.nodes[step].status.is_some() && !changed.contains(&step);
            let stays = !changed.contains(&node) && self.steps_in(node).all(over);
            if state.status == Some(Status::Failed) && stays && !self.is_ignored(node) {
                self.stop_after(node);
            }
        }
        for step in changed {
            if self.tree.goal(*step).is_some() {
                if self.rolled(*step).is_none() {
                    self.decide_anew(*step);
                }
            } else if self.rolled(*step).is_none() && self.is_doubt_open(*step) {
                // What was under way is asked about first, whatever it means now.
                for unit in self.nodes[*step].instances.iter_mut().flatten() {
                    if !unit.is_in_doubt() {
                        *unit = unit.anew();
                        (unit.confirm, unit.approved_here) = (Ask::Not, false);
                    }
                }
                let unit = &mut self.nodes[*step].unit;
                unit.outdated = unit.saved != Saved::No;
            } else if self.rolled(*step).is_none() {
                let node = &mut self.nodes[*step];
                node.instances = None;
                start_over(node);
                node.unit.outdated = node.unit.saved != Saved::No;
                // It may be another question now.
                (node.unit.confirm, node.unit.approved_here) = (Ask::Not, false);
                for joined in self.tree.nodes[*step].chain.iter() {
                    start_over(&mut self.nodes[*joined]);
                }
            }
        }
        for goal in stopped {
            let stop = self.nodes[goal].stop;
            if stop.failure || stop.rolls.is_some() {
                continue;
            }
            for node in self.steps_in(goal).collect::<Vec<_>>() {
                let kept_off = [Status::NotRun, Status::Blocked, Status::Cancelled, Status::Undone];
                let kept_off = kept_off.map(Some);
                let stays = late[node] || self.rolled(node).is_some();
                let open = self.nodes[node].status.is_none();
                let due = open || kept_off.contains(&self.nodes[node].status);
                for unit in self.nodes[node].instances.iter_mut().flatten() {
                    if due && !stays && kept_off.contains(&unit.over) {
                        *unit = unit.anew();
                    }
                }
                if !open && due && !stays {
                    let undone = self.nodes[node].undo != Undo::No;
                    if undone || self.nodes[node].unit.saved == Saved::PutBack {
                        self.nodes[node].instances = None;
                    }
                    start_over(&mut self.nodes[node]);
                }
            }
        }
    }

    /// A goal starts over, and what it kept from running; where something in it is under way it goes on.
    fn decide_anew(&mut self, goal: usize) {
        let begun = |step: usize| {
            let state = &self.nodes[step];
            let asked = matches!(state.unit.begins, Ask::Open(_));
            state.status.is_none() && (asked || !self.is_untouched(step))
        };
        if self.steps_in(goal).any(begun) {
            return;
        }
        let kept_off = [Status::Skipped, Status::NotRun, Status::Blocked].map(Some);
        let state = &mut self.nodes[goal];
        let never = !state.opened || kept_off.contains(&state.status);
        let stop = state.stop;
        start_over(state);
        (state.unit.confirm, state.unit.approved_here) = (Ask::Not, false);
        state.stop = stop;
        let inside = |node: &usize| self.tree.around(*node).any(|around| around == goal);
        let inside: Vec<usize> = (0..self.nodes.len()).filter(inside).collect();
        for node in inside.into_iter().filter(|_| never) {
            if kept_off.contains(&self.nodes[node].status) {
                self.nodes[node].instances = None;
                start_over(&mut self.nodes[node]);
            }
        }
    }

    /// Whether only a person can say what became of a step that was under way, or of its chain.
    fn is_doubt_open(&self, node: usize) -> bool {
        let chain = self.tree.nodes[node].chain.iter().copied();
        std::iter::once(node).chain(chain).any(|at| {
            let Some(step) = self.tree.step(at) else { return false };
            let decided = step.idempotent || step.service || step.unless.is_some();
            let repeats = |unit: &Unit| {
                let awaits = unit.way == 0 && matches!(step.action, Action::Await);
                unit.handed != Handed::Lost && (awaits || decided)
            };
            let state = &self.nodes[at];
            let mut units = std::iter::once(&state.unit).chain(state.instances.iter().flatten());
            let open = state.status.is_none();
            open && units.any(|unit| unit.is_in_doubt() && !repeats(unit))
        })
    }
}

impl Unit {
    /// Whether it was under way when its process died, by itself or in an agent's hands.
    fn is_in_doubt(&self) -> bool {
        self.phase == Phase::Doubt || self.handed == Handed::Lost && self.over.is_none()
    }
}
