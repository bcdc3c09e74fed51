//! What is waited for in vain, and would keep a run from ending: `await`s without a timeout in goals
//! that stop, and services that do not become ready, for nobody.
//!
//! Looked for only where nothing else goes on: until then what they wait for may come.

use super::Drive;
use super::start::attempt_of;
use crate::exec::graph::NodeIx;
use crate::exec::state::UnitIx;
use crate::exec::world::{Ticket, Work, World};
use crate::ir::Action;

impl<W: World> Drive<'_, W> {
    /// Stops what is waited for in vain, once all that was recorded is on disk.
    pub(super) fn stop_vain_waits(&mut self) {
        // What could start by now needs what one of these has.
        let comes = self.state.agenda.delayed.iter().any(|(at, _)| *at > self.turns.looked_at);
        if comes || self.machine_waits || self.is_writing() {
            return;
        }
        let (mut waits, mut starting) = (Vec::new(), Vec::new());
        for (ticket, work) in &self.in_flight {
            let Work::Attempt(order) = work else { return };
            let node = order.unit.node;
            if self.state.graph().is_service(node) {
                if self.state.node(node).ready.is_none() {
                    starting.push((*ticket, node));
                }
            } else if self.waits_in_vain(order.unit) {
                waits.push(*ticket);
            } else {
                return;
            }
        }
        if starting.is_empty() {
            return self.stop_each(&waits);
        }
        let unused = self.unused(&starting);
        // Who may still begin once a service is ready may bring what an `await` waits for.
        if unused.len() == starting.len() {
            self.stop_each(&waits);
        }
        self.stop_each(&unused);
    }

    fn stop_each(&mut self, tickets: &[Ticket]) {
        for ticket in tickets {
            self.world.stop(*ticket, false);
        }
    }

    /// Services that are not ready and that nobody can use any more but what waits in vain itself.
    fn unused(&self, starting: &[(Ticket, NodeIx)]) -> Vec<Ticket> {
        let graph = self.state.graph();
        let out_of_reach = self.state.out_of_reach();
        let over = |step: &NodeIx| {
            self.state.node(*step).status.is_end()
                || out_of_reach.contains(step)
                || graph.is_service(*step)
                || self.waits_in_vain(UnitIx::of(*step))
        };
        let is_over = |user: &NodeIx| {
            if graph.is_step(*user) {
                return over(user);
            }
            let inside = graph.descendants(*user);
            out_of_reach.contains(user)
                || inside.iter().filter(|node| graph.is_step(**node)).all(over)
        };
        // One that nobody waits for becomes ready in any case, unless its goal is stopping.
        let may_end = |service: NodeIx| {
            graph.is_waited_for(service) || self.state.stopping(service).is_some()
        };
        let unused = |service: NodeIx| may_end(service) && graph.users(service).iter().all(is_over);
        let all = starting.iter().filter(|(_, service)| unused(*service));
        all.map(|(ticket, _)| *ticket).collect()
    }

    /// Whether what a unit does is an endless `await` that nothing can follow any more.
    pub(super) fn waits_in_vain(&self, unit: UnitIx) -> bool {
        let way = self.state.unit(unit).map_or(0, |state| state.way);
        let step = self.state.graph().step(unit.node);
        let attempt = step.and_then(|step| attempt_of(step, way));
        let endless = attempt.is_some_and(|attempt| {
            matches!(attempt.action, Action::Await { .. }) && attempt.timeout.is_none()
        });
        endless && self.state.stopping(unit.node).is_some() && !self.has_followers(unit.node)
    }

    /// Whether something waits for a node that may still begin.
    fn has_followers(&self, node: NodeIx) -> bool {
        let open = |next: &NodeIx| {
            !self.state.node(*next).status.is_end() && !self.state.never_begins(*next)
        };
        self.state.graph().outgoing(node).iter().any(open)
    }
}
