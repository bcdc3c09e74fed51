//! Rollbacks and snapshots: what is undone, and after what.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Ask, Due, Model, Phase, Saved, Undo, Wrong};
use crate::plan::{EdgeKind, Status};
use crate::trace::What;
use crate::tree::Tree;

impl Model<'_> {
    /// The outermost goal that is rolled back and holds this node, or is it.
    pub(super) fn rolled(&self, node: usize) -> Option<usize> {
        let around = std::iter::once(node).chain(self.tree.around(node));
        around.filter(|goal| self.nodes[*goal].stop.rolls.is_some()).last()
    }

    pub(super) fn undo_running(&self, node: usize) -> Option<()> {
        (self.nodes[node].undo == Undo::Running).then_some(())
    }

    pub(super) fn steps_in(&self, goal: usize) -> impl Iterator<Item = usize> + '_ {
        let steps = self.tree.steps().map(|(node, _)| node);
        steps.filter(move |node| self.tree.around(*node).any(|around| around == goal))
    }

    /// Whether a step has begun and not ended.
    pub(super) fn is_active(&self, node: usize) -> bool {
        let state = &self.nodes[node];
        let active = |at| {
            let unit = self.unit(at);
            unit.over.is_none() && (unit.attempts > 0 || unit.phase != Phase::Fresh)
        };
        state.status.is_none() && self.units_of(node).any(active)
    }

    /// Whether a step has instances and has not ended.
    fn has_items_open(&self, node: usize) -> bool {
        self.nodes[node].instances.is_some() && self.nodes[node].status.is_none()
    }

    /// Whether a rollback has this step to undo; what had succeeded by the last checkpoint is kept.
    /// What is made a checkpoint of once it has begun changes nothing about it.
    pub(super) fn is_to_undo(&self, node: usize) -> bool {
        let (Some(step), state) = (self.tree.step(node), &self.nodes[node]) else { return false };
        let rolls = self.rolled(node).and_then(|top| self.nodes[top].stop.rolls);
        let checkpoint = rolls.map_or(0, |(_, checkpoint)| checkpoint);
        let kept = state.status == Some(Status::Succeeded) && state.ended_seq <= checkpoint;
        let saved = matches!(state.unit.saved, Saved::Kept | Saved::Lost);
        state.unit.touched && (step.rollback || saved) && !kept && state.undo != Undo::Done
    }

    /// Whether what a node did is undone or to be undone, in a goal that does not hold `other`.
    pub(super) fn is_undone_for(&self, node: usize, other: usize) -> bool {
        let Some(top) = self.rolled(node) else { return false };
        let inside = other == top || self.tree.around(other).any(|goal| goal == top);
        let undone = |step: usize| self.nodes[step].undo != Undo::No || self.is_to_undo(step);
        !inside && (undone(node) || self.steps_in(node).any(undone))
    }

    pub(super) fn take_undo(&mut self, what: &What) -> Result<(), Wrong> {
        let wrong =
            |model: &Self, node| Err(format!("{}: {what:?} is not due", model.name((node, None))));
        match *what {
            What::Undoing(node) => {
                // What a service keeps from it it can never have.
                let kept = self.is_kept_by_service((node, None));
                if !self.may_undo(node, true)
                    || self.crowded((node, None), false) && !kept
                    || self.taken((node, None)) && !kept
                {
                    return wrong(self, node);
                }
                self.nodes[node].undo = Undo::Running;
            }
            What::Undone(node, works) => {
                if self.nodes[node].undo != Undo::Running {
                    return wrong(self, node);
                }
                self.nodes[node].unit.busy = None;
                let began = self.began_rollback(node);
                let state = &mut self.nodes[node];
                state.undo = if works { Undo::Done } else { Undo::Failed };
                state.unit.touched &= !works;
                if works && matches!(state.unit.saved, Saved::Kept | Saved::Lost) {
                    state.unit.saved = Saved::PutBack;
                }
                for unit in state.instances.iter_mut().flatten() {
                    unit.touched &= !works;
                }
                if !began {
                    state.checkpoint *= u64::from(!works);
                    state.status = Some(if works { Status::Undone } else { Status::UndoFailed });
                }
            }
            What::UndoStopped(node) => {
                self.nodes[node].unit.busy = None;
                self.nodes[node].undo = Undo::No;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn take_snapshot(&mut self, what: &What) -> Result<(), Wrong> {
        let wrong = |model: &Self, at| Err(format!("{}: {what:?} is not due", model.name(at)));
        match *what {
            What::Saving(at) => {
                self.must(at, &Due::Save, what)?;
                if self.crowded(at, false) || self.taken(at) {
                    return Err(format!("{} takes what others have", self.name(at)));
                }
                let unit = self.unit_mut(at);
                (unit.phase, unit.fails) = (Phase::Saving, Ask::Not);
            }
            What::Saved(at, how) => {
                if self.unit(at).phase != Phase::Saving {
                    return wrong(self, at);
                }
                let unit = self.unit_mut(at);
                unit.busy = None;
                (unit.phase, unit.saved) = match how {
                    Ok(()) => (Phase::Fresh, Saved::Kept),
                    // What was saved before stays what it goes back to.
                    Err(why) => (Phase::Unsaved(why), unit.saved),
                };
                unit.outdated &= how.is_err();
            }
            What::Restoring(at, status) => {
                let due = matches!(self.due(at), Due::Restore(all) if all.contains(&status));
                if !due || self.taken(at) {
                    return wrong(self, at);
                }
                self.unit_mut(at).phase = Phase::Restoring(status);
            }
            What::Restored(at, works) => {
                let unit = self.unit_mut(at);
                let Phase::Restoring(status) = unit.phase else { return wrong(self, at) };
                (unit.phase, unit.busy) = (Phase::Ending(status), None);
                unit.saved = if works { Saved::PutBack } else { Saved::Lost };
            }
            _ => {}
        }
        Ok(())
    }

    fn interrupted(&self, node: usize) -> bool {
        let mut around = std::iter::once(node).chain(self.tree.around(node));
        around.any(|goal| self.nodes[goal].stop.signal)
    }

    /// Whether `later` comes after `node`, by way of `depends` alone or of all that it waits for.
    fn comes_after(&self, later: usize, node: usize, depends: bool) -> bool {
        self.before[usize::from(depends)][later].contains(&node)
    }

    /// Whether a step's undo may begin now, and so must.
    pub(super) fn undo_due(&self, node: usize) -> bool {
        // What is asked for an instance may be over first.
        let open = |step: usize| self.has_items_open(step);
        let asked = self.rolled(node).is_some_and(|top| self.steps_in(top).any(open));
        let ended = self.nodes[node].status.is_some();
        !asked && ended && self.may_undo(node, false)
    }

    /// Whether a step's undo may begin. Leniently: once an undo has failed, what only came `after`
    /// others holds these up no more.
    pub(super) fn may_undo(&self, node: usize, lenient: bool) -> bool {
        self.is_next_to_undo(node, lenient) && !self.waits_for_service(node)
    }

    fn is_next_to_undo(&self, node: usize, lenient: bool) -> bool {
        let Some(top) = self.rolled(node) else { return false };
        if self.nodes[node].undo != Undo::No || !self.is_to_undo(node) || self.interrupted(top) {
            return false;
        }
        if self.steps_in(top).any(|step| self.is_active(step)) {
            return false;
        }
        let failed = self.steps_in(top).any(|step| self.nodes[step].undo == Undo::Failed);
        self.steps_in(top)
            .filter(|later| *later != node && self.is_to_undo(*later))
            .all(|later| !self.comes_after(later, node, lenient && failed))
    }

    /// Whether a goal must stay open because something in it is undone, or is still to be.
    pub(super) fn undo_pending(&self, goal: usize) -> bool {
        let Some(top) = self.rolled(goal) else { return false };
        let interrupted = self.interrupted(top);
        let any = |counts: &dyn Fn(usize) -> bool| self.steps_in(top).any(counts);
        any(&|node| self.nodes[node].undo == Undo::Running)
            || (!interrupted
                && any(&|node| {
                    self.is_active(node)
                        || self.has_items_open(node)
                        || self.is_next_to_undo(node, true)
                }))
    }
}

/// For each node all that comes before it: what it and the goals around it wait for, and so on; by
/// way of `depends` alone, or of all edges.
pub(super) fn before(tree: &Tree<'_>, depends: bool) -> Rc<Vec<BTreeSet<usize>>> {
    let mut all: Vec<BTreeSet<usize>> = Vec::new();
    for node in 0..tree.nodes.len() {
        let mut found = BTreeSet::new();
        for from in std::iter::once(node).chain(tree.around(node)) {
            let flat = &tree.nodes[from];
            let of = flat.source.into_iter().chain(flat.reads);
            let source = of.map(|source| (source, EdgeKind::Depends));
            let edges = flat.edges.iter().copied().chain(source);
            for (on, _) in edges.filter(|(_, kind)| !depends || *kind != EdgeKind::After) {
                let held = (on..node).filter(|at| *at == on || tree.around(*at).any(|g| g == on));
                for inner in held {
                    found.insert(inner);
                    found.extend(&all[inner]);
                }
            }
        }
        all.push(found);
    }
    Rc::new(all)
}
