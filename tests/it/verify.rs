//! A goal's own verdict: all steps may succeed and the goal still not be achieved.

use serde_json::json;

use crate::support::Project;

const PLAN: &str = r#"
goal ship {
  step a { run "true" }
  verify {
    file "built"
    run "exit 7"
    os() != ""
    dir "out"
  }
}
"#;

#[test]
fn all_probes_are_asked_and_each_that_fails_is_named() {
    let project = Project::new(PLAN);
    let run = project.run(&[]).exits(1).stands("a succeeded");
    assert_eq!(run.json["status"], "failed");
    let reason = run.json["reason"].as_str().expect("a reason");
    let verdict = "all steps succeeded, but the goal is not achieved: its `verify` does not hold: ";
    assert!(reason.starts_with(verdict) && reason.contains("(1 of 4 probes hold)"), "{reason}");
    let verify = &run.json["verify"][0];
    assert_eq!((&verify["goal"], &verify["holds"]), (&json!(""), &json!(false)));
    let probes = verify["probes"].as_array().expect("a list");
    let holds: Vec<_> = probes.iter().map(|probe| probe["holds"].clone()).collect();
    assert_eq!(holds, [false, false, true, false]);
    for (probe, part) in probes.iter().zip(["built", "exit code 7", "os() != ", "out"]) {
        assert!(probe["found"].as_str().is_some_and(|found| found.contains(part)), "{probe}");
    }
    assert_eq!(project.show().json["verify"], run.json["verify"]);
    let text = project.call(&["show"]).exits(0).out();
    assert!(text.contains("the goal is not achieved") && text.contains("verify of the goal\n"));
    assert_eq!(text.matches("\n      ✗ ").count(), 3, "{text}");
    assert_eq!(text.matches("\n      ✓ `os() != \"\"` is true").count(), 1, "{text}");
    let report = project.call(&["report"]).exits(0).out();
    assert!(report.contains("**All steps succeeded, but the goal is not achieved"), "{report}");
    assert_eq!(report.to_lowercase().matches("the goal: does not hold: ").count(), 3, "{report}");
    assert_eq!(report.to_lowercase().matches("the goal: holds: ").count(), 1, "{report}");
}

#[test]
fn the_person_is_told_so_in_the_end_once() {
    let project = Project::new(PLAN);
    let done = project.call(&["run", "plan.goal"]).exits(1);
    let verdict = "goalc: all steps succeeded, but the goal is not achieved: ";
    assert_eq!(done.err.matches(verdict).count(), 1, "{}", done.err);
    assert_eq!(done.err.matches("verify of the goal: ").count(), 4, "{}", done.err);
}

