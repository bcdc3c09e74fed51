//! Deadlocks over locks and resources, avoided before they can happen.
//!
//! A step lets go of what it took when its attempt ends. An open goal and a service keep theirs
//! until others have ended, and these may need what a further one keeps. So one that keeps
//! something starts only where this closes no circle of keepers (Coffman, Elphick and Shoshani:
//! System Deadlocks, 1971). Invariant: those that keep something now wait for each other in no
//! circle.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::graph::{Graph, NodeIx};
use super::schedule::guards_of;
use super::state::{Phase, RunState, UnitIx};
use crate::ir::{Guards, LockScope, Use};
use crate::value::{Expr, Value};

type Amounts = IndexMap<Arc<str>, i64>;

/// The goals and services of a plan that keep locks or resources until others have ended.
pub(super) fn keepers(graph: &Graph) -> Vec<NodeIx> {
    graph.nodes().filter(|node| keeps(graph, *node)).collect()
}

fn keeps(graph: &Graph, node: NodeIx) -> bool {
    let something = |guards: &Guards| !guards.locks.is_empty() || !guards.uses.is_empty();
    let lasts = !graph.is_step(node) || graph.is_service(node);
    lasts && guards_of(graph, node).is_some_and(something)
}

/// The keeper that a node must not start beside: what the node would keep is needed before that
/// one can end, and the other way round. The node itself where it can start only after others.
pub(super) fn circle(
    state: &RunState,
    node: NodeIx,
    uses: &Amounts,
    limits: &Amounts,
) -> Option<NodeIx> {
    if state.lends || !keeps(state.graph(), node) {
        return None;
    }
    let mut all: Vec<(NodeIx, Amounts)> = state
        .graph()
        .keepers()
        .iter()
        .filter(|keeper| **keeper != node && is_keeping(state, **keeper))
        .map(|keeper| (*keeper, state.uses_of(UnitIx::of(*keeper))))
        .collect();
    all.push((node, uses.clone()));
    let search = Search { state, limits, all };
    let mut seen = BTreeSet::new();
    search.neighbours(node).into_iter().find(|next| search.leads(*next, node, &mut seen))
}

fn is_keeping(state: &RunState, node: NodeIx) -> bool {
    let known = state.node(node);
    let runs =
        if state.graph().is_step(node) { known.unit.phase == Phase::Running } else { known.open };
    runs && !known.status.is_end()
}

struct Search<'a> {
    state: &'a RunState,
    limits: &'a Amounts,
    /// Who keeps something, and how much of each resource.
    all: Vec<(NodeIx, Amounts)>,
}

impl Search<'_> {
    fn leads(&self, from: NodeIx, to: NodeIx, seen: &mut BTreeSet<NodeIx>) -> bool {
        from == to
            || (seen.insert(from)
                && self.neighbours(from).into_iter().any(|next| self.leads(next, to, seen)))
    }

    /// Those that keep what one needs, or something that it waits for.
    fn neighbours(&self, keeper: NodeIx) -> BTreeSet<NodeIx> {
        let mut found = BTreeSet::new();
        for waited in waited_for(self.state, keeper) {
            // An open goal has what it needs.
            let needs = guards_of(self.state.graph(), waited);
            let Some(needs) = needs.filter(|_| !self.state.node(waited).open) else { continue };
            for (other, kept) in &self.all {
                if !is_around(self.state.graph(), *other, waited)
                    && self.conflict(needs, *other, kept)
                {
                    found.insert(*other);
                }
            }
        }
        found
    }

    fn conflict(&self, needs: &Guards, keeper: NodeIx, kept: &Amounts) -> bool {
        let theirs = guards_of(self.state.graph(), keeper).map_or(&[][..], |guards| &guards.locks);
        let lock = needs.locks.iter().any(|own| {
            let shared = |other: &&crate::ir::Lock| {
                own.scope == LockScope::Shared && other.scope == LockScope::Shared
            };
            theirs.iter().any(|other| other.name == own.name && !shared(&other))
        });
        lock || needs.uses.iter().any(|own| kept.contains_key(&own.resource) && self.is_short(own))
    }

    /// Whether a resource may not suffice while all keepers have theirs.
    fn is_short(&self, needed: &Use) -> bool {
        let all = self.limits.get(&needed.resource).copied().unwrap_or(i64::MAX);
        let kept = self.all.iter().filter_map(|(_, kept)| kept.get(&needed.resource));
        let left = all.saturating_sub(kept.sum());
        match needed.amount {
            Expr::Literal(Value::Int(amount)) => amount > left,
            // What it is only the run will tell.
            _ => all > left,
        }
    }
}

fn is_around(graph: &Graph, goal: NodeIx, node: NodeIx) -> bool {
    node == goal || graph.enclosing(node).any(|around| around == goal)
}

/// All that has to end before a keeper ends, and has not.
fn waited_for(state: &RunState, keeper: NodeIx) -> BTreeSet<NodeIx> {
    let graph = state.graph();
    let mut open: Vec<NodeIx> = if graph.is_step(keeper) {
        graph.users(keeper).to_vec()
    } else {
        graph.children(keeper).to_vec()
    };
    let (mut seen, mut goals) = (BTreeSet::new(), BTreeSet::new());
    while let Some(node) = open.pop() {
        let over = state.node(node).status.is_end() || state.is_serving(node);
        if node == keeper || over || !seen.insert(node) {
            continue;
        }
        if !graph.is_step(node) {
            open.extend(graph.children(node));
        }
        let around = std::iter::once(node).chain(graph.enclosing(node));
        let around: Vec<NodeIx> =
            around.take_while(|goal| !is_around(graph, *goal, keeper)).collect();
        open.extend(around.iter().flat_map(|goal| graph.incoming(*goal)).map(|edge| edge.from));
        // What is around it has to be open.
        goals.extend(around);
    }
    seen.append(&mut goals);
    seen
}
