//! `when` and `unless`: whether a step has to run at all.
//!
//! Conditions only; how and when they are asked is the interpreter's business.

use crate::clause::{
    BlockShape, Clause, ClauseSpec, Context, Place, Role, Shape, Slot, Target, Want,
};

pub(super) static WHEN: ClauseSpec = ClauseSpec {
    word: "when",
    places: &[Place::Step, Place::Goal, Place::Mount],
    role: Role::Guard,
    head: &[Slot::one("CONDITION", Shape::Expr(Want::Bool))],
    summary: "skips the step where the condition is false",
    documentation: "\
Evaluated once, when the step is ready. Where it is false, the step is `skipped`, and so is what depends \
on it, unless that names it as `name?` or with `after`.\n\
On a sub-goal or mount it holds for every step inside.",
    example: "\
param target: \"staging\" | \"production\" = \"staging\"
step announce { when target == \"production\"; run \"./announce\" }",
    lower: lower_when,
    ..ClauseSpec::PLAIN
};

pub(super) static UNLESS: ClauseSpec = ClauseSpec {
    word: "unless",
    places: &[Place::Step],
    role: Role::Guard,
    block: BlockShape::Required(Place::Probes),
    summary: "already done: where these probes hold, the step succeeds without running",
    documentation: "\
Asked after `when` and before `requires`; all probes must hold.\n\
It also decides about a step that a crash left in doubt. The probe `unchanged` makes a step run only \
when its files, its meaning or its values changed.",
    example: "\
step fetch {
  unless { file \"data.csv\" nonempty }
  run \"./fetch > data.csv\"
}",
    lower: lower_unless,
    ..ClauseSpec::PLAIN
};

fn lower_when(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let condition = clause.resolve(context);
    if let Some(guards) = target.guards() {
        guards.when = condition;
    }
}

fn lower_unless(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let probes = clause.lower_probes(context);
    if let Some(guards) = target.guards() {
        guards.unless.extend(probes);
    }
}
