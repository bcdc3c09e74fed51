//! `alert` and what stands in it: who is told, and when.
//!
//! Delivering an alert, and that it never changes the run, is the interpreter's business.

use crate::clause::{
    Argument, BlockShape, Clause, ClauseSpec, Context, Form, OptionSpec, Place, Repeat, Role,
    Shape, Slot, Target, Want,
};
use crate::ir::{Alert, AlertAction, AlertEvent};

/// The events that stand alone.
pub const EVENTS: &[&str] = &["failure", "retry", "overrun", "waiting", "achieved"];
/// The events that take a bound, and how it is written.
pub const BOUNDED: &[(&str, &str)] =
    &[("silence", "silence > 5m"), ("memory", "memory > 80%"), ("cpu", "cpu > 90%")];

const TEXT: Shape = Shape::Expr(Want::Text);
const URL: Shape = Shape::Expr(Want::Written(Form::Url));

pub(super) static ALERT: ClauseSpec = ClauseSpec {
    word: "alert",
    places: &[Place::Goal],
    repeat: Repeat::Many,
    role: Role::Attribute,
    options: &[OptionSpec::required("on", &[Slot::list("EVENT", Shape::Event)])],
    block: BlockShape::Required(Place::Alert),
    summary: "tells someone when something happens",
    documentation: "\
Events: `failure retry overrun waiting achieved`, `silence > 5m`, `memory > 80%`, `cpu > 90%`.\n\
The braces hold `run`, `webhook` and `log`. An alert that cannot be delivered never changes the run.",
    example: "alert on failure, silence > 5m, memory > 80% { webhook \"https://hooks.internal/ops\"; log }",
    lower: lower_alert,
    ..ClauseSpec::PLAIN
};

pub(super) static WEBHOOK: ClauseSpec = ClauseSpec {
    word: "webhook",
    places: &[Place::Alert],
    repeat: Repeat::Many,
    role: Role::Attribute,
    head: &[Slot::one("\"URL\"", URL)],
    block: BlockShape::Optional(Place::Webhook),
    summary: "sends the event as JSON to an address",
    documentation: "A POST request. Its braces hold `header` lines.",
    example: "\
alert on failure {
  webhook \"https://hooks.internal/ops\" { header \"X-Team\" = \"shop\" }
}",
    lower: lower_webhook,
    ..ClauseSpec::PLAIN
};

pub(super) static HEADER: ClauseSpec = ClauseSpec {
    word: "header",
    places: &[Place::Webhook],
    repeat: Repeat::Many,
    role: Role::Attribute,
    head: &[Slot::one("\"NAME\"", TEXT)],
    options: &[OptionSpec::required("=", &[Slot::one("EXPR", TEXT)])],
    summary: "a header of a webhook's request",
    documentation: "Its value may be a `secret`.",
    example: "alert on failure { webhook \"https://hooks.internal/ops\" { header \"X-Team\" = \"shop\" } }",
    lower: lower_header,
    ..ClauseSpec::PLAIN
};

pub(super) static LOG: ClauseSpec = ClauseSpec {
    word: "log",
    places: &[Place::Alert],
    role: Role::Attribute,
    summary: "writes the event to the run's log",
    documentation: "Shown on the terminal and in reports.",
    example: "alert on overrun { log }",
    lower: lower_log,
    ..ClauseSpec::PLAIN
};

fn lower_alert(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let on = events(clause, context);
    let mut actions = Vec::new();
    clause.lower_block(&mut Target::Alert(&mut actions), context);
    if let Target::Goal(goal) = target {
        goal.alerts.push(Alert { on, actions });
    }
}

fn events(clause: &Clause, context: &mut dyn Context) -> Vec<AlertEvent> {
    let mut arguments = clause.option("on").map_or(&[][..], |on| &on.arguments).iter();
    let mut events = Vec::new();
    while let Some(argument) = arguments.next() {
        let Argument::Word(word) = argument else { continue };
        let bounded = BOUNDED.iter().any(|(event, _)| *event == word.value);
        let bound = if bounded { arguments.next() } else { None };
        events.extend(event(word.value, bound, context));
    }
    events
}

fn event(word: &str, bound: Option<&Argument>, context: &mut dyn Context) -> Option<AlertEvent> {
    Some(match (word, bound) {
        ("failure", _) => AlertEvent::Failure,
        ("retry", _) => AlertEvent::Retry,
        ("overrun", _) => AlertEvent::Overrun,
        ("waiting", _) => AlertEvent::Waiting,
        ("achieved", _) => AlertEvent::Achieved,
        ("silence", Some(Argument::Expr(length))) => {
            AlertEvent::Silence(context.expr(length, Want::Duration { positive: true })?)
        }
        ("memory", Some(Argument::Percent(percent))) => AlertEvent::Memory(percent.value),
        ("cpu", Some(Argument::Percent(percent))) => AlertEvent::Cpu(percent.value),
        _ => return None,
    })
}

fn lower_webhook(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let url = clause.resolve(context);
    let mut headers = Vec::new();
    clause.lower_block(&mut Target::Headers(&mut headers), context);
    if let (Some(url), Target::Alert(actions)) = (url, target) {
        actions.push(AlertAction::Webhook { url, headers });
    }
}

fn lower_header(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let (name, value) = (clause.resolve(context), clause.resolve_option("=", context));
    if let (Some(name), Some(value), Target::Headers(headers)) = (name, value, target) {
        headers.push((name, value));
    }
}

fn lower_log(_: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    if let Target::Alert(actions) = target {
        actions.push(AlertAction::Log);
    }
}
