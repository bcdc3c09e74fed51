//! What may turn out the other way: conditions that cannot be known before the run, who is skipped
//! with whom, and how long the whole takes then.

use std::collections::HashSet;
use std::time::Duration;

use super::Branch;
use super::play::{Played, Setup};
use crate::exec::event::Status;
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::schedule::guards_of;
use crate::exec::scope::{Place, Surroundings, Values};
use crate::exec::state::{RunState, UnitIx};
use crate::ir::EdgeKind;

/// So many steps are played for branches: a plan of many conditions shows the first ones only.
const STEPS_PLAYED: usize = 20_000;

/// What is not known, by node.
pub(super) struct Doubts {
    may_skip: Vec<bool>,
    asks_for_sure: Vec<bool>,
    /// Nodes whose own condition is open, in the order of the plan.
    open: Vec<NodeIx>,
}

impl Doubts {
    pub(super) fn may_skip(&self, node: NodeIx) -> bool {
        self.may_skip.get(node.at()).copied().unwrap_or(false)
    }

    /// Whether its confirm is asked for if it runs.
    pub(super) fn asks_for_sure(&self, node: NodeIx) -> bool {
        self.asks_for_sure.get(node.at()).copied().unwrap_or(true)
    }
}

/// Looks at all conditions before anything has happened.
pub(super) fn doubts(state: &RunState, values: &Values, world: &dyn Surroundings) -> Doubts {
    let graph = state.graph();
    let place = |node: NodeIx| {
        let goal = graph.parent(node).unwrap_or_else(|| graph.root());
        Place { state, values, world, goal, unit: Some(UnitIx::of(node)), own: None }
    };
    let when = |node: NodeIx| {
        let when = guards_of(graph, node)?.when.as_ref()?;
        Some(place(node).truth(when))
    };
    let unless = |node| guards_of(graph, node).is_some_and(|guards| !guards.unless.is_empty());
    let asks_for_sure = |node: NodeIx| {
        let confirm = guards_of(graph, node).and_then(|guards| guards.confirm.as_ref());
        let when = confirm.and_then(|confirm| confirm.when.as_ref());
        when.is_none_or(|when| place(node).truth(when).is_ok())
    };
    let conditions: Vec<_> = graph.nodes().map(|node| (node, when(node), unless(node))).collect();
    let mut may_skip: Vec<bool> = conditions
        .iter()
        .map(|(_, when, unless)| *unless || when.as_ref().is_some_and(|when| *when != Ok(true)))
        .collect();
    spread(graph, &mut may_skip);
    // A condition that surely fails has no other branch.
    let open = conditions.into_iter().filter(|(_, when, unless)| {
        let open = when.as_ref().is_some_and(Result::is_err);
        open || (*unless && !matches!(when, Some(Ok(false))))
    });
    Doubts {
        may_skip,
        asks_for_sure: graph.nodes().map(asks_for_sure).collect(),
        open: open.map(|(node, ..)| node).collect(),
    }
}

/// What depends on a step that may be skipped may be skipped, too.
fn spread(graph: &Graph, may_skip: &mut [bool]) {
    let mut open: Vec<NodeIx> = graph.nodes().filter(|node| may_skip[node.at()]).collect();
    while let Some(node) = open.pop() {
        let dependents = graph.outgoing(node).iter().filter(|next| {
            let hard = |kind| matches!(kind, EdgeKind::Depends | EdgeKind::Stdin | EdgeKind::Item);
            !has_unless_only(graph, node)
                && graph.incoming(**next).iter().any(|e| e.from == node && hard(e.kind))
        });
        for next in dependents.chain(graph.children(node)) {
            if !std::mem::replace(&mut may_skip[next.at()], true) {
                open.push(*next);
            }
        }
    }
}

/// A step that is left out because it is done already has succeeded: its dependents run.
fn has_unless_only(graph: &Graph, node: NodeIx) -> bool {
    let guards = guards_of(graph, node);
    guards.is_some_and(|guards| !guards.unless.is_empty() && guards.when.is_none())
}

/// Each open condition's other branch, and how long it takes if all of them turn out so.
pub(super) fn branches(
    setup: &Setup<'_>,
    played: &Played,
    doubts: &Doubts,
) -> Result<(Vec<Branch>, Option<Duration>), String> {
    let graph = setup.graph;
    let open: Vec<NodeIx> = doubts.open.iter().copied().filter(|node| played.ran(*node)).collect();
    if open.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut left = STEPS_PLAYED / graph.node_count().max(1) + 1;
    let mut found = Vec::new();
    for node in open.iter().copied() {
        let tried = left > 0;
        left = left.saturating_sub(1);
        let other = if tried { Some(setup.play(None, &HashSet::from([node]))?) } else { None };
        found.push(Branch {
            node: graph.id(node),
            is_unless: has_unless_only(graph, node),
            with: other.as_ref().map(|other| with(played, other, node)).unwrap_or_default(),
            if_skipped: other.map(|other| other.makespan()),
        });
    }
    let all = setup.play(None, &open.into_iter().collect())?;
    Ok((found, Some(all.makespan())))
}

/// The steps that run if a condition holds, and else do not, but for the step itself.
fn with(played: &Played, other: &Played, node: NodeIx) -> Vec<crate::value::StepId> {
    let graph = played.state.graph();
    let skipped = graph.steps().filter(|step| {
        *step != node && played.ran(*step) && other.state.node(*step).status == Status::Skipped
    });
    skipped.filter_map(|step| graph.step_id(step).cloned()).collect()
}
