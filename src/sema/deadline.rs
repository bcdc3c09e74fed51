//! W0705: a deadline that the goal's own estimates cannot keep.
//!
//! Counts what is certain: the shortest estimates, and nothing for steps that may be skipped.

use std::time::Duration;

use super::edit;
use super::graph::Graph;
use super::lower::Lowered;
use super::pass::Pass;
use super::world::{GoalIx, Node};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{EdgeKind, Estimate, Step};
use crate::value::{Expr, Value, duration_text};

/// Each deadline costs a walk over the graph.
const MOST_DEADLINES: usize = 100;

/// Reports each deadline below the longest row of estimates inside its goal.
pub(super) fn report(pass: &mut Pass<'_>, lowered: &Lowered, graph: &Graph) {
    let limits: Vec<(GoalIx, Duration)> = pass
        .world
        .goal_ids()
        .zip(&lowered.goals)
        .filter_map(|(ix, goal)| Some((ix, length(goal.deadline.as_ref()?)?)))
        .take(MOST_DEADLINES)
        .collect();
    for (goal, limit) in limits {
        let needed = longest(lowered, graph, goal);
        if needed > limit {
            let found = too_short(pass, goal, limit, needed);
            pass.report(found);
        }
    }
}

fn length(expr: &Expr) -> Option<Duration> {
    match expr.as_literal()? {
        Value::Duration { length } => Some(*length),
        _ => None,
    }
}

fn shortest(step: &Step) -> Duration {
    let known = match step.estimate.as_deref() {
        Some(Estimate::Range(low, _)) => length(low),
        Some(Estimate::Effort { length: Value::Duration { length }, .. }) => Some(*length),
        _ => None,
    };
    // A service is there as soon as it is ready.
    let counts = step.service.is_none() && step.guards.when.is_none();
    known.filter(|_| counts).unwrap_or_default()
}

/// From the goal's start to its end, along what waits for each other.
fn longest(lowered: &Lowered, graph: &Graph, goal: GoalIx) -> Duration {
    let nothing: Option<(Duration, Duration)> = None;
    // When each node starts and ends, where it lies behind the goal's start.
    let mut times = vec![nothing; graph.hops.len()];
    for at in graph.components.items() {
        if *at == graph.start(goal) {
            times[*at] = Some((Duration::ZERO, Duration::ZERO));
            continue;
        }
        let begins = graph.hops[*at].iter().filter_map(|hop| {
            let (start, end) = times[hop.to()]?;
            let together = matches!(hop.kind(), Some(EdgeKind::Stdin | EdgeKind::Item));
            Some(if together { start } else { end })
        });
        let Some(start) = begins.max() else { continue };
        let takes = match graph.node(*at) {
            Node::Step(ix) => shortest(&lowered.steps[ix]),
            Node::Goal(_) => Duration::ZERO,
        };
        times[*at] = Some((start, start.saturating_add(takes)));
    }
    times[graph.end(goal)].map(|(_, end)| end).unwrap_or_default()
}

fn too_short(pass: &Pass<'_>, goal: GoalIx, limit: Duration, needed: Duration) -> Diagnostic {
    let decl = pass.world.goal(goal);
    let clause = edit::one(&decl.outline.clauses, "deadline");
    let place = clause.map_or(decl.outline.name.span, |clause| clause.span);
    let (limit, needed) = (duration_text(limit), duration_text(needed));
    let message =
        format!("steps that wait for each other take {needed}, and the deadline is {limit}");
    Diagnostic::new(Code::W0705, message, place, "too short by the steps' own estimates")
        .help(format!("write `deadline {needed}` or more, or let steps run side by side"))
}
