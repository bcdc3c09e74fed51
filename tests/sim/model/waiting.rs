//! What is waited for in vain: `await`s without an end in goals that stop, and services that are
//! not ready and that nobody can use any more.

use super::{Model, Phase, Wrong};
use crate::plan::{Action, EdgeKind};
use crate::trace::At;

impl Model<'_> {
    /// Whether a unit does nothing but wait, for as long as it takes, and nothing can follow it.
    pub(super) fn waits_in_vain(&self, at: At) -> bool {
        let awaits = self.tree.step(at.0).is_some_and(|step| matches!(step.action, Action::Await));
        let unit = self.unit(at);
        let endless = self.tree.way(at.0, unit.way).is_some_and(|way| way.timeout.is_none());
        let waits = awaits && unit.way == 0 && endless && unit.phase == Phase::Running;
        waits && self.stopping(at.0) && !self.has_followers(at.0)
    }

    fn has_followers(&self, node: usize) -> bool {
        let follows = |next: usize| {
            let flat = &self.tree.nodes[next];
            flat.edges.iter().any(|(on, _)| *on == node)
                || flat.source == Some(node)
                || flat.reads == Some(node)
        };
        (0..self.nodes.len()).any(|next| {
            self.nodes[next].status.is_none() && follows(next) && !self.never_begins(next)
        })
    }

    /// Whether a node has not begun and never will, also because of what others keep from ending.
    fn is_out_of_reach(&self, node: usize) -> bool {
        let flat = &self.tree.nodes[node];
        let depends = |(on, kind): &(usize, EdgeKind)| {
            *kind == EdgeKind::Depends
                && self.nodes[*on].status.is_none()
                && self.is_out_of_reach(*on)
        };
        self.nodes[node].status.is_none()
            && (self.never_begins(node)
                || self.is_untouched(node)
                    && (flat.edges.iter().any(depends)
                        || flat.parent.is_some_and(|parent| self.is_out_of_reach(parent))))
    }

    /// Whether a service is not ready, and nobody can use it but what waits in vain itself.
    fn is_unused(&self, service: usize) -> bool {
        let over = |step: usize| {
            self.nodes[step].status.is_some()
                || self.is_out_of_reach(step)
                || self.tree.nodes[step].service
                || self.waits_in_vain((step, None))
        };
        let all_over = |user: &usize| match self.tree.step(*user) {
            Some(_) => over(*user),
            None => self.is_out_of_reach(*user) || self.steps_in(*user).all(over),
        };
        let starting = self.tree.nodes[service].service && !self.nodes[service].ready;
        let may_end = self.tree.is_waited_for(service) || self.stopping(service);
        starting && may_end && self.tree.nodes[service].users.iter().all(all_over)
    }

    /// Whether nothing goes on but services and waits in vain.
    fn is_quiet(&self) -> bool {
        let goes_on = |at: At| {
            let unit = self.unit(at);
            let works = unit.busy.is_some() || unit.phase.holds();
            let service = self.tree.nodes[at.0].service && unit.phase == Phase::Running;
            let comes = matches!(unit.phase, Phase::Delayed(until) if until > self.now);
            (works && !service && !self.waits_in_vain(at)) || comes
        };
        let undone = (0..self.nodes.len()).any(|node| self.undo_running(node).is_some());
        !undone && !self.units().any(goes_on)
    }

    /// Whether somebody may still begin once a service is ready.
    fn starts_for_somebody(&self) -> bool {
        let starting = |at: &At| {
            let runs = self.unit(*at).phase == Phase::Running;
            self.tree.nodes[at.0].service && runs && !self.nodes[at.0].ready
        };
        self.units().filter(starting).any(|at| !self.is_unused(at.0))
    }

    /// Whether what runs is waited for in vain, and is to be stopped for that.
    pub(super) fn is_vain(&self, at: At) -> bool {
        let unused = self.unit(at).phase == Phase::Running && self.is_unused(at.0);
        let waits = self.waits_in_vain(at) && !self.starts_for_somebody();
        (unused || waits) && self.is_quiet()
    }

    /// Something was told to end: not what only waits, where anything goes on that it may wait for.
    pub(super) fn may_be_told(&self, at: At) -> Result<(), Wrong> {
        let own = self.waits_in_vain(at) && !self.cancelling(at.0) && !self.must_end(at);
        if own && !self.leaves && !self.is_vain(at) {
            return Err(format!("{} is told to end, and others go on", self.name(at)));
        }
        Ok(())
    }
}
