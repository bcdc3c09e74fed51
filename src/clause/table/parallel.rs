//! `parallel` and `defaults`: what holds for all of a goal's steps.
//!
//! `defaults` is read like any block; the semantic pass lowers its clauses onto the steps.

use crate::clause::{BlockShape, Clause, ClauseSpec, Context, Place, Role, Slot, Target};

pub(super) static PARALLEL: ClauseSpec = ClauseSpec {
    word: "parallel",
    places: &[Place::Goal],
    role: Role::Attribute,
    head: &[Slot::int("N", 1)],
    summary: "how many steps may run at once",
    documentation: "As many as there are cores if not said; `-j` overrides it. Steps that wait hold no slot.",
    example: "parallel 4",
    lower,
    ..ClauseSpec::PLAIN
};

pub(super) static DEFAULTS: ClauseSpec = ClauseSpec {
    word: "defaults",
    places: &[Place::Goal],
    role: Role::Attribute,
    block: BlockShape::Required(Place::Defaults),
    summary: "step clauses for every step inside that does not say its own",
    documentation: "Takes `timeout grace retry shell env dir limits lock` and `on failure`. `env` is merged, name by name.",
    example: "defaults { timeout 15m; retry 2 delay 10s }",
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let number = clause.resolve(context);
    if let Target::Goal(goal) = target {
        goal.parallel = number;
    }
}
