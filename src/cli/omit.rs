//! `--only`, `--skip` and `--from`: which steps a run leaves out.

use std::collections::BTreeSet;

use super::arguments::RunArguments;
use super::exit::Failed;
use crate::diagnostic::closest;
use crate::exec::graph::{Graph, NodeIx};
use crate::value::{GoalId, StepId};

/// Steps to leave out, and steps to skip.
#[derive(Debug, Default)]
pub(super) struct Omitted {
    pub(super) left_out: Vec<StepId>,
    pub(super) skipped: Vec<StepId>,
}

pub(super) fn omitted(graph: &Graph, arguments: &RunArguments) -> Result<Omitted, Failed> {
    let mut kept: BTreeSet<NodeIx> = graph.steps().collect();
    if !arguments.only.is_empty() {
        let wanted = steps_named(graph, &arguments.only)?;
        kept = reach(graph, &wanted, before);
    }
    if let Some(from) = &arguments.from {
        let first = steps_named(graph, std::slice::from_ref(from))?;
        let mut after = reach(graph, &first, after);
        // What they cannot run without is no thing of the past.
        let services = reach(graph, &after, |graph, node| graph.behind(node).to_vec());
        after.extend(services);
        kept.retain(|node| after.contains(node));
    }
    let skipped = steps_named(graph, &arguments.skip)?;
    let id = |node: NodeIx| graph.step_id(node).cloned();
    Ok(Omitted {
        left_out: graph.steps().filter(|node| !kept.contains(node)).filter_map(id).collect(),
        skipped: skipped.into_iter().filter_map(id).collect(),
    })
}

/// The steps that names mean; a goal's name means all in it.
fn steps_named(graph: &Graph, names: &[String]) -> Result<BTreeSet<NodeIx>, Failed> {
    let mut found = BTreeSet::new();
    for name in names {
        if let Some(step) = graph.step_ix(&StepId::new(name.as_str())) {
            found.insert(step);
        } else if let Some(goal) = named_goal(graph, name) {
            found.extend(graph.descendants(goal).into_iter().filter(|node| graph.is_step(*node)));
        } else {
            let known: Vec<&str> = graph.plan().steps.keys().map(StepId::as_str).collect();
            let hint = closest(name, known)
                .map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
            return Err(Failed::wrong(format!("there is no step `{name}`{hint}")));
        }
    }
    Ok(found)
}

/// A goal by its path; an empty name, as of a variable that is not set, is none.
fn named_goal(graph: &Graph, name: &str) -> Option<NodeIx> {
    graph.goal_ix(&GoalId::new(name)).filter(|_| !name.is_empty())
}

/// All steps that a walk from some leads to, with themselves.
fn reach(
    graph: &Graph,
    from: &BTreeSet<NodeIx>,
    next: fn(&Graph, NodeIx) -> Vec<NodeIx>,
) -> BTreeSet<NodeIx> {
    let mut seen: BTreeSet<NodeIx> = from.clone();
    let mut open: Vec<NodeIx> = from.iter().copied().collect();
    while let Some(node) = open.pop() {
        open.extend(next(graph, node).into_iter().filter(|node| seen.insert(*node)));
    }
    seen.retain(|node| graph.is_step(*node));
    seen
}

/// What a node needs: its dependencies, those of the goals around it, and all in a goal.
fn before(graph: &Graph, node: NodeIx) -> Vec<NodeIx> {
    let around = graph.enclosing(node).flat_map(|goal| graph.incoming(goal));
    let needed = graph.incoming(node).iter().chain(around);
    let hard = needed.filter(|edge| edge.kind != crate::ir::EdgeKind::After);
    hard.flat_map(|edge| std::iter::once(edge.from).chain(graph.descendants(edge.from))).collect()
}

/// What comes after a node: its dependents, those of the goals around it, and all in a goal.
fn after(graph: &Graph, node: NodeIx) -> Vec<NodeIx> {
    let around = graph.enclosing(node).flat_map(|goal| graph.outgoing(goal));
    let later = graph.outgoing(node).iter().chain(around).chain(graph.joined(node));
    later.flat_map(|next| std::iter::once(*next).chain(graph.descendants(*next))).collect()
}
