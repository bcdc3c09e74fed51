//! What is due for a unit: derived from what is known of it, never stored.
//!
//! The order of one step is written here and nowhere else: dependencies, `when`, `unless`,
//! `requires`, `confirm`, `snapshot`, attempts, fallbacks, the snapshot put back, end, undo.

use super::{Omission, Phase, RunState, UnitIx, UnitState};
use crate::exec::drive::attempt_of;
use crate::exec::event::{Answer, QuestionKind, Status, Timestamp};
use crate::exec::graph::NodeIx;
use crate::ir::{Action, EdgeKind, Guards, Step};

/// A decision that takes no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It never starts: skipped, blocked, not-run or cancelled.
    EndUnstarted(Status),
    When,
    FixItems,
    CheckUnless,
    CheckRequires,
    Ask(QuestionKind),
    /// A person said so, or `unless` held.
    Succeed,
    Deny,
    SaidFailed,
    OpenGoal,
    /// What next after a failed attempt.
    Recover,
    /// An attempt was in flight when the process died.
    ResolveDoubt,
    /// All instances of a `foreach` step have ended.
    EndForeach,
    /// All children of a goal have ended.
    CloseGoal,
    /// A delay or question is cut short because the run is cancelled.
    Cancel,
    /// What is in flight is to end: a service that no one needs any more, or an attempt whose
    /// service died.
    StopAttempt,
    /// It waited for its next attempt when its service died, or an agent has it in hand.
    LoseService,
    /// It ends as was decided before its snapshot was put back.
    End,
}

/// Where a unit is on the agenda.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is due: it waits for others, or has ended.
    #[default]
    Idle,
    Decide(Decision),
    Startable,
    Delayed(Timestamp),
    Asking,
    Running,
    /// A service that is ready and needed.
    Serving,
}

impl RunState {
    /// What is due for a unit now.
    pub fn stage(&self, unit: UnitIx) -> Stage {
        let Some(state) = self.unit(unit) else { return Stage::Idle };
        if state.attempts > 0 && self.has_lost_service(unit, state) {
            return Stage::Decide(Decision::LoseService);
        }
        if let Some(stage) = self.joined_stage(unit, state) {
            return stage;
        }
        match &state.phase {
            Phase::Ended(_) => self.undo_stage(unit),
            Phase::Running => self.running_stage(unit.node),
            Phase::Snapshotting | Phase::Restoring(_) => Stage::Running,
            Phase::Ending(_) => Stage::Decide(Decision::End),
            Phase::Delayed(_) if self.cancelling(unit.node) => Stage::Decide(Decision::Cancel),
            Phase::InDoubt if self.rolling(unit.node).is_some() => Stage::Decide(Decision::Cancel),
            Phase::Delayed(_) | Phase::InDoubt if self.waits_for_service(unit.node) => Stage::Idle,
            Phase::Delayed(until) => Stage::Delayed(*until),
            Phase::Asking => self.asking_stage(unit, state),
            Phase::InDoubt => doubt_stage(self.graph().step(unit.node), state),
            Phase::Succeeding => Stage::Decide(Decision::Succeed),
            Phase::Failing(_) => self.failing_stage(unit, state),
            Phase::Guarding => self.guarding_stage(unit, state),
        }
    }

    fn running_stage(&self, node: NodeIx) -> Stage {
        let unneeded = self.graph().is_service(node) && !self.is_needed(node);
        match () {
            () if unneeded || self.lost_service(node).is_some() => {
                Stage::Decide(Decision::StopAttempt)
            }
            () if self.is_serving(node) => Stage::Serving,
            () => Stage::Running,
        }
    }

    /// Whether it was between two attempts when a service died that it cannot do without.
    fn has_lost_service(&self, unit: UnitIx, state: &UnitState) -> bool {
        let between = matches!(
            state.phase,
            Phase::Delayed(_) | Phase::Guarding | Phase::Asking | Phase::InDoubt
        );
        between
            && !state.is_done_by_hand()
            && !self.cancelling(unit.node)
            && self.lost_service(unit.node).is_some()
    }

    fn asking_stage(&self, unit: UnitIx, state: &UnitState) -> Stage {
        if let Some(stage) = self.handed_stage(unit, state) {
            return stage;
        }
        // A fallback that is done by hand.
        if state.attempts > 0 && self.cancelling(unit.node) {
            return Stage::Decide(Decision::Cancel);
        }
        if state.attempts == 0 && self.lost_service(unit.node).is_some() {
            return Stage::Decide(Decision::EndUnstarted(Status::Blocked));
        }
        let stops = self.stopping(unit.node).is_some()
            || (unit.item.is_some() && self.is_past_tolerance(unit.node));
        if state.attempts == 0 && stops {
            return Stage::Decide(Decision::EndUnstarted(Status::NotRun));
        }
        if state.attempts == 0 && self.waits_for_what_is_undone(unit.node) {
            return Stage::Decide(Decision::EndUnstarted(Status::Blocked));
        }
        Stage::Asking
    }

