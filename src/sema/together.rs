//! Circles that single edges do not show: steps that start together, and goals that cannot end
//! before their services do.
//!
//! Looked for where the plain graph has no circle.

use std::collections::HashSet;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::graph::{Graph, Hop};
use super::lower::Lowered;
use super::pass::Pass;
use super::world::{Node, StepIx};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::EdgeKind;
use crate::source::Span;

/// A message shows at most so many places.
const MOST_LABELS: usize = 10;

/// A way by which one waits for another.
#[derive(Debug, Clone, Copy)]
struct Wait {
    from: usize,
    to: usize,
    span: Option<Span>,
}

/// Reports steps that are joined by pipes and wait for each other besides, and goals that wait for
/// a service that is kept running for someone who waits for the goal.
pub(super) fn report(
    pass: &mut Pass<'_>,
    lowered: &Lowered,
    graph: &Graph,
    chains: &[Vec<StepIx>],
) {
    let services: Vec<StepIx> =
        pass.world.step_ids().filter(|ix| lowered.steps[*ix].service.is_some()).collect();
    if !graph.is_acyclic() || (chains.is_empty() && services.is_empty()) {
        return;
    }
    let (firsts, mut waits) = joined(graph, chains);
    let circles = circles(&firsts, &waits);
    if !circles.is_empty() {
        for circle in circles {
            let found = chain_circle(pass, graph, chains, &firsts, &waits, &circle);
            if let Some(found) = found {
                pass.report(found);
            }
        }
        return;
    }
    let kept: Vec<(StepIx, Wait)> =
        services.iter().flat_map(|service| kept_for(pass, graph, *service)).collect();
    waits.extend(kept.iter().map(|(_, wait)| *wait));
    for circle in self::circles(&firsts, &waits) {
        let inside =
            |wait: &Wait| circle.contains(&firsts[wait.from]) && circle.contains(&firsts[wait.to]);
        if let Some((service, wait)) = kept.iter().find(|(_, wait)| inside(wait)) {
            let found = service_circle(pass, graph, *service, *wait);
            pass.report(found);
        }
    }
}

/// Each node's place in the graph where a chain is one node, and all waits but the pipes.
fn joined(graph: &Graph, chains: &[Vec<StepIx>]) -> (Vec<usize>, Vec<Wait>) {
    let mut firsts: Vec<usize> = (0..graph.hops.len()).collect();
    for chain in chains {
        for step in chain {
            firsts[graph.step(*step)] = chain.first().map_or(0, |first| graph.step(*first));
        }
    }
    let wait = |from: usize, hop: &Hop| Wait { from, to: hop.to(), span: hop.span() };
    let waits = graph.hops.iter().enumerate().flat_map(|(from, hops)| {
        let plain = hops.iter().filter(|hop| hop.kind() != Some(EdgeKind::Stdin));
        plain.map(move |hop| wait(from, hop))
    });
    let waits = waits.collect();
    (firsts, waits)
}

fn circles(firsts: &[usize], waits: &[Wait]) -> Vec<HashSet<usize>> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(firsts.len(), waits.len());
    for _ in firsts {
        graph.add_node(());
    }
    for wait in waits {
        graph.add_edge(NodeIndex::new(firsts[wait.from]), NodeIndex::new(firsts[wait.to]), ());
    }
    let itself = |node: NodeIndex| graph.contains_edge(node, node);
    let groups = kosaraju_scc(&graph).into_iter();
    groups
        .filter(|group| group.len() > 1 || group.first().is_some_and(|only| itself(*only)))
        .map(|group| group.into_iter().map(NodeIndex::index).collect())
        .collect()
}

/// A goal ends after its services, and a service after those whom it is kept for.
fn kept_for(pass: &Pass<'_>, graph: &Graph, service: StepIx) -> Vec<(StepIx, Wait)> {
    let end = graph.end(pass.world.step(service).goal);
    let at = graph.step(service);
    let mut kept = Vec::new();
    for (user, hops) in graph.hops.iter().enumerate() {
        let to = match graph.node(user) {
            Node::Step(_) => user,
            Node::Goal(ix) => graph.end(ix),
        };
        let named = hops.iter().filter(|hop| hop.to() == at && hop.kind().is_some());
        kept.extend(named.map(|hop| (service, Wait { from: end, to, span: hop.span() })));
    }
    kept
}

fn chain_circle(
    pass: &Pass<'_>,
    graph: &Graph,
    chains: &[Vec<StepIx>],
    firsts: &[usize],
    waits: &[Wait],
    circle: &HashSet<usize>,
) -> Option<Diagnostic> {
    let name = |at: usize| pass.world.shown(graph.node(at));
    let chain = chains
        .iter()
        .find(|chain| chain.first().is_some_and(|first| circle.contains(&graph.step(*first))))?;
    let inside =
        |wait: &&Wait| circle.contains(&firsts[wait.from]) && circle.contains(&firsts[wait.to]);
    let mut written: Vec<(Span, &Wait)> =
        waits.iter().filter(inside).filter_map(|wait| Some((wait.span?, wait))).collect();
    written.sort_by_key(|(span, _)| *span);
    let text = |wait: &Wait| format!("`{}` waits for `{}`", name(wait.from), name(wait.to));
    let (place, first) = written.first()?;
    let members: Vec<String> = chain
        .iter()
        .take(MOST_LABELS)
        .map(|step| format!("`{}`", pass.world.step(*step).id))
        .collect();
    let message = format!(
        "{} start together, so none of them can wait for the end of another",
        members.join(" and ")
    );
    let mut found = Diagnostic::new(Code::E0401, message, *place, text(first));
    for (span, wait) in written.iter().skip(1).take(MOST_LABELS) {
        found = found.label(*span, text(wait));
    }
    Some(found.help("take one of these out, or let a file carry the data instead of `stdin from`"))
}

fn service_circle(pass: &Pass<'_>, graph: &Graph, service: StepIx, wait: Wait) -> Diagnostic {
    let user = pass.world.shown(graph.node(wait.to));
    let goal = pass.world.goal(pass.world.step(service).goal).shown();
    let service = &pass.world.step(service).id;
    let message = format!(
        "`{goal}` ends after its service `{service}`, which runs until `{user}` has ended, and that \
         waits for `{goal}`"
    );
    Diagnostic::new(
        Code::E0401,
        message,
        wait.span.unwrap_or_default(),
        "keeps the service running",
    )
    .help(format!("put `{service}` into the goal around `{goal}`"))
}
