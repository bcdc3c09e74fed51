//! E0504: more of a resource than there is, where the amount is a named value, or where what is
//! taken at once adds up to it. That a single number is too much is said where clauses are read.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::edit;
use super::pass::Pass;
use super::world::{Entity, GoalIx, StepIx};
use crate::clause::Clause;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Expr, ExprKind};
use crate::value::{Literal, Value};

/// A message shows at most so many places.
const MOST_LABELS: usize = 10;

/// Reports each `uses` of a step or goal that can never be met.
pub(super) fn report(pass: &mut Pass<'_>) {
    let world = pass.world;
    let of_steps = world.steps.iter().map(|step| (step.goal, &*step.outline.clauses));
    let of_goals = world.goal_ids().map(|ix| (ix, &*world.goal(ix).outline.clauses));
    let clauses: Vec<(GoalIx, &Clause)> = of_steps
        .chain(of_goals)
        .flat_map(|(goal, clauses)| edit::all(clauses, "uses").map(move |clause| (goal, clause)))
        .collect();
    for (goal, clause) in clauses {
        let found = too_much(pass, goal, clause);
        pass.diagnostics.extend(found);
    }
}

fn too_much(pass: &Pass<'_>, goal: GoalIx, clause: &Clause) -> Option<Diagnostic> {
    let name = &clause.head_names().next()?.value;
    let written = clause.head_exprs().next()?;
    let total = pass.resources.get(&**name).copied().flatten()?;
    let amount = named_amount(pass, goal, written).filter(|amount| *amount > total)?;
    let message = format!("there is not that much of `{name}`");
    let label = format!("it is {amount}, and the resource has {total}");
    let found = Diagnostic::new(Code::E0504, message, written.span, label);
    Some(found.help(format!(
        "write `uses {name} {total}` or less, or declare `resource {name} {amount}`"
    )))
}

fn named_amount(pass: &Pass<'_>, goal: GoalIx, written: &Expr) -> Option<i64> {
    let ExprKind::Name(parts) = &written.kind else { return None };
    let [only] = &**parts else { return None };
    let seen = pass.world.visible(goal).find_map(|(_, goal)| goal.names.get(&*only.value))?;
    let Entity::Binding(ix) = seen else { return None };
    match pass.facts(*ix).constant {
        Some(Value::Int(amount)) => Some(amount),
        _ => None,
    }
}

/// Reports what a step, or steps that are joined and so start together, take of one resource in
/// several `uses`, where it can never be there at once.
pub(super) fn report_sums(pass: &mut Pass<'_>, chains: &[Vec<StepIx>]) {
    let joined: HashSet<StepIx> = chains.iter().flatten().copied().collect();
    let alone = pass.world.step_ids().filter(|step| !joined.contains(step));
    let alone: Vec<[StepIx; 1]> = alone.map(|step| [step]).collect();
    for group in alone.iter().map(<[StepIx; 1]>::as_slice).chain(chains.iter().map(Vec::as_slice)) {
        let found = sums(pass, group);
        pass.diagnostics.extend(found);
    }
}

/// What a group takes of a resource: how much, and by which clauses.
#[derive(Default)]
struct Taken<'p> {
    amount: i64,
    /// The most that one clause takes.
    most: i64,
    clauses: Vec<&'p Clause>,
}

fn sums(pass: &Pass<'_>, group: &[StepIx]) -> Vec<Diagnostic> {
    let mut taken: IndexMap<&str, Taken<'_>> = IndexMap::new();
    for (decl, clause) in group.iter().flat_map(|step| {
        let decl = pass.world.step(*step);
        edit::all(&decl.outline.clauses, "uses").map(move |clause| (decl, clause))
    }) {
        let Some(name) = clause.head_names().next() else { continue };
        // What only the run knows is one at least.
        let amount = clause.head_exprs().next().and_then(|written| match &written.kind {
            ExprKind::Literal(Literal::Int(amount)) => Some(*amount),
            _ => named_amount(pass, decl.goal, written),
        });
        let all = taken.entry(&name.value).or_default();
        let amount = amount.unwrap_or(1).max(1);
        all.amount = all.amount.saturating_add(amount);
        all.most = all.most.max(amount);
        all.clauses.push(clause);
    }
    let total = |name: &str| pass.resources.get(name).copied().flatten();
    let several = taken.into_iter().filter(|(_, all)| all.clauses.len() > 1);
    let too_much = several.filter_map(|(name, all)| {
        // A clause that asks for too much by itself is told already.
        let total = total(name).filter(|total| all.amount > *total && all.most <= *total)?;
        sum_too_much(pass, group, name, &all, total)
    });
    too_much.collect()
}

fn sum_too_much(
    pass: &Pass<'_>,
    group: &[StepIx],
    name: &str,
    all: &Taken<'_>,
    total: i64,
) -> Option<Diagnostic> {
    let (last, before) = all.clauses.split_last()?;
    let who = match group {
        [only] => format!("`{}` takes", pass.world.step(*only).id),
        _ => "steps that are joined by `stdin from` start together: they take".to_owned(),
    };
    let amount = all.amount;
    let message = format!("{who} {amount} of `{name}` at once, and there are {total}");
    let mut found = Diagnostic::new(Code::E0504, message, last.span, "with this it is too much");
    for clause in before.iter().take(MOST_LABELS) {
        found = found.label(clause.span, "this much already");
    }
    Some(found.help(format!("take less of it, or declare `resource {name} {amount}`")))
}
