//! `goal` and `step`: what a goal holds; and a mount, a goal from another file.
//!
//! Read as outlines; they lower to goals and steps of the plan in the semantic pass.

use crate::clause::{BlockShape, ClauseSpec, OptionSpec, Place, Repeat, Role, Shape, Slot};

const NAME: Slot = Slot::one("NAME", Shape::Name);
const TITLE: Slot = Slot::optional("\"TITLE\"", Shape::Text);

pub(in crate::clause) static GOAL: ClauseSpec = ClauseSpec {
    word: "goal",
    places: &[Place::File, Place::Goal],
    repeat: Repeat::Many,
    role: Role::Declaration,
    head: &[NAME, TITLE],
    block: BlockShape::Required(Place::Goal),
    summary: "something to achieve, by the steps and goals that it holds",
    documentation: "\
A file holds one goal. A goal holds `param`, `let`, `step`, `goal` and the clauses of a goal; a sub-goal has the \
same clauses as the root.\n\
The comment right above it is its documentation. `database.migrate` names a step of a sub-goal.",
    example: "\
goal database \"Bring the database up to date\" {
  step migrate { run \"./migrate up\" }
}",
    ..ClauseSpec::PLAIN
};

pub(in crate::clause) static MOUNT: ClauseSpec = ClauseSpec {
    word: "goal",
    places: &[Place::Goal],
    repeat: Repeat::Many,
    role: Role::Declaration,
    head: &[NAME],
    options: &[OptionSpec::required("from", &[Slot::one("\"FILE\"", Shape::Text)])],
    block: BlockShape::Optional(Place::Mount),
    summary: "mounts another file's goal, with its params bound",
    documentation: "\
The braces hold `param = value` lines, and `depends after when confirm lock`; they may be left out.\n\
A mounted file sees only its params, and its steps run in its own folder.",
    example: "\
step build { run \"make\" }
goal east from \"./region.goal\" {
  depends build
  name = \"east\"
}",
    ..ClauseSpec::PLAIN
};

pub(in crate::clause) static STEP: ClauseSpec = ClauseSpec {
    word: "step",
    places: &[Place::Goal],
    repeat: Repeat::Many,
    role: Role::Declaration,
    head: &[NAME, TITLE],
    block: BlockShape::Required(Place::Step),
    summary: "one thing to do: an action and what is known about it",
    documentation: "\
Holds exactly one action (`run`, `manual` or `await`) and the clauses of a step.\n\
Its order: dependencies, `when`, `unless`, `requires`, `confirm`, locks, `snapshot`, attempts (each: run, outputs, \
`verify`) with `retry`, then fallbacks; on success `checkpoint`, on failure the failure policy.",
    example: "\
step test \"Run the test suite\" {
  run \"cargo test\"
  timeout 15m
  idempotent
}",
    ..ClauseSpec::PLAIN
};
