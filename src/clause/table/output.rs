//! `output`: a value that a step gives to others.
//!
//! Declares name, type and source; reading the value is the interpreter's business.

use crate::clause::{
    Clause, ClauseSpec, Context, Form, OptionSpec, Place, Repeat, Role, Shape, Slot, Target, Want,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{OutputSource, OutputSpec};

/// Names that an output cannot have, as they mean something else behind a step or an item.
pub const NO_OUTPUTS: &[&str] = &["item", "status", "via"];
const SOURCES: &[&str] = &["from stdout", "from file", "from json"];

pub(super) static OUTPUT: ClauseSpec = ClauseSpec {
    word: "output",
    places: &[Place::Step],
    repeat: Repeat::Many,
    role: Role::Effect,
    head: &[Slot::one("NAME", Shape::Name)],
    options: &[
        OptionSpec::required(":", &[Slot::one("TYPE", Shape::Type)]),
        OptionSpec::flag("from stdout"),
        OptionSpec::new("from file", &[Slot::one("\"PATH\"", Shape::Expr(Want::String))]),
        OptionSpec::new(
            "from json",
            &[Slot::one("\"/POINTER\"", Shape::Expr(Want::Written(Form::Pointer)))],
        ),
    ],
    summary: "a value that the step gives to steps that depend on it",
    documentation: "\
Without `from`, the step writes lines `NAME=value` (or `NAME<<END` … `END`) to the file `$GOAL_OUTPUT`.\n\
`from stdout` and `from file` take the whole text without its last line break; `from json` takes the value \
at a JSON pointer in standard output.\n\
A declared output that is missing or of another type fails the attempt. Used elsewhere as `step.name`.",
    example: "\
step image {
  run \"./build | tee build.json\"
  output digest: string from json \"/digest\"
}",
    check,
    lower,
    ..ClauseSpec::PLAIN
};

fn check(clause: &Clause) -> Vec<Diagnostic> {
    let taken = clause.head_names().filter(|name| NO_OUTPUTS.contains(&&*name.value)).map(|name| {
        Diagnostic::new(
            Code::E0504,
            format!("an output cannot be called `{}`", name.value),
            name.span,
            "has a meaning of its own",
        )
        .help(format!("call it something else, as `output the-{}: …`", name.value))
    });
    taken.chain(second_source(clause)).collect()
}

fn second_source(clause: &Clause) -> Option<Diagnostic> {
    let mut sources = clause.options.iter().filter(|option| SOURCES.contains(&option.word));
    let (first, second) = (sources.next()?, sources.next()?);
    Some(
        Diagnostic::new(Code::E0501, "an output has one source", second.span, "the second `from`")
            .label(first.span, "the first")
            .help("keep one of them"),
    )
}

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let source = source(clause, context);
    let (Some(name), Some(ty)) = (clause.head_names().next(), clause.option_type(":")) else {
        return;
    };
    if let (Target::Step(step), Some(source)) = (target, source) {
        let spec = OutputSpec { ty: ty.value.clone(), source };
        step.outputs.insert(name.value.as_ref().into(), spec);
    }
}

fn source(clause: &Clause, context: &mut dyn Context) -> Option<OutputSource> {
    if clause.has("from stdout") {
        return Some(OutputSource::Stdout);
    }
    if clause.has("from file") {
        return clause.resolve_option("from file", context).map(OutputSource::File);
    }
    if clause.has("from json") {
        return clause.resolve_option("from json", context).map(OutputSource::Json);
    }
    Some(OutputSource::Lines)
}
