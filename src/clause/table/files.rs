//! `reads`, `writes` and `snapshot`: the files that a step touches.
//!
//! Patterns only; whether two steps race is the semantic pass's business.

use crate::clause::{Clause, ClauseSpec, Context, Place, Repeat, Role, Shape, Slot, Target, Want};

const GLOBS: &[Slot] = &[Slot::list("\"GLOB\"", Shape::Expr(Want::String))];

pub(super) static READS: ClauseSpec = ClauseSpec {
    word: "reads",
    places: &[Place::Step],
    repeat: Repeat::Many,
    role: Role::Attribute,
    head: GLOBS,
    summary: "the files that the step reads",
    documentation: "\
Two steps that may run at once, one writing what the other reads, are an error.\n\
The probe `unchanged` compares these files with those of the step's last success.",
    example: "step report { reads \"scores/*\"; run \"./report\" }",
    lower: lower_reads,
    ..ClauseSpec::PLAIN
};

pub(super) static WRITES: ClauseSpec = ClauseSpec {
    word: "writes",
    places: &[Place::Step],
    repeat: Repeat::Many,
    role: Role::Attribute,
    head: GLOBS,
    summary: "the files that the step writes",
    documentation: "Two steps that may run at once, one writing what the other reads or writes, are an error.",
    example: "step score { writes \"scores/*\"; run \"./score\" }",
    lower: lower_writes,
    ..ClauseSpec::PLAIN
};

pub(super) static SNAPSHOT: ClauseSpec = ClauseSpec {
    word: "snapshot",
    places: &[Place::Step],
    repeat: Repeat::Many,
    role: Role::Guard,
    head: &[Slot::list("\"PATH\"", Shape::Expr(Want::String))],
    summary: "files and folders that are put back if the step fails or is rolled back",
    documentation: "\
Saved before the first attempt, with modes, times and links. Put back, exactly, if the step fails in the \
end or is rolled back.",
    example: "step migrate { snapshot \"data/\"; run \"./migrate up\" }",
    lower: lower_snapshot,
    ..ClauseSpec::PLAIN
};

fn lower_reads(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let globs = clause.resolve_all(context);
    if let Target::Step(step) = target {
        step.reads.extend(globs);
    }
}

fn lower_writes(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let globs = clause.resolve_all(context);
    if let Target::Step(step) = target {
        step.writes.extend(globs);
    }
}

fn lower_snapshot(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let paths = clause.resolve_all(context);
    if let Some(guards) = target.guards() {
        guards.snapshot.extend(paths);
    }
}
