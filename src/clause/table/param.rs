//! `param` and `let`: a goal's named values.
//!
//! Read as outlines; their types are checked by the semantic pass.

use crate::clause::{Clause, ClauseSpec, OptionSpec, Place, Repeat, Role, Shape, Slot, Want};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::value::pattern_fault;

pub(in crate::clause) static PARAM: ClauseSpec = ClauseSpec {
    word: "param",
    places: &[Place::Goal],
    repeat: Repeat::Many,
    role: Role::Declaration,
    head: &[Slot::one("NAME", Shape::Name)],
    options: &[
        OptionSpec::required(":", &[Slot::one("TYPE", Shape::Type)]),
        OptionSpec::new("matches", &[Slot::one("\"REGEX\"", Shape::Text)]),
        OptionSpec::new("in", &[Slot::one("A..B", Shape::Range { of: Want::Any, single: false })]),
        OptionSpec::new("=", &[Slot::one("EXPR", Shape::Expr(Want::Any))]),
        OptionSpec::new("", &[Slot::one("\"HELP\"", Shape::Text)]),
    ],
    summary: "an input of the goal",
    documentation: "\
Types: `string int number bool duration size path secret`, a list as `[string]`, and `\"a\" | \"b\"`.\n\
Its value is `--param NAME=VALUE`, `--params FILE.toml`, the environment's `GOAL_PARAM_NAME`, or the default, \
in this order. All that is missing or wrong is reported at once, before anything runs.\n\
`matches` is a regular expression for the whole value; `in a..b` holds both ends.",
    example: "\
param version: string matches \"\\\\d+\\\\.\\\\d+\" \"Version to ship\"
param target: \"staging\" | \"production\" = \"staging\"
param shards: int in 1..64 = 4",
    check,
    ..ClauseSpec::PLAIN
};

pub(in crate::clause) static LET: ClauseSpec = ClauseSpec {
    word: "let",
    places: &[Place::Goal],
    repeat: Repeat::Many,
    role: Role::Declaration,
    head: &[Slot::one("NAME", Shape::Name)],
    options: &[OptionSpec::required("=", &[Slot::one("EXPR", Shape::Expr(Want::Any))])],
    summary: "a named value",
    documentation: "Evaluated once, at first use, and kept in the journal.",
    example: "let files = glob(\"data/*.csv\")",
    ..ClauseSpec::PLAIN
};

fn check(clause: &Clause) -> Vec<Diagnostic> {
    let Some(pattern) = clause.text(Some("matches")) else { return Vec::new() };
    let Some(reason) = pattern_fault(&pattern.value.text) else { return Vec::new() };
    vec![no_pattern(pattern.span, reason)]
}

/// A text that is no regular expression.
pub fn no_pattern(span: Span, reason: String) -> Diagnostic {
    let finding =
        Diagnostic::new(Code::E0504, "this regular expression cannot be read", span, reason);
    finding.help("write it as in `matches \"\\\\d+\"`; a lone backslash is `\\\\\\\\`")
}
