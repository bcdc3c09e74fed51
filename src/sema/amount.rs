//! E0504: more of a resource than there is, where the amount is a named value. That a number is
//! too much is said where clauses are read.

use super::edit;
use super::pass::Pass;
use super::world::{Entity, GoalIx};
use crate::clause::Clause;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Expr, ExprKind};
use crate::value::Value;

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
