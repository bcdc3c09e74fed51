//! `manual`: what a person must do.
//!
//! Knows nothing of how a person is asked.

use super::run::set_action;
use crate::clause::{Clause, ClauseSpec, Context, Place, Role, Shape, Slot, Target, Want};
use crate::ir::Action;

pub(super) static MANUAL: ClauseSpec = ClauseSpec {
    word: "manual",
    places: &[Place::Step, Place::Fallback],
    role: Role::Action,
    head: &[Slot::one("\"TEXT\"", Shape::Expr(Want::Text))],
    summary: "says what a person must do; the step waits until they say it is done",
    documentation: "\
The step waits for `goalc done RUN STEP` (or `fail`); on a terminal it is asked there.\n\
Without a terminal all else that can run does, then goalc ends with exit code 3 and says how to answer.",
    example: "step announce { manual \"Tell the team that the shop is closed\" }",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Some(text) = clause.resolve(context) {
        set_action(Action::Manual(text), target);
    }
}
