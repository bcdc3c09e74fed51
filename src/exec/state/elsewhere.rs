//! What of a run does not run on this machine, and goes on when its process does not.
//!
//! Follows from the plan and from what the run was given; nothing of it is kept a second time.

use super::{Phase, RunState, UnitIx};
use crate::exec::graph::NodeIx;
use crate::ir::{LOCAL, executor_of};

impl RunState {
    /// The executor that carries out a step's commands; `None`: this machine.
    pub fn executor_of(&self, node: NodeIx) -> Option<&str> {
        let step = self.graph.step(node)?;
        let here = step.service.is_some() || !self.graph.joined(node).is_empty();
        let name = executor_of(step, self.executor.as_deref());
        (!here && name != LOCAL).then_some(name)
    }

    /// Units with an attempt in flight that is not on this machine.
    pub fn running_elsewhere(&self) -> Vec<UnitIx> {
        let steps = self.graph.steps().filter(|node| self.executor_of(*node).is_some());
        let units = steps.flat_map(|node| {
            let count = u32::try_from(self.node(node).instances.len()).unwrap_or(u32::MAX);
            let instances = (0..count).map(move |item| UnitIx { node, item: Some(item) });
            instances.chain([UnitIx::of(node)])
        });
        let running =
            |unit: &UnitIx| self.unit(*unit).is_some_and(|state| state.phase == Phase::Running);
        units.filter(running).collect()
    }
}