    fn guarding_stage(&self, unit: UnitIx, state: &UnitState) -> Stage {
        let node = self.node(unit.node);
        let untouched = self.is_untouched(unit.node, state);
        if untouched && node.omission == Some(Omission::LeftOut) {
            return Stage::Decide(Decision::EndUnstarted(Status::NotRun));
        }
        // Begun anew, and not yet that far: what it did before is undone without waiting for others.
        if untouched && self.must_be_undone(unit.node) {
            return Stage::Decide(Decision::EndUnstarted(Status::NotRun));
        }
        if untouched && (node.held_by > 0 || self.is_held_behind(unit.node)) {
            return Stage::Idle;
        }
        if untouched && let Some(end) = self.unstarted_end(unit.node) {
            return Stage::Decide(Decision::EndUnstarted(end));
        }
        if untouched && node.omission == Some(Omission::Skipped) {
            return Stage::Decide(Decision::EndUnstarted(Status::Skipped));
        }
        let cancelled = self.cancelling(unit.node) || self.joined_end(unit.node).is_some();
        if state.attempts > 0 && cancelled {
            return Stage::Decide(Decision::Cancel);
        }
        let service = state.attempts > 0 && self.graph().is_service(unit.node);
        if service && !self.is_needed(unit.node) {
            return Stage::Decide(Decision::Succeed);
        }
        match self.graph().step(unit.node) {
            Some(step) => self.step_stage(unit, step, state),
            None => self.goal_stage(unit, state),
        }
    }

    fn step_stage(&self, unit: UnitIx, step: &Step, state: &UnitState) -> Stage {
        let node = self.node(unit.node);
        if let Some(stage) = when_stage(&step.guards, node.when) {
            return stage;
        }
        // What has come to its end ends without it.
        let over = state.is_done_by_hand() || (unit.item.is_none() && node.items.is_some());
        if self.waits_for_service(unit.node) && !over {
            return Stage::Idle;
        }
        let by_hand = matches!(step.attempt.action, Action::Manual(_));
        let question = if by_hand { None } else { self.step_question(unit, state) };
        if step.foreach.is_some() && unit.item.is_none() {
            let asked = question.filter(|_| node.items.is_none());
            return asked.unwrap_or_else(|| self.foreach_stage(unit.node));
        }
        // What has begun goes on with its fallbacks.
        if let Some(item) = unit.item
            && state.attempts == 0
            && !state.is_done_by_hand()
            && let Some(stage) = self.instance_hold(unit.node, item)
        {
            return stage;
        }
        let joined = !self.graph().joined(unit.node).is_empty();
        let guards = if joined {
            self.joined_guards(unit.node, &step.guards, state)
        } else {
            guards_stage(&step.guards, state)
        };
        if let Some(stage) = guards.or(question) {
            return stage;
        }
        match attempt_of(step, state.way).map(|attempt| &attempt.action) {
            Some(Action::Manual(_)) => manual_stage(state),
            _ if joined => self.joined_start(unit.node),
            _ => Stage::Startable,
        }
    }

    fn foreach_stage(&self, node: NodeIx) -> Stage {
        let state = self.node(node);
        match (&state.items, state.instances_open) {
            (None, _) if self.must_save(UnitIx::of(node)) => Stage::Startable,
            (None, _) => Stage::Decide(Decision::FixItems),
            (Some(_), 0) if self.may_be_tolerated(node) => Stage::Idle,
            (Some(_), 0) => Stage::Decide(Decision::EndForeach),
            (Some(_), _) => Stage::Idle,
        }
    }

    /// In a pipeline by item, whether it is still open if what kept instances from running is tolerated.
    fn may_be_tolerated(&self, node: NodeIx) -> bool {
        let blocked = self.node(node).instances.iter().any(|one| one.status() == Status::Blocked);
        let open = |source: NodeIx| !self.node(source).status.is_end();
        blocked && self.item_source(node).is_some_and(open)
    }

    /// In a pipeline by item, whether the failures that kept instances from running are tolerated, or ignored.
    pub fn is_blocked_by_tolerated(&self, node: NodeIx) -> bool {
        let tolerated = |source: NodeIx| self.is_done_for(source, node);
        self.lost_service(node).is_none() && self.item_source(node).is_some_and(tolerated)
    }

    /// The step whose instances a step's items are.
    fn item_source(&self, node: NodeIx) -> Option<NodeIx> {
        let mut edges = self.graph().incoming(node).iter();
        edges.find(|edge| edge.kind == EdgeKind::Item).map(|edge| edge.from)
    }

