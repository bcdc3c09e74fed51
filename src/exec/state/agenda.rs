//! Which units have something due, by what it is; an index over the units' stages.

use std::collections::BTreeSet;

use super::Stage;
use crate::exec::event::Timestamp;
use crate::exec::graph::NodeIx;

/// A step, goal or instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitIx {
    pub node: NodeIx,
    pub item: Option<u32>,
}

impl UnitIx {
    pub fn of(node: NodeIx) -> Self {
        Self { node, item: None }
    }
}

/// The index. Each set is ordered, so that the same events give the same run.
#[derive(Debug, Clone, Default)]
pub struct Agenda {
    /// A decision is due that takes no slot.
    pub deciding: BTreeSet<UnitIx>,
    /// An attempt may start when there is a slot; by the scheduler's order.
    pub startable: BTreeSet<(u32, UnitIx)>,
    pub delayed: BTreeSet<(Timestamp, UnitIx)>,
    /// A person is asked.
    pub asking: BTreeSet<UnitIx>,
    /// An attempt is in flight.
    pub running: BTreeSet<UnitIx>,
}

impl Agenda {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn remove(&mut self, unit: UnitIx, stage: &Stage, order: u32) {
        match stage {
            Stage::Decide(_) => self.deciding.remove(&unit),
            Stage::Startable => self.startable.remove(&(order, unit)),
            Stage::Delayed(until) => self.delayed.remove(&(*until, unit)),
            Stage::Asking => self.asking.remove(&unit),
            Stage::Running => self.running.remove(&unit),
            Stage::Idle | Stage::Serving => false,
        };
    }

    pub(super) fn insert(&mut self, unit: UnitIx, stage: &Stage, order: u32) {
        match stage {
            Stage::Decide(_) => self.deciding.insert(unit),
            Stage::Startable => self.startable.insert((order, unit)),
            Stage::Delayed(until) => self.delayed.insert((*until, unit)),
            Stage::Asking => self.asking.insert(unit),
            Stage::Running => self.running.insert(unit),
            Stage::Idle | Stage::Serving => false,
        };
    }
}
