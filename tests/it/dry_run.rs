//! `goalc run --dry-run`: figures of small graphs that were worked out by hand.

use serde_json::{Value, json};

use crate::support::{Outcome, Project};

/// a (2 min) before b (4 to 6: 5 min) and c (1 min), both before d (3 min).
const DIAMOND: &str = r#"
goal diamond {
  step a { run "touch ran"; estimate 2m }
  step b { depends a; run "touch ran"; estimate 4m..6m; retry 2; idempotent }
  step c { depends a; run "touch ran"; estimate 1m; confirm "Really?" }
  step d { depends b, c; run ["touch", "ran"]; estimate 3m; fallback { run "true"; retry 1 } }
}
"#;

fn dry(project: &Project, arguments: &[&str]) -> Outcome {
    project.run(&[&["--dry-run"], arguments].concat()).exits(0)
}

/// Of each step, these fields.
fn table(outcome: &Outcome, fields: &[&str]) -> Value {
    let steps = outcome.json["steps"].as_array().expect("steps");
    let row = |step: &Value| fields.iter().map(|field| step[field].clone()).collect::<Value>();
    steps.iter().map(row).collect()
}

#[test]
fn side_by_side_the_longest_chain_decides() {
    let project = Project::new(DIAMOND);
    let outcome = dry(&project, &["-j", "2"]);
    let json = &outcome.json;
    assert_eq!(json["goal"], "diamond");
    assert_eq!(json["jobs"], 2);
    assert_eq!(json["makespan"], 600.0);
    assert_eq!(json["work"], 660.0);
    assert_eq!(json["critical_path"], json!(["a", "b", "d"]));
    let wanted = json!([
        ["a", 0.0, 120.0, 0.0, true],
        ["b", 120.0, 420.0, 0.0, true],
        ["c", 120.0, 180.0, 240.0, false],
        ["d", 420.0, 600.0, 0.0, true],
    ]);
    assert_eq!(table(&outcome, &["id", "start", "end", "slack", "critical"]), wanted);
    assert!(!project.has("ran"));
}

#[test]
fn one_by_one_it_takes_all_the_work() {
    let project = Project::new(DIAMOND);
    let outcome = dry(&project, &["-j", "1"]);
    assert_eq!(outcome.json["makespan"], 660.0);
    assert_eq!(outcome.json["work"], 660.0);
    // The step with the longest way to the end goes first.
    let wanted =
        json!([["a", 0.0, 120.0], ["b", 120.0, 420.0], ["c", 420.0, 480.0], ["d", 480.0, 660.0]]);
    assert_eq!(table(&outcome, &["id", "start", "end"]), wanted);
}

#[test]
fn slots_hold_back_what_could_start() {
    let project = Project::new(
        r#"
goal g {
  step a { run "true"; estimate 4m }
  step b { run "true"; estimate 3m }
  step c { run "true"; estimate 2m }
}
"#,
    );
    let outcome = dry(&project, &["-j", "2"]);
    assert_eq!(outcome.json["makespan"], 300.0);
    let wanted = json!([["a", 0.0, 240.0], ["b", 0.0, 180.0], ["c", 180.0, 300.0]]);
    assert_eq!(table(&outcome, &["id", "start", "end"]), wanted);
}

#[test]
fn what_is_done_by_hand_takes_its_estimate_and_no_slot() {
    let project = Project::new(
        r#"
goal g {
  step before { run "true"; estimate 1m }
  step look { depends before; manual "Look at it"; estimate 10m }
  step work { depends before; run "true"; estimate 4m }
  step last { depends look, work; run "true"; estimate 2m }
}
"#,
    );
    let outcome = dry(&project, &["-j", "1"]);
    assert_eq!(outcome.json["makespan"], 780.0);
    assert_eq!(outcome.json["critical_path"], json!(["before", "look", "last"]));
    let wanted = json!([
        ["before", 0.0, 60.0, null],
        ["look", 60.0, 660.0, "Look at it"],
        ["work", 60.0, 300.0, null],
        ["last", 660.0, 780.0, null],
    ]);
    assert_eq!(table(&outcome, &["id", "start", "end", "asks"]), wanted);
}

