//! Probes of files and folders: `file`, `dir`, `disk`, `unchanged`.
//!
//! Paths are relative to the folder in which the plan's steps run.

use super::{PROBE, push};
use crate::clause::{Clause, ClauseSpec, Context, Form, OptionSpec, Shape, Slot, Target, Want};
use crate::ir::ProbeKind;

const PATH: &[Slot] = &[Slot::one("\"PATH\"", Shape::Operand(Want::String))];

pub(in crate::clause::table) static FILE: ClauseSpec = ClauseSpec {
    word: "file",
    head: PATH,
    options: &[
        OptionSpec::flag("nonempty"),
        OptionSpec::new("contains", &[Slot::one("\"TEXT\"", Shape::Operand(Want::Text))]),
        OptionSpec::new(
            "sha256",
            &[Slot::one("\"HEX\"", Shape::Operand(Want::Written(Form::Digest)))],
        ),
    ],
    summary: "there is such a file",
    documentation: "With `nonempty`, `contains` or `sha256` it must also be so.",
    example: "verify { file \"out/report.html\" nonempty contains \"</html>\" }",
    lower: lower_file,
    ..PROBE
};

pub(in crate::clause::table) static DIR: ClauseSpec = ClauseSpec {
    word: "dir",
    head: PATH,
    options: &[OptionSpec::flag("writable")],
    summary: "there is such a folder",
    documentation: "With `writable` files can be made in it.",
    example: "requires { dir \"out\" writable }",
    lower: lower_dir,
    ..PROBE
};

pub(in crate::clause::table) static DISK: ClauseSpec = ClauseSpec {
    word: "disk",
    head: PATH,
    options: &[OptionSpec::required(">=", &[Slot::one("SIZE", Shape::Operand(Want::Size))])],
    summary: "so much is free on the file system of a path",
    documentation: "What the current user may use of it.",
    example: "requires { disk \"out\" >= 5GiB }",
    lower: lower_disk,
    ..PROBE
};

pub(in crate::clause::table) static UNCHANGED: ClauseSpec = ClauseSpec {
    word: "unchanged",
    summary: "the step is up to date",
    documentation: "\
Holds in a step's `unless` where the files of its `reads`, its meaning and its values are as at its last \
success, and all its `writes` are there: a step that is up to date is not done again.",
    example: "\
step report {
  unless { unchanged }
  reads \"scores/*\"
  writes \"report.html\"
  run \"./report > report.html\"
}",
    lower: lower_unchanged,
    ..PROBE
};

fn lower_file(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(path) = clause.resolve(context) else { return };
    let nonempty = clause.has("nonempty");
    let contains = clause.resolve_option("contains", context);
    let sha256 = clause.resolve_option("sha256", context);
    push(ProbeKind::File { path, nonempty, contains, sha256 }, target);
}

fn lower_dir(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Some(path) = clause.resolve(context) {
        push(ProbeKind::Dir { path, writable: clause.has("writable") }, target);
    }
}

fn lower_disk(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let (path, at_least) = (clause.resolve(context), clause.resolve_option(">=", context));
    if let (Some(path), Some(at_least)) = (path, at_least) {
        push(ProbeKind::Disk { path, at_least }, target);
    }
}

fn lower_unchanged(_: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    push(ProbeKind::Unchanged, target);
}
