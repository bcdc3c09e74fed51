//! `--only`, `--skip` and `--from`: which steps a run leaves out, and that no other needs what these
//! would have given.

use std::collections::BTreeSet;

use super::arguments::RunArguments;
use crate::diagnostic::closest;
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::params::made_of_outputs;
use crate::exec::schedule::guards_of;
use crate::ir::{Action, Argument, Command, Step};
use crate::value::{BinaryOperator, Expr, Function, GoalId, StepId};

/// Steps to leave out, and steps to skip.
#[derive(Debug, Default)]
pub(super) struct Omitted {
    pub(super) left_out: Vec<StepId>,
    /// With goals by their paths.
    pub(super) skipped: Vec<StepId>,
}

/// # Errors
/// Names that are no steps, all of them; else the first use of what is left out.
pub(super) fn omitted(graph: &Graph, arguments: &RunArguments) -> Result<Omitted, Vec<String>> {
    let mut unknown = Vec::new();
    let wanted = steps_named(graph, &arguments.only, &mut unknown);
    let first = steps_named(graph, arguments.from.as_slice(), &mut unknown);
    let skipped = steps_named(graph, &arguments.skip, &mut unknown);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let mut kept: BTreeSet<NodeIx> = graph.steps().collect();
    if !arguments.only.is_empty() {
        kept = reach(graph, &wanted, before);
    }
    if arguments.from.is_some() {
        let mut after = reach(graph, &first, after);
        // What they cannot run without is no thing of the past.
        let services = reach(graph, &after, |graph, node| graph.behind(node).to_vec());
        after.extend(services);
        kept.retain(|node| after.contains(node));
    }
    // Of a plan without steps nothing is left out.
    if kept.is_subset(&skipped) && graph.steps().next().is_some() && narrowed(arguments) {
        return Err(vec![contradiction(arguments)]);
    }
    if arguments.from.is_some() {
        refuse_uses(graph, &kept, &skipped).map_err(|use_of_it| vec![use_of_it])?;
    }
    let id = |node: NodeIx| graph.step_id(node).cloned();
    let named = arguments.skip.iter().map(|name| StepId::new(name.as_str()));
    // Goals that are named are skipped themselves, and nothing of them is asked.
    let goals = named.filter(|name| graph.step_ix(name).is_none());
    Ok(Omitted {
        left_out: graph.steps().filter(|node| !kept.contains(node)).filter_map(id).collect(),
        skipped: skipped.into_iter().filter_map(id).chain(goals).collect(),
    })
}

/// Whether a call says which steps to run, and not only which to skip.
fn narrowed(arguments: &RunArguments) -> bool {
    arguments.from.is_some() || !arguments.only.is_empty()
}

/// Why nothing would run.
fn contradiction(arguments: &RunArguments) -> String {
    let names = |names: &[String]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if !arguments.only.is_empty() {
        let only = names(&arguments.only);
        parts.push(format!("`--only` keeps {only} and what comes before"));
    }
    if let Some(from) = &arguments.from {
        parts.push(format!("`--from` keeps `{from}` and what comes after"));
    }
    if !arguments.skip.is_empty() {
        parts.push(format!("`--skip` leaves out {}", names(&arguments.skip)));
    }
    format!("nothing would run: {}, and no step is left", parts.join(", "))
}

/// Refuses a run in which a step is sure to need what one that is left out would have given.
fn refuse_uses(
    graph: &Graph,
    kept: &BTreeSet<NodeIx>,
    skipped: &BTreeSet<NodeIx>,
) -> Result<(), String> {
    let is_kept = |step: &StepId| graph.step_ix(step).is_some_and(|node| kept.contains(&node));
    let made = made_of_outputs(graph.plan(), |step| !is_kept(step));
    let missing = |part: &Expr| match part {
        Expr::Output { step, output } if !is_kept(step) => Some(format!("{step}.{output}")),
        Expr::Binding(id) if made.contains(id) => Some(id.to_string()),
        _ => None,
    };
    // What depends on a skipped step may be skipped with it.
    for node in kept.difference(&reach(graph, skipped, after)) {
        let Some(step) = graph.step(*node) else { continue };
        let asked = step.guards.when.iter().find_map(|when| part_of(when, &missing));
        let wanted = || {
            let exported = step.exports.values().find(|id| made.contains(*id));
            let exported = exported.map(ToString::to_string);
            exported.or_else(|| needed(step).find_map(|expr| part_of(expr, &missing)))
        };
        let runs = begins_in_any_case(graph, *node);
        if let Some(missing) = asked.or_else(|| runs.then(wanted).flatten()) {
            let id = graph.id(*node);
            return Err(format!(
                "`{id}` needs `{missing}`, which comes from a step that `--from` leaves out\n\
                 begin with that step, or skip this one too: --skip {id}"
            ));
        }
    }
    Ok(())
}

/// Whether no `when` and no `unless` can keep a step from running.
fn begins_in_any_case(graph: &Graph, step: NodeIx) -> bool {
    let around = std::iter::once(step).chain(graph.enclosing(step));
    let mut guards = around.filter_map(|node| guards_of(graph, node));
    guards.all(|guards| guards.when.is_none() && guards.unless.is_empty())
}

/// What no first attempt of a step can do without.
fn needed(step: &Step) -> impl Iterator<Item = &Expr> {
    let attempt = &step.attempt;
    let (script, arguments) = match &attempt.action {
        Action::Run(Command::Script(script)) => (Some(script), None),
        Action::Run(Command::Arguments(arguments)) => (None, Some(arguments)),
        Action::Manual(_) | Action::Await { .. } => (None, None),
    };
    let variables = script.into_iter().flat_map(|script| script.variables.values());
    let arguments = arguments.into_iter().flatten().map(|argument| match argument {
        Argument::One(expr) | Argument::Spread(expr) => expr,
    });
    let environment = attempt.environment.env.values().chain(attempt.environment.dir.as_deref());
    let items = step.foreach.iter().map(|foreach| &foreach.items);
    variables.chain(arguments).chain(environment).chain(items)
}

/// The first part of an expression of which something is known; none where it may not come to that part.
fn part_of(expr: &Expr, known: &impl Fn(&Expr) -> Option<String>) -> Option<String> {
    let (mut found, mut sure) = (None, true);
    expr.walk(&mut |part| {
        let lazy = match part {
            Expr::Binary { operator, .. } => {
                matches!(operator, BinaryOperator::And | BinaryOperator::Or)
            }
            Expr::Call { function, .. } => matches!(function, Function::If | Function::Env),
            _ => false,
        };
        sure &= !lazy;
        found = found.take().or_else(|| known(part));
    });
    found.filter(|_| sure)
}

/// The steps that names mean; a goal's name means all in it. Those that mean none are said.
fn steps_named(graph: &Graph, names: &[String], unknown: &mut Vec<String>) -> BTreeSet<NodeIx> {
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
            unknown.push(format!("there is no step `{name}`{hint}"));
        }
    }
    found
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
