//! Who must come before whom, spread out: a goal is a start and an end, and so is a chain of steps
//! that are joined by pipes.
//!
//! From it come upward ranks (the longest way to the end of the run) for the scheduler, and the
//! critical path and slack for the forecast. Pure arithmetic on durations; no state of a run.

use std::time::Duration;

use super::{Graph, NodeIx};
use crate::ir::EdgeKind;

/// The precedence graph of a plan with a duration for each step.
#[derive(Debug)]
pub struct Precedence {
    successors: Vec<Vec<u32>>,
    durations: Vec<Duration>,
    /// All vertices, each before its successors.
    order: Vec<u32>,
    nodes: usize,
}

impl Precedence {
    /// `duration` is asked for steps only; goals take no time of their own.
    pub fn new(graph: &Graph, duration: impl Fn(NodeIx) -> Duration) -> Self {
        let nodes = graph.node_count();
        let vertices = nodes * 2 + graph.chains().count() * 2;
        let mut successors = vec![Vec::new(); vertices];
        let mut durations = vec![Duration::ZERO; vertices];
        for node in graph.nodes() {
            let (start, end) = ends(graph, node, nodes);
            if graph.is_step(node) {
                durations[node.at()] = duration(node);
            }
            if graph.is_step(node) && start != end {
                successors[start as usize].push(node.0);
                successors[node.at()].push(end);
            }
            if let Some(parent) = graph.parent(node) {
                let (opens, closes) = ends(graph, parent, nodes);
                successors[opens as usize].push(start);
                successors[end as usize].push(closes);
            }
            for edge in graph.incoming(node).iter().filter(|edge| edge.kind != EdgeKind::Stdin) {
                successors[ends(graph, edge.from, nodes).1 as usize].push(start);
            }
            if start != end && graph.children(node).is_empty() {
                successors[start as usize].push(end);
            }
        }
        let order = topological(&successors);
        Self { successors, durations, order, nodes }
    }

    /// The longest way from each node's start to the end of all, with the number of steps on it as
    /// second key, so that steps without an estimate still go by depth.
    pub fn upward_ranks(&self) -> Vec<(Duration, u32)> {
        let mut ranks = self.full_ranks();
        ranks.truncate(self.nodes);
        ranks
    }

    /// The earliest start of each node if nothing but precedence held it back.
    pub fn earliest_starts(&self) -> Vec<Duration> {
        let mut starts = vec![Duration::ZERO; self.successors.len()];
        for &at in &self.order {
            let end = starts[at as usize].saturating_add(self.durations[at as usize]);
            for &next in &self.successors[at as usize] {
                starts[next as usize] = starts[next as usize].max(end);
            }
        }
        starts.truncate(self.nodes);
        starts
    }

    /// The length of the longest path.
    pub fn critical_length(&self) -> Duration {
        self.upward_ranks().iter().map(|(length, _)| *length).max().unwrap_or_default()
    }

    /// The steps of one longest path, in order; ties go to the path of more steps, then to the
    /// first in the text.
    pub fn critical_path(&self, graph: &Graph) -> Vec<NodeIx> {
        let mut ranks = self.full_ranks();
        let mut path = Vec::new();
        let mut next =
            (0..self.successors.len()).max_by_key(|at| (ranks[*at], std::cmp::Reverse(*at)));
        while let Some(at) = next {
            let node = NodeIx(u32::try_from(at % self.nodes.max(1)).unwrap_or(u32::MAX));
            if at < self.nodes && graph.is_step(node) {
                path.push(node);
            }
            ranks[at] = (Duration::ZERO, 0);
            next = self.successors[at]
                .iter()
                .map(|next| *next as usize)
                .max_by_key(|next| (ranks[*next], std::cmp::Reverse(*next)));
        }
        path
    }

    fn full_ranks(&self) -> Vec<(Duration, u32)> {
        let mut ranks = vec![(Duration::ZERO, 0_u32); self.successors.len()];
        for &at in self.order.iter().rev() {
            let at = at as usize;
            let after = self.successors[at].iter().map(|next| ranks[*next as usize]).max();
            let (length, depth) = after.unwrap_or_default();
            ranks[at] =
                (length.saturating_add(self.durations[at]), depth + u32::from(at < self.nodes));
        }
        ranks
    }
}

/// A step is one vertex; a goal starts at its own and ends at one `nodes` further on. A step in a
/// chain starts and ends with the chain, whose vertices are behind all of these.
fn ends(graph: &Graph, node: NodeIx, nodes: usize) -> (u32, u32) {
    if let Some(chain) = graph.chain_of(node) {
        let start = u32::try_from((nodes + chain) * 2).unwrap_or(u32::MAX);
        return (start, start.saturating_add(1));
    }
    if graph.is_step(node) {
        return (node.0, node.0);
    }
    (node.0, u32::try_from(node.at() + nodes).unwrap_or(u32::MAX))
}

/// Kahn's algorithm; vertices on a circle, which a checked plan has not, are left out.
fn topological(successors: &[Vec<u32>]) -> Vec<u32> {
    let mut waiting = vec![0_u32; successors.len()];
    for next in successors.iter().flatten() {
        waiting[*next as usize] += 1;
    }
    let mut order: Vec<u32> = (0..u32::try_from(successors.len()).unwrap_or(u32::MAX))
        .filter(|at| waiting[*at as usize] == 0)
        .collect();
    let mut done = 0;
    while let Some(&at) = order.get(done) {
        done += 1;
        for &next in &successors[at as usize] {
            waiting[next as usize] -= 1;
            if waiting[next as usize] == 0 {
                order.push(next);
            }
        }
    }
    order
}
