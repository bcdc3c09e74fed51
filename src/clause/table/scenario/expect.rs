//! `expect`: what must come of a scenario.

use std::sync::Arc;

use crate::clause::{
    Argument, Clause, ClauseSpec, Context, OptionSpec, Place, Repeat, Role, Shape, Slot, Target,
    Want,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Expectation, Expected, ExpectedEnd, NodeExpected};
use crate::source::Span;
use crate::value::Value;

const NODE: Shape = Shape::Reference { optional: false };

pub(in crate::clause) static EXPECT: ClauseSpec = ClauseSpec {
    word: "expect",
    places: &[Place::Scenario],
    repeat: Repeat::Many,
    role: Role::Effect,
    head: &[Slot::one("STEP", NODE)],
    options: &[
        OptionSpec::flag("succeeded"),
        OptionSpec::flag("achieved"),
        OptionSpec::flag("failed"),
        OptionSpec::flag("skipped"),
        OptionSpec::flag("blocked"),
        OptionSpec::flag("cancelled"),
        OptionSpec::flag("not-run"),
        OptionSpec::flag("waiting"),
        OptionSpec::flag("in-doubt"),
        OptionSpec::flag("undone"),
        OptionSpec::new("via", &[Slot::one("FALLBACK", Shape::Name)]),
        OptionSpec::new("in", &[Slot::int("N", 0)]),
        OptionSpec::flag("attempts"),
        OptionSpec::flag("attempt"),
        OptionSpec::new("after", &[Slot::one("STEP", NODE)]),
        OptionSpec::new("before", &[Slot::one("STEP", NODE)]),
        OptionSpec::new("within", &[Slot::span_of_time()]),
    ],
    summary: "how a step or goal must end, and when",
    documentation: "\
A step has `succeeded`, a goal is `achieved`; either may have `failed`, be `skipped blocked cancelled not-run \
waiting in-doubt undone`. `via FALLBACK`: by that one; `in 5 attempts`: in all, those of fallbacks and after a \
crash too.\n\
`after STEP`: it began when that had ended; `before STEP`: it had ended when that began. `within 1h`: it ended so \
long after the run's start. `goal` is the whole goal.",
    example: "\
scenario \"primary is down\" {
  given connect fails 4 times
  expect connect succeeded via replica in 5 attempts
  expect rollout after migrate
  expect goal achieved within 1h
}",
    check,
    lower,
    ..ClauseSpec::PLAIN
};

pub(in crate::clause) static ASKED: ClauseSpec = ClauseSpec {
    word: "expect asked",
    places: &[Place::Scenario],
    repeat: Repeat::Many,
    role: Role::Effect,
    head: &[Slot::one("\"QUESTION\"", Shape::Text)],
    summary: "that a person is asked this",
    documentation: "The question as the person reads it, with its values: of a `confirm`, of a `manual`, or of a step in doubt.",
    example: "\
scenario \"asks first\" { param version = \"1.2.3\"; expect asked \"Migrate production to 1.2.3?\" }",
    lower: lower_asked,
    ..ClauseSpec::PLAIN
};

pub(in crate::clause) static NOT_ASKED: ClauseSpec = ClauseSpec {
    word: "expect not asked",
    places: &[Place::Scenario],
    repeat: Repeat::Many,
    role: Role::Effect,
    head: &[Slot::optional("\"QUESTION\"", Shape::Text)],
    summary: "that a person is not asked this, or nothing at all",
    documentation: "Without a question: that the whole run goes by without one.",
    example: "scenario \"by night\" { param target = \"staging\"; expect not asked }",
    lower: lower_not_asked,
    ..ClauseSpec::PLAIN
};

fn ends(clause: &Clause) -> impl Iterator<Item = (ExpectedEnd, Span)> {
    let said = |end: &ExpectedEnd| clause.option(end.word()).map(|option| (*end, option.span));
    ExpectedEnd::ALL.iter().filter_map(said)
}

fn check(clause: &Clause) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let said: Vec<_> = ends(clause).collect();
    if let [(_, first), (_, second), ..] = said.as_slice() {
        found.push(incomplete("a second end", *second).label(*first, "the first"));
    }
    let counted = clause.option("attempts").or(clause.option("attempt"));
    match (clause.option("in"), counted) {
        (Some(count), None) => {
            found.push(incomplete("`attempts` belongs behind the number", count.span));
        }
        (None, Some(word)) => {
            found.push(incomplete("how many is not said: `in N attempts`", word.span));
        }
        _ => {}
    }
    if clause.options.is_empty() {
        found.push(incomplete("what is expected of it is missing", clause.span.at_end()));
    }
    found
}

fn incomplete(label: &str, place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "`expect` is not complete", place, label).help(
        "write it as `expect connect succeeded via replica`, `expect rollout after migrate` or \
         `expect goal achieved within 1h`",
    )
}

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(reference) = clause.head.first().and_then(Argument::as_reference) else { return };
    let node = context.subject(reference);
    let (after, before) = (other(clause, "after", context), other(clause, "before", context));
    let number = constant(clause, "in", Want::Int { at_least: 0 }, context);
    let attempts = match number {
        Some(Value::Int(number)) => u32::try_from(number).ok(),
        _ => None,
    };
    let within = match constant(clause, "within", Want::Duration { positive: true }, context) {
        Some(Value::Duration { length }) => Some(length),
        _ => None,
    };
    let via = clause.option("via").and_then(|via| match via.arguments.first() {
        Some(Argument::Name(name)) => Some(Arc::from(&*name.value)),
        _ => None,
    });
    let (Some(node), Target::Scenario(scenario)) = (node, target) else { return };
    let end = ends(clause).next().map(|(end, _)| end);
    let expected =
        NodeExpected { end, via, attempts, after, before, within, ..NodeExpected::new(node) };
    let what = Expected::Node(expected);
    scenario.expectations.push(Expectation { span: clause.span, what });
}

fn other(clause: &Clause, option: &str, context: &mut dyn Context) -> Option<crate::value::NodeId> {
    let reference = clause.option(option)?.arguments.first()?.as_reference()?;
    context.subject(reference)
}

fn constant(clause: &Clause, option: &str, want: Want, context: &mut dyn Context) -> Option<Value> {
    context.constant(clause.option_expr(option)?, want)
}

fn lower_asked(clause: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    let (Some(text), Target::Scenario(scenario)) = (clause.text(None), target) else { return };
    let what = Expected::Asked(text.value.text.to_string());
    scenario.expectations.push(Expectation { span: clause.span, what });
}

fn lower_not_asked(clause: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    let Target::Scenario(scenario) = target else { return };
    let what = Expected::NotAsked(clause.text(None).map(|text| text.value.text.to_string()));
    scenario.expectations.push(Expectation { span: clause.span, what });
}
