//! Services: ready, stopped when no one needs them, and what their death means for others.

use super::Drive;
use crate::exec::event::{AttemptEnd, Event, Failure, Status};
use crate::exec::graph::NodeIx;
use crate::exec::state::{Stage, UnitIx};
use crate::exec::world::{Account, AttemptOrder, Outputs, Ticket, View, Wake, Work, World};
use crate::value::StepId;

/// How many of its last lines are told of a service that died.
const TAIL: usize = 10;

impl<W: World> Drive<'_, W> {
    /// A service's probes hold.
    pub(super) fn take_ready(&mut self, ticket: Ticket, outputs: Outputs) {
        let Some(Work::Attempt(order)) = self.in_flight.get(&ticket) else { return };
        if let Some(step) = self.state.graph().step_id(order.unit.node).cloned() {
            self.record(Event::ServiceReady { step, outputs });
        }
    }

    /// Ends what is in flight for a unit, once what was recorded so far is in the journal.
    pub(super) fn stop_attempt(&mut self, unit: UnitIx) {
        if let Some(ticket) = self.units_in_flight.get(&unit) {
            self.to_stop.insert(*ticket);
        }
    }

    /// Whether work in flight is a service that is ready and needed: it ends by nothing but the
    /// ends of others.
    pub(super) fn is_serving(&self, work: &Work) -> bool {
        let Work::Attempt(order) = work else { return false };
        self.state.stage(order.unit) == Stage::Serving
    }

    pub(super) fn end_attempt(&mut self, order: AttemptOrder, end: AttemptEnd, account: Account) {
        let Account { usage, notes, tail } = account;
        let end = self.judge(order, end, tail);
        self.world.release_machine_locks(order.unit);
        let unit = self.state.name(order.unit);
        self.record(Event::AttemptEnded { unit, attempt: order.attempt, end, usage, notes });
    }

    /// What an attempt's end means where services are concerned: one that was stopped because no
    /// one needs it has succeeded, and whoever failed because its service died says so.
    fn judge(&mut self, order: AttemptOrder, end: AttemptEnd, tail: Vec<String>) -> AttemptEnd {
        let node = order.unit.node;
        let end = if self.state.graph().is_service(node) {
            self.judge_service(node, end, tail)
        } else {
            end
        };
        let AttemptEnd::Failed(_) = &end else { return end };
        match self.state.lost_service(node).filter(|_| !self.state.cancelling(node)) {
            Some(service) => AttemptEnd::Failed(self.service_failure(service)),
            None => end,
        }
    }

    fn judge_service(
        &mut self,
        node: NodeIx,
        end: AttemptEnd,
        mut tail: Vec<String>,
    ) -> AttemptEnd {
        let ready = self.state.node(node).ready.is_some();
        let cancelled = self.state.cancelling(node) && !ready;
        let stopped = cancelled || self.state.leaves_users(node);
        if !self.state.is_needed(node) && !stopped {
            let outputs = self.state.node(node).unit.outputs.clone().into_inner();
            return AttemptEnd::Succeeded { outputs };
        }
        self.tails.insert(node, tail.split_off(tail.len().saturating_sub(TAIL)));
        end
    }

    /// Whether a service was started, and has not been ready.
    pub(super) fn was_never_ready(&self, node: NodeIx) -> bool {
        let state = self.state.node(node);
        self.state.graph().is_service(node) && state.unit.attempts > 0 && state.ready.is_none()
    }

    fn service_failure(&self, service: NodeIx) -> Failure {
        let state = self.state.node(service);
        let why = state.reason.clone().unwrap_or_else(|| "it has ended".to_owned());
        let tail = self.tails.get(&service).cloned().unwrap_or_default();
        let id = self.state.graph().step_id(service).cloned();
        let service = id.unwrap_or_else(|| StepId::new(""));
        Failure::Service { service, why, tail }
    }

    /// A unit that cannot go on without its service.
    pub(super) fn lose_service(&mut self, unit: UnitIx) {
        if let Some(service) = self.state.lost_service(unit.node) {
            let failure = self.service_failure(service);
            self.finish(unit, Status::Failed, Some(failure), None);
        }
    }

    /// Before a run is left waiting: services do not outlive the process. Nothing is recorded of
    /// their ends, as they are started again when the run is resumed.
    pub(super) fn leave_services(&mut self) {
        self.stop_all(false);
        let mut late = Vec::new();
        while !self.in_flight.is_empty() {
            let view = View { state: &self.state, values: &self.values };
            for wake in self.world.wait(None, view) {
                match wake {
                    Wake::Done { ticket, .. } => {
                        self.in_flight.remove(&ticket);
                    }
                    Wake::Ready { .. } => {}
                    Wake::Force => self.stop_all(true),
                    wake => late.push(wake),
                }
            }
        }
        for wake in late {
            self.take(wake);
        }
    }
}
