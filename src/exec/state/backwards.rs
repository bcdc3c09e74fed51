//! The order of undos: from what came last to what came first.
//!
//! Knows the graph, not what is undone: the caller says which nodes are settled. Invariant: a node
//! is free once all that comes after it, inside the goal that is walked, is settled.

use std::collections::{BTreeSet, HashMap};

use super::RunState;
use crate::exec::graph::NodeIx;
use crate::ir::EdgeKind;

/// A walk over all in a goal from its ends to its beginnings: a node is free when all that comes
/// after it is settled, and what is in a goal when the goal is free.
pub(super) struct Backwards {
    held: HashMap<NodeIx, u32>,
    /// Of goals: what in them is not settled.
    unsettled: HashMap<NodeIx, u32>,
    pub(super) free: Vec<NodeIx>,
    top: NodeIx,
    ordered: bool,
}

impl Backwards {
    pub(super) fn new(state: &RunState, top: NodeIx, ordered: bool) -> Self {
        let graph = state.graph();
        let inside: BTreeSet<NodeIx> = graph.descendants(top).into_iter().collect();
        let mut walk = Self {
            held: inside.iter().map(|node| (*node, 1)).collect(),
            unsettled: HashMap::new(),
            free: Vec::new(),
            top,
            ordered,
        };
        for node in &inside {
            for from in walk.sources(state, *node) {
                *walk.held.entry(from).or_default() += 1;
            }
            let children = u32::try_from(graph.children(*node).len()).unwrap_or(u32::MAX);
            walk.unsettled.insert(*node, children);
        }
        walk.enter(state, top);
        walk
    }

    /// The nodes of this walk that a node comes after.
    fn sources(&self, state: &RunState, node: NodeIx) -> Vec<NodeIx> {
        let counts = |kind| self.ordered || kind != EdgeKind::After;
        let edges = state.graph().incoming(node).iter().filter(|edge| counts(edge.kind));
        let mut from: Vec<NodeIx> =
            edges.map(|edge| edge.from).filter(|from| self.held.contains_key(from)).collect();
        from.sort_unstable();
        from.dedup();
        from
    }

    fn release(&mut self, node: NodeIx) {
        if let Some(held) = self.held.get_mut(&node) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.free.push(node);
            }
        }
    }

    /// A goal is free: what is in it is no longer held back by what comes after the goal.
    pub(super) fn enter(&mut self, state: &RunState, goal: NodeIx) {
        let children = state.graph().children(goal).to_vec();
        if children.is_empty() && goal != self.top {
            self.settle(state, goal);
        }
        for child in children {
            self.release(child);
        }
    }

    /// Nothing of a node is left to undo: what came before it, and the goal around it, may go on.
    pub(super) fn settle(&mut self, state: &RunState, node: NodeIx) {
        let mut next = Some(node);
        while let Some(node) = next.take() {
            for from in self.sources(state, node) {
                self.release(from);
            }
            let Some(parent) = state.graph().parent(node) else { return };
            if let Some(left) = self.unsettled.get_mut(&parent) {
                *left = left.saturating_sub(1);
                next = (*left == 0).then_some(parent);
            }
        }
    }
}
