//! `run`: a script for a shell, or a program with its arguments.
//!
//! Owns the word in every place that has actions; as a probe it is in `probe::run`.

use crate::clause::{
    Argument, Clause, ClauseSpec, Context, Place, Repeat, Role, Shape, Slot, Target,
};
use crate::ir::{Action, AlertAction, Cleanup, Command};

pub(super) static RUN: ClauseSpec = ClauseSpec {
    word: "run",
    places: &[Place::Step, Place::Fallback, Place::Cleanup, Place::Rollback, Place::Alert],
    repeat: Repeat::Many,
    role: Role::Action,
    head: &[Slot::one("\"SCRIPT\" | [\"PROGRAM\", …]", Shape::Command)],
    summary: "runs a script in a shell, or a program with its arguments",
    documentation: "\
A string is a script for the step's `shell`; a list is a program and its arguments, without a shell.\n\
A value reaches a script through its environment only: `\"${version}\"` is the shell's own expansion.\n\
In a list, each `\"${value}\"` is one argument, whole, and `...list` gives one argument an item.\n\
A step or fallback has exactly one action: `run`, `manual` or `await`.",
    example: "\
step build { run \"cargo build --release\" }
step ship { run [\"./ship\", \"--fast\"] }",
    lower,
    ..ClauseSpec::PLAIN
};

/// The command of a clause whose head is one.
pub(super) fn command(clause: &Clause, context: &mut dyn Context) -> Option<Command> {
    clause.head.iter().find_map(|argument| match argument {
        Argument::Command(command) => context.command(command),
        _ => None,
    })
}

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(command) = command(clause, context) else { return };
    let action = Action::Run(command);
    match target {
        Target::Actions(actions) => actions.push(Cleanup::Run(action)),
        Target::Alert(actions) => actions.push(AlertAction::Run(action)),
        _ => set_action(action, target),
    }
}

/// Makes this the action of a step or fallback.
pub(super) fn set_action(action: Action, target: &mut Target<'_>) {
    if let Some(attempt) = target.attempt() {
        attempt.action = action;
    }
}
