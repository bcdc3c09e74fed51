//! Slots, locks and resources that running units and open goals take.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{NodeState, RunState, UnitIx};
use crate::exec::graph::NodeIx;
use crate::exec::schedule::guards_of;
use crate::ir::{LockScope, Rare};

impl RunState {
    /// Counts slots, locks and resources that a running unit or an open goal takes.
    pub(super) fn hold(&mut self, unit: UnitIx) {
        self.count_holds(unit, 1);
    }

    pub(super) fn let_go(&mut self, unit: UnitIx) {
        self.count_holds(unit, -1);
    }

    /// Counts the slot alone, which a service gives back once it is ready.
    pub(super) fn count_slot(&mut self, node: NodeIx, by: i32) {
        if !self.graph.takes_slot(node) {
            return;
        }
        self.running = self.running.saturating_add_signed(by);
        let state = &mut self.nodes[node.at()];
        state.instances_running = state.instances_running.saturating_add_signed(by);
        for goal in self.graph.enclosing(node) {
            let count = &mut self.running_in[goal.at() - self.graph.step_count()];
            *count = count.saturating_add_signed(by);
        }
    }

    /// How much of each resource a unit took.
    pub fn uses_of(&self, unit: UnitIx) -> IndexMap<Arc<str>, i64> {
        let uses = match self.unit(unit) {
            Some(state) if unit.item.is_some() => state.uses.clone(),
            _ => self.node(unit.node).uses(),
        };
        uses.into_inner()
    }

    fn count_holds(&mut self, unit: UnitIx, by: i32) {
        if !self.is_serving(unit.node) {
            self.count_slot(unit.node, by);
        }
        self.count_locks(unit.node, by);
        for (name, amount) in self.uses_of(unit) {
            *self.used.entry(name).or_default() += amount * i64::from(by);
        }
    }

    pub(super) fn count_locks(&mut self, node: NodeIx, by: i32) {
        let graph = Arc::clone(&self.graph);
        for lock in guards_of(&graph, node).map_or(&[][..], |guards| &guards.locks) {
            let holders = self.held.entry(Arc::clone(&lock.name)).or_default();
            match lock.scope {
                LockScope::Shared => holders.shared = holders.shared.saturating_add_signed(by),
                LockScope::Exclusive | LockScope::Machine => {
                    holders.exclusive = holders.exclusive.saturating_add_signed(by);
                }
            }
        }
    }
}

impl NodeState {
    /// How much of each resource it took; a `foreach` step as much as the largest instance.
    pub(super) fn uses(&self) -> Rare<IndexMap<Arc<str>, i64>> {
        let mut all = self.unit.uses.clone();
        for (name, amount) in self.instances.iter().flat_map(|instance| &instance.uses) {
            let most = all.entry(Arc::clone(name)).or_default();
            *most = (*most).max(*amount);
        }
        all
    }
}
