//! `given`: what is assumed of a step, a goal, or the machine.

use std::sync::Arc;
use std::time::Duration;

use crate::clause::reach::int_literal;
use crate::clause::table::retry::failure;
use crate::clause::{
    Argument, Clause, ClauseSpec, Context, OptionSpec, Place, Repeat, Role, Shape, Slot, Target,
    Want,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Assumption, Fails, Given, Moment, NodeGiven, Part, Reply};
use crate::source::Span;
use crate::value::Value;

const NODE: Shape = Shape::Reference { optional: false };
const TIMES: &[Slot] = &[Slot::optional("N", Shape::Expr(Want::Int { at_least: 1 }))];

/// The parts of a step or goal that may be assumed not to hold, as options.
const BROKEN: &[(&str, Part)] = &[
    ("requires fails", Part::Requires),
    ("verify fails", Part::Verify),
    ("rollback fails", Part::Rollback),
    ("cleanup fails", Part::Cleanup),
];

const REPLIES: &[Reply] =
    &[Reply::Approved, Reply::Denied, Reply::Unanswered, Reply::Done, Reply::Rerun];

pub(in crate::clause) static GIVEN: ClauseSpec = ClauseSpec {
    word: "given",
    places: &[Place::Scenario],
    repeat: Repeat::Many,
    role: Role::Guard,
    head: &[Slot::one("STEP", NODE)],
    options: &[
        OptionSpec::new("fails", TIMES),
        OptionSpec::flag("times"),
        OptionSpec::flag("once"),
        OptionSpec::new("with", &[Slot::one("FAILURE", Shape::Failure)]),
        OptionSpec::new("takes", &[Slot::duration()]),
        OptionSpec::new("gives", &[Slot::one("NAME", Shape::Name)]),
        OptionSpec::new("=", &[Slot::one("EXPR", Shape::Expr(Want::Any))]),
        OptionSpec::flag("approved"),
        OptionSpec::flag("denied"),
        OptionSpec::flag("unanswered"),
        OptionSpec::flag("done"),
        OptionSpec::flag("rerun"),
        OptionSpec::new("after", &[Slot::duration()]),
        OptionSpec::flag("already done"),
        OptionSpec::flag("requires fails"),
        OptionSpec::flag("verify fails"),
        OptionSpec::flag("rollback fails"),
        OptionSpec::flag("cleanup fails"),
        OptionSpec::new("via", &[Slot::one("FALLBACK", Shape::Name)]),
        OptionSpec::new("for", &[Slot::one("ITEM", Shape::Expr(Want::Any))]),
    ],
    summary: "what is assumed of a step or goal",
    documentation: "\
`fails` all its attempts, those of its fallbacks too; `fails 4 times` the first four; `with exit 75`, or \
`signal timeout verify output memory lost`, says how. `takes 20m`: each attempt. `gives NAME = EXPR`: an output.\n\
`approved`, `denied`, `unanswered`, with `after 10m`: what a person says when asked; `done` and `rerun` of a step \
that a crash left in doubt. `already done`: its `unless` holds.\n\
`via FALLBACK`: only attempts of that fallback; `for ITEM`: only the instance of that item. `goal` is the whole goal.",
    example: "\
scenario \"a slow day\" {
  given connect fails 4 times with exit 75
  given rollout takes 20m
  given image gives digest = \"sha256:1\"
  given migrate approved after 10m
  expect goal achieved
}",
    check,
    lower,
    ..ClauseSpec::PLAIN
};

/// What a moment of a run is that is not said of it.
const MOMENT: ClauseSpec = ClauseSpec {
    places: &[Place::Scenario],
    repeat: Repeat::Many,
    role: Role::Guard,
    options: &[
        OptionSpec::new("after", &[Slot::one("STEP", NODE)]),
        OptionSpec::new("during", &[Slot::one("STEP", NODE)]),
    ],
    check: check_moment,
    lower: lower_moment,
    ..ClauseSpec::PLAIN
};

pub(in crate::clause) static CRASH: ClauseSpec = ClauseSpec {
    word: "given crash",
    summary: "the machine stops at a moment, and the run is resumed",
    documentation: "\
`after STEP`: when it has ended; `during STEP`: when its first attempt has begun. Each `given crash` happens once.",
    example: "\
scenario \"the power fails\" {
  given crash during migrate
  given migrate rerun
  expect goal achieved
}",
    ..MOMENT
};

pub(in crate::clause) static STOP: ClauseSpec = ClauseSpec {
    word: "given stop",
    summary: "a person stops the run at a moment, by Ctrl-C",
    documentation: "\
`after STEP`: when it has ended; `during STEP`: when its first attempt has begun. The run is not resumed.",
    example: "scenario \"stopped\" { given stop during rollout; expect goal cancelled }",
    ..MOMENT
};

