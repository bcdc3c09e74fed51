//! Probes of the machine: `env`, `memory`, `port`.
//!
//! What each says, not how it is asked.

use super::{PROBE, push};
use crate::clause::{Clause, ClauseSpec, Context, OptionSpec, Shape, Slot, Target, Want};
use crate::ir::ProbeKind;

pub(in crate::clause::table) static ENV: ClauseSpec = ClauseSpec {
    word: "env",
    head: &[Slot::one("\"NAME\"", Shape::Operand(Want::String))],
    summary: "an environment variable is set",
    documentation: "The caller's environment; an empty value is set too.",
    example: "requires { env \"WAREHOUSE_URL\" }",
    lower: lower_env,
    ..PROBE
};

pub(in crate::clause::table) static MEMORY: ClauseSpec = ClauseSpec {
    word: "memory",
    options: &[OptionSpec::required(">=", &[Slot::one("SIZE", Shape::Operand(Want::Size))])],
    summary: "so much memory is free",
    documentation: "What programs may still use without swapping.",
    example: "requires { memory >= 512MiB }",
    lower: lower_memory,
    ..PROBE
};

pub(in crate::clause::table) static PORT: ClauseSpec = ClauseSpec {
    word: "port",
    head: &[Slot::one("N", Shape::Operand(Want::Port))],
    options: &[OptionSpec { word: "free", slots: &[], required: true }],
    summary: "no program listens on a TCP port of this machine",
    documentation: "To ask whether one does, use `tcp \"127.0.0.1:5432\"`.",
    example: "requires { port 5432 free }",
    lower: lower_port,
    ..PROBE
};

fn lower_env(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Some(name) = clause.resolve(context) {
        push(ProbeKind::Env { name }, target);
    }
}

fn lower_memory(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Some(at_least) = clause.resolve_option(">=", context) {
        push(ProbeKind::Memory { at_least }, target);
    }
}

fn lower_port(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Some(port) = clause.resolve(context) {
        push(ProbeKind::PortFree { port }, target);
    }
}
