//! `await`s without an end, in goals that stop: in vain.

use super::{Model, Phase, Wrong};
use crate::plan::Action;
use crate::trace::At;

impl Model<'_> {
    /// Whether a unit does nothing but wait, for as long as it takes, and nothing can follow it.
    pub(super) fn waits_in_vain(&self, at: At) -> bool {
        let awaits = self.tree.step(at.0).is_some_and(|step| matches!(step.action, Action::Await));
        let unit = self.unit(at);
        let endless = self.tree.way(at.0, unit.way).is_some_and(|way| way.timeout.is_none());
        let waits = awaits && unit.way == 0 && endless && unit.phase == Phase::Running;
        waits && self.stopping(at.0)
    }

    /// Whether all that goes on are such waits and services.
    pub(super) fn only_waits_in_vain(&self) -> bool {
        let mut waits = false;
        for at in self.units() {
            let unit = self.unit(at);
            let vain = self.waits_in_vain(at);
            let goes_on = unit.busy.is_some() || unit.phase.holds();
            let service = self.tree.nodes[at.0].service && unit.phase == Phase::Running;
            let comes = matches!(unit.phase, Phase::Delayed(until) if until > self.now);
            if (goes_on && !vain && !service) || comes {
                return false;
            }
            waits |= vain;
        }
        waits && !(0..self.nodes.len()).any(|node| self.undo_running(node).is_some())
    }

    /// Something was told to end: not what only waits, where anything goes on that it may wait for.
    pub(super) fn may_be_told(&self, at: At) -> Result<(), Wrong> {
        let own = self.waits_in_vain(at) && !self.cancelling(at.0) && !self.must_end(at);
        if own && !self.leaves && !self.only_waits_in_vain() {
            return Err(format!("{} is told to end, and others go on", self.name(at)));
        }
        Ok(())
    }
}
