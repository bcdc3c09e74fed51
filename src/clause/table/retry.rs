//! `retry`: more attempts after the first.
//!
//! Says how often, how long between and after which failures; the delays are computed where steps run.

use crate::clause::reach::int_literal;
use crate::clause::{
    Argument, Clause, ClauseSpec, Context, OptionSpec, Place, Role, Shape, Slot, Target, Want,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{IntRange, Retry, RetryOn};
use crate::syntax::Expr;
use crate::value::Value;

/// The failures that have a word; `exit` takes codes behind it.
pub const FAILURES: &[&str] = &["exit", "signal", "timeout", "verify", "output", "memory", "lost"];

pub(super) static RETRY: ClauseSpec = ClauseSpec {
    word: "retry",
    places: &[Place::Step, Place::Fallback, Place::Defaults],
    role: Role::Recovery,
    head: &[Slot::int("N", 0)],
    options: &[
        OptionSpec::new("delay", &[Slot::duration()]),
        OptionSpec::new("backoff", &[Slot::one("NUMBER", Shape::Expr(Want::Number))]),
        OptionSpec::new("max", &[Slot::duration()]),
        OptionSpec::flag("jitter"),
        OptionSpec::new("within", &[Slot::span_of_time()]),
        OptionSpec::new("on", &[Slot::list("FAILURE", Shape::Failure)]),
    ],
    summary: "up to N more attempts after the first",
    documentation: "\
The k-th delay is min(`max`, `delay` × `backoff`^(k-1)); `jitter` draws it evenly from 0 to that.\n\
`within` bounds attempts and delays together, from the first start.\n\
`on` says which failures are tried again: `exit 75, 100..110`, `signal`, `timeout`, `verify`, `output`, \
`memory`, `lost` (with the node that it ran on). Without it all but `denied` and `cancelled` are.\n\
A step that is retried should be `idempotent`.",
    example: "\
step push {
  run \"./push\"
  retry 3 delay 5s backoff 2 max 1m jitter within 10m on exit 75, 100..110, timeout
  idempotent
}",
    check,
    lower,
    ..ClauseSpec::PLAIN
};

fn check(clause: &Clause) -> Vec<Diagnostic> {
    let codes = clause.option("on").into_iter().flat_map(|on| &on.arguments);
    codes.filter_map(code_out_of_reach).collect()
}

/// A process ends with a code from 0 to 255, and 0 is no failure.
fn code_out_of_reach(argument: &Argument) -> Option<Diagnostic> {
    let Argument::Range(ends) = argument else { return None };
    let (from, to) = &**ends;
    let (low, high) = (int_literal(from)?, int_literal(to)?);
    if (0..=255).contains(&low) && (1..=255).contains(&high) {
        return None;
    }
    Some(
        Diagnostic::new(
            Code::E0504,
            "no failed process ends with this exit code",
            from.span.to(to.span),
            "must be from 1 to 255",
        )
        .help("write codes as in `on exit 75, 100..110`"),
    )
}

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let count = clause.resolve(context);
    let delay = clause.resolve_option("delay", context);
    let backoff = clause.resolve_option("backoff", context);
    let max = clause.resolve_option("max", context).map(Box::new);
    let within = clause.resolve_option("within", context).map(Box::new);
    let on = failures(clause, context);
    let (Some(count), Some(attempt)) = (count, target.attempt()) else { return };
    let jitter = clause.has("jitter");
    attempt.retry = Some(Box::new(Retry { count, delay, backoff, max, jitter, within, on }));
}

fn failures(clause: &Clause, context: &mut dyn Context) -> Vec<RetryOn> {
    let arguments = clause.option("on").map_or(&[][..], |on| &on.arguments);
    arguments.iter().filter_map(|argument| failure(argument, context)).collect()
}

pub(super) fn failure(argument: &Argument, context: &mut dyn Context) -> Option<RetryOn> {
    match argument {
        Argument::Range(ends) => {
            let (from, to) = &**ends;
            let (from, to) = (whole(from, context)?, whole(to, context)?);
            Some(RetryOn::Exit(IntRange { from, to }))
        }
        Argument::Word(word) => match word.value {
            "signal" => Some(RetryOn::Signal),
            "timeout" => Some(RetryOn::Timeout),
            "verify" => Some(RetryOn::Verify),
            "output" => Some(RetryOn::Output),
            "memory" => Some(RetryOn::Memory),
            "lost" => Some(RetryOn::Lost),
            _ => None,
        },
        _ => None,
    }
}

fn whole(expr: &Expr, context: &mut dyn Context) -> Option<i64> {
    match context.constant(expr, Want::Int { at_least: 0 })? {
        Value::Int(number) => Some(number),
        _ => None,
    }
}
