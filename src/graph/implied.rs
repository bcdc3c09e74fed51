//! Which `depends` follow from others: what a drawing can leave out without saying less.
//!
//! Invariant: the work is bounded; past the bound nothing more is found to be implied, so a drawing
//! has an edge too many at worst.

use std::collections::HashSet;
use std::time::Duration;

use crate::exec::graph::{Graph, NodeIx, Precedence};
use crate::ir::EdgeKind;

/// Looking further than this costs more than a line less is worth.
const MOST_VISITS: usize = 4_000_000;

/// Looks for ways round.
pub(super) struct Implied<'a> {
    graph: &'a Graph,
    /// How far down each node begins.
    depths: Vec<Duration>,
    visits: usize,
}

impl<'a> Implied<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let depths = Precedence::new(graph, |_| Duration::from_secs(1)).earliest_starts();
        Self { graph, depths, visits: MOST_VISITS }
    }

    /// The nodes that this one depends on and that another of what it waits for waits for anyway.
    pub(super) fn of(&mut self, node: NodeIx) -> HashSet<NodeIx> {
        let direct: Vec<NodeIx> = self.hard(node).collect();
        let around: Vec<NodeIx> =
            self.graph.enclosing(node).flat_map(|goal| self.hard(goal)).collect();
        if direct.len() + around.len() < 2 || direct.is_empty() {
            return HashSet::new();
        }
        let lowest = direct.iter().map(|from| self.depth(*from)).min().unwrap_or_default();
        let mut reached = HashSet::new();
        let mut open: Vec<NodeIx> = around.clone();
        reached.extend(around);
        open.extend(direct.iter().copied());
        while let Some(at) = open.pop() {
            for next in self.before(at) {
                self.visits = self.visits.saturating_sub(1);
                if self.visits == 0 {
                    return HashSet::new();
                }
                let may_lead = !self.graph.is_step(next) || self.depth(next) >= lowest;
                if may_lead && reached.insert(next) {
                    open.push(next);
                }
            }
        }
        reached
    }

    /// What must have succeeded before a node has: of a goal also what it holds.
    fn before(&self, node: NodeIx) -> Vec<NodeIx> {
        let around = self.graph.enclosing(node).flat_map(|goal| self.hard(goal));
        let mut found: Vec<NodeIx> = self.hard(node).chain(around).collect();
        found.extend_from_slice(self.graph.children(node));
        found
    }

    fn hard(&self, node: NodeIx) -> impl Iterator<Item = NodeIx> + 'a {
        let hard = |kind| matches!(kind, EdgeKind::Depends | EdgeKind::Item);
        self.graph.incoming(node).iter().filter(move |edge| hard(edge.kind)).map(|edge| edge.from)
    }

    fn depth(&self, node: NodeIx) -> Duration {
        self.depths.get(node.at()).copied().unwrap_or_default()
    }
}
