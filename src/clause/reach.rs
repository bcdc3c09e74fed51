//! Which literals lie outside of what a place takes: zero workers, a backoff below zero.
//!
//! Knows literals only. That a literal is of another type is the semantic pass's finding.

use super::Want;
use crate::syntax::{Expr, ExprKind};
use crate::value::{Literal, Value};

/// What an expression is where it is a literal.
pub(super) fn literal(expr: &Expr) -> Option<Literal> {
    if let ExprKind::Literal(literal) = &expr.kind { Some(*literal) } else { None }
}

/// A whole number that is written out.
pub(super) fn int_literal(expr: &Expr) -> Option<i64> {
    if let Some(Literal::Int(number)) = literal(expr) { Some(number) } else { None }
}

/// A size that is written out, in bytes.
pub(super) fn size_literal(expr: &Expr) -> Option<u64> {
    if let Some(Literal::Size(bytes)) = literal(expr) { Some(bytes) } else { None }
}

/// What a value must be and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    /// As "must be at least 1".
    pub(super) must: String,
    /// What to write instead.
    pub(super) help: String,
}

impl Reach {
    pub(super) fn new(must: impl Into<String>, help: impl Into<String>) -> Self {
        Self { must: must.into(), help: help.into() }
    }
}

/// What a literal must be and is not; `None` where it fits, and where it is of another type.
pub(super) fn out_of_reach(want: Want, literal: Literal) -> Option<Reach> {
    match literal {
        Literal::Int(number) => int_out_of_reach(want, number),
        Literal::Number(number) if want == Want::Number && number <= 0.0 => Some(above_zero()),
        Literal::Duration(length) => duration_out_of_reach(want, length),
        _ => None,
    }
}

/// As for a literal: what a value that is known when the plan is checked must be and is not.
pub fn value_out_of_reach(want: Want, value: &Value) -> Option<String> {
    let reach = match value {
        Value::Int(number) => int_out_of_reach(want, *number),
        Value::Number(number) if want == Want::Number && *number <= 0.0 => Some(above_zero()),
        Value::Duration { length } => duration_out_of_reach(want, *length),
        _ => None,
    };
    reach.map(|reach| reach.must)
}

fn above_zero() -> Reach {
    Reach::new("must be above zero", "write a number above zero, as `1` or `0.5`")
}

fn int_out_of_reach(want: Want, number: i64) -> Option<Reach> {
    match want {
        Want::Int { at_least } if number < at_least => Some(Reach::new(
            format!("must be at least {at_least}"),
            format!("write `{at_least}` or more"),
        )),
        Want::Number if number <= 0 => Some(above_zero()),
        Want::Port if !(1..=65535).contains(&number) => {
            Some(Reach::new("must be from 1 to 65535", "write a port, as `8080`"))
        }
        Want::Status if !(100..=999).contains(&number) => Some(Reach::new(
            "must be from 100 to 999",
            "write the status of an answer, as `200` or `404`",
        )),
        _ => None,
    }
}

fn duration_out_of_reach(want: Want, length: std::time::Duration) -> Option<Reach> {
    (want == Want::Duration { positive: true } && length.is_zero())
        .then(|| Reach::new("must be above zero", "write a longer one, as `1s`"))
}

/// Whether a range's first end is above its last, as far as both are written out.
pub(super) fn runs_backwards(from: &Expr, to: &Expr) -> bool {
    match (literal(from), literal(to)) {
        (Some(Literal::Int(from)), Some(Literal::Int(to))) => from > to,
        (Some(Literal::Duration(from)), Some(Literal::Duration(to))) => from > to,
        (Some(Literal::Size(from)), Some(Literal::Size(to))) => from > to,
        (Some(from), Some(to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from > to),
        _ => false,
    }
}

#[allow(clippy::cast_precision_loss)] // ends of ranges are compared, not computed with
fn number(literal: Literal) -> Option<f64> {
    match literal {
        Literal::Int(number) => Some(number as f64),
        Literal::Number(number) => Some(number),
        _ => None,
    }
}
