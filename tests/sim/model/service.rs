//! Services: ready, needed, lost.

use super::{Ask, Handed, Model, Phase, Said, Wrong};
use crate::plan::{Kind, Status};
use crate::trace::{At, End};

impl Model<'_> {
    /// Whether a service is ready and has not ended: it has no slot then.
    pub(super) fn serves(&self, node: usize) -> bool {
        self.nodes[node].ready && self.nodes[node].status.is_none()
    }

    pub(super) fn take_ready(&mut self, node: usize, gave: Option<i64>) -> Result<(), Wrong> {
        let state = &mut self.nodes[node];
        let running = state.unit.phase == Phase::Running && !state.ready;
        if !self.tree.nodes[node].service || !running {
            return Err(format!("`{}` is ready, and cannot be", self.tree.nodes[node].id));
        }
        (state.ready, state.unit.gave) = (true, gave);
        Ok(())
    }

    /// Whether a service is to go on: somebody needs it who has not ended; and one that nobody
    /// waits for becomes ready in any case, unless its goal stops.
    pub(super) fn is_needed(&self, service: usize) -> bool {
        let starts = !self.tree.is_waited_for(service)
            && !self.nodes[service].ready
            && !self.stopping(service);
        let rolled = self.rolled(service).is_some();
        let over = |user: usize| {
            // Nothing else begins for it where it is rolled back.
            let active = self.is_active(user) || self.steps_in(user).any(|s| self.is_active(s));
            self.nodes[user].status.is_some() || self.never_begins(user) || rolled && !active
        };
        starts || self.tree.nodes[service].users.iter().any(|user| !over(*user))
    }

    /// Whether a node has not begun, and never will, whatever it still waits for.
    pub(super) fn never_begins(&self, node: usize) -> bool {
        let kept_off = !self.kept_off(node).is_empty() || self.kept_off_by_joined(node).is_some();
        self.is_untouched(node) && (self.stopping(node) || kept_off || self.is_lost(node))
    }

    pub(super) fn is_untouched(&self, node: usize) -> bool {
        let state = &self.nodes[node];
        let said = matches!(state.unit.manual, Ask::Said(Said::Yes | Said::No));
        let fresh = state.unit.phase == Phase::Fresh && state.unit.attempts == 0 && !said;
        let waiting =
            matches!(state.unit.manual, Ask::Open(_)) || matches!(state.unit.confirm, Ask::Open(_));
        fresh && !waiting && !state.opened && state.instances.is_none()
    }

    /// Whether a service is not ready yet without which a node cannot go on.
    pub(super) fn waits_for_service(&self, node: usize) -> bool {
        self.tree.nodes[node].behind.iter().any(|service| {
            let state = &self.nodes[*service];
            let serves = state.ready && state.unit.phase == Phase::Running;
            !serves && state.status.is_none()
        })
    }

    /// Whether a service has died without which a node cannot go on.
    pub(super) fn is_lost(&self, node: usize) -> bool {
        self.tree.nodes[node].behind.iter().any(|service| {
            let status = self.nodes[*service].status;
            matches!(status, Some(Status::Failed | Status::Cancelled)) && !self.is_ignored(*service)
        })
    }

    /// Whether what runs is to end for a service's sake.
    pub(super) fn must_end(&self, at: At) -> bool {
        let running = self.unit(at).phase == Phase::Running;
        let unneeded = self.tree.nodes[at.0].service && !self.is_needed(at.0);
        let handed = self.unit(at).handed == Handed::Now;
        running && unneeded || (running || handed) && self.is_lost(at.0)
    }

    /// How the end of an attempt counts where services are concerned.
    pub(super) fn judge(&self, at: At, end: End) -> Result<(), Wrong> {
        let node = at.0;
        let right = if self.tree.nodes[node].service {
            let early = self.cancelling(node) && !self.nodes[node].ready;
            let lost = self.is_lost(node) && !self.cancelling(node);
            let open = |user: &usize| self.nodes[*user].status.is_none();
            let users = self.tree.nodes[node].users.iter().any(open);
            let stopped = self.rolled(node).is_some() && users;
            let well = !self.is_needed(node) && !early && !stopped;
            (end == End::Succeeded) == well
                && (end == End::Failed(Kind::Service)) == (lost && !well)
        } else {
            let lost = self.is_lost(node) && !self.cancelling(node);
            end == End::Succeeded || (end == End::Failed(Kind::Service)) == lost
        };
        if right { Ok(()) } else { Err(format!("{} ends {end:?}", self.name(at))) }
    }

    /// Whether a service keeps something from one that it runs for.
    pub(super) fn is_kept_by_service(&self, at: At) -> bool {
        self.needs_of_others(at, |other| self.serves(other.0))
    }

    /// Services that had ended well, and that somebody needs whose turn is still to come.
    pub(super) fn reopen_services(&mut self) -> bool {
        let due = |node: &usize| {
            let state = &self.nodes[*node];
            let well = matches!(state.status, Some(Status::Succeeded | Status::Cancelled));
            self.tree.nodes[*node].service
                && self.tree.is_waited_for(*node)
                && well
                && state.unit.attempts > 0
                && self.is_needed(*node)
        };
        let due: Vec<usize> = (0..self.nodes.len()).filter(due).collect();
        for node in &due {
            super::resume::start_over(&mut self.nodes[*node]);
        }
        !due.is_empty()
    }
}
