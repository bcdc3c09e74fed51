//! What is due for steps that are joined by pipes: they start together, are tried together, and
//! each succeeds only if all do.
//!
//! Derived like every stage. Invariant: the attempts of a chain's members are in flight together or
//! not at all; a member that has succeeded means that all have, or are about to.

use super::stage::{confirm_stage, requires_stage};
use super::{Decision, Omission, Phase, RunState, Stage, UnitIx, UnitState};
use crate::exec::event::{Answer, QuestionKind, Status, Timestamp};
use crate::exec::graph::NodeIx;
use crate::ir::{Guards, Step};

impl RunState {
    /// The steps that a step is joined to and that this run does not leave out, itself among them.
    pub fn joined(&self, node: NodeIx) -> impl Iterator<Item = NodeIx> + '_ {
        let row = self.graph.joined(node).iter().copied();
        row.filter(|step| self.node(*step).omission != Some(Omission::LeftOut))
    }

    /// What is due for a member of a chain, where the chain makes a difference.
    pub(super) fn joined_stage(&self, unit: UnitIx, state: &UnitState) -> Option<Stage> {
        if self.graph.joined(unit.node).is_empty() {
            return None;
        }
        if matches!(
            state.phase,
            Phase::Ended(_)
                | Phase::Running
                | Phase::Succeeding
                | Phase::Snapshotting
                | Phase::Restoring(_)
                | Phase::Ending(_)
        ) {
            return None;
        }
        if self.joined(unit.node).any(|step| self.node(step).status == Status::Succeeded) {
            return Some(Stage::Decide(Decision::Succeed));
        }
        match &state.phase {
            Phase::Delayed(until) => Some(self.joined_delay(unit.node, *until)),
            Phase::Asking if state.attempts == 0 => {
                self.joined_end(unit.node).map(|end| Stage::Decide(Decision::EndUnstarted(end)))
            }
            Phase::InDoubt if self.rolling(unit.node).is_some() => {
                Some(Stage::Decide(Decision::Cancel))
            }
            Phase::InDoubt => Some(self.joined_doubt(unit.node, state)),
            Phase::Failing(_) => {
                let due = self.joined_end(unit.node).is_some() || self.is_first_failing(unit.node);
                Some(if due { Stage::Decide(Decision::Recover) } else { Stage::Idle })
            }
            _ => None,
        }
    }

    /// How a step ends because of how another ended that it is joined to.
    pub(super) fn joined_end(&self, node: NodeIx) -> Option<Status> {
        let others = self.joined(node).filter(|step| *step != node);
        let ends = others.map(|step| self.node(step).status).filter(|status| status.is_end());
        ends.filter(|status| *status != Status::Succeeded)
            .map(|status| match status {
                Status::Skipped | Status::NotRun => status,
                _ => Status::Blocked,
            })
            .max_by_key(|status| match status {
                Status::Blocked => 2,
                Status::NotRun => 1,
                _ => 0,
            })
    }

    /// One member waits for all: the first.
    fn joined_delay(&self, node: NodeIx, until: Timestamp) -> Stage {
        if self.cancelling(node) || self.joined_end(node).is_some() {
            return Stage::Decide(Decision::Cancel);
        }
        let held = self.joined(node).any(|step| self.waits_for_service(step));
        if held || !self.leads(node) { Stage::Idle } else { Stage::Delayed(until) }
    }

    fn leads(&self, node: NodeIx) -> bool {
        self.joined(node).next() == Some(node)
    }

    fn is_first_failing(&self, node: NodeIx) -> bool {
        let failing = |step: &NodeIx| matches!(self.node(*step).unit.phase, Phase::Failing(_));
        self.joined(node).find(failing) == Some(node)
    }

    /// Guards of a member before its first attempt. `unless` counts for the chain as a whole: it is
    /// already done where every `unless` in it holds and its last step has one.
    pub(super) fn joined_guards(
        &self,
        node: NodeIx,
        guards: &Guards,
        state: &UnitState,
    ) -> Option<Stage> {
        if state.attempts > 0 {
            return None;
        }
        if !guards.unless.is_empty() && state.unless.is_none() {
            return Some(Stage::Decide(Decision::CheckUnless));
        }
        match self.chain_is_done(node) {
            Some(true) => Some(Stage::Decide(Decision::Succeed)),
            Some(false) => requires_stage(guards, state).or_else(|| confirm_stage(guards, state)),
            None => Some(Stage::Idle),
        }
    }

    /// Whether a chain is already done, once that is known.
    fn chain_is_done(&self, node: NodeIx) -> Option<bool> {
        if !self.last_has_unless(node) {
            return Some(false);
        }
        let mut known = true;
        for step in self.joined(node) {
            let unit = &self.node(step).unit;
            if unit.unless == Some(false) || unit.attempts > 0 {
                return Some(false);
            }
            known &= self.has_come_to_unless(step);
        }
        known.then_some(true)
    }

    fn last_has_unless(&self, node: NodeIx) -> bool {
        let last = self.joined(node).last();
        last.and_then(|last| self.graph.step(last)).is_some_and(has_unless)
    }

    fn has_come_to_unless(&self, node: NodeIx) -> bool {
        let state = self.node(node);
        let Some(step) = self.graph.step(node) else { return false };
        let asked = !has_unless(step) || state.unit.unless.is_some();
        state.status == Status::Succeeded
            || (state.held_by == 0 && self.when_holds(node, step) && asked)
    }

    fn when_holds(&self, node: NodeIx, step: &Step) -> bool {
        step.guards.when.is_none() || self.node(node).when == Some(true)
    }

    /// The first of a chain may start once all its members may.
    pub(super) fn joined_start(&self, node: NodeIx) -> Stage {
        let ready = self.leads(node) && self.joined(node).all(|step| self.may_start(step));
        if ready { Stage::Startable } else { Stage::Idle }
    }

    fn may_start(&self, node: NodeIx) -> bool {
        let state = self.node(node);
        let Some(step) = self.graph.step(node) else { return false };
        let free = if state.unit.attempts > 0 {
            !self.cancelling(node)
        } else {
            state.held_by == 0 && state.omission.is_none() && self.unstarted_end(node).is_none()
        };
        free && state.unit.phase == Phase::Guarding
            && !self.waits_for_service(node)
            && self.when_holds(node, step)
            && self.joined_guards(node, &step.guards, &state.unit).is_none()
            && self.step_question(UnitIx::of(node), &state.unit).is_none()
    }

    /// A chain that was in flight when the process died: it runs again if all its steps are
    /// `idempotent`; otherwise `unless` decides, or one question for the whole chain, put at the
    /// first step that neither is `idempotent` nor has an `unless`.
    fn joined_doubt(&self, node: NodeIx, state: &UnitState) -> Stage {
        if self.joined_end(node).is_some() {
            return Stage::Decide(Decision::Cancel);
        }
        let step_of = |step: NodeIx| self.graph.step(step);
        if self.joined(node).filter_map(step_of).all(|step| step.idempotent) {
            return Stage::Decide(Decision::ResolveDoubt);
        }
        if step_of(node).is_some_and(has_unless) && state.unless.is_none() {
            return Stage::Decide(Decision::CheckUnless);
        }
        let unasked = |step: NodeIx| {
            let unit = &self.node(step).unit;
            unit.phase == Phase::InDoubt
                && unit.unless.is_none()
                && step_of(step).is_some_and(has_unless)
        };
        if self.joined(node).any(unasked) {
            return Stage::Idle;
        }
        let holds = |step: NodeIx| {
            !step_of(step).is_some_and(has_unless) || self.node(step).unit.unless == Some(true)
        };
        if self.last_has_unless(node) && self.joined(node).all(holds) {
            return Stage::Decide(Decision::Succeed);
        }
        let unclear =
            |step: &NodeIx| step_of(*step).is_some_and(|s| !s.idempotent && !has_unless(s));
        match self.joined(node).find(unclear) {
            Some(asked) => self.joined_answer(node, asked),
            None => Stage::Decide(Decision::ResolveDoubt),
        }
    }

    /// What the answer to the one question means for each.
    fn joined_answer(&self, node: NodeIx, asked: NodeIx) -> Stage {
        let state = &self.node(asked).unit;
        if state.phase != Phase::InDoubt {
            return Stage::Decide(Decision::ResolveDoubt);
        }
        let open = state.open_question().is_some_and(|q| q.kind == QuestionKind::InDoubt);
        let answer = state.answer(QuestionKind::InDoubt).map(|record| &record.answer);
        match answer {
            _ if open => {
                if node == asked {
                    Stage::Asking
                } else {
                    Stage::Idle
                }
            }
            Some(Answer::Done { .. }) => Stage::Decide(Decision::Succeed),
            _ if node != asked => Stage::Idle,
            Some(Answer::Failed | Answer::Denied) => Stage::Decide(Decision::SaidFailed),
            _ => Stage::Decide(Decision::Ask(QuestionKind::InDoubt)),
        }
    }

    /// While snapshots of a chain are taken, those of it that have none to take have their slots and
    /// locks as well: all start as soon as the last snapshot is there.
    pub(super) fn hold_for_joined(&mut self, node: NodeIx) {
        let saving = |step: &NodeIx| self.node(*step).unit.phase == Phase::Snapshotting;
        let members: Vec<NodeIx> = self.joined(node).collect();
        let saves = members.iter().any(saving);
        for step in members {
            let waits = saves
                && self.node(step).unit.phase == Phase::Guarding
                && !self.must_save(UnitIx::of(step));
            let held = std::mem::replace(&mut self.nodes[step.at()].unit.held_for_joined, waits);
            if held != waits {
                let by = i32::from(waits) - i32::from(held);
                self.count_slot(step, by);
                self.count_locks(step, by);
            }
        }
    }

    /// The delay of one is the delay of all that it is joined to.
    pub(super) fn delay_joined(&mut self, unit: UnitIx, until: Timestamp) {
        for step in self.joined(unit.node).collect::<Vec<_>>() {
            self.nodes[step.at()].unit.phase = Phase::Delayed(until);
        }
    }

    /// On resume: a member in doubt puts all in doubt that were in flight with it.
    pub(super) fn doubt_joined(&mut self) {
        let graph = std::sync::Arc::clone(&self.graph);
        for row in graph.chains() {
            let doubt = row.iter().any(|step| self.node(*step).unit.phase == Phase::InDoubt);
            for step in row.iter().filter(|_| doubt) {
                let unit = &mut self.nodes[step.at()].unit;
                if !unit.is_ended() && unit.attempts > 0 {
                    unit.phase = Phase::InDoubt;
                    unit.unless = None;
                }
            }
        }
    }

    /// On resume: steps that succeeded, but that a step is joined to that was undone and is done
    /// again: they can only be done together.
    pub(super) fn joined_to_undone(&self) -> Vec<NodeIx> {
        let undone =
            |step: &NodeIx| matches!(self.node(*step).status, Status::Undone | Status::UndoFailed);
        let rows = self.graph.chains().filter(|row| row.iter().any(undone));
        let succeeded = |step: &NodeIx| self.node(*step).status == Status::Succeeded;
        rows.flatten().copied().filter(succeeded).collect()
    }

    /// On resume: whether a member stays as it ended because another does that failed.
    pub(super) fn stays_with_joined(
        &self,
        node: NodeIx,
        again: impl Fn(NodeIx, Status) -> bool,
    ) -> bool {
        self.joined(node).any(|step| {
            let status = self.node(step).status;
            status.is_end() && status != Status::Succeeded && !again(step, status)
        })
    }
}

fn has_unless(step: &Step) -> bool {
    !step.guards.unless.is_empty()
}
