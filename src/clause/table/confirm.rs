//! `confirm`: asks a person once, before the first attempt.
//!
//! Knows nothing of how the question reaches them.

use crate::clause::{
    Clause, ClauseSpec, Context, OptionSpec, Place, Role, Shape, Slot, Target, Want,
};
use crate::ir::{Confirm, Otherwise};

pub(super) static CONFIRM: ClauseSpec = ClauseSpec {
    word: "confirm",
    places: &[Place::Step, Place::Goal, Place::Mount],
    role: Role::Guard,
    head: &[Slot::one("\"QUESTION\"", Shape::Expr(Want::Text))],
    options: &[
        OptionSpec::new("when", &[Slot::one("CONDITION", Shape::Expr(Want::Bool))]),
        OptionSpec::new("timeout", &[Slot::span_of_time()]),
        OptionSpec::new("otherwise", &[Slot::one("ANSWER", Shape::Word(&["approve", "deny"]))]),
        OptionSpec::flag("always"),
    ],
    summary: "asks a person once, before the first attempt",
    documentation: "\
Approved, the step goes on; denied, it fails as `denied`. With `when` it asks only where that is true.\n\
After `timeout` the answer is what `otherwise` says, and `deny` where that is left out.\n\
`--yes` approves, but not a question marked `always`. Who answered, when, from where and the note are kept.",
    example: "\
param target: string = \"staging\"
step migrate {
  confirm \"Migrate ${target}?\" when target == \"production\" timeout 30m otherwise deny
  run \"./migrate up\"
}",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let question = clause.resolve(context);
    let when = clause.resolve_option("when", context);
    let timeout = clause.resolve_option("timeout", context);
    let (Some(question), Some(guards)) = (question, target.guards()) else { return };
    let always = clause.has("always");
    let otherwise = otherwise(clause);
    guards.confirm = Some(Box::new(Confirm { question, when, timeout, otherwise, always }));
}

fn otherwise(clause: &Clause) -> Otherwise {
    let word = clause.option("otherwise").and_then(|o| o.arguments.first()?.as_word());
    if word == Some("approve") { Otherwise::Approve } else { Otherwise::Deny }
}
