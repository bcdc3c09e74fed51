//! Plans: inheritance, defaults, order, fingerprints.

use super::plan;
use crate::ir::{FailurePolicy, Plan, StepFailure};

fn print(plan: &Plan, step: &str) -> String {
    plan.steps[step].fingerprint.clone()
}

#[test]
fn steps_stand_in_the_order_of_the_text() {
    let plan = plan(
        "step a { run \"true\" }\ngoal i { step b { run \"true\" } }\nstep c { run \"true\" }",
    );
    let ids: Vec<&str> = plan.steps.keys().map(crate::value::StepId::as_str).collect();
    assert_eq!(ids, ["a", "i.b", "c"]);
    assert_eq!(plan.goals.get_index(0).map(|(id, _)| id.is_root()), Some(true));
    assert!(plan.validate().is_ok());
}

#[test]
fn a_sub_goal_inherits_on_failure() {
    let plan = plan("on failure rollback\ngoal i { goal j { on failure continue; goal k { } } }");
    let policy = |goal: &str| plan.goals[goal].on_failure;
    assert_eq!(policy("i"), FailurePolicy::Rollback);
    assert_eq!(policy("i.j"), FailurePolicy::Continue);
    assert_eq!(policy("i.j.k"), FailurePolicy::Continue);
}

#[test]
fn defaults_hold_for_steps_that_do_not_say_their_own() {
    let plan = plan(
        "defaults { timeout 15m; on failure continue; env { A = \"1\"; B = \"1\" } }\nstep a { run \"true\"; timeout 1m }\ngoal i { defaults { timeout 2m; env { B = \"2\" } }\nstep b { run \"true\"; env { C = \"3\" }; fallback { run \"x\" } } }",
    );
    let seconds = |step: &str| {
        let timeout = plan.steps[step].attempt.timeout.as_ref().unwrap();
        timeout.as_literal().unwrap().to_text()
    };
    assert_eq!(seconds("a"), "60");
    assert_eq!(seconds("i.b"), "120");
    let b = &plan.steps["i.b"];
    assert_eq!(b.on_failure, Some(StepFailure::Continue));
    let env = &b.attempt.environment.env;
    let text = |name: &str| env[name].as_literal().unwrap().to_text();
    assert_eq!((text("A"), text("B"), text("C")), ("1".into(), "2".into(), "3".into()));
    assert!(b.fallbacks[0].attempt.timeout.is_some());
}

#[test]
fn names_in_defaults_are_those_of_the_goal_that_holds_them() {
    let plan = plan(
        "let limit = 5m\ndefaults { timeout limit }\ngoal i { let limit = \"x\"; step a { run \"echo $limit\" } }",
    );
    assert!(plan.steps["i.a"].attempt.timeout.is_some());
}

#[test]
fn env_of_a_goal_stays_with_the_goal() {
    let plan = plan("env { A = \"1\" }\ndir \"x\"\nstep a { run \"true\" }");
    assert!(plan.goals[""].environment.env.contains_key("A"));
    assert!(plan.steps["a"].attempt.environment.env.is_empty());
}

#[test]
fn a_fallback_without_a_name_is_numbered() {
    let plan = plan("step a { run \"true\"; fallback x { run \"a\" }; fallback { run \"b\" } }");
    let names: Vec<&str> = plan.steps["a"].fallbacks.iter().map(|each| &*each.name).collect();
    assert_eq!(names, ["x", "fallback-2"]);
}

const BASE: &str = "let v = 1\nenv { A = \"x\" }\nstep a \"title\" { run \"echo ${v}\"; timeout 5m }\nstep b { run \"true\" }";

#[test]
fn layout_comments_and_other_steps_do_not_change_a_fingerprint() {
    let base = plan(BASE);
    assert_eq!(print(&base, "a").len(), 32);
    assert_ne!(print(&base, "a"), print(&base, "b"));
    for same in [
        BASE.replace("step a \"title\"", "# doc\n\n  step a"),
        format!("{BASE}\nstep c {{ depends a; run \"true\" }}\nparam unused: string"),
        BASE.replace("timeout 5m", "timeout 300s"),
    ] {
        assert_eq!(print(&plan(&same), "a"), print(&base, "a"), "{same}");
    }
}

#[test]
fn what_a_step_means_changes_its_fingerprint() {
    let base = plan(BASE);
    for other in [
        BASE.replace("echo", "printf"),
        BASE.replace("let v = 1", "let v = 2"),
        BASE.replace("\"x\"", "\"y\""),
        BASE.replace("5m", "6m"),
        BASE.replace("timeout 5m", "timeout 5m; depends b"),
        BASE.replace("let v = 1", "let w = 1\nlet v = w"),
        format!("{BASE}\nshell \"bash\", \"-c\""),
    ] {
        assert_ne!(print(&plan(&other), "a"), print(&base, "a"), "{other}");
    }
    let other = plan(&BASE.replace("let v = 1", "let v = 2"));
    assert_eq!(print(&other, "b"), print(&base, "b"));
}

#[test]
fn a_let_used_through_another_counts_in_a_fingerprint() {
    let text = |value: u32| format!("let w = {value}\nlet v = w\nstep a {{ run \"echo $v\" }}");
    assert_ne!(print(&plan(&text(1)), "a"), print(&plan(&text(2)), "a"));
}
