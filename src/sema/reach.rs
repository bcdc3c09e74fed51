//! What a node of the graph has behind it when it starts.
//!
//! Answers for 64 targets at a time, in one walk from what waits for nothing.

use super::graph::{Graph, Hop};
use crate::ir::EdgeKind;

/// Which targets a node has behind it: when it starts, and when those that it reads from have
/// ended too. A step starts together with the one whose output it reads as its input.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mask {
    pub(super) started: u64,
    whole: u64,
}

impl Mask {
    fn add(&mut self, other: Self, together: bool) {
        self.whole |= other.whole;
        self.started |= if together { other.started } else { other.whole };
    }
}

pub(super) struct Reached {
    /// By edges that ask for success.
    pub(super) succeeded: Vec<Mask>,
    /// By any edges.
    pub(super) ended: Vec<Mask>,
}

impl Reached {
    /// `bits`: the bit of each node that is a target, and 0 for the others.
    pub(super) fn of(graph: &Graph, bits: &[u64]) -> Self {
        let none = vec![Mask::default(); graph.hops.len()];
        let mut reached = Self { succeeded: none.clone(), ended: none };
        for group in graph.components.iter() {
            let (succeeded, ended) = reached.group(graph, group, bits);
            for at in group {
                reached.succeeded[*at] = succeeded;
                reached.ended[*at] = ended;
            }
        }
        reached
    }

    fn group(&self, graph: &Graph, group: &[usize], bits: &[u64]) -> (Mask, Mask) {
        let (mut succeeded, mut ended) = (Mask::default(), Mask::default());
        for at in group {
            for hop in &graph.hops[*at] {
                let together = hop.kind() == Some(EdgeKind::Stdin);
                ended.add(self.ended[hop.to()], together);
                if hop.kind() != Some(EdgeKind::After) {
                    succeeded.add(self.succeeded[hop.to()], together);
                }
            }
            let own = bits[*at];
            for mask in [&mut succeeded, &mut ended] {
                mask.whole |= own;
                // In a circle, which is reported, each is taken as behind the others.
                if group.len() > 1 {
                    mask.started |= own;
                }
            }
        }
        (succeeded, ended)
    }
}

/// So many steps on the way are looked at for one answer alone.
const NEAR: usize = 64;

/// Whether a node has a target behind it when it starts, which must have succeeded, or just have `ended`; `None`:
/// that takes a longer look.
pub(super) fn is_behind(graph: &Graph, from: usize, target: usize, ended: bool) -> Option<bool> {
    let counts = |hop: &Hop| ended || hop.kind() != Some(EdgeKind::After);
    let ends = |hop: &Hop| hop.kind() != Some(EdgeKind::Stdin);
    let mut direct = graph.hops[from].iter();
    if direct.any(|hop| hop.to() == target && counts(hop) && ends(hop)) {
        return Some(true);
    }
    // Each with whether it has ended by then; it may just have started, as it is read from.
    let mut seen = vec![(from, false)];
    let mut next = 0;
    while let Some((at, whole)) = seen.get(next).copied() {
        next += 1;
        if whole && at == target {
            return Some(true);
        }
        // In a circle each is taken as behind the others.
        if whole && at == from {
            return None;
        }
        for hop in graph.hops[at].iter().filter(|hop| counts(hop)) {
            let hopped = (hop.to(), whole || ends(hop));
            if !seen.contains(&hopped) {
                seen.push(hopped);
            }
            if seen.len() > NEAR {
                return None;
            }
        }
    }
    Some(false)
}

/// Whether, of each pair, the first starts only when the second has ended.
pub(super) fn come_after(graph: &Graph, pairs: &[(usize, usize)]) -> Vec<bool> {
    let mut holds: Vec<bool> = pairs.iter().map(|(from, to)| directly(graph, *from, *to)).collect();
    let mut open: Vec<usize> = (0..pairs.len()).filter(|at| !holds[*at]).collect();
    open.sort_unstable_by_key(|at| pairs[*at].1);
    let mut targets: Vec<usize> = open.iter().map(|at| pairs[*at].1).collect();
    targets.dedup();
    let mut bits = vec![0; graph.hops.len()];
    let mut open = open.into_iter().peekable();
    for batch in targets.chunks(64) {
        for (bit, target) in batch.iter().enumerate() {
            bits[*target] = 1 << bit;
        }
        let reached = Reached::of(graph, &bits);
        while let Some(at) = open.next_if(|at| bits[pairs[*at].1] != 0) {
            let (from, to) = pairs[at];
            holds[at] = reached.ended[from].started & bits[to] != 0;
        }
        for target in batch {
            bits[*target] = 0;
        }
    }
    holds
}

fn directly(graph: &Graph, from: usize, to: usize) -> bool {
    graph.hops[from].iter().any(|hop| hop.to() == to && hop.kind() != Some(EdgeKind::Stdin))
}
