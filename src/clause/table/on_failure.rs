//! `on failure`: what a failure means for the rest.
//!
//! Goals, steps and `defaults` take different words, so each has a spec of its own.

use crate::clause::{Clause, ClauseSpec, Context, OptionSpec, Place, Role, Shape, Slot, Target};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{FailurePolicy, StepFailure};

const BECAUSE: &[OptionSpec] =
    &[OptionSpec::new("because", &[Slot::one("\"REASON\"", Shape::Text)])];

pub(super) static ON_FAILURE_GOAL: ClauseSpec = ClauseSpec {
    word: "on failure",
    places: &[Place::Goal],
    role: Role::Recovery,
    head: &[Slot::one("POLICY", Shape::Word(&["stop", "continue", "rollback"]))],
    summary: "what happens to the rest of the goal when a step fails",
    documentation: "\
`stop` (default): nothing new starts, what runs may end. `continue`: only what depends on the failure is \
blocked. `rollback`: stop, then undo what was started, back to the last `checkpoint`.\n\
A sub-goal inherits it; a step may say its own.",
    example: "on failure rollback",
    lower: lower_goal,
    ..ClauseSpec::PLAIN
};

pub(super) static ON_FAILURE_STEP: ClauseSpec = ClauseSpec {
    word: "on failure",
    places: &[Place::Step],
    role: Role::Recovery,
    head: &[Slot::one("POLICY", Shape::Word(&["stop", "skip", "rollback", "ignore"]))],
    options: BECAUSE,
    summary: "what happens when this step fails",
    documentation: "\
`skip`: its dependents are blocked, the rest goes on; the goal still fails in the end.\n\
`ignore because \"reason\"`: its status stays `failed`, its dependents run as if it had succeeded, and the \
summary names it with the reason, which is mandatory.\n\
`stop` and `rollback` are as on a goal.",
    example: "\
step warm-up {
  run \"./warm-up\"
  on failure ignore because \"the cache is only a help\"
}",
    check: check_because,
    lower: lower_step,
    ..ClauseSpec::PLAIN
};

pub(super) static ON_FAILURE_DEFAULT: ClauseSpec = ClauseSpec {
    word: "on failure",
    places: &[Place::Defaults],
    role: Role::Recovery,
    head: &[Slot::one("POLICY", Shape::Word(&["stop", "continue", "skip", "rollback", "ignore"]))],
    options: BECAUSE,
    summary: "what happens when a step fails that does not say it itself",
    documentation: "As `on failure` in a step; `continue` is as on a goal.",
    example: "defaults { on failure skip }",
    check: check_because,
    lower: lower_step,
    ..ClauseSpec::PLAIN
};

/// `because` is mandatory with `ignore`, and senseless without.
fn check_because(clause: &Clause) -> Vec<Diagnostic> {
    let ignores = clause.head_word() == Some("ignore");
    let said = clause.option("because");
    let reason = clause.text(Some("because")).map(|text| text.value.text.trim());
    match said.filter(|_| reason != Some("") || !ignores) {
        None if ignores => vec![
            Diagnostic::new(
                Code::E0101,
                "`on failure ignore` needs a reason",
                clause.span.at_end(),
                "`because \"…\"` is missing here",
            )
            .help("write `on failure ignore because \"why this may fail\"`"),
        ],
        Some(because) if !ignores => vec![
            Diagnostic::new(
                Code::E0101,
                "`because` goes with `ignore` only",
                because.span,
                "unexpected here",
            )
            .help("leave it out, or write `on failure ignore because \"…\"`"),
        ],
        _ => Vec::new(),
    }
}

fn lower_goal(clause: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    let policy = match clause.head_word() {
        Some("stop") => FailurePolicy::Stop,
        Some("continue") => FailurePolicy::Continue,
        Some("rollback") => FailurePolicy::Rollback,
        _ => return,
    };
    if let Target::Goal(goal) = target {
        goal.on_failure = policy;
    }
}

fn lower_step(clause: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    let policy = match clause.head_word() {
        Some("stop") => StepFailure::Stop,
        Some("skip") => StepFailure::Skip,
        Some("rollback") => StepFailure::Rollback,
        Some("continue") => StepFailure::Continue,
        Some("ignore") => {
            let because = clause.text(Some("because")).map(|text| text.value.text.to_string());
            StepFailure::Ignore { because: because.unwrap_or_default().into() }
        }
        _ => return,
    };
    if let Target::Step(step) = target {
        step.on_failure = Some(policy);
    }
}
