//! What a param may be: within its `matches` and `in`; and which params can change in a run.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;

use super::graph::Graph;
use super::scope::{Place, Surroundings, Values};
use super::state::RunState;
use crate::ir::{Binding, BindingKind, Plan};
use crate::value::{BinaryOperator, BindingId, EvalError, Expr, StepId, Value, matches_whole};

/// Params that a person may give another value in the middle of a run: those that are given from
/// outside, but for secrets, which a run does not keep.
pub fn changeable(plan: &Plan) -> impl Iterator<Item = (&BindingId, &Binding)> {
    plan.bindings.iter().filter(|(_, binding)| {
        matches!(binding.kind, BindingKind::Param { bound: None, .. }) && !binding.ty.is_secret()
    })
}

/// Lets and bound params that come from a param, directly or through others.
pub fn made_of(plan: &Plan, param: &BindingId) -> HashSet<BindingId> {
    with_all_made_of(plan, vec![param.clone()])
}

/// Lets and bound params that come from outputs of some steps, directly or through others.
pub fn made_of_outputs(plan: &Plan, gives: impl Fn(&StepId) -> bool) -> HashSet<BindingId> {
    let of_outputs = |binding: &Binding| {
        let mut found = false;
        if let Some(value) = made_by(binding) {
            value.walk(&mut |expr| {
                found |= matches!(expr, Expr::Output { step, .. } if gives(step));
            });
        }
        found
    };
    let direct = plan.bindings.iter().filter(|(_, binding)| of_outputs(binding));
    let direct: Vec<BindingId> = direct.map(|(id, _)| id.clone()).collect();
    let mut found: HashSet<BindingId> = direct.iter().cloned().collect();
    found.extend(with_all_made_of(plan, direct));
    found
}

fn with_all_made_of(plan: &Plan, mut open: Vec<BindingId>) -> HashSet<BindingId> {
    let mut found = HashSet::new();
    while let Some(changed) = open.pop() {
        for (id, binding) in &plan.bindings {
            if uses(binding, &changed) && found.insert(id.clone()) {
                open.push(id.clone());
            }
        }
    }
    found
}

fn uses(binding: &Binding, other: &BindingId) -> bool {
    let mut found = false;
    if let Some(value) = made_by(binding) {
        value.walk(&mut |expr| found |= matches!(expr, Expr::Binding(id) if id == other));
    }
    found
}

/// What a let, or a param that a mount binds, is made by.
pub(super) fn made_by(binding: &Binding) -> Option<&Expr> {
    match &binding.kind {
        BindingKind::Let { value } | BindingKind::Param { bound: Some(value), .. } => Some(value),
        BindingKind::Param { .. } => None,
    }
}

/// Params whose values are known by now: those that a journal may hold, and the secrets.
pub type KnownParams<'a> = (&'a IndexMap<BindingId, Value>, &'a HashMap<BindingId, Value>);

/// Evaluates something in the goal of a binding, with the params that are known by now.
pub fn with_place<T>(
    graph: &Arc<Graph>,
    (values, secrets): KnownParams<'_>,
    binding: &Binding,
    world: &dyn Surroundings,
    evaluate: impl FnOnce(Place<'_>) -> T,
) -> T {
    let mut state = RunState::new(Arc::clone(graph), Vec::new());
    state.params.clone_from(values);
    let values = Values::new(secrets.clone());
    let goal = graph.goal_ix(&binding.goal).unwrap_or_else(|| graph.root());
    evaluate(Place { state: &state, values: &values, world, goal, unit: None, own: None })
}

/// The value that a param has where none is given.
///
/// # Errors
/// See [`EvalError`].
pub fn default_value(
    graph: &Arc<Graph>,
    known: KnownParams<'_>,
    binding: &Binding,
    default: &Expr,
    world: &dyn Surroundings,
) -> Result<Value, EvalError> {
    let value = with_place(graph, known, binding, world, |place| place.value(default))?;
    Ok(value.hidden(&binding.ty))
}

/// Whether a value is within the param's `matches` and `in`.
///
/// # Errors
/// Says what it is not, as the end of a sentence.
pub fn allowed(place: Place<'_>, binding: &Binding, value: &Value) -> Result<(), String> {
    let BindingKind::Param { matches, range, .. } = &binding.kind else { return Ok(()) };
    if let Some(pattern) = matches {
        let fits = matches_whole(&value.to_text(), pattern).map_err(|why| why.to_string())?;
        if !fits {
            return Err(format!("does not match {pattern:?}"));
        }
    }
    if let Some((from, to)) = range {
        let holds = |left: Expr, right: Expr| {
            let operator = BinaryOperator::LessEqual;
            let within = Expr::Binary { operator, left: Box::new(left), right: Box::new(right) };
            place.truth(&within)
        };
        let literal = Expr::Literal(value.clone());
        let above = holds(from.clone(), literal.clone()).map_err(|why| why.to_string())?;
        if !above || !holds(literal, to.clone()).map_err(|why| why.to_string())? {
            return Err(format!("is not in {from}..{to}"));
        }
    }
    Ok(())
}
