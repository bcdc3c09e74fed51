//! W0711: steps that can never run, as what they depend on is never all there.

use super::condition::Conditions;
use super::edit;
use super::graph::{Graph, Hop};
use super::pass::Pass;
use super::world::Node;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::EdgeKind;
use crate::source::Span;

/// Looking at more pairs costs more than the advice is worth.
const MOST_PAIRS: usize = 200_000;

/// Reports each step and goal at which conditions come together that exclude each other.
pub(super) fn report(pass: &mut Pass<'_>, graph: &Graph, conditions: &Conditions) {
    let mut pairs = MOST_PAIRS;
    let mut impossible = vec![false; graph.hops.len()];
    for at in graph.components.items().iter().copied() {
        let joined: Vec<Hop> =
            graph.hops[at].iter().copied().filter(|hop| is_joined(hop, graph, at)).collect();
        // What only follows from a step that can never run is not reported.
        impossible[at] = joined.iter().any(|hop| impossible[hop.to()]);
        if impossible[at] {
            continue;
        }
        if let Some((first, second)) = conflict(&joined, conditions, &mut pairs) {
            impossible[at] = true;
            let found = never(pass, graph, at, first, second);
            pass.report(found);
        }
    }
}

fn is_joined(hop: &Hop, graph: &Graph, at: usize) -> bool {
    match hop.kind() {
        None => !matches!(graph.node(at), Node::Goal(ix) if graph.end(ix) == at),
        Some(EdgeKind::Depends | EdgeKind::Item | EdgeKind::Stdin) => true,
        Some(EdgeKind::DependsOptional | EdgeKind::After) => false,
    }
}

/// A hop, and the node whose condition it brings.
type Side = (Hop, usize);

fn conflict(joined: &[Hop], conditions: &Conditions, pairs: &mut usize) -> Option<(Side, Side)> {
    for (at, second) in joined.iter().enumerate() {
        for first in joined.iter().take(at) {
            *pairs = pairs.checked_sub(1)?;
            if let Some((a, b)) = conditions.conflict(first.to(), second.to()) {
                return Some(((*first, a), (*second, b)));
            }
        }
    }
    None
}

fn never(pass: &Pass<'_>, graph: &Graph, at: usize, first: Side, second: Side) -> Diagnostic {
    let name = |at: usize| pass.world.shown(graph.node(at));
    let (user, a, b) = (name(at), name(first.1), name(second.1));
    let message = format!("`{user}` can never run: `{a}` and `{b}` never both run");
    let written = [first.0.span(), second.0.span()].into_iter().flatten().max();
    let place = written.unwrap_or_else(|| pass.world.place(entity(graph.node(at))));
    let mut found = Diagnostic::new(Code::W0711, message, place, "one of them is always skipped");
    for node in [first.1, second.1] {
        if let Some(when) = when(pass, graph.node(node)) {
            found = found.label(when, format!("when `{}` runs", name(node)));
        }
    }
    let (a, b) = (name(first.0.to()), name(second.0.to()));
    found.help(format!("to go on after whichever of them ran, write `depends {a}?, {b}?`"))
}

fn entity(node: Node) -> super::world::Entity {
    match node {
        Node::Step(ix) => super::world::Entity::Step(ix),
        Node::Goal(ix) => super::world::Entity::Goal(ix),
    }
}

fn when(pass: &Pass<'_>, node: Node) -> Option<Span> {
    let clauses = match node {
        Node::Step(ix) => &*pass.world.step(ix).outline.clauses,
        Node::Goal(ix) => {
            let goal = pass.world.goal(ix);
            goal.mount.map_or(&*goal.outline.clauses, |mount| &*mount.clauses)
        }
    };
    edit::one(clauses, "when").map(|clause| clause.span)
}
