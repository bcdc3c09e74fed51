//! `goalc simulate`: each thing that may go wrong is played, and what it leads to is told.

use serde_json::{Value, json};

use crate::support::Project;

const PLAN: &str = r#"goal ship {
  param target: "staging" | "production" = "production"
  step build { run "build"; retry 1; idempotent }
  step find { run "find"; output all: [string]; idempotent; retry 1 }
  step publish {
    depends build
    confirm "Publish?" timeout 30m otherwise deny
    run "publish"
    fallback mirror { run "mirror" }
  }
  step notify { depends publish; run "mail"; on failure ignore because "only a mail" }
  step each { depends find; foreach one in find.all; run "each" }
  step call { depends publish; manual "call them" }
}
"#;

fn simulate(plan: &str, arguments: &[&str]) -> Value {
    let project = Project::new(plan);
    let fixed = ["simulate", "plan.goal", "--format", "json"];
    let done = project.call(&[&fixed, arguments].concat());
    assert!(done.code < 2, "{}", done.err);
    done.json()
}

#[track_caller]
fn case<'v>(json: &'v Value, what: &str) -> &'v Value {
    let cases = json["cases"].as_array().expect("a list");
    let named = |case: &&Value| case["what"] == json!([what]);
    cases.iter().find(named).unwrap_or_else(|| panic!("there is no `{what}`: {json:#}"))
}

#[test]
fn each_single_failure_is_played_to_its_end() {
    let json = simulate(PLAN, &["--only", "once,lasting,people"]);
    let build = case(&json, "build fails once");
    assert_eq!(
        (build["status"].as_str(), build["loses_the_goal"].as_bool()),
        (Some("achieved"), Some(false))
    );
    let build = case(&json, "build fails");
    assert_eq!(build["status"], "failed");
    assert_eq!(build["loses_the_goal"], true);
    assert_eq!(build["blocked"], json!(["publish", "notify", "call"]));
    let publish = case(&json, "publish fails once");
    assert_eq!(publish["via"], json!(["publish via mirror"]));
    let publish = case(&json, "publish fails");
    assert_eq!(publish["half_done"], json!(["publish"]), "{publish:#}");
    assert_eq!(case(&json, "publish denied")["status"], "failed");
    assert_eq!(case(&json, "publish unanswered")["status"], "failed");
    assert_eq!(case(&json, "notify fails")["ignored"], json!(["notify"]));
    assert_eq!(case(&json, "notify fails")["status"], "achieved");
    assert_eq!(case(&json, "find fails with output")["status"], "failed");
    assert_eq!(case(&json, "call unanswered")["open"], json!(["call"]));
    assert_eq!(case(&json, "call unanswered")["status"], "waiting");
    // An output of which nothing is known has one item, so that the step behind it runs.
    assert_eq!(case(&json, "each fails")["status"], "failed");
}

#[test]
fn the_worst_comes_first() {
    let json = simulate(PLAN, &[]);
    let cases = json["cases"].as_array().expect("a list");
    let lost = |case: &Value| case["status"] == "failed";
    let first_achieved = cases.iter().position(|case| case["status"] == "achieved").expect("one");
    assert!(cases[..first_achieved].iter().any(lost) && !cases[first_achieved..].iter().any(lost));
    assert!(!cases[0]["half_done"].as_array().expect("a list").is_empty(), "{:#}", cases[0]);
    let played = json["played"].as_u64().expect("a number");
    assert!(played > 50, "{played}");
}

#[test]
fn a_crash_at_each_moment_loses_nothing_that_is_safe_to_repeat() {
    let plan = "goal g {\n step a { run \"a\"; idempotent }\n step b { depends a; run \"b\"; idempotent; checkpoint }\n\
                step c { depends b; confirm \"Go?\"; run \"c\"; idempotent }\n verify { run \"look\" }\n}\n";
    let project = Project::new(plan);
    let done =
        project.call(&["simulate", "--only", "crash", "--expect", "achieved", "--format", "json"]);
    assert_eq!(done.code, 0, "{}", done.text());
    let json = done.json();
    assert!(json["cases"].as_array().expect("a list").len() > 15, "{json:#}");
    assert_eq!(json["counterexample"], Value::Null);
}

#[test]
fn a_counterexample_is_shown_as_it_happens() {
    let project = Project::new(PLAN);
    let done = project.call(&["simulate", "--only", "crash", "--expect", "achieved"]);
    assert_eq!(done.code, 1);
    for part in [
        "with `crash while each[0] runs`:",
        "the machine stopped; the run is resumed",
        "asks: It was running",
    ] {
        assert!(done.text().contains(part), "{part}:\n{}", done.text());
    }
}

#[test]
fn two_failures_are_told_where_each_alone_would_be_borne() {
    let plan = "goal g {\n step a { run \"a\"; on failure ignore because \"b does it\" }\n\
                step b { after a; when a.status == \"failed\"; run \"b\"; idempotent }\n\
                step x { run \"x\"; fallback y { run \"y\" } }\n}\n";
    let json = simulate(plan, &["--only", "lasting,pair"]);
    assert_eq!(case(&json, "a fails")["status"], "achieved");
    // `b` does not run when all goes well: it is no single case, and so none of a pair.
    let pairs: Vec<&Value> = json["cases"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|case| case["kind"] == "pair")
        .collect();
    assert!(
        pairs.iter().all(|pair| pair["what"].as_array().map(Vec::len) == Some(2)),
        "{pairs:#?}"
    );
}

#[test]
fn what_is_too_much_is_left_out_and_said() {
    let steps: Vec<String> = (0..40).map(|n| format!(" step s{n} {{ run \"x\" }}\n")).collect();
    let project = Project::new(&format!("goal g {{\n{}}}\n", steps.concat()));
    let done = project.call(&["simulate", "--pairs", "10", "--crashes", "10"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.text().contains("are left out"), "{}", done.text());
}

#[test]
fn the_same_plan_gives_the_same_cases() {
    assert_eq!(simulate(PLAN, &[]), simulate(PLAN, &[]));
}

#[test]
fn params_are_needed_as_for_a_run() {
    let project = Project::new("goal g { param p: string\n step a { run \"echo ${p}\" } }\n");
    let refused = project.call(&["simulate"]);
    assert!(refused.code == 2 && refused.err.contains("param `p` is missing"), "{}", refused.err);
    assert_eq!(project.call(&["simulate", "-p", "p=1"]).code, 0);
    assert!(!project.state().exists());
}
