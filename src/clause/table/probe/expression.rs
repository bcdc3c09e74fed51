//! An expression as a probe, and `not` before any other probe.
//!
//! Neither is found by its word: the reader of probe blocks decides which one a line is.

use super::{PROBE, push};
use crate::clause::{Clause, ClauseSpec, Context, Shape, Slot, Target, Want};
use crate::ir::ProbeKind;

pub(in crate::clause) static EXPRESSION: ClauseSpec = ClauseSpec {
    word: "",
    head: &[Slot::one("CONDITION", Shape::Expr(Want::Bool))],
    summary: "an expression is true",
    documentation: "\
Any line that begins with no probe's word. A probe's word followed by `(`, `.` or a comparison (but `memory >=`) \
is an expression too.",
    example: "requires { len(glob(\"data/*.csv\")) > 0; exists(\"data\") }",
    lower: lower_expression,
    ..PROBE
};

pub(in crate::clause) static NOT: ClauseSpec = ClauseSpec {
    word: "not",
    head: &[Slot::one("PROBE", Shape::Expr(Want::Bool))],
    summary: "the probe behind it does not hold",
    documentation: "Stands before any probe. In an expression it is written `!`.",
    example: "requires { not file \"out/DONE\" }",
    lower: lower_not,
    ..PROBE
};

fn lower_expression(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Some(condition) = clause.resolve(context) {
        push(ProbeKind::Expr(condition), target);
    }
}

/// The probe that it negates is in its block.
fn lower_not(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Target::Probes(probes) = target else { return };
    for mut probe in clause.lower_probes(context) {
        probe.negated = !probe.negated;
        probes.push(probe);
    }
}
