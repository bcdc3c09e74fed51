//! `scenario` and what stands in it: a run that is only played, what is assumed of it, and what must
//! come of it.
//!
//! Words only; whether an assumption can come true in the plan is the semantic pass's to say.

mod expect;
mod given;

pub(super) use expect::{ASKED, EXPECT, NOT_ASKED};
pub(super) use given::{CRASH, GIVEN, STOP};

use crate::clause::{
    BlockShape, Clause, ClauseSpec, Context, OptionSpec, Place, Repeat, Role, Shape, Slot, Target,
    Want,
};
use crate::value::Value;

const TEXT: Shape = Shape::Expr(Want::Text);

pub(in crate::clause) static SCENARIO: ClauseSpec = ClauseSpec {
    word: "scenario",
    places: &[Place::File],
    repeat: Repeat::Many,
    role: Role::Declaration,
    head: &[Slot::one("\"NAME\"", Shape::Text)],
    block: BlockShape::Required(Place::Scenario),
    summary: "a test of the plan: what is assumed, and what must come of it",
    documentation: "\
`goalc test` plays it: the real scheduler, with a clock that jumps. Nothing is executed, no file is read or \
written.\n\
What no `given` says goes well: attempts succeed in the time of their `estimate` (one second without one), people \
say yes at once. It stands beside the goal, or in `NAME.test.goal` beside `NAME.goal`.",
    example: "\
scenario \"primary is down\" {
  param version = \"1.2.3\"
  given connect fails 4 times
  given migrate approved
  expect connect succeeded via replica
  expect rollout after migrate
  expect goal achieved within 1h
}",
    ..ClauseSpec::PLAIN
};

pub(super) static PARAM: ClauseSpec = ClauseSpec {
    word: "param",
    places: &[Place::Scenario],
    repeat: Repeat::Many,
    role: Role::Attribute,
    head: &[Slot::one("NAME", Shape::Reference { optional: false })],
    options: &[OptionSpec::required("=", &[Slot::one("EXPR", Shape::Expr(Want::Any))])],
    summary: "the value of a param in this scenario",
    documentation: "\
As `-p NAME=VALUE` on the command line; one of a sub-goal is `goal.name`. Params with a default may be left out.",
    example: "scenario \"to staging\" { param target = \"staging\"; expect goal achieved }",
    lower: lower_param,
    ..ClauseSpec::PLAIN
};

pub(super) static ENV: ClauseSpec = ClauseSpec {
    word: "env",
    places: &[Place::Scenario],
    repeat: Repeat::Many,
    role: Role::Attribute,
    block: BlockShape::Required(Place::Bindings),
    summary: "the caller's environment in this scenario",
    documentation: "What `env(\"NAME\")` gives. Of the real environment a scenario sees nothing.",
    example: "scenario \"with a token\" { env { DEPLOY_TOKEN = \"x\" }; expect goal achieved }",
    lower: lower_env,
    ..ClauseSpec::PLAIN
};

pub(super) static FILE: ClauseSpec = ClauseSpec {
    word: "file",
    places: &[Place::Scenario],
    repeat: Repeat::Many,
    role: Role::Attribute,
    head: &[Slot::one("\"PATH\"", Shape::Text)],
    options: &[OptionSpec::new("=", &[Slot::one("\"TEXT\"", TEXT)])],
    summary: "a file that is there in this scenario",
    documentation: "\
What `exists`, `glob` and `read` find; relative to the plan's folder. Of the real files a scenario sees nothing.",
    example: "scenario \"two parts\" { file \"a.csv\"; file \"b.csv\"; expect goal achieved }",
    lower: lower_file,
    ..ClauseSpec::PLAIN
};

pub(super) static JOBS: ClauseSpec = ClauseSpec {
    word: "jobs",
    places: &[Place::Scenario],
    role: Role::Attribute,
    head: &[Slot::int("N", 1)],
    summary: "how many steps run at once in this scenario",
    documentation: "As `-j N`. Otherwise what the goal's `parallel` says, or else 4: the same on every machine.",
    example: "scenario \"one by one\" { jobs 1; expect goal achieved }",
    lower: lower_jobs,
    ..ClauseSpec::PLAIN
};

fn lower_param(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let (Some(name), Some(value)) =
        (clause.head.first().and_then(|head| head.as_reference()), clause.option_expr("="))
    else {
        return;
    };
    let found = context.param(name, value);
    if let (Some(found), Target::Scenario(scenario)) = (found, target) {
        scenario.params.push(found);
    }
}

fn lower_env(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Target::Scenario(scenario) = target else { return };
    for (name, value) in &clause.bindings {
        if let Some(value) = context.constant(value, Want::Text) {
            scenario.env.insert(name.value.to_string(), value.to_text());
        }
    }
}

fn lower_file(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(path) = clause.text(None) else { return };
    let text = clause.option_expr("=").and_then(|text| context.constant(text, Want::Text));
    let text = text.map(|text| text.to_text()).unwrap_or_default();
    if let Target::Scenario(scenario) = target {
        scenario.files.insert(path.value.text.to_string(), text);
    }
}

fn lower_jobs(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let jobs = clause.head_exprs().next();
    let jobs = jobs.and_then(|jobs| context.constant(jobs, Want::Int { at_least: 1 }));
    if let (Some(Value::Int(jobs)), Target::Scenario(scenario)) = (jobs, target) {
        scenario.jobs = u32::try_from(jobs).ok();
    }
}