#[test]
fn what_was_mended_is_asked_anew_on_resume() {
    let project =
        Project::new("goal g { step a { run \"true\" }; verify { file \"x\"; file \"y\" } }");
    project.run(&[]).exits(1);
    project.write("x", "");
    project.write("y", "");
    let run = project.resume(&["--retry-failed"]).exits(0);
    assert_eq!(run.json["verify"][0]["holds"], true);
    assert_eq!(run.json["verify"][0]["probes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_sub_goals_verdict_is_the_reason_of_the_goal_around_it() {
    let project = Project::new(
        r#"
goal g {
  goal inner { step a { run "true" }; step b { when os() == ""; run "true" }; verify { file "x" } }
  step late { depends inner; run "true" }
}
"#,
    );
    let run = project.run(&[]).exits(1).stands("inner.a succeeded, inner.b skipped, late blocked");
    let reason = run.json["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("`inner` failed: no step failed, but the goal is not achieved: "),
        "{reason}"
    );
    let text = project.call(&["show"]).exits(0).out();
    assert!(text.contains("verify of inner\n      ✗ "), "{text}");
    project.write("x", "");
    project.resume(&["--retry-failed"]).exits(0).stands("inner.a succeeded, late succeeded");
}

#[test]
fn a_journal_without_probes_is_read() {
    let project = Project::new("goal g { step a { run \"true\" }; verify { file \"x\" } }");
    project.run(&[]).exits(1);
    let db = rusqlite::Connection::open(project.state().join("state.db")).expect("the state opens");
    let bodies: Vec<String> = db
        .prepare("select body from events where body like '%goal-verified%'")
        .expect("a query")
        .query_map([], |row| row.get(0))
        .expect("rows")
        .map(|body| body.expect("text"))
        .collect();
    let mut event: serde_json::Value = serde_json::from_str(&bodies[0]).expect("JSON");
    assert!(event["probes"].is_array(), "{event}");
    let fields = event.as_object_mut().expect("an object");
    fields.remove("probes");
    let old: goalc::exec::Event =
        serde_json::from_value(event).expect("the event of older versions");
    let goalc::exec::Event::GoalVerified { probes, failure, .. } = old else { panic!("{old:?}") };
    assert!(probes.is_empty() && failure.is_some());
}

#[test]
fn a_steps_verify_counts_for_what_it_waits_for_and_within_its_timeout() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step waits { await { file "plan.goal" }; verify { file "never" } }
  step other { run "exit 1"; fallback { await { file "plan.goal" } }; verify { file "never" } }
  step slow { run "true"; verify { run "exec sleep 600" }; timeout 400ms }
  step mute { await { run "exec sleep 600" }; timeout 400ms }
  step server { run "exec sleep 600"; service; ready { run "exec sleep 600" }; timeout 400ms }
  step user { depends server; run "true" }
  step own {
    run "echo n=3 >> $GOAL_OUTPUT"
    output n: int
    verify { own.n == 3; run "test ${own.n} = 3" }
  }
}
"#,
    );
    let run = project.run(&["-j6"]).exits(1);
    let run = run.stands("waits failed, other failed, slow failed, mute failed, server failed");
    let run = run.stands("user blocked, own succeeded");
    assert_eq!(run.reason("waits"), "verify: file \"never\" is not there");
    assert_eq!(run.reason("other"), "verify: file \"never\" is not there");
    let late = "`run` did not end within";
    assert!(run.reason("slow").starts_with("timeout after 400ms: verify: "), "{}", run.json);
    for step in ["slow", "mute", "server"] {
        let reason = run.reason(step);
        assert!(reason.starts_with("timeout after 400ms: ") && reason.contains(late), "{reason}");
    }
}

#[test]
fn what_a_person_has_done_is_verified() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step switch { manual "Switch the name"; output n: int; verify { file "switched"; switch.n == 3 } }
  step use { depends switch; run "echo ${switch.n}" }
}
"#,
    );
    project.run(&[]).exits(3).stands("switch waiting");
    project.call(&["done", "switch", "--output", "n=3"]).exits(0);
    let outcome = project.resume(&[]).exits(1).stands("switch failed, use blocked");
    assert_eq!(outcome.reason("switch"), "verify: file \"switched\" is not there");
    project.write("switched", "");
    project.resume(&["--retry-failed"]).exits(3).stands("switch waiting");
    project.call(&["done", "switch", "--output", "n=3"]).exits(0);
    project.resume(&[]).exits(0).stands("switch succeeded, use succeeded");
}

#[test]
fn what_was_not_answered_holds_neither_way() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step waits { await { not run "exec sleep 600" }; timeout 300ms }
  step checks { run "true"; verify { not run "exec sleep 600" }; timeout 300ms }
  step fine { run "true"; verify { not run "exit 1"; not file "never" } }
}
"#,
    );
    project.run(&["-j3"]).exits(1).stands("waits failed, checks failed, fine succeeded");
}

#[test]
fn what_a_person_has_done_is_verified_at_the_resume_where_the_run_is_stopped_meanwhile() {
    let project = Project::new(
        r#"
goal g {
  step switch { manual "Switch"; verify { run "touch asked; until test -e go; do sleep 0.02; done; exit 1" } }
}
"#,
    );
    project.run(&[]).exits(3).stands("switch waiting");
    project.call(&["done", "switch"]).exits(0);
    let live = project.start_resume(&[]);
    project.await_file("asked");
    live.signal(rustix::process::Signal::INT);
    live.outcome().exits(130).stands("switch cancelled");
    project.write("go", "");
    project.resume(&[]).exits(1).stands("switch failed");
}

#[test]
fn a_probe_whose_script_was_ended_holds_neither_way() {
    let project = Project::new(
        "goal g {\n  step k { run \"echo ran >> ran\"; unless { not run \"kill -9 $$\" } }\n}\n",
    );
    project.run(&[]).exits(0).stands("k succeeded");
    assert_eq!(project.lines("ran"), ["ran"]);
}
