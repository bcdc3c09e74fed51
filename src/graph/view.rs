//! From the plan to its view: what a drawing, and the JSON, say of each goal, step and edge.

use std::collections::HashSet;

use super::implied::Implied;
use crate::exec::graph::{Graph, NodeIx};
use crate::forecast::action_text;
use crate::ir::{Action, EdgeKind, Foreach, Goal, Step};
use crate::report::{GraphEdge, GraphGoal, GraphStep, GraphView};
use crate::value::StepId;

/// The view of a plan. The critical path is the forecast's; `None` where there is no forecast.
pub fn view(graph: &Graph, critical_path: Option<&[StepId]>) -> GraphView {
    let critical: HashSet<&StepId> = critical_path.unwrap_or_default().iter().collect();
    let plan = graph.plan();
    // A plan that came as JSON may have them in another order.
    let mut goals: Vec<_> = plan.goals.iter().collect();
    goals.sort_by_cached_key(|(id, _)| plan.enclosing(id).count());
    GraphView {
        goal: plan.name.clone(),
        critical_path: critical_path.map(|path| path.iter().map(ToString::to_string).collect()),
        goals: goals.into_iter().map(|(id, goal)| goal_view(id.as_str(), goal)).collect(),
        steps: plan
            .steps
            .iter()
            .map(|(id, step)| step_view(id, step, critical.contains(id)))
            .collect(),
        edges: edges(graph),
    }
}

fn goal_view(id: &str, goal: &Goal) -> GraphGoal {
    GraphGoal {
        id: id.to_owned(),
        parent: goal.parent.as_ref().map(ToString::to_string),
        title: goal.title.clone(),
        mounted: goal.mounted,
        confirm: goal.guards.confirm.is_some(),
        when: goal.guards.when.is_some(),
    }
}

fn step_view(id: &StepId, step: &Step, critical: bool) -> GraphStep {
    let action = &step.attempt.action;
    GraphStep {
        id: id.to_string(),
        goal: step.goal.to_string(),
        title: step.title.clone(),
        action: action_text(action),
        critical,
        foreach: step.foreach.as_deref().map(foreach_text),
        service: step.service.is_some(),
        confirm: step.guards.confirm.is_some(),
        manual: matches!(action, Action::Manual(_)),
        awaits: matches!(action, Action::Await { .. }),
        when: step.guards.when.is_some(),
        fallbacks: step.fallbacks.iter().map(|fallback| fallback.name.to_string()).collect(),
        rollback: !step.rollback.is_empty() || !step.guards.snapshot.is_empty(),
        checkpoint: step.checkpoint.is_some(),
    }
}

fn foreach_text(foreach: &Foreach) -> String {
    match &foreach.of {
        Some(step) => format!("{} in {step}", foreach.name),
        None => format!("{} in {}", foreach.name, foreach.items),
    }
}

/// All edges, node by node in the order of the text.
fn edges(graph: &Graph) -> Vec<GraphEdge> {
    let mut implied = Implied::new(graph);
    let mut found = Vec::new();
    for node in graph.nodes() {
        let to = graph.id(node).to_string();
        let covered = implied.of(node);
        for edge in graph.incoming(node) {
            let plain = edge.kind == EdgeKind::Depends;
            let implied =
                plain && (covered.contains(&edge.from) || doubled(graph, node, edge.from));
            let from = graph.id(edge.from).to_string();
            found.push(GraphEdge { from, to: to.clone(), kind: edge.kind, implied });
        }
    }
    found
}

/// Whether another edge between the two says as much as `depends`.
fn doubled(graph: &Graph, node: NodeIx, from: NodeIx) -> bool {
    let stronger = |kind| matches!(kind, EdgeKind::Item | EdgeKind::Stdin);
    graph.incoming(node).iter().any(|edge| edge.from == from && stronger(edge.kind))
}
