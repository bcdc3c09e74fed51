//! `rollback`, `cleanup` and `delete`: what is done when things ended.
//!
//! Blocks of actions; when each runs is the interpreter's business.

use crate::clause::{
    BlockShape, Clause, ClauseSpec, Context, Place, Repeat, Role, Shape, Slot, Target, Want,
};
use crate::ir::Cleanup;

pub(super) static ROLLBACK: ClauseSpec = ClauseSpec {
    word: "rollback",
    places: &[Place::Step],
    role: Role::Recovery,
    block: BlockShape::Required(Place::Rollback),
    summary: "how to undo the step once it was started",
    documentation: "\
Runs where `on failure rollback` or `goalc rollback` undoes the step, also where it is half done.\n\
The script sees `GOAL_STATUS`: `succeeded`, `failed`, `cancelled` or `in-doubt`.",
    example: "\
step migrate {
  run \"./migrate up\"
  rollback { run \"./migrate down\" }
}",
    lower: lower_rollback,
    ..ClauseSpec::PLAIN
};

pub(super) static CLEANUP: ClauseSpec = ClauseSpec {
    word: "cleanup",
    places: &[Place::Goal],
    repeat: Repeat::Many,
    role: Role::Recovery,
    block: BlockShape::Required(Place::Cleanup),
    summary: "always runs last, whatever happened",
    documentation: "\
After success, failure, a deadline, Ctrl-C, and on resume after a crash.\n\
Its failure never hides the first error; an achieved goal whose cleanup failed exits with 1 and says so.",
    example: "cleanup { delete \"tmp/\"; run \"docker image prune -f\" }",
    lower: lower_cleanup,
    ..ClauseSpec::PLAIN
};

pub(super) static DELETE: ClauseSpec = ClauseSpec {
    word: "delete",
    places: &[Place::Cleanup, Place::Rollback],
    repeat: Repeat::Many,
    role: Role::Attribute,
    head: &[Slot::list("\"GLOB\"", Shape::Expr(Want::String))],
    summary: "deletes the files and folders that a pattern matches",
    documentation: "Patterns are relative to the plan's folder. What is not there is no failure.",
    example: "cleanup { delete \"tmp/\", \"work/*.part\" }",
    lower: lower_delete,
    ..ClauseSpec::PLAIN
};

fn actions(clause: &Clause, context: &mut dyn Context) -> Vec<Cleanup> {
    let mut actions = Vec::new();
    clause.lower_block(&mut Target::Actions(&mut actions), context);
    actions
}

fn lower_rollback(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let actions = actions(clause, context);
    if let Target::Step(step) = target {
        step.rollback.extend(actions);
    }
}

fn lower_cleanup(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let actions = actions(clause, context);
    if let Target::Goal(goal) = target {
        goal.cleanup.extend(actions);
    }
}

fn lower_delete(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let globs = clause.resolve_all(context);
    if let Target::Actions(actions) = target {
        actions.extend(globs.into_iter().map(Cleanup::Delete));
    }
}
