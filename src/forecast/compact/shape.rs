//! What the compact simulator needs of a plan, made once for all simulations.
//!
//! Invariant: a plan that holds what the simulator does not know has no [`Shape`].

use crate::exec::RunStatus;
use crate::exec::event::{QuestionKind, Status};
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::schedule::guards_of;
use crate::exec::state::{UnitIx, UnitState};
use crate::forecast::play::{Played, Setup};
use crate::ir::{Action, EdgeKind, Guards};

/// Beyond this the loop looks at a part only of those that are held back.
const MOST_UNITS: usize = 4096;

/// A step without instances, or an instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    pub(super) ix: UnitIx,
    /// What is asked before it may start takes no time, but a turn of the loop each.
    pub(super) turns: u32,
    pub(super) manual: bool,
}

/// What does not differ between simulations.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) units: Vec<Unit>,
    /// Of each node its units: from, to.
    pub(super) of_node: Vec<(usize, usize)>,
    pub(super) order: Vec<u32>,
    pub(super) waiting: Vec<u32>,
    pub(super) open_inside: Vec<u32>,
    pub(super) skipped: Vec<bool>,
    pub(super) takes_slot: Vec<bool>,
    /// Instances of a step, or steps of a goal, at once.
    pub(super) most: Vec<Option<u32>>,
    pub(super) jobs: u32,
}

/// The plan as the simulator needs it; `None` where it does not know all that is in it.
pub(super) fn shape(graph: &Graph, setup: &Setup<'_>, played: &Played) -> Option<Shape> {
    let known = played.end.status == RunStatus::Achieved
        && graph.nodes().all(|node| is_known(graph, played, node));
    if !known {
        return None;
    }
    let mut units = Vec::new();
    let mut of_node = Vec::new();
    for node in graph.nodes() {
        let from = units.len();
        if graph.is_step(node) && played.ran(node) {
            units.extend(units_of(graph, played, node));
        }
        of_node.push((from, units.len()));
    }
    let limited = |node: NodeIx| node != graph.root() && played.state.node(node).parallel.is_some();
    if units.len() > MOST_UNITS && graph.nodes().any(limited) {
        return None;
    }
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let held =
        |node: NodeIx| count(graph.incoming(node).len()) + u32::from(graph.parent(node).is_some());
    let nodes: Vec<NodeIx> = graph.nodes().collect();
    Some(Shape {
        units,
        of_node,
        order: setup.order.to_vec(),
        waiting: nodes.iter().map(|node| held(*node)).collect(),
        open_inside: nodes.iter().map(|node| count(graph.children(*node).len())).collect(),
        skipped: nodes.iter().map(|node| !played.ran(*node)).collect(),
        takes_slot: nodes.iter().map(|node| graph.takes_slot(*node)).collect(),
        most: nodes.iter().map(|node| played.state.node(*node).parallel).collect(),
        jobs: setup.options.jobs,
    })
}

fn units_of(graph: &Graph, played: &Played, node: NodeIx) -> Vec<Unit> {
    let state = played.state.node(node);
    let action = graph.step(node).map(|step| &step.attempt.action);
    let manual = matches!(action, Some(Action::Manual(_)));
    let guards = guards_of(graph, node);
    let unit = |item, unit: &UnitState| {
        let turns = turns(guards, unit);
        Unit { ix: UnitIx { node, item }, turns, manual }
    };
    match state.items {
        None => vec![unit(None, &state.unit)],
        Some(_) => (0..).zip(&state.instances).map(|(at, of)| unit(Some(at), of)).collect(),
    }
}

/// Each of `unless`, `requires` and `confirm` is a turn.
fn turns(guards: Option<&Guards>, unit: &UnitState) -> u32 {
    let Some(guards) = guards else { return 0 };
    u32::from(!guards.unless.is_empty())
        + u32::from(!guards.requires.is_empty())
        + u32::from(unit.question(QuestionKind::Confirm).is_some())
}

fn is_known(graph: &Graph, played: &Played, node: NodeIx) -> bool {
    let state = played.state.node(node);
    let ended = matches!(state.status, Status::Succeeded | Status::Skipped)
        && state.instances.iter().all(|unit| unit.status() == Status::Succeeded);
    let edges = graph.incoming(node).iter();
    let plain =
        edges.map(|edge| edge.kind).all(|kind| !matches!(kind, EdgeKind::Stdin | EdgeKind::Item));
    let guards = guards_of(graph, node);
    let free = guards.is_none_or(|guards| {
        guards.locks.is_empty() && guards.uses.is_empty() && guards.snapshot.is_empty()
    });
    let inner = graph.goal(node).filter(|_| node != graph.root());
    let quiet = inner.is_none_or(|goal| {
        let guards = &goal.guards;
        guards.unless.is_empty()
            && guards.requires.is_empty()
            && guards.confirm.is_none()
            && goal.verify.is_empty()
            && goal.cleanup.is_empty()
    });
    ended && plain && free && quiet && !graph.is_service(node)
}
