//! `requires` and `verify`: what must hold before, and what "achieved" means.
//!
//! Blocks of probes; what each probe says is in `probe`.

use crate::clause::{BlockShape, Clause, ClauseSpec, Context, Place, Repeat, Role, Target};

pub(super) static REQUIRES: ClauseSpec = ClauseSpec {
    word: "requires",
    places: &[Place::Goal, Place::Step],
    repeat: Repeat::Many,
    role: Role::Guard,
    block: BlockShape::Required(Place::Probes),
    summary: "what must hold before anything runs, or before the step's first attempt",
    documentation: "\
A goal's, those of its sub-goals included, is checked before anything runs: all probes side by side, all \
failures in one report, exit code 2.\n\
A step's is checked right before its first attempt; where it does not hold, the step fails.",
    example: "\
requires {
  command \"docker\" version >= \"24\"
  disk \".\" >= 2GiB
}",
    lower: lower_requires,
    ..ClauseSpec::PLAIN
};

pub(super) static VERIFY: ClauseSpec = ClauseSpec {
    word: "verify",
    places: &[Place::Goal, Place::Step, Place::Fallback],
    repeat: Repeat::Many,
    role: Role::Effect,
    block: BlockShape::Required(Place::Probes),
    summary: "what \"achieved\" means: checked when all has ended, or after each attempt",
    documentation: "\
A goal is achieved only where its probes hold when all steps have ended.\n\
In a step it is checked after each attempt: an attempt whose `verify` fails has failed, and is retried as \
`retry` says.",
    example: "verify { http \"https://shop.internal/health\" status 200 within 10s }",
    lower: lower_verify,
    ..ClauseSpec::PLAIN
};

fn lower_requires(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let probes = clause.lower_probes(context);
    if let Some(guards) = target.guards() {
        guards.requires.extend(probes);
    }
}

fn lower_verify(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let probes = clause.lower_probes(context);
    match target {
        Target::Goal(goal) => goal.verify.extend(probes),
        _ => {
            if let Some(attempt) = target.attempt() {
                attempt.verify.extend(probes);
            }
        }
    }
}
