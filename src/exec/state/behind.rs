//! What is due again behind things that stay done.
//!
//! Where a run is taken up, a step may be due again although others that depend on it had succeeded
//! and stay so: what it did was undone, say. Who depends on those begins only after it, as the
//! first time. Where nothing is due again so, nothing is held here.

use std::collections::{HashMap, HashSet};

use super::{RunState, UnitIx};
use crate::exec::event::Status;
use crate::exec::graph::NodeIx;
use crate::ir::EdgeKind;

#[derive(Debug, Clone, Default)]
pub(super) struct Behind {
    /// By node: what has to end before it may begin.
    waits: HashMap<NodeIx, Vec<NodeIx>>,
    /// The other way round.
    frees: HashMap<NodeIx, Vec<NodeIx>>,
}

impl RunState {
    /// Looks what waits behind nodes that had succeeded. Gives those nodes.
    pub(super) fn find_behind(&mut self) -> HashSet<NodeIx> {
        let graph = std::sync::Arc::clone(&self.graph);
        let mut behind = Behind::default();
        let mut all = HashSet::new();
        let due = |node: &NodeIx| !self.node(*node).status.is_end() && !graph.is_service(*node);
        for node in graph.nodes().filter(due) {
            let (passed, reached) = self.reached_behind(node);
            for next in reached {
                behind.waits.entry(next).or_default().push(node);
                behind.frees.entry(node).or_default().push(next);
            }
            all.extend(passed);
        }
        self.behind = behind;
        all
    }

    /// The nodes that had succeeded and come after one that is due again, and those that come after
    /// them and have not ended.
    fn reached_behind(&self, due: NodeIx) -> (HashSet<NodeIx>, HashSet<NodeIx>) {
        let graph = &self.graph;
        let done = |node: NodeIx| self.node(node).status == Status::Succeeded;
        let waits = |next: NodeIx, on: NodeIx| {
            let mut edges = graph.incoming(next).iter();
            edges.any(|edge| edge.from == on && edge.kind != EdgeKind::Stdin)
        };
        // Asked last, as many may be waited for by one; most often nothing that waits is done.
        let next = graph.outgoing(due).iter().copied();
        let mut passed: HashSet<NodeIx> =
            next.filter(|next| done(*next) && waits(*next, due)).collect();
        let mut open: Vec<NodeIx> = passed.iter().copied().collect();
        let mut reached = HashSet::new();
        while let Some(node) = open.pop() {
            let around = graph.parent(node).filter(|goal| done(*goal));
            let inside = graph.children(node).iter().copied();
            let after = graph.outgoing(node).iter().copied();
            let after = after.filter(|next| !passed.contains(next) && waits(*next, node));
            let all: Vec<NodeIx> = after.chain(inside).chain(around).collect();
            for next in all {
                if !self.node(next).status.is_end() {
                    reached.insert(next);
                } else if done(next) && passed.insert(next) {
                    open.push(next);
                }
            }
        }
        (passed, reached)
    }

    /// What has to end before a node may begin, besides what it names itself.
    pub(super) fn behind_of(&self, node: NodeIx) -> &[NodeIx] {
        self.behind.waits.get(&node).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_held_behind(&self, node: NodeIx) -> bool {
        self.behind_of(node).iter().any(|from| !self.node(*from).status.is_end())
    }

    /// Looks again at all that waited for a node behind others.
    pub(super) fn restage_behind(&mut self, node: NodeIx) {
        let Some(freed) = self.behind.frees.get(&node).cloned() else { return };
        for next in freed {
            self.restage(UnitIx::of(next));
        }
    }
}