    /// What holds an instance back that does not hold its step back: a stop, too many failed
    /// siblings, or, in a pipeline by item, the instance that it comes from.
    fn instance_hold(&self, node: NodeIx, item: u32) -> Option<Stage> {
        let end = |status| Some(Stage::Decide(Decision::EndUnstarted(status)));
        if self.stopping(node).is_some() || self.is_past_tolerance(node) {
            return end(Status::NotRun);
        }
        if self.lost_service(node).is_some() {
            return end(Status::Blocked);
        }
        let source = self.item_source(node)?;
        if self.is_undone_for(source, node) {
            return end(Status::Blocked);
        }
        let from = self.node(source);
        let ended = match from.instances.get(item as usize).map(|from| &from.phase) {
            Some(Phase::Ended(status)) => Some(*status),
            Some(_) => None,
            None if from.omission == Some(Omission::LeftOut) => return None,
            // It has started over, and has not come that far again.
            None => Some(from.status).filter(|status| status.is_end() || from.items.is_some()),
        };
        match ended {
            Some(Status::Succeeded) => None,
            Some(Status::Skipped) => end(Status::Skipped),
            Some(_) => end(Status::Blocked),
            None => Some(Stage::Idle),
        }
    }

    fn goal_stage(&self, unit: UnitIx, state: &UnitState) -> Stage {
        let node = self.node(unit.node);
        if node.open {
            let closing = node.children_open == 0 && !self.undo_pending(unit.node);
            return if closing { Stage::Decide(Decision::CloseGoal) } else { Stage::Idle };
        }
        let Some(goal) = self.graph().goal(unit.node) else { return Stage::Idle };
        if let Some(stage) = when_stage(&goal.guards, node.when) {
            return stage;
        }
        // A goal's `requires` is checked up front, before anything runs.
        if let Some(stage) = confirm_stage(&goal.guards, state) {
            return stage;
        }
        Stage::Decide(Decision::OpenGoal)
    }
}

fn when_stage(guards: &Guards, when: Option<bool>) -> Option<Stage> {
    match (&guards.when, when) {
        (Some(_), None) => Some(Stage::Decide(Decision::When)),
        (Some(_), Some(false)) => Some(Stage::Decide(Decision::EndUnstarted(Status::Skipped))),
        _ => None,
    }
}

fn guards_stage(guards: &Guards, state: &UnitState) -> Option<Stage> {
    if state.attempts > 0 {
        return None;
    }
    if !guards.unless.is_empty() {
        match state.unless {
            None => return Some(Stage::Decide(Decision::CheckUnless)),
            Some(true) => return Some(Stage::Decide(Decision::Succeed)),
            Some(false) => {}
        }
    }
    requires_stage(guards, state).or_else(|| confirm_stage(guards, state))
}

pub(super) fn requires_stage(guards: &Guards, state: &UnitState) -> Option<Stage> {
    let due = !guards.requires.is_empty() && !state.requires_held;
    due.then_some(Stage::Decide(Decision::CheckRequires))
}

pub(super) fn confirm_stage(guards: &Guards, state: &UnitState) -> Option<Stage> {
    guards.confirm.as_ref()?;
    if state.confirm_not_needed {
        return None;
    }
    match state.answer(QuestionKind::Confirm).map(|record| &record.answer) {
        None => Some(Stage::Decide(Decision::Ask(QuestionKind::Confirm))),
        Some(Answer::Approved) => None,
        Some(Answer::Skipped) => Some(Stage::Decide(Decision::EndUnstarted(Status::Skipped))),
        Some(_) => Some(Stage::Decide(Decision::Deny)),
    }
}

fn manual_stage(state: &UnitState) -> Stage {
    Stage::Decide(match state.answer(QuestionKind::Manual).map(|record| &record.answer) {
        None => Decision::Ask(QuestionKind::Manual),
        Some(Answer::Skipped) => Decision::EndUnstarted(Status::Skipped),
        Some(Answer::Failed | Answer::Denied) => Decision::SaidFailed,
        Some(_) => Decision::Succeed,
    })
}

fn doubt_stage(step: Option<&Step>, state: &UnitState) -> Stage {
    if state.open_question().is_some_and(|question| question.kind == QuestionKind::InDoubt) {
        return Stage::Asking;
    }
    let unless = step.is_some_and(|step| !step.guards.unless.is_empty());
    // An `await` only looks: it may look again.
    let awaits = step.and_then(|step| attempt_of(step, state.way));
    let awaits = awaits.is_some_and(|way| matches!(way.action, Action::Await { .. }));
    let idempotent = awaits || step.is_some_and(|step| step.idempotent);
    let answer = state.answer(QuestionKind::InDoubt).map(|record| &record.answer);
    Stage::Decide(match (answer, state.unless) {
        (Some(Answer::Done { .. }), _) | (_, Some(true)) => Decision::Succeed,
        (Some(Answer::Failed | Answer::Denied), _) => Decision::SaidFailed,
        _ if idempotent => Decision::ResolveDoubt,
        (_, None) if unless => Decision::CheckUnless,
        (_, Some(false)) => Decision::ResolveDoubt,
        _ => Decision::Ask(QuestionKind::InDoubt),
    })
}