#[test]
fn a_lock_keeps_steps_apart_in_the_forecast_too() {
    let project = Project::new(
        r#"
goal g {
  step a { run "true"; estimate 2m; lock db }
  step b { run "true"; estimate 2m; lock db }
}
"#,
    );
    assert_eq!(dry(&project, &["-j", "8"]).json["makespan"], 240.0);
}

#[test]
fn attempts_questions_and_actions_are_told() {
    let outcome = dry(&Project::new(DIAMOND), &[]);
    let wanted = json!([["a", 1, null], ["b", 3, null], ["c", 1, "Really?"], ["d", 3, null]]);
    assert_eq!(table(&outcome, &["id", "attempts_max", "asks"]), wanted);
    assert!(outcome.step("d")["action"].as_str().is_some_and(|action| action.contains("touch")));
}

#[test]
fn what_a_condition_decides_later_may_be_skipped() {
    let project = Project::new(
        r#"
goal g {
  param deep: bool = true
  step a { run "touch ran; echo n=1 >> $GOAL_OUTPUT"; output n: int; estimate 1m }
  step b { depends a; when a.n > 3; run "touch ran"; estimate 1m }
  step c { depends b; run "touch ran"; estimate 1m }
  step plain { run "touch ran"; estimate 1m }
}
"#,
    );
    let outcome = dry(&project, &["-j", "4"]);
    assert_eq!(outcome.step("b")["may_skip"], true);
    assert_eq!(outcome.step("plain")["may_skip"], false);
    assert_eq!(outcome.json["makespan"], 180.0);
    assert!(!project.has("ran"));
}

#[test]
fn nothing_is_carried_out_and_nothing_is_kept() {
    let project = Project::new(
        r#"
goal g {
  requires { run "touch ran" }
  step a { run "touch ran"; unless { run "touch ran" }; verify { run "touch ran" } }
  step b { await { run "touch ran" } }
  step c { foreach x in glob("*"); run "touch ran"; confirm "c?" }
  cleanup { run "touch ran"; delete "hold" }
  alert on achieved, failure { run "touch ran" }
}
"#,
    );
    dry(&project, &[]);
    project.call(&["run", "plan.goal", "-n"]).exits(0);
    assert!(!project.has("ran") && project.has("hold"));
    assert!(!project.state().exists(), "a forecast leaves no state");
}

#[test]
fn only_what_would_run_is_in_the_forecast() {
    let project = Project::new(DIAMOND);
    let outcome = dry(&project, &["--only", "c", "-j", "2"]);
    assert_eq!(outcome.json["makespan"], 180.0);
    assert_eq!(outcome.json["work"], 180.0);
}

#[test]
fn params_are_checked_and_secrets_hidden() {
    let project = Project::new(
        r#"
goal g {
  param n: int in 1..5
  param token: secret
  step a { run ["use", "${token}", "${n}"]; confirm "With ${token}?" }
}
"#,
    );
    project.run(&["-n", "-p", "n=9", "-p", "token=tr0ub4dor-and-3"]).exits(2);
    let outcome = dry(&project, &["-p", "n=2", "-p", "token=tr0ub4dor-and-3"]);
    let text = outcome.done.text();
    assert!(!text.contains("tr0ub4dor") && text.contains("***"), "{text}");
}

#[test]
fn text_shows_the_critical_path_and_the_total() {
    let project = Project::new(DIAMOND);
    let text = project.call(&["run", "plan.goal", "--dry-run", "-j", "2"]).exits(0).out();
    for part in ["10m", "Really?", "up to 3 attempts"] {
        assert!(text.contains(part), "nothing about {part}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}
