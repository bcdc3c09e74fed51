//! Whether a process is done with its run, and how the run stands then.

use super::{Drive, RunEnd};
use crate::exec::event::{RunStatus, Status, StopReason};
use crate::exec::graph::NodeIx;
use crate::exec::world::{View, Wake, World};

impl<W: World> Drive<'_, W> {
    /// Whether the process is done with the run, and how it stands.
    pub(super) fn end(&self) -> Option<RunEnd> {
        let root = self.state.graph().root();
        let status = self.state.node(root).status;
        if status.is_end() {
            return Some(self.final_end(root, status));
        }
        let busy = self.in_flight.values().any(|work| !self.is_serving(work));
        if busy || self.machine_waits || !self.state.agenda.delayed.is_empty() {
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

    fn final_end(&self, root: NodeIx, status: Status) -> RunEnd {
        let node = self.state.node(root);
        let cleanup = node.cleaned.clone().flatten();
        let (status, exit) = match (&node.stopping, status) {
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
        let cleanup = cleanup.map(|why| format!("cleanup: {why}"));
        RunEnd { status, exit, reason: node.reason.clone().or(cleanup) }
    }

    /// After a journal error: what runs is ended, nothing is recorded any more.
    pub(super) fn end_everything(&mut self) {
        for ticket in self.in_flight.keys().copied().collect::<Vec<_>>() {
            self.world.stop(ticket, false);
        }
        self.forget_what_waits();
        while !self.in_flight.is_empty() {
            let view = View { state: &self.state, values: &self.values };
            let wakes = self.world.wait(None, view);
            if wakes.is_empty() {
                return;
            }
            for wake in wakes {
                if let Wake::Done { ticket, .. } = wake {
                    self.in_flight.remove(&ticket);
                }
            }
        }
    }
}
