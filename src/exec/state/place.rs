//! Keeps the agenda and the counts in step with what is known of units and nodes.

use std::sync::Arc;

use super::serving::waits_for_readiness;
use super::{RunState, Stage, UnitIx};
use crate::exec::graph::{Incoming, NodeIx};
use crate::ir::EdgeKind;

impl RunState {
    /// Puts a unit where its stage says on the agenda, and all that it is joined to.
    pub(super) fn restage(&mut self, unit: UnitIx) {
        self.restage_one(unit);
        if !self.graph.joined(unit.node).is_empty() {
            for other in self.graph.joined(unit.node).to_vec() {
                self.restage_one(UnitIx::of(other));
            }
        }
    }

    fn restage_one(&mut self, unit: UnitIx) {
        let stage = self.stage(unit);
        let order = self.place_in_queue(unit.node);
        let Some(found) = self.unit_mut(unit) else { return };
        let before = std::mem::replace(&mut found.placed, stage);
        if before != stage {
            self.agenda.remove(unit, &before, order);
            self.agenda.insert(unit, &stage, order);
        }
    }

    pub(super) fn restage_instances(&mut self, node: NodeIx) {
        for item in 0..self.node(node).instances.len() {
            self.restage(UnitIx { node, item: u32::try_from(item).ok() });
        }
    }

    pub(super) fn restage_inside(&mut self, goal: NodeIx) {
        for node in self.graph.descendants(goal) {
            self.restage(UnitIx::of(node));
            self.restage_instances(node);
            self.restage_kept(node);
            if self.rolling(node).is_some() {
                self.restage_dependents(node);
            }
        }
        self.restage(UnitIx::of(goal));
    }

    /// What was done for those who depend on a node may be undone.
    fn restage_dependents(&mut self, node: NodeIx) {
        for next in self.graph.outgoing(node).to_vec() {
            self.restage(UnitIx::of(next));
            self.restage_instances(next);
        }
    }

    /// Derives all counts and the agenda from what is known of the nodes.
    pub(super) fn recount(&mut self) {
        self.agenda.clear();
        let graph = Arc::clone(&self.graph);
        for node in graph.nodes() {
            let edges = graph.incoming(node).iter().filter(|edge| self.holds(edge));
            let closed = graph.parent(node).is_some_and(|goal| !self.node(goal).open);
            let held = u32::try_from(edges.count()).unwrap_or(u32::MAX) + u32::from(closed);
            let children = graph.children(node).iter().filter(|n| !self.node(**n).status.is_end());
            let children_open = u32::try_from(children.count()).unwrap_or(u32::MAX);
            let state = &mut self.nodes[node.at()];
            state.held_by = held;
            state.children_open = children_open;
            let open = state.instances.iter().filter(|instance| !instance.is_ended()).count();
            state.instances_open = u32::try_from(open).unwrap_or(u32::MAX);
            state.unit.placed = Stage::Idle;
            state.instances.iter_mut().for_each(|instance| instance.placed = Stage::Idle);
        }
        for goal in graph.nodes().skip(graph.step_count()) {
            if self.rolling(goal) == Some(goal) {
                self.settle_undo(goal);
            }
        }
        for node in graph.nodes() {
            self.restage(UnitIx::of(node));
            self.restage_instances(node);
        }
    }

    /// Whether an edge still holds back the node that it leads to.
    pub fn holds(&self, edge: &Incoming) -> bool {
        !self.is_over(edge.from, edge.kind)
    }

    fn is_over(&self, from: NodeIx, kind: EdgeKind) -> bool {
        let state = self.node(from);
        state.status.is_end()
            || kind == EdgeKind::Stdin
            || (kind == EdgeKind::Item && state.items.is_some())
            || (state.ready.is_some() && waits_for_readiness(kind))
    }
}
