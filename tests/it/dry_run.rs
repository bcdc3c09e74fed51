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
    assert_narrow(&text);
}

fn assert_narrow(text: &str) {
    let width = unicode_width::UnicodeWidthStr::width;
    assert!(text.lines().all(|line| width(line) <= 80), "{text}");
}

#[test]
fn a_bound_and_a_timeline_by_slots_are_told() {
    let project = Project::new(DIAMOND);
    let json = dry(&project, &["-j", "2"]).json;
    assert_eq!(json["critical_length"], 600.0);
    assert_eq!(json["lower_bound"], 600.0);
    assert_eq!(dry(&project, &["-j", "1"]).json["lower_bound"], 660.0);
    let piece = |id: &str, start: f64, end: f64| json!({"id": id, "item": null, "start": start, "end": end});
    let wanted = json!([
        [piece("a", 0.0, 120.0), piece("c", 120.0, 180.0), piece("d", 420.0, 600.0)],
        [piece("b", 120.0, 420.0)],
    ]);
    let ids = |rows: &Value| -> Vec<Vec<String>> {
        let ids = |row: &Value| -> Vec<String> {
            let ids = row.as_array().expect("a row").iter().map(|piece| piece["id"].to_string());
            ids.collect()
        };
        rows.as_array().expect("rows").iter().map(ids).collect()
    };
    let mut got: Vec<_> = ids(&json["slots"]).concat();
    got.sort();
    let mut all: Vec<_> = ids(&wanted).concat();
    all.sort();
    assert_eq!(got, all);
    assert_eq!(json["slots"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["waves"], json!([["a"], ["b", "c"], ["d"]]));
    assert_eq!(json["status"], "achieved");
}

#[test]
fn instances_are_work_each_and_share_the_slots() {
    let project = Project::new(
        r#"
goal g {
  step each { foreach x in ["p", "q", "r"]; run "true"; estimate 10s }
  step by-hand { manual "Do it"; estimate 1s }
}
"#,
    );
    let json = dry(&project, &["-j", "2"]).json;
    assert_eq!(json["makespan"], 20.0);
    assert_eq!(json["work"], 31.0);
    assert_eq!(json["lower_bound"], 15.0);
    let items: Vec<_> = json["slots"]
        .as_array()
        .expect("slots")
        .iter()
        .flat_map(|row| row.as_array().expect("a row"))
        .map(|piece| piece["item"].clone())
        .collect();
    assert_eq!(items.len(), 3);
    assert_eq!(json["aside"][0][0]["id"], "by-hand");
}

const BRANCHES: &str = r#"
goal g {
  param deep: bool = false
  step a { run "echo n=1 >> $GOAL_OUTPUT"; output n: int; estimate 1m }
  step b { depends a; when a.n > 3; run "true"; estimate 5m; confirm "Go on?" when a.n > 4 }
  step c { depends b; run "true"; estimate 2m }
  step d { depends a; run "true"; estimate 3m; unless { file "done" } }
  step e { depends a; when deep; run "true"; estimate 9m }
}
"#;

#[test]
fn both_branches_of_what_may_be_skipped_are_told() {
    let project = Project::new(BRANCHES);
    let outcome = dry(&project, &["-j", "4"]);
    let json = &outcome.json;
    assert_eq!(json["makespan"], 480.0);
    let wanted = json!([
        {"step": "b", "condition": "when", "with": ["c"], "if_skipped": 240.0},
        {"step": "d", "condition": "unless", "with": [], "if_skipped": 480.0},
    ]);
    assert_eq!(json["branches"], wanted);
    assert_eq!(json["if_all_skipped"], 60.0);
    // What is known already is no branch.
    assert_eq!(
        table(&outcome, &["id", "may_skip", "skipped"]),
        json!([
            ["a", false, false],
            ["b", true, false],
            ["c", true, false],
            ["d", true, false],
            ["e", true, true],
        ])
    );
    let text = project.call(&["run", "plan.goal", "-n", "-j", "4"]).exits(0).out();
    assert!(text.contains("b, and with it c: 4m in all if skipped, 8m if not"), "{text}");
}

#[test]
fn every_question_is_told_with_its_time() {
    let project = Project::new(BRANCHES);
    let json = dry(&project, &["-j", "4"]).json;
    let wanted = json!([{"step": "b", "item": null, "kind": "confirm", "question": "Go on?", "at": 60.0, "sure": false}]);
    assert_eq!(json["questions"], wanted);
    let json = dry(&Project::new(DIAMOND), &["-j", "4"]).json;
    assert_eq!(json["questions"][0]["at"], 120.0);
    assert_eq!(json["questions"][0]["sure"], true);
}

#[test]
fn a_deadline_that_would_be_missed_is_told_and_the_forecast_goes_on() {
    let project = Project::new(
        "goal g { deadline 1m; step a { run \"true\"; estimate 2m }\nstep b { depends a; run \"true\"; estimate 1m } }",
    );
    let json = dry(&project, &[]).json;
    assert_eq!(json["makespan"], 180.0);
    assert_eq!(json["late"], json!([{"goal": "", "deadline": 60.0, "takes": 180.0}]));
}

#[test]
fn a_range_gives_odds_that_are_the_same_each_time() {
    let project = Project::new("goal g { step a { run \"true\"; estimate 10s..30s } }");
    let json = dry(&project, &[]).json;
    assert_eq!(json["makespan"], 20.0);
    assert_eq!(json["simulations"], 1000);
    let (p50, p90) = (json["p50"].as_f64().expect("it"), json["p90"].as_f64().expect("it"));
    assert!((19.0..=21.0).contains(&p50) && (27.0..=29.0).contains(&p90), "{p50} {p90}");
    assert_eq!(json, dry(&project, &[]).json);
    let exact = dry(&Project::new(DIAMOND.replace("4m..6m", "5m").as_str()), &["-j", "2"]).json;
    assert_eq!(exact["simulations"], 0);
    assert_eq!([&exact["p50"], &exact["p90"]], [&exact["makespan"]; 2]);
}

#[test]
fn earlier_runs_count_before_estimates_as_long_as_the_step_means_the_same() {
    let plan = "goal g { step a { run \"true\"; estimate 2m }\nstep b { run \"true\" } }";
    let project = Project::new(plan);
    let sources = |project: &Project| table(&dry(project, &[]), &["id", "source", "runs"]);
    assert_eq!(sources(&project), json!([["a", "estimate", 0], ["b", "guess", 0]]));
    project.run(&[]).exits(0);
    project.run(&["--only", "a"]).exits(0);
    let outcome = dry(&project, &[]);
    assert_eq!(sources(&project), json!([["a", "history", 2], ["b", "history", 1]]));
    assert!(outcome.json["makespan"].as_f64().is_some_and(|time| time < 60.0));
    let text = project.call(&["run", "plan.goal", "-n"]).exits(0).out();
    assert!(text.contains("measured in 2 earlier runs: a"), "{text}");
    // Another estimate is no other step, another command is.
    project.write("plan.goal", plan.replace("2m", "3m"));
    assert_eq!(sources(&project)[0], json!(["a", "history", 2]));
    project.write("plan.goal", plan.replacen("true", "true --help", 1));
    assert_eq!(sources(&project), json!([["a", "estimate", 0], ["b", "history", 1]]));
}

#[test]
fn attempts_that_failed_do_not_count_as_time_but_as_odds() {
    let project = Project::new(
        "goal g { step a { run \"test -e once || { touch once; sleep 0.3; exit 1; }\"; retry 2 delay 1m; idempotent } }",
    );
    project.write("plan.goal", project.read("plan.goal").replace("delay 1m", "delay 1ms"));
    project.run(&[]).exits(0);
    let json = dry(&project, &[]).json;
    assert_eq!(json["steps"][0]["source"], "history");
    assert!(json["makespan"].as_f64().is_some_and(|time| time < 0.3), "{json}");
    assert_eq!(json["simulations"], 1000);
}

#[test]
fn preflight_asks_what_the_goals_require_and_leaves_nothing() {
    let plan = "goal g { requires { file \"there\" }\nstep a { run \"touch ran\" } }";
    let project = Project::new(plan);
    assert_eq!(dry(&project, &[]).json["requires_hold"], Value::Null);
    let outcome = project.run(&["-n", "--preflight"]).exits(2);
    assert!(outcome.json["diagnostics"].to_string().contains("there"), "{}", outcome.json);
    let done = project.call(&["run", "plan.goal", "-n", "--preflight"]).exits(2);
    assert!(done.out().contains("1 step") && done.err.contains("there"), "{}", done.text());
    project.write("there", "");
    assert_eq!(dry(&project, &["--preflight"]).json["requires_hold"], true);
    assert!(!project.has("ran") && !project.state().exists());
    project.call(&["run", "plan.goal", "--preflight"]).exits(2);
}

#[test]
fn wide_letters_and_many_slots_stay_in_their_columns() {
    let step = |at: u32| {
        format!(
            "step とても長い名前の手順その{at} {{ run \"echo 認証を確かめる\"; estimate {}s..90s
             confirm \"本当によろしいですか。この質問はとても長いので折り返されます\" }}\n",
            at + 1
        )
    };
    let steps = (0..40).map(step).collect::<Vec<_>>().concat();
    let project = Project::new(&format!("goal 計画 {{\n{steps}}}\n"));
    let text = project.call(&["run", "plan.goal", "-n", "-j", "30"]).exits(0).out();
    assert_narrow(&text);
    assert!(text.contains("and 14 more"), "{text}");
}

#[test]
fn nothing_is_tried_behind_what_a_person_says() {
    let a = "step a { manual \"x\"; retry 3; fallback { run \"x\" } }";
    let b = "step b { run \"x\"; fallback { manual \"x\"; retry 2 }; fallback { run \"x\" } }";
    let outcome = dry(&Project::new(&format!("goal g {{\n{a}\n{b}\n}}")), &[]);
    assert_eq!(table(&outcome, &["id", "attempts_max"]), json!([["a", 1], ["b", 2]]));
}
