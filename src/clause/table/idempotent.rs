//! `idempotent`: a step that may run twice.
//!
//! A fact that the checker and the interpreter both use.

use crate::clause::{Clause, ClauseSpec, Context, Place, Role, Target};

pub(super) static IDEMPOTENT: ClauseSpec = ClauseSpec {
    word: "idempotent",
    places: &[Place::Step],
    role: Role::Attribute,
    summary: "safe to run again",
    documentation: "\
Only such a step is rerun without asking when a crash left it in doubt.\n\
A `retry` on a step that is not `idempotent` is warned about.",
    example: "step test { run \"cargo test\"; idempotent }",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(_: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    if let Target::Step(step) = target {
        step.idempotent = true;
    }
}
