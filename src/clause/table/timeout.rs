//! `timeout`, `grace` and `deadline`: how long things may take.
//!
//! Lengths only; the clock is the interpreter's.

use crate::clause::{Clause, ClauseSpec, Context, Place, Role, Slot, Target};

pub(super) static TIMEOUT: ClauseSpec = ClauseSpec {
    word: "timeout",
    places: &[Place::Step, Place::Fallback, Place::Defaults],
    role: Role::Attribute,
    head: &[Slot::span_of_time()],
    summary: "how long one attempt may take",
    documentation: "\
Past it the whole process tree gets SIGTERM, and SIGKILL after the grace period (`grace`, 10 seconds).\n\
It does not run while the step waits for a person or the run stands still.",
    example: "step test { run \"cargo test\"; timeout 15m }",
    lower: lower_timeout,
    ..ClauseSpec::PLAIN
};

pub(super) static GRACE: ClauseSpec = ClauseSpec {
    word: "grace",
    places: &[Place::Step, Place::Fallback, Place::Defaults],
    role: Role::Attribute,
    head: &[Slot::duration()],
    summary: "how long a process has between SIGTERM and SIGKILL",
    documentation: "\
Whenever a step is stopped (timeout, Ctrl-C, rollback), its processes get SIGTERM, this long to end, and \
then SIGKILL. 10 seconds if not said.",
    example: "step server { run \"./server\"; timeout 1h; grace 20s }",
    lower: lower_grace,
    ..ClauseSpec::PLAIN
};

pub(super) static DEADLINE: ClauseSpec = ClauseSpec {
    word: "deadline",
    places: &[Place::Goal],
    role: Role::Attribute,
    head: &[Slot::span_of_time()],
    summary: "how long the whole goal may take",
    documentation: "\
Past it running steps are stopped, `cleanup` runs, and the goal fails.\n\
Time in which everything waits for a person does not count.",
    example: "deadline 2h",
    lower: lower_deadline,
    ..ClauseSpec::PLAIN
};

fn lower_timeout(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let length = clause.resolve(context);
    if let Some(attempt) = target.attempt() {
        attempt.timeout = length.map(Box::new);
    }
}

fn lower_grace(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let length = clause.resolve(context);
    if let Some(attempt) = target.attempt() {
        attempt.grace = length.map(Box::new);
    }
}

fn lower_deadline(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let length = clause.resolve(context);
    if let Target::Goal(goal) = target {
        goal.deadline = length;
    }
}
