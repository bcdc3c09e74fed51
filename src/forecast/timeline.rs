//! What runs in which slot: attempts of a played run, laid side by side.
//!
//! Knows times only. Invariant: pieces of one row do not overlap, and stand in their order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::Piece;
use super::play::{Played, asked_for, since_start};
use crate::exec::graph::NodeIx;
use crate::exec::state::{UnitIx, UnitState};

/// What one attempt took.
pub(super) struct Taken {
    pub(super) unit: UnitIx,
    pub(super) start: Duration,
    pub(super) end: Duration,
}

/// All that ran, in the order of the plan. A service counts until it is ready: then it gives its
/// slot back.
pub(super) fn taken(played: &Played) -> Vec<Taken> {
    let state = &played.state;
    let ran = state.graph().steps().filter(|node| played.ran(*node));
    ran.flat_map(|node| units(played, node)).collect()
}

fn units(played: &Played, node: NodeIx) -> Vec<Taken> {
    let found = played.state.node(node);
    if found.items.is_some() {
        let instances = (0_u32..).zip(&found.instances);
        return instances
            .filter_map(|(item, unit)| {
                let end = unit.ended.map(since_start)?;
                Some(Taken { unit: UnitIx { node, item: Some(item) }, start: begun(unit)?, end })
            })
            .collect();
    }
    let end = found.ready.or(found.ended).map(since_start).unwrap_or_default();
    let start = begun(&found.unit);
    start.map(|start| Taken { unit: UnitIx::of(node), start, end }).into_iter().collect()
}

/// `None` where a unit ended without being tried.
fn begun(unit: &UnitState) -> Option<Duration> {
    unit.started.map(since_start).or_else(|| asked_for(unit))
}

/// Lays out what takes slots, and what takes none.
pub(super) fn rows(played: &Played, taken: &[Taken]) -> (Vec<Vec<Piece>>, Vec<Vec<Piece>>) {
    let graph = played.state.graph();
    let (slots, aside): (Vec<&Taken>, Vec<&Taken>) =
        taken.iter().partition(|taken| graph.takes_slot(taken.unit.node));
    (laid_out(played, slots), laid_out(played, aside))
}

fn laid_out(played: &Played, mut taken: Vec<&Taken>) -> Vec<Vec<Piece>> {
    taken.sort_by_key(|taken| (taken.start, taken.end));
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    // Free rows, the first one first; and those in use, by when they are free again.
    let mut free: BinaryHeap<Reverse<usize>> = BinaryHeap::new();
    let mut in_use: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
    for taken in taken {
        while let Some(Reverse((until, row))) = in_use.peek().copied() {
            if until > taken.start {
                break;
            }
            in_use.pop();
            free.push(Reverse(row));
        }
        let row = free.pop().map_or(rows.len(), |Reverse(row)| row);
        if row == rows.len() {
            rows.push(Vec::new());
        }
        in_use.push(Reverse((taken.end, row)));
        let id = played.state.graph().step_id(taken.unit.node).cloned();
        if let (Some(id), Some(pieces)) = (id, rows.get_mut(row)) {
            let item = taken.unit.item;
            pieces.push(Piece { id, item, start: taken.start, end: taken.end });
        }
    }
    rows
}
