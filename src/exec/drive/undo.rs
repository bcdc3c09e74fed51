//! Snapshots and undos: started, ended, and told of.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Drive;
use crate::exec::event::{Event, Failure, Status, StopReason};
use crate::exec::graph::NodeIx;
use crate::exec::schedule;
use crate::exec::state::{Phase, Stage, Undo, UnitIx};
use crate::exec::world::{Outcome, Ticket, Undone, Work, World};

/// So many steps are named in a goal's reason.
const NAMED: usize = 20;

/// Whether an event may mean that something that runs has to end.
pub(super) fn may_stop_others(event: &Event) -> bool {
    match event {
        Event::StopRequested { .. } => true,
        Event::StepEnded { status, .. } | Event::GoalEnded { status, .. } => {
            *status == Status::Failed
        }
        _ => false,
    }
}

impl<W: World> Drive<'_, W> {
    /// Tells what runs in goals that are cancelled or rolled back to end.
    pub(super) fn stop_what_must_end(&mut self) {
        let must_end = |work: &Work| match work {
            Work::Cleanup(_) | Work::Restore(_) => false,
            Work::Undo { node, .. } => self.state.interrupted(*node),
            // A service is stopped after those who need it.
            work if self.is_serving(work) => false,
            Work::VerifyGoal(goal) => self.state.cancelling_within(*goal),
            work => {
                let units = super::units_of_work(work);
                units.iter().any(|unit| self.state.cancelling(unit.node))
            }
        };
        let inside: Vec<Ticket> = self
            .in_flight
            .iter()
            .filter(|(_, work)| must_end(work))
            .map(|(ticket, _)| *ticket)
            .collect();
        for ticket in inside {
            self.world.stop(ticket, false);
        }
    }

    pub(super) fn start_snapshot(&mut self, unit: UnitIx, uses: IndexMap<Arc<str>, i64>) {
        let name = self.state.name(unit);
        self.record(Event::SnapshotStarted { unit: name, uses });
        let number = self.state.seq;
        self.begin(Work::Snapshot { unit, number });
    }

    pub(super) fn start_undo(&mut self, node: NodeIx) {
        let Some(step) = self.state.graph().step_id(node).cloned() else { return };
        self.record(Event::UndoStarted { step });
        let log = self.state.seq;
        self.begin(Work::Undo { node, log });
    }

    /// Before a unit ends without success, its snapshot is put back. True: it ends later.
    pub(super) fn restores_first(
        &mut self,
        unit: UnitIx,
        status: Status,
        failure: Option<&Failure>,
        reason: Option<&String>,
    ) -> bool {
        // One that was tried in vain and then skipped leaves nothing, either.
        // What was not begun anew goes back in its turn, where it is rolled back.
        let state = self.state.unit(unit);
        let begun = state.is_some_and(|state| state.attempts > 0)
            || (unit.item.is_none() && self.state.node(unit.node).items.is_some());
        let in_turn = !begun && self.state.must_be_undone(unit.node);
        // What never had its turn changed nothing since.
        let stays = match status {
            Status::Failed | Status::Cancelled => false,
            Status::Skipped => !begun,
            _ => true,
        };
        let never = stays || self.force || in_turn;
        if never || !self.state.must_restore(unit) {
            return false;
        }
        let uses = self.state.uses_of(unit);
        if schedule::held_by_others(&self.state, unit.node, &uses, &self.limits).is_none() {
            let name = self.state.name(unit);
            let (failure, reason) = (failure.cloned(), reason.cloned());
            self.record(Event::RestoreStarted { unit: name, status, failure, reason });
            self.begin(Work::Restore(unit));
        }
        true
    }

    pub(super) fn end_as_decided(&mut self, unit: UnitIx) {
        let Some(Phase::Ending(end)) = self.state.unit(unit).map(|state| state.phase.clone())
        else {
            return;
        };
        if unit.item.is_none() && self.state.node(unit.node).items.is_some() {
            return self.end_foreach(unit.node);
        }
        self.finish(unit, end.status, end.failure, end.reason);
    }

    pub(super) fn take_undo_outcome(&mut self, work: &Work, outcome: Outcome) {
        let Outcome::Undone(undone) = outcome else { return };
        match work {
            Work::Snapshot { unit, number } => self.end_snapshot(*unit, *number, undone),
            Work::Restore(unit) => {
                let unit = self.state.name(*unit);
                self.record(Event::RestoreEnded { unit, failure: failure_of(undone) });
            }
            Work::Undo { node, .. } => self.end_undo(*node, undone),
            _ => {}
        }
    }

    fn end_snapshot(&mut self, unit: UnitIx, number: u64, undone: Undone) {
        if !self.state.graph().joined(unit.node).is_empty() {
            return self.end_joined_snapshot(unit, number, undone);
        }
        self.record_snapshot(unit, number, undone);
        // Nobody else may have its locks between the snapshot and the attempt.
        if self.state.stage(unit) == Stage::Startable {
            let uses = self.state.unit(unit).map(|state| state.uses.clone()).unwrap_or_default();
            return self.start_attempt(unit, uses.into_inner());
        }
        self.world.release_machine_locks(unit);
    }

    pub(super) fn record_snapshot(&mut self, unit: UnitIx, number: u64, undone: Undone) {
        let name = self.state.name(unit);
        self.record(match undone {
            Undone::Done => Event::SnapshotTaken { unit: name, id: number.to_string() },
            Undone::Failed(why) | Undone::Partly { why, .. } => {
                Event::SnapshotFailed { unit: name, failure: Failure::Snapshot { why } }
            }
            Undone::Stopped => Event::SnapshotFailed { unit: name, failure: Failure::Cancelled },
        });
    }

    fn end_undo(&mut self, node: NodeIx, undone: Undone) {
        self.world.release_machine_locks(UnitIx::of(node));
        let Some(step) = self.state.graph().step_id(node).cloned() else { return };
        self.record(match undone {
            Undone::Stopped => Event::UndoStopped { step },
            Undone::Partly { why, undone } => Event::UndoEnded { step, failure: Some(why), undone },
            undone => Event::UndoEnded { step, failure: failure_of(undone), undone: Vec::new() },
        });
    }

    /// How a goal ends that was rolled back, and what is undone and what is not.
    pub(super) fn rolled_back_end(
        &self,
        goal: NodeIx,
        status: Status,
        reason: Option<String>,
    ) -> (Status, Option<String>) {
        if self.state.rolling(goal) != Some(goal) {
            return (if status == Status::Succeeded { Status::Cancelled } else { status }, reason);
        }
        let rolling = self.state.node(goal).rolling.as_ref();
        let by_person = rolling.is_some_and(|it| matches!(it.why, StopReason::Rollback { .. }));
        // One that a signal has interrupted is not over yet.
        let halved = self.state.interrupted(goal) && self.state.is_half_rolled_back(goal);
        let asked = by_person && !halved;
        let all = self.state.steps_with_failed_undo(goal).is_empty();
        let status = match (asked, status) {
            (true, _) if all => Status::Undone,
            (true, _) => Status::UndoFailed,
            (false, Status::Succeeded) => Status::Failed,
            (false, status) => status,
        };
        let first = reason.filter(|_| !asked);
        let parts = first.into_iter().chain(self.undo_summary(goal)).collect::<Vec<_>>();
        (status, (!parts.is_empty()).then(|| parts.join("; ")))
    }

    fn undo_summary(&self, goal: NodeIx) -> Vec<String> {
        let name = |node: &NodeIx| format!("`{}`", self.state.graph().id(*node));
        let undone: Vec<String> = self.state.node(goal).undone.iter().map(name).collect();
        let left = self.state.left_standing(goal).into_iter().map(|node| {
            let why = match &self.state.node(node).undo {
                Undo::Failed(why) => why.clone(),
                _ if self.state.graph().step(node).is_some_and(|step| step.rollback.is_empty()) => {
                    "it has no `rollback`".to_owned()
                }
                Undo::Stopped | Undo::No | Undo::Due if self.state.interrupted(goal) => {
                    "the run was stopped".to_owned()
                }
                _ => "an undo that comes before it failed".to_owned(),
            };
            format!("{} ({why})", name(&node))
        });
        [("undone", undone), ("not undone", left.collect())]
            .into_iter()
            .filter(|(_, steps)| !steps.is_empty())
            .map(|(word, mut steps)| {
                let more = steps.len().saturating_sub(NAMED);
                steps.truncate(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{word}: {}{more}", steps.join(", "))
            })
            .collect()
    }
}

fn failure_of(undone: Undone) -> Option<String> {
    match undone {
        Undone::Done => None,
        Undone::Failed(why) | Undone::Partly { why, .. } => Some(why),
        Undone::Stopped => Some("the run was ended at once".to_owned()),
    }
}
