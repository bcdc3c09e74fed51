//! Services in a run: ready, needed, lost.
//!
//! Derived like every stage; [`RunState::make_ready`] is what `ServiceReady` changes. Invariant: a
//! service that is ready holds no slot, and those who wait for it are released once.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Phase, RunState, UnitIx};
use crate::exec::event::{Status, Timestamp};
use crate::exec::graph::NodeIx;
use crate::ir::EdgeKind;
use crate::value::{StepId, Value};

impl RunState {
    /// Whether a service is ready and has not ended.
    pub fn is_serving(&self, node: NodeIx) -> bool {
        let state = self.node(node);
        state.ready.is_some() && !state.status.is_end()
    }

    /// How a node ended, as expressions see it: a ready service has done what those waited for whom it runs for.
    pub fn known_end(&self, node: NodeIx) -> Option<Status> {
        let status = self.node(node).status;
        if self.is_serving(node) {
            Some(Status::Succeeded)
        } else {
            status.is_end().then_some(status)
        }
    }

    /// The fallback that a unit is at; `None`: its own action.
    pub fn way_name(&self, unit: UnitIx) -> Option<Arc<str>> {
        let way = self.unit(unit)?.way.checked_sub(1)?;
        let step = self.graph.step(unit.node)?;
        step.fallbacks.get(way as usize).map(|fallback| Arc::clone(&fallback.name))
    }

    /// Whether a service is to go on: someone whom it is kept for has not ended. One that nobody
    /// waits for becomes ready in any case, unless its goal is stopping. One that could only begin
    /// once it is ready, and will not begin then either, is no reason to wait for that.
    pub fn is_needed(&self, service: NodeIx) -> bool {
        let starting = !self.graph.is_waited_for(service)
            && self.node(service).ready.is_none()
            && self.stopping(service).is_none();
        let rolled_back = self.rolling(service).is_some();
        let over = |user: NodeIx| {
            self.node(user).status.is_end()
                || self.never_begins(user)
                || (rolled_back && !self.goes_on(user))
        };
        starting || self.graph.users(service).iter().any(|user| !over(*user))
    }

    /// Whether somebody still waits for what a service in a rolled back goal would have been for.
    pub fn leaves_users(&self, service: NodeIx) -> bool {
        let open = |user: &NodeIx| !self.node(*user).status.is_end();
        self.rolling(service).is_some() && self.graph.users(service).iter().any(open)
    }

    /// Whether something of a node has begun and not ended. In what is rolled back nothing else
    /// begins any more, and what was done is undone once all has ended, services too.
    fn goes_on(&self, node: NodeIx) -> bool {
        self.is_active(node) || self.steps_in(node).iter().any(|step| self.is_active(*step))
    }

    /// Whether a node cannot start or go on yet because of a service that is not ready.
    pub(super) fn waits_for_service(&self, node: NodeIx) -> bool {
        self.graph.behind(node).iter().any(|service| {
            let state = self.node(*service);
            let serves = state.ready.is_some() && state.unit.phase == Phase::Running;
            !serves && !state.status.is_end()
        })
    }

    /// The service without which a node cannot go on: it died.
    pub fn lost_service(&self, node: NodeIx) -> Option<NodeIx> {
        let died = |service: &NodeIx| {
            matches!(self.node(*service).status, Status::Failed | Status::Cancelled)
                && !self.is_ignored(*service)
        };
        self.graph.behind(node).iter().copied().find(died)
    }

    pub(super) fn make_ready(
        &mut self,
        step: &StepId,
        outputs: &IndexMap<Arc<str>, Value>,
        at: Timestamp,
    ) {
        let Some(node) = self.graph.step_ix(step) else { return };
        let running = self.node(node).unit.phase == Phase::Running;
        if !running || self.node(node).ready.is_some() {
            return;
        }
        self.count_slot(node, -1);
        let state = &mut self.nodes[node.at()];
        state.ready = Some(at);
        state.unit.outputs = outputs.clone().into();
        state.outputs = state.unit.outputs.clone();
        let graph = Arc::clone(&self.graph);
        let mut last = None;
        for next in graph.outgoing(node).iter().filter(|next| last.replace(**next) != Some(**next))
        {
            let edges = graph.incoming(*next).iter();
            let freed = edges.filter(|edge| edge.from == node && waits_for_readiness(edge.kind));
            let freed = u32::try_from(freed.count()).unwrap_or(u32::MAX);
            let state = &mut self.nodes[next.at()];
            state.held_by = state.held_by.saturating_sub(freed);
        }
        self.restage(UnitIx::of(node));
        self.restage_users(node);
    }

    /// Looks again at all who may have to do with a service.
    pub(super) fn restage_users(&mut self, service: NodeIx) {
        for user in self.graph.outgoing(service).to_vec() {
            self.restage(UnitIx::of(user));
            self.restage_instances(user);
            self.restage_inside(user);
        }
    }

    /// Looks again at the services that are kept running for a node.
    pub(super) fn restage_kept(&mut self, node: NodeIx) {
        for service in self.graph.kept_for(node).to_vec() {
            self.restage(UnitIx::of(service));
        }
    }

    /// As [`Self::restage_kept`], for the goals around a node.
    pub(super) fn restage_kept_around(&mut self, node: NodeIx) {
        for goal in self.graph.enclosing(node).collect::<Vec<_>>() {
            self.restage_kept(goal);
        }
    }

    /// On resume: being a service implies that it may be started again, without asking.
    pub(super) fn restart_services(&mut self) {
        for node in self.graph.steps().collect::<Vec<_>>() {
            if !self.graph.is_service(node) || self.node(node).status.is_end() {
                continue;
            }
            let state = &mut self.nodes[node.at()];
            if state.unit.phase == Phase::InDoubt {
                state.ready = None;
                state.unit.phase = Phase::Guarding;
            }
        }
    }

    /// On resume: services that had ended well but that someone needs who is due again. Says
    /// whether there are any.
    pub(super) fn reopen_services(&mut self) -> bool {
        let ended = |node: &NodeIx| {
            let done = matches!(self.node(*node).status, Status::Succeeded | Status::Cancelled);
            let ran = self.node(*node).unit.attempts > 0;
            self.graph.is_service(*node)
                && self.graph.is_waited_for(*node)
                && done
                && ran
                && self.is_needed(*node)
        };
        let due: Vec<NodeIx> = self.graph.steps().filter(ended).collect();
        for node in &due {
            super::resume::start_over(&mut self.nodes[node.at()]);
        }
        !due.is_empty()
    }
}

/// Whether an edge from a service holds its dependent back only until the service is ready.
pub(super) fn waits_for_readiness(kind: EdgeKind) -> bool {
    matches!(kind, EdgeKind::Depends | EdgeKind::DependsOptional | EdgeKind::After)
}
