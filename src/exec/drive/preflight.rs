//! What every goal `requires`, asked before anything runs.

use super::Drive;
use crate::exec::graph::NodeIx;
use crate::exec::world::{View, World};

impl<W: World> Drive<'_, W> {
    /// Asks what all goals require. Says each thing that does not hold; then nothing may run.
    pub fn preflight(&mut self) -> Vec<String> {
        let goals = self.goals_to_check();
        let view = View { state: &self.state, values: &self.values };
        self.world.preflight(&goals, view)
    }

    /// The goals of this run with something to require, outermost first.
    fn goals_to_check(&self) -> Vec<NodeIx> {
        let graph = self.state.graph();
        graph
            .nodes()
            .skip(graph.step_count())
            .filter(|node| graph.goal(*node).is_some_and(|goal| !goal.guards.requires.is_empty()))
            .filter(|node| self.state.node(*node).omission.is_none())
            .collect()
    }
}
