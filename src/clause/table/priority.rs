//! `priority`: who goes first where not all can.
//!
//! A plain number; what it decides is the scheduler's business.

use crate::clause::{Clause, ClauseSpec, Context, Place, Role, Shape, Slot, Target, Want};
use crate::value::Value;

const ANY_INT: Want = Want::Int { at_least: i64::MIN };

pub(super) static PRIORITY: ClauseSpec = ClauseSpec {
    word: "priority",
    places: &[Place::Step],
    role: Role::Attribute,
    head: &[Slot::one("N", Shape::Expr(ANY_INT))],
    summary: "of the steps that could start, those with a higher number start first",
    documentation: "0 if not said; may be negative. Never overrides `depends`, locks or resources.",
    example: "step slowest { run \"./slow\"; priority 10 }",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(number) = clause.head_exprs().next() else { return };
    if let (Some(Value::Int(number)), Target::Step(step)) =
        (context.constant(number, ANY_INT), target)
    {
        step.priority = Some(number);
    }
}
