//! What a param may be: within its `matches` and `in`; and which params can change in a run.

use std::collections::HashSet;

use super::scope::Place;
use crate::ir::{Binding, BindingKind, Plan};
use crate::value::{BinaryOperator, BindingId, Expr, Value, matches_whole};

/// Params that a person may give another value in the middle of a run: those that are given from
/// outside, but for secrets, which a run does not keep.
pub fn changeable(plan: &Plan) -> impl Iterator<Item = (&BindingId, &Binding)> {
    plan.bindings.iter().filter(|(_, binding)| {
        matches!(binding.kind, BindingKind::Param { bound: None, .. }) && !binding.ty.is_secret()
    })
}

/// Lets and bound params that come from a param, directly or through others.
pub fn made_of(plan: &Plan, param: &BindingId) -> HashSet<BindingId> {
    let mut found = HashSet::new();
    let mut open = vec![param.clone()];
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
    let (BindingKind::Let { value } | BindingKind::Param { bound: Some(value), .. }) =
        &binding.kind
    else {
        return false;
    };
    let mut found = false;
    value.walk(&mut |expr| found |= matches!(expr, Expr::Binding(id) if id == other));
    found
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
