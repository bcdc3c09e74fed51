//! Whether a process is done with its run, and how the run stands then.

use super::{Drive, RunEnd};
use crate::exec::event::{Event, RunStatus, Status, StopReason};
use crate::exec::graph::NodeIx;
use crate::exec::schedule::{self, Hold};
use crate::exec::state::{Decision, Stage, UnitIx};
use crate::exec::world::{View, Wake, World};
use crate::value::EvalError;

impl<W: World> Drive<'_, W> {
    /// Whether the process is done with the run, and how it stands.
    pub(super) fn end(&self) -> Option<RunEnd> {
        let root = self.state.graph().root();
        let status = self.state.node(root).status;
        if status.is_end() {
            return Some(self.final_end(root, status));
        }
        let busy = self.in_flight.values().any(|work| !self.is_serving(work));
        // One whose delay is over waits for what others have, and these may wait for a person.
        let comes = self.state.agenda.delayed.iter().any(|(at, _)| *at > self.turns.looked_at);
        if busy || self.machine_waits || comes {
            return None;
        }
        let asking = !self.state.agenda.asking.is_empty();
        let answered = self.state.open_questions().any(|(_, question)| question.until.is_some());
        // Of what is in doubt somebody has to say something; but not before a stopped run ends.
        let nobody = !self.world.answers_questions() || self.state.interrupted(root);
        if asking && !answered && nobody {
            let reason = Some("waits for a person".to_owned());
            return Some(RunEnd { status: RunStatus::Waiting, exit: 3, reason });
        }
        (!asking).then(|| RunEnd {
            status: RunStatus::Failed,
            exit: 4,
            reason: Some("nothing can start any more: this is a fault of goalc".to_owned()),
        })
    }

    /// Whether nothing runs, comes or is waited for, although the run has not ended.
    fn is_stuck(&self) -> bool {
        let root = self.state.graph().root();
        let busy = self.in_flight.values().any(|work| !self.is_serving(work));
        let agenda = &self.state.agenda;
        let comes = agenda.delayed.iter().any(|(at, _)| *at > self.turns.looked_at);
        let waits = busy || self.machine_waits || comes || !agenda.asking.is_empty();
        !waits && !self.state.node(root).status.is_end()
    }

    /// Where all wait for what others keep: open goals lend one of these what it needs, for nothing
    /// in them runs by now. What a service keeps from those whom it runs for they can never have:
    /// one of them has failed. Says whether that changed anything.
    pub(super) fn end_deadlock(&mut self) -> bool {
        if !self.is_stuck() {
            return false;
        }
        let before = self.state.seq;
        self.state.lends = true;
        for unit in self.state.agenda.deciding.iter().copied().collect::<Vec<_>>() {
            if self.state.lends {
                self.decide(unit);
            }
        }
        if self.state.lends {
            self.start_attempts();
        }
        self.state.lends = false;
        // What only another run keeps comes some day.
        if self.state.seq == before && !self.machine_waits {
            self.fail_what_a_service_keeps_back();
        }
        self.state.seq != before
    }

    fn fail_what_a_service_keeps_back(&mut self) {
        let agenda = &self.state.agenda;
        let startable = agenda.startable.iter().map(|(_, unit)| *unit);
        let opens = |unit: &UnitIx| self.state.stage(*unit) == Stage::Decide(Decision::OpenGoal);
        let closed = agenda.deciding.iter().copied().filter(opens);
        let waiting: Vec<UnitIx> = startable.chain(closed).collect();
        let with_joined = |unit: UnitIx| {
            let others = self.state.joined(unit.node).filter(move |step| *step != unit.node);
            std::iter::once(unit).chain(others.map(UnitIx::of))
        };
        for unit in waiting.into_iter().flat_map(with_joined).collect::<Vec<UnitIx>>() {
            let Ok(uses) = self.uses(unit) else { continue };
            let (what, name) = match schedule::hold(&self.state, unit, &uses, &self.limits) {
                Some(Hold::Lock(name)) => ("lock", name),
                Some(Hold::Resource(name)) => ("uses", name),
                _ => continue,
            };
            let all = self.limits.get(&name).copied().unwrap_or(i64::MAX);
            let why = match uses.get(&name) {
                Some(wants) if what == "uses" && *wants > all => {
                    format!("it needs {wants} of `{name}`, and there are only {all}")
                }
                _ => format!("a service keeps `{name}` and runs until this has ended"),
            };
            if let Some(step) = self.state.graph().step_id(unit.node).cloned()
                && self.state.is_undo_due(unit.node)
            {
                self.record(Event::UndoStarted { step: step.clone() });
                return self.record(Event::UndoEnded {
                    step,
                    failure: Some(why),
                    undone: Vec::new(),
                });
            }
            return self.fail_value(unit, what, &EvalError::failed(why));
        }
    }

    fn final_end(&self, root: NodeIx, status: Status) -> RunEnd {
        let node = self.state.node(root);
        let cleanup = self.state.failed_cleanup();
        let (status, exit) = match (node.stopping.as_deref(), status) {
            (Some(StopReason::Signal { signal }), _) => {
                (RunStatus::Cancelled, 128_u8.saturating_add(u8::try_from(*signal).unwrap_or(0)))
            }
            (Some(StopReason::Cancelled { .. }), _) => (RunStatus::Cancelled, 1),
            (Some(StopReason::Rollback { .. }), Status::Undone) => (RunStatus::Undone, 0),
            (Some(StopReason::Rollback { .. }), _) => (RunStatus::Undone, 1),
            (_, Status::Succeeded) if cleanup.is_some() => (RunStatus::Achieved, 1),
            (_, Status::Succeeded | Status::Skipped) => (RunStatus::Achieved, 0),
            _ => (RunStatus::Failed, 1),
        };
        RunEnd { status, exit, reason: node.reason.clone().or(cleanup) }
    }

    /// After a journal error: what runs is ended, nothing is recorded any more.
    pub(super) fn end_everything(&mut self) {
        self.tell_all_to_end();
        self.await_ends();
    }

    pub(super) fn tell_all_to_end(&mut self) {
        self.forget_what_waits();
        self.stop_all(false);
    }

    /// Waits until nothing is in flight any more.
    pub(super) fn await_ends(&mut self) {
        let goes_on = self.world.mailbox().is_some();
        while !self.in_flight.is_empty() {
            let view = View { state: &self.state, values: &self.values };
            let wakes = self.world.wait(None, view);
            // The real world wakes up for nothing now and then; one that stands still has no more to say.
            if wakes.is_empty() && !goes_on {
                return;
            }
            for wake in wakes {
                match wake {
                    Wake::Done { ticket, .. } => drop(self.in_flight.remove(&ticket)),
                    Wake::Force => self.stop_all(true),
                    _ => {}
                }
            }
        }
    }
}
