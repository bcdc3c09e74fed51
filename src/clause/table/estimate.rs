//! `estimate`: how long a step will take, as far as its author knows.
//!
//! What the words mean is asked of the context.

use crate::clause::{
    Argument, Clause, ClauseSpec, Context, Place, Role, Shape, Slot, Target, Want,
};
use crate::ir::Estimate;
use crate::value::Value;

const TIME: Want = Want::Duration { positive: false };

pub(super) static ESTIMATE: ClauseSpec = ClauseSpec {
    word: "estimate",
    places: &[Place::Step],
    role: Role::Attribute,
    head: &[Slot::one(
        "DURATION | DURATION..DURATION | small | medium | large",
        Shape::OneOf(&[
            Shape::Word(&["small", "medium", "large"]),
            Shape::Range { of: TIME, single: true },
        ]),
    )],
    summary: "how long the step will take, for the dry-run and `overrun` alerts",
    documentation: "\
One duration, the shortest and the longest, or a word whose length `[effort]` in `goal.toml` says.\n\
Measured runs replace it.",
    example: "\
step test { run \"cargo test\"; estimate 4m..9m }
step review { manual \"Read the report\"; estimate small }",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let estimate = clause.head.first().and_then(|argument| estimate(argument, context));
    if let Target::Step(step) = target {
        step.estimate = estimate.map(Box::new);
    }
}

fn estimate(argument: &Argument, context: &mut dyn Context) -> Option<Estimate> {
    match argument {
        Argument::Word(word) => {
            let length = Value::duration(context.effort(word.value));
            Some(Estimate::Effort { word: word.value.to_owned(), length })
        }
        Argument::Range(ends) => {
            let (from, to) = &**ends;
            Some(Estimate::Range(context.expr(from, TIME)?, context.expr(to, TIME)?))
        }
        _ => None,
    }
}