fn check(clause: &Clause) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let fails = clause.option("fails");
    let count = fails.and_then(|fails| fails.arguments.first());
    match (fails, count, clause.option("times"), clause.option("once")) {
        (Some(fails), Some(_), None, _) => {
            found.push(incomplete("`times` belongs behind the number", fails.span));
        }
        (_, None, Some(word), _) => {
            found.push(incomplete("how many `times` is not said", word.span));
        }
        (None, _, _, Some(word)) | (Some(_), Some(_), _, Some(word)) => {
            found.push(incomplete("`once` belongs right behind `fails`", word.span));
        }
        _ => {}
    }
    if let (Some(with), None) = (clause.option("with"), fails) {
        found.push(incomplete("`with` belongs behind `fails`", with.span));
    }
    match (clause.option("gives"), clause.option("=")) {
        (Some(gives), None) => found.push(incomplete("the output's value is missing", gives.span)),
        (None, Some(value)) => found.push(incomplete("`gives NAME` is missing", value.span)),
        _ => {}
    }
    let replies: Vec<_> = REPLIES.iter().filter_map(|reply| clause.option(reply.word())).collect();
    match (replies.as_slice(), clause.option("after")) {
        ([first, second, ..], _) => {
            found.push(incomplete("one answer only", second.span).label(first.span, "the first"));
        }
        ([], Some(after)) => found.push(incomplete("`after` belongs behind an answer", after.span)),
        _ => {}
    }
    if found.is_empty() && says_nothing(clause) {
        let finding = incomplete("what is assumed of it is missing", clause.span.at_end());
        found.push(finding);
    }
    found.extend(one_code(clause));
    found
}

fn says_nothing(clause: &Clause) -> bool {
    clause.options.iter().all(|option| matches!(option.word, "via" | "for"))
}

fn incomplete(label: &str, place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "`given` is not complete", place, label).help(
        "write it as `given connect fails 4 times with exit 75`, `given a takes 20m`, \
         `given a gives digest = \"x\"` or `given migrate approved after 10m`",
    )
}

/// An attempt ends with one exit code, from 1 to 255.
fn one_code(clause: &Clause) -> Option<Diagnostic> {
    let with = clause.option("with")?;
    let ends = with.arguments.iter().find_map(|argument| match argument {
        Argument::Range(ends) => Some(ends),
        _ => None,
    })?;
    let (from, to) = (int_literal(&ends.0)?, int_literal(&ends.1)?);
    if from == to && (1..=255).contains(&from) {
        return None;
    }
    let place = ends.0.span.to(ends.1.span);
    let message = "an attempt that fails ends with one exit code from 1 to 255";
    Some(Diagnostic::new(Code::E0504, message, place, "none of them").help("write it as `exit 75`"))
}

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(reference) = clause.head.first().and_then(Argument::as_reference) else { return };
    let node = context.subject(reference);
    let mut values = Values { clause, context };
    let fails = values.fails();
    let (takes, after) = (values.duration("takes"), values.duration("after"));
    let gives = values.name("gives").zip(values.value("="));
    let (via, item) = (values.name("via"), values.value("for"));
    let (Some(node), Target::Scenario(scenario)) = (node, target) else { return };
    let what = Assumption::Node(NodeGiven {
        via,
        item,
        fails,
        takes,
        gives,
        reply: REPLIES.iter().copied().find(|reply| clause.has(reply.word())),
        after,
        already_done: clause.has("already done"),
        broken: BROKEN.iter().find(|(word, _)| clause.has(word)).map(|(_, part)| *part),
        ..NodeGiven::new(node)
    });
    scenario.givens.push(Given { span: clause.span, what });
}

/// A clause's options as values that are known now.
struct Values<'v> {
    clause: &'v Clause,
    context: &'v mut dyn Context,
}

impl Values<'_> {
    fn name(&self, option: &str) -> Option<Arc<str>> {
        match self.clause.option(option)?.arguments.first()? {
            Argument::Name(name) => Some(Arc::from(&*name.value)),
            _ => None,
        }
    }

    fn value(&mut self, option: &str) -> Option<Value> {
        self.context.constant(self.clause.option_expr(option)?, Want::Any)
    }

    fn duration(&mut self, option: &str) -> Option<Duration> {
        let expr = self.clause.option_expr(option)?;
        match self.context.constant(expr, Want::Duration { positive: false })? {
            Value::Duration { length } => Some(length),
            _ => None,
        }
    }

    fn fails(&mut self) -> Option<Fails> {
        let fails = self.clause.option("fails")?;
        let times = match fails.arguments.first() {
            Some(Argument::Expr(times)) => {
                match self.context.constant(times, Want::Int { at_least: 1 })? {
                    Value::Int(times) => Some(u32::try_from(times).unwrap_or(u32::MAX)),
                    _ => None,
                }
            }
            _ => self.clause.has("once").then_some(1),
        };
        let with = self.clause.option("with").into_iter().flat_map(|with| &with.arguments);
        let with = with.filter_map(|argument| failure(argument, self.context)).last();
        Some(Fails { times, with })
    }
}

fn check_moment(clause: &Clause) -> Vec<Diagnostic> {
    if clause.options.len() == 1 {
        return Vec::new();
    }
    let word = clause.spec.word;
    let finding = Diagnostic::new(
        Code::E0101,
        format!("`{word}` is not complete"),
        clause.span,
        "it needs one moment",
    );
    vec![finding.help(format!("write `{word} after STEP` or `{word} during STEP`"))]
}

fn lower_moment(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(option) = clause.options.first() else { return };
    let Some(reference) = option.arguments.first().and_then(Argument::as_reference) else { return };
    let node = context.subject(reference);
    let (Some(node), Target::Scenario(scenario)) = (node, target) else { return };
    let moment = Moment { node, during: option.word == "during" };
    let what = if clause.spec.word == CRASH.word {
        Assumption::Crash(moment)
    } else {
        Assumption::Stop(moment)
    };
    scenario.givens.push(Given { span: clause.span, what });
}
