//! `env`, `dir` and `shell`: where a process runs.
//!
//! On a goal they hold for every step inside; the inner wins, which is settled where steps run.

use crate::clause::{
    BlockShape, Clause, ClauseSpec, Context, Place, Repeat, Role, Shape, Slot, Target, Want,
};

const PLACES: &[Place] = &[Place::Goal, Place::Step, Place::Fallback, Place::Defaults];

pub(super) static ENV: ClauseSpec = ClauseSpec {
    word: "env",
    places: PLACES,
    repeat: Repeat::Many,
    role: Role::Attribute,
    block: BlockShape::Required(Place::Bindings),
    summary: "sets environment variables",
    documentation: "\
On a goal for every step inside; the inner wins, name by name. A `secret` may go here and is masked wherever \
it shows.\n\
A duration is set as its seconds, a size as its bytes, a list as JSON.",
    example: "env { LC_ALL = \"C\"; RUST_LOG = \"debug\" }",
    lower: lower_env,
    ..ClauseSpec::PLAIN
};

pub(super) static DIR: ClauseSpec = ClauseSpec {
    word: "dir",
    places: PLACES,
    role: Role::Attribute,
    head: &[Slot::one("\"PATH\"", Shape::Expr(Want::String))],
    summary: "the folder to run in",
    documentation: "Relative to the folder of the file that it is written in, which is where steps run if it is not said.",
    example: "dir \"web\"",
    lower: lower_dir,
    ..ClauseSpec::PLAIN
};

pub(super) static SHELL: ClauseSpec = ClauseSpec {
    word: "shell",
    places: PLACES,
    role: Role::Attribute,
    head: &[Slot::list("\"ARGUMENT\"", Shape::Expr(Want::String))],
    summary: "the program that runs scripts, with its arguments",
    documentation: "\
The script's text is added as the last argument. `sh -eu -c` if not said.\n\
For a shell that is not of the sh family bind values in `env { }`: `${name}` in its scripts is an error.",
    example: "shell \"bash\", \"-euo\", \"pipefail\", \"-c\"",
    lower: lower_shell,
    ..ClauseSpec::PLAIN
};

fn lower_env(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    for (name, value) in &clause.bindings {
        let value = context.expr(value, Want::Any);
        if let (Some(value), Some(environment)) = (value, target.environment()) {
            environment.env.insert(name.value.as_ref().into(), value);
        }
    }
    if let Some(environment) = target.environment() {
        environment.env.shrink_to_fit();
    }
}

fn lower_dir(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let path = clause.resolve(context);
    if let Some(environment) = target.environment() {
        environment.dir = path.map(Box::new);
    }
}

fn lower_shell(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let arguments = clause.resolve_all(context);
    if let (false, Some(environment)) = (arguments.is_empty(), target.environment()) {
        environment.shell = Some(arguments);
    }
}
