//! Probes of the network: `tcp` and `http`.
//!
//! What each says, not how it is asked.

use super::{PROBE, push};
use crate::clause::{Clause, ClauseSpec, Context, Form, OptionSpec, Shape, Slot, Target, Want};
use crate::ir::ProbeKind;

const TIME: Shape = Shape::Operand(Want::Duration { positive: true });
const WITHIN: OptionSpec = OptionSpec::new("within", &[Slot::one("DURATION", TIME)]);

pub(in crate::clause::table) static TCP: ClauseSpec = ClauseSpec {
    word: "tcp",
    head: &[Slot::one("\"HOST:PORT\"", Shape::Operand(Want::Written(Form::Address)))],
    options: &[WITHIN],
    summary: "a TCP connection can be made",
    documentation: "`within` says how long it may take.",
    example: "requires { tcp \"db.internal:5432\" within 3s }",
    lower: lower_tcp,
    ..PROBE
};

pub(in crate::clause::table) static HTTP: ClauseSpec = ClauseSpec {
    word: "http",
    head: &[Slot::one("\"URL\"", Shape::Operand(Want::Written(Form::Url)))],
    options: &[
        OptionSpec::new("status", &[Slot::one("N", Shape::Operand(Want::Status))]),
        OptionSpec::new("body", &[Slot::one("EXPR", Shape::Operand(Want::Text))]),
        WITHIN,
    ],
    summary: "a GET request is answered",
    documentation: "\
With `status` by that status, otherwise by any from 200 to 299. `body` is a text that the answer must hold.\n\
`within` says how long it may take.",
    example: "verify { http \"https://shop.internal/health\" status 200 body \"ok\" within 10s }",
    lower: lower_http,
    ..PROBE
};

fn lower_tcp(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(address) = clause.resolve(context) else { return };
    let within = clause.resolve_option("within", context);
    push(ProbeKind::Tcp { address, within }, target);
}

fn lower_http(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(url) = clause.resolve(context) else { return };
    let status = clause.resolve_option("status", context);
    let body = clause.resolve_option("body", context);
    let within = clause.resolve_option("within", context);
    push(ProbeKind::Http { url, status, body, within }, target);
}
