//! W0703: a `depends` that says what another already says.

use std::collections::HashMap;

use super::edit;
use super::graph::{Graph, Hop};
use super::lower::Lowered;
use super::pass::{Pass, WrittenEdge};
use super::world::{NameMap, Node, StepIx};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::EdgeKind;
use crate::source::Span;

/// Looking further than this costs more than the advice is worth.
const MOST_VISITS: usize = 2_000_000;

/// Reports each `depends` of a step on something that another of its `depends` waits for anyway. One
/// on a service keeps it running for the step, too: that is never said by another.
pub(super) fn report(pass: &mut Pass<'_>, lowered: &Lowered, graph: &Graph) {
    let is_service = |at: usize| match graph.node(at) {
        Node::Step(step) => lowered.steps[step].service.is_some(),
        Node::Goal(_) => false,
    };
    let order = heights(graph);
    let mut visits = MOST_VISITS;
    for ix in pass.world.step_ids() {
        let from = graph.step(ix);
        report_twice(pass, ix);
        let direct: Vec<Hop> = graph.hops[from]
            .iter()
            .copied()
            .filter(|hop| hop.kind() == Some(EdgeKind::Depends))
            .collect();
        if direct.len() < 2 {
            continue;
        }
        let covered = covered(graph, &direct, &order, &mut visits);
        for (hop, by) in covered {
            let used = pass.steps[ix.at()]
                .uses
                .needs
                .iter()
                .any(|used| graph.target(used.what.target) == hop.to());
            if let (Some(span), false) = (hop.span(), used || is_service(hop.to())) {
                let found = redundant(pass, graph, ix, span, hop, by);
                pass.report(found);
            }
        }
    }
}

/// How far each node is above those that wait for nothing.
fn heights(graph: &Graph) -> Vec<u32> {
    let mut heights = vec![0_u32; graph.hops.len()];
    for group in graph.components.iter() {
        for at in group {
            heights[*at] =
                graph.hops[*at].iter().map(|hop| heights[hop.to()] + 1).max().unwrap_or(0);
        }
    }
    heights
}

/// The hops whose targets are reached by another of them, with that other.
fn covered(graph: &Graph, direct: &[Hop], heights: &[u32], visits: &mut usize) -> Vec<(Hop, Hop)> {
    let lowest = direct.iter().map(|hop| heights[hop.to()]).min().unwrap_or(0);
    let mut reached: HashMap<usize, Hop> = HashMap::new();
    // Whatever covers another stands higher than it.
    for first in direct.iter().filter(|hop| heights[hop.to()] > lowest) {
        let mut waiting = vec![first.to()];
        while let Some(at) = waiting.pop() {
            for hop in &graph.hops[at] {
                *visits = visits.saturating_sub(1);
                let follows = matches!(hop.kind(), None | Some(EdgeKind::Depends | EdgeKind::Item))
                    && heights[hop.to()] >= lowest;
                if follows && !reached.contains_key(&hop.to()) {
                    reached.insert(hop.to(), *first);
                    waiting.push(hop.to());
                }
            }
            if *visits == 0 {
                return Vec::new();
            }
        }
    }
    direct.iter().filter_map(|hop| Some((*hop, *reached.get(&hop.to())?))).collect()
}

/// Reports what one step's `depends` names again.
fn report_twice(pass: &mut Pass<'_>, ix: StepIx) {
    let edges = &pass.steps[ix.at()].edges;
    if edges.len() < 2 {
        return;
    }
    let clauses = &pass.world.step(ix).outline.clauses;
    let mut seen: NameMap<Node, Span> = NameMap::default();
    let mut found = Vec::new();
    for WrittenEdge { to, span: place, .. } in edges {
        let Some(first) = seen.insert(*to, *place) else { continue };
        let depends = |span: Span| {
            edit::all(clauses, "depends")
                .any(|clause| clause.span.range().contains(&span.range().start))
        };
        if first == *place || !depends(first) || !depends(*place) {
            continue;
        }
        let name = pass.world.shown(*to);
        let message = format!("`depends {name}` is said twice");
        let twice = Diagnostic::new(Code::W0703, message, *place, "again")
            .label(first, "said here")
            .help(format!("keep one `{name}`"));
        found.push(match edit::remove_edge(pass.sources, clauses, *place) {
            Some(deleted) => twice.fix(deleted, ""),
            None => twice,
        });
    }
    for each in found {
        pass.report(each);
    }
}

fn redundant(
    pass: &Pass<'_>,
    graph: &Graph,
    ix: StepIx,
    span: Span,
    hop: Hop,
    by: Hop,
) -> Diagnostic {
    let name = |at: usize| pass.world.shown(graph.node(at));
    let (far, near) = (name(hop.to()), name(by.to()));
    let message = format!("`depends {far}` says nothing new: `{near}` waits for `{far}` anyway");
    let found = Diagnostic::new(Code::W0703, message, span, "not needed");
    let found = match by.span() {
        Some(place) => found.label(place, format!("waits for `{far}`")),
        None => found,
    }
    .help(format!("take `{far}` out of `depends`"));
    match edit::remove_edge(pass.sources, &pass.world.step(ix).outline.clauses, span) {
        Some(deleted) => found.fix(deleted, ""),
        None => found,
    }
}
