//! What an edited plan makes of a run that takes it: what means something else is due again.
//!
//! Knows what changed, not how that was found. Invariant: what means the same stays as it is.

use super::resume::{start_over, take_up};
use super::{Handed, NodeState, Phase, RunState, Undo, UnitState};
use crate::exec::drive::attempt_of;
use crate::exec::event::{Edits, Status, StopReason};
use crate::exec::graph::NodeIx;
use crate::ir::{Action, Rare, Step};

impl RunState {
    /// Values that are defined otherwise now are evaluated anew, and params that came with the edit have
    /// theirs.
    pub(super) fn take_values(&mut self, edits: &Edits) {
        for id in &edits.lets {
            // It may have been a param before.
            self.lets.remove(id);
            self.params.shift_remove(id);
        }
        for (id, value) in &edits.params {
            self.lets.remove(id);
            self.params.insert(id.clone(), value.clone());
        }
    }

    /// Starts steps over whose meaning has changed, and has goals decided anew whose own has. Goals that were stopped for failures which all
    /// lie in these go on: what the failures kept from running is due again, and what was undone
    /// for them. Not in what a deadline has ended (`over`), nor where something is still to be
    /// undone.
    pub(super) fn take_changes(&mut self, changed: &[NodeIx], over: &[bool]) {
        let goals = self.graph.nodes().skip(self.graph.step_count());
        let stopped: Vec<NodeIx> = goals.filter(|goal| self.may_go_on(*goal, changed)).collect();
        for goal in &stopped {
            let state = &mut self.nodes[goal.at()];
            (state.stopping, state.failed_by, state.rolling) = (None, None, None);
            state.undone = Rare::default();
        }
        let failed = self.graph.nodes().filter(|node| self.stays_failed(*node, changed));
        for node in failed.collect::<Vec<_>>() {
            self.stop_after_failure(node);
        }
        for node in changed.iter().copied() {
            // What is rolled back is not done again before all of it is undone.
            if self.rolling(node).is_none() {
                if !self.graph.is_step(node) {
                    self.decide_anew(node);
                    continue;
                }
                // An edit does not say what became of what was under way: that is asked first.
                if self.is_doubt_open(node) {
                    start_others_over(&mut self.nodes[node.at()]);
                    self.nodes[node.at()].outdate_snapshots();
                    continue;
                }
                start_over(&mut self.nodes[node.at()]);
                self.nodes[node.at()].outdate_snapshots();
                // What was approved may be another thing now.
                self.nodes[node.at()].unit.questions = Rare::default();
                for joined in self.graph.joined(node) {
                    start_over(&mut self.nodes[joined.at()]);
                }
            }
        }
        let lifted = stopped.into_iter().filter(|goal| self.node(*goal).stopping.is_none());
        for node in lifted.flat_map(|goal| self.steps_in(goal)).collect::<Vec<_>>() {
            if over.get(node.at()) != Some(&true) && self.rolling(node).is_none() {
                take_up(&mut self.nodes[node.at()], |status| {
                    use Status::{Blocked, Cancelled, NotRun, Undone};
                    matches!(status, NotRun | Blocked | Cancelled | Undone)
                });
            }
        }
    }

    /// Whether a goal was stopped for failures alone, and all is undone that is to be.
    fn may_go_on(&self, goal: NodeIx, changed: &[NodeIx]) -> bool {
        let Some(StopReason::Failure { node }) = self.node(goal).stopping.as_deref() else {
            return false;
        };
        let rolled = self.rolling(goal).map(|top| self.steps_in(top)).unwrap_or_default();
        let undone = rolled.iter().all(|step| {
            !self.must_be_undone(*step) && !matches!(self.node(*step).undo, Undo::Failed(_))
        });
        // Its `verify` did not hold, which only what changed in it, or of it, may mend.
        let own = *node == self.graph.id(goal);
        let inside = |node: &NodeIx| {
            *node == goal || self.graph.enclosing(*node).any(|around| around == goal)
        };
        undone && (!own || changed.iter().any(inside))
    }

    /// Whether a node has failed and stays so: nothing in it is due again, and it is not ignored.
    fn stays_failed(&self, node: NodeIx, changed: &[NodeIx]) -> bool {
        let over = |step: &NodeIx| self.node(*step).status.is_end() && !changed.contains(step);
        self.node(node).status == Status::Failed
            && !self.is_ignored(node)
            && !changed.contains(&node)
            && self.steps_in(node).iter().all(over)
    }

    /// Whether a goal is to be done, by when, and whether it is achieved: all of that is decided anew. What
    /// is in it stays as it is, unless the goal had kept it from running. Where something in it has begun
    /// and not ended, the goal stays open, and only by when it is to be done is decided anew.
    fn decide_anew(&mut self, goal: NodeIx) {
        let begun = |step: &NodeIx| !self.node(*step).status.is_end() && !self.is_fresh(*step);
        if self.steps_in(goal).iter().any(begun) {
            return;
        }
        let kept_off =
            |status| matches!(status, Status::Skipped | Status::NotRun | Status::Blocked);
        let never_opened = self.node(goal).started.is_none() || kept_off(self.node(goal).status);
        let state = &mut self.nodes[goal.at()];
        let (stopping, rolling) = (state.stopping.take(), state.rolling.take());
        let (failed_by, undone) = (state.failed_by.take(), std::mem::take(&mut state.undone));
        start_over(state);
        // What was approved may be another thing now.
        state.unit.questions = Rare::default();
        (state.stopping, state.rolling) = (stopping, rolling);
        (state.failed_by, state.undone) = (failed_by, undone);
        if never_opened {
            for node in self.graph.descendants(goal) {
                let state = &mut self.nodes[node.at()];
                if kept_off(state.status) {
                    start_over(state);
                }
            }
        }
    }

    /// Whether only a person can say what became of a step that was under way when goalc was ended, or
    /// of one that it is joined to.
    fn is_doubt_open(&self, node: NodeIx) -> bool {
        let mut all = std::iter::once(node).chain(self.graph.joined(node).iter().copied());
        all.any(|step| {
            let state = self.node(step);
            let mut units = std::iter::once(&state.unit).chain(&state.instances);
            let step = self.graph.step(step);
            units.any(|unit| {
                has_open_doubt(unit) && !step.is_some_and(|step| may_repeat(step, unit))
            })
        })
    }
}

/// Whether it was under way, in a process or in the hands of an agent.
fn has_open_doubt(unit: &UnitState) -> bool {
    unit.phase == Phase::InDoubt || (unit.handed == Handed::Lost && !unit.is_ended())
}

/// Whether nobody has to be asked before it runs again, or its `unless` is.
fn may_repeat(step: &Step, unit: &UnitState) -> bool {
    let way = attempt_of(step, unit.way).map(|way| &way.action);
    let awaits = matches!(way, Some(Action::Await { .. }));
    let decided = step.idempotent || step.service.is_some() || !step.guards.unless.is_empty();
    unit.handed != Handed::Lost && (awaits || decided)
}

/// Instances of which nothing is in doubt start over.
fn start_others_over(state: &mut NodeState) {
    for instance in state.instances.iter_mut().filter(|unit| !has_open_doubt(unit)) {
        *instance = instance.anew();
        instance.questions = Rare::default();
    }
    state.instances_failed = 0;
}
