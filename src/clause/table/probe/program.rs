//! Probes of programs: `command` and `run`.
//!
//! What each says, not how it is asked.

use super::super::run::command;
use super::{PROBE, push};
use crate::clause::{Clause, ClauseSpec, Context, Form, OptionSpec, Shape, Slot, Target, Want};
use crate::ir::ProbeKind;

const TEXT: Shape = Shape::Operand(Want::String);
const VERSION: Shape = Shape::Operand(Want::Written(Form::Version));

pub(in crate::clause::table) static COMMAND: ClauseSpec = ClauseSpec {
    word: "command",
    head: &[Slot::one("\"PROGRAM\"", TEXT)],
    options: &[OptionSpec::new("version >=", &[Slot::one("\"VERSION\"", VERSION)])],
    summary: "there is such a program",
    documentation: "\
Found as a shell would find it. With `version >=` the first version in what `PROGRAM --version` prints must \
be at least that.",
    example: "requires { command \"docker\" version >= \"24\" }",
    lower: lower_command,
    ..PROBE
};

pub(in crate::clause::table) static RUN: ClauseSpec = ClauseSpec {
    word: "run",
    head: &[Slot::one("\"SCRIPT\" | [\"PROGRAM\", …]", Shape::Command)],
    summary: "a script or program exits with 0",
    documentation: "Run as the step's own scripts are; what it prints is kept only where it fails.",
    example: "verify { run \"./migrate status --clean\" }",
    lower: lower_run,
    ..PROBE
};

fn lower_command(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(name) = clause.resolve(context) else { return };
    let version = clause.resolve_option("version >=", context);
    push(ProbeKind::Command { name, version }, target);
}

fn lower_run(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Some(command) = command(clause, context) {
        push(ProbeKind::Run(command), target);
    }
}
