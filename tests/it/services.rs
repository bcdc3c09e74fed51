//! Services: ready before their dependents start, stopped after the last of them.
//!
//! Services are shell loops that keep a file; nothing waits for a time.

use rustix::process::Signal;

use crate::support::{Outcome, Project};

/// A service that is ready once its file is there, and says when it is asked to end.
const SERVER: &str = "step server {\n\
    run \"trap 'echo stopped >> log; : > up; exit 7' TERM; echo started >> log; echo 1 > up; while :; do sleep 0.02 || :; done\"\n\
    service\n\
    ready { file \"up\" nonempty }\n\
    grace 2s\n\
  }\n";

fn project(steps: &str) -> Project {
    Project::new(&format!("goal g {{\n{SERVER}{steps}\n}}\n"))
}

fn plain(steps: &str) -> Project {
    Project::new(&format!("goal g {{\n{steps}\n}}\n"))
}

fn dry_run(project: &Project) -> serde_json::Value {
    project.call(&["run", "plan.goal", "--dry-run", "--format", "json"]).exits(0).json()
}

fn log(project: &Project) -> String {
    project.lines("log").join(" ")
}

fn assert_served(outcome: Outcome, project: &Project) -> Outcome {
    assert!(project.read("up").is_empty(), "it was not stopped");
    outcome.stands("server succeeded")
}

#[test]
fn a_service_runs_from_before_its_dependents_to_after_the_last_of_them() {
    let project = project(
        "step a { depends server; run \"test -s up; echo a >> log\" }\n\
         step b { depends a, server; run \"test -s up; echo b >> log\" }\n\
         step c { depends b; run \"echo c >> log\" }",
    );
    let outcome = project.run(&["-j1"]).exits(0).stands("a succeeded, b succeeded, c succeeded");
    assert_served(outcome, &project);
    assert!(log(&project).starts_with("started a b"), "{}", log(&project));
    assert!(log(&project).contains("stopped"));
}

#[test]
fn a_service_that_nobody_waits_for_runs_while_its_goal_has_anything_to_do() {
    let project =
        project("step a { run \"until test -s up; do sleep 0.01 || :; done; echo a >> log\" }");
    let outcome = project.run(&["-j2"]).exits(0).stands("a succeeded");
    assert_served(outcome, &project);
    assert_eq!(log(&project), "started a stopped");
}

#[test]
fn a_service_is_stopped_when_its_dependent_fails() {
    let project = project("step a { depends server; run \"exit 1\" }");
    let outcome = project.run(&[]).exits(1).stands("a failed");
    assert_served(outcome, &project);
}

#[test]
fn a_service_without_ready_is_ready_once_it_runs() {
    let project = plain(
        "step server { run \"touch up; exec sleep 600\"; service }\n\
         step a { depends server; run \"until test -e up; do sleep 0.01 || :; done\" }",
    );
    project.run(&[]).exits(0).stands("server succeeded, a succeeded");
}

#[test]
fn a_ready_service_gives_its_outputs() {
    let project = plain(
        "step server { run \"echo port=71 >> $GOAL_OUTPUT; touch up; exec sleep 600\"; service; ready { file \"up\" }; output port: int }\n\
         step a { depends server; run [\"test\", \"${server.port}\", \"=\", \"71\"] }",
    );
    let outcome = project.run(&[]).exits(0).stands("server succeeded, a succeeded");
    assert_eq!(outcome.step("server")["outputs"]["port"], 71);
}

#[test]
fn a_probe_that_runs_a_script_leaves_the_service_alone() {
    let project = plain(
        "step server { run \"sleep 0.3; touch up; exec sleep 600\"; service; ready { run \"test -e up\" } }\n\
         step a { depends server; run \"test -e up\" }",
    );
    project.run(&[]).exits(0).stands("server succeeded, a succeeded");
}

#[test]
fn a_service_that_dies_fails_those_that_run_and_blocks_those_that_do_not() {
    let project = plain(
        "on failure continue\n\
         step server { run \"touch up; sh hold die; echo the disk is full >&2; exit 9\"; service; ready { file \"up\" } }\n\
         step a { depends server; run \"touch a; exec sleep 600\"; grace 1s; retry 5; idempotent }\n\
         step b { depends a, server; run \"true\" }\n\
         step c { run \"true\" }",
    );
    let live = project.start(&["-j3"]);
    project.await_file("a");
    project.write("die", "");
    let outcome = live.outcome().exits(1);
    let outcome = outcome.stands("server failed, a failed, b blocked, c succeeded");
    assert_eq!(outcome.reason("server"), "exit code 9");
    assert_eq!(outcome.reason("a"), "its service `server` died: exit code 9");
    assert_eq!(outcome.attempts("a"), 1);
    let notes = outcome.step("a")["notes"].to_string();
    assert!(notes.contains("the disk is full"), "{notes}");
}

#[test]
fn a_service_that_ends_while_it_is_needed_has_failed_whatever_its_exit_code() {
    let project = plain(
        "step server { run \"touch up; sh hold die\"; service; ready { file \"up\" } }\n\
         step a { depends server; run \"touch die; exec sleep 600\"; grace 1s }",
    );
    project.run(&[]).exits(1).stands("server failed, a failed");
}

#[test]
fn a_service_that_dies_before_it_is_ready_is_tried_again() {
    let project = plain(
        "step server { run \"test $GOAL_ATTEMPT = 3; touch up; exec sleep 600\"; service; ready { file \"up\" }; retry 2 }\n\
         step a { depends server; run \"true\" }",
    );
    let outcome = project.run(&[]).exits(0).stands("server succeeded, a succeeded");
    assert_eq!(outcome.attempts("server"), 3);
}

#[test]
fn a_timeout_bounds_the_time_until_a_service_is_ready() {
    let project = plain(
        "step server { run \"exec sleep 600\"; service; ready { file \"up\" }; timeout 300ms; grace 1s }\n\
         step a { depends server; run \"true\" }",
    );
    let outcome = project.run(&[]).exits(1).stands("server failed, a blocked");
    assert!(outcome.reason("server").contains("timeout"), "{}", outcome.reason("server"));
    let project = plain(
        "step server { run \"touch up; exec sleep 600\"; service; ready { file \"up\" }; timeout 300ms }\n\
         step a { depends server; run \"sleep 0.6\" }",
    );
    project.run(&[]).exits(0).stands("server succeeded, a succeeded");
}

#[test]
fn a_ready_service_holds_no_slot() {
    let project = project(
        "step other { run \"exec sleep 600\"; service }\n\
         step a { depends server, other; run \"true\" }",
    );
    project.run(&["-j1"]).exits(0).stands("server succeeded, other succeeded, a succeeded");
}

#[test]
fn a_signal_stops_dependents_first_and_resume_starts_the_service_again() {
    let project = project(
        "step a { depends server; run \"trap 'test -s up; echo a >> log; exit 1' TERM; touch a; until test -e go; do sleep 0.02 || :; done\"; idempotent; grace 5s }",
    );
    let live = project.start(&[]);
    project.await_file("a");
    live.signal(Signal::INT);
    live.outcome().exits(130).stands("server succeeded, a cancelled");
    assert_eq!(log(&project), "started a stopped");
    project.write("go", "");
    project.resume(&[]).exits(0).stands("server succeeded, a succeeded");
    assert_eq!(log(&project), "started a stopped started stopped");
}

#[test]
fn after_a_crash_a_service_is_started_again_without_asking() {
    let project = project(
        "step a { depends server; run \"echo a >> log; test -s up; touch a; sh hold go\"; idempotent }",
    );
    let live = project.start(&[]);
    project.await_file("a");
    live.kill();
    // What the crash left is not what the new process is to find.
    let _ = std::fs::remove_file(project.path("up"));
    project.write("go", "");
    project.resume(&[]).exits(0).stands("server succeeded, a succeeded");
    assert_eq!(project.lines("log").iter().filter(|line| *line == "started").count(), 2);
}

#[test]
fn a_sub_goal_keeps_its_service() {
    let project = project(
        "goal inner { depends server; step a { run \"test -s up; echo a >> log\" }\nstep b { depends a; run \"test -s up; echo b >> log\" } }\n\
         step c { depends inner; run \"echo c >> log\" }",
    );
    let outcome = project.run(&["-j1"]).exits(0).stands("inner.a succeeded, inner.b succeeded");
    assert_served(outcome, &project);
    assert!(log(&project).starts_with("started a b"), "{}", log(&project));
}

#[test]
fn a_service_that_dies_fails_what_runs_in_a_sub_goal() {
    let project = plain(
        "step server { run \"touch up; sh hold die; exit 9\"; service; ready { file \"up\" } }\n\
         goal inner { depends server; step a { run \"touch die; exec sleep 600\"; grace 1s }\nstep b { depends a; run \"true\" } }",
    );
    let outcome = project.run(&[]).exits(1);
    outcome.stands("server failed, inner.a failed, inner.b blocked");
}

#[test]
fn a_run_that_waits_for_a_person_leaves_no_service_behind() {
    let project =
        project("step a { depends server; confirm \"go on?\"; run \"test -s up; echo a >> log\" }");
    project.run(&[]).exits(3);
    assert!(project.read("up").is_empty());
    let run = project.run_id();
    project.call(&["approve", &run, "a"]).exits(0);
    let outcome = project.resume(&[]).exits(0).stands("a succeeded");
    assert_served(outcome, &project);
    assert_eq!(log(&project), "started stopped started a stopped");
}

#[test]
fn a_service_whose_when_is_false_is_not_needed_by_those_after_it() {
    let project = plain(
        "step server { when 1 == 2; run \"exec sleep 600\"; service }\n\
         step a { after server; run \"true\" }\n\
         step b { depends server?; run \"true\" }",
    );
    project.run(&[]).exits(0).stands("server skipped, a succeeded, b succeeded");
}

#[test]
fn a_dry_run_takes_a_service_as_long_as_it_needs_to_be_ready() {
    let project = plain(
        "step server { run \"exec sleep 600\"; service; estimate 10s }\n\
         step a { depends server; run \"true\"; estimate 30s }\n\
         step b { run \"true\"; estimate 35s }",
    );
    let json = dry_run(&project);
    assert_eq!(json["makespan"], 40.0);
    assert_eq!(json["critical_path"], serde_json::json!(["server", "a"]));
    assert_eq!(json["steps"][0]["end"], 40.0);
    assert_eq!(json["steps"][1]["start"], 10.0);
}

#[test]
fn a_run_from_a_step_on_starts_the_service_that_it_needs() {
    let project = project(
        "step before { run \"touch before\" }\n\
         step a { depends server, before; run \"test -s up; echo a >> log\" }",
    );
    let outcome = project.run(&["--from", "a"]).exits(0).stands("before not-run, a succeeded");
    assert_served(outcome, &project);
    assert!(!project.has("before"));
}

#[test]
fn a_run_that_stops_does_not_wait_for_a_service_that_nobody_can_use_any_more() {
    let project = plain(
        "step server { run \"touch up; exec sleep 600\"; service; ready { file \"never\" }; grace 1s }\n\
         step a { depends server; run \"true\" }\n\
         step bad { run \"until test -e up; do sleep 0.01 || :; done; exit 1\" }",
    );
    project.run(&["-j2"]).exits(1).stands("server succeeded, a not-run, bad failed");
}

#[test]
fn a_service_is_not_kept_for_one_that_something_else_blocks() {
    let project = plain(
        "on failure continue\n\
         step server { run \"touch up; exec sleep 600\"; service; ready { file \"never\" }; grace 1s }\n\
         goal g2 { depends bad, server; step a { run \"true\" } }\n\
         step bad { run \"until test -e up; do sleep 0.01 || :; done; exit 1\" }",
    );
    project.run(&["-j2"]).exits(1).stands("server succeeded, g2.a blocked, bad failed");
}

#[test]
fn a_run_that_stops_does_not_wait_for_ever_for_what_an_await_waits_for() {
    let project = plain(
        "step bad { run \"exit 1\" }\n\
         step slow { run \"touch began; sh hold go\" }\n\
         step seen { await { file \"made\" } every 20ms }\n\
         step never { await { file \"never\" } every 20ms }\n\
         step bounded { await { file \"never\" } every 20ms; timeout 1s }",
    );
    let live = project.start(&["-j3"]);
    project.await_file("began");
    // What runs may end, and what it waits for may come meanwhile.
    project.write("made", "");
    project.write("go", "");
    let outcome = live.outcome().exits(1);
    let outcome = outcome.stands("bad failed, slow succeeded, seen succeeded, never cancelled");
    let outcome = outcome.stands("bounded failed");
    assert_eq!(
        outcome.reason("never"),
        "nothing can follow it any more: the run stopped when `bad` failed"
    );
}

#[test]
fn a_service_is_not_waited_for_by_those_whom_it_keeps_itself() {
    let project = plain(
        "on failure continue\n\
         step server { run \"touch up; exec sleep 600\"; service; ready { file \"never\" }; grace 1s }\n\
         step bad { run \"until test -e up; do sleep 0.01 || :; done; exit 1\" }\n\
         step x { after server; depends bad; run \"true\" }\n\
         step y { depends server, x; run \"true\" }",
    );
    project.run(&["-j2"]).exits(1).stands("bad failed, x blocked, y blocked");
}

#[test]
fn an_await_that_something_outside_waits_for_goes_on() {
    let project = plain(
        "on failure continue\n\
         goal a {\n\
           on failure stop\n\
           step bad { run \"exit 1\" }\n\
           step w { await { file \"go\" } every 20ms }\n\
         }\n\
         step slow { run \"sh hold on; touch go\" }\n\
         step x { depends a.w; run \"true\" }",
    );
    let live = project.start(&["-j2"]);
    project.await_status("a.bad", "failed");
    project.write("on", "");
    live.outcome().exits(1).stands("a.w succeeded, slow succeeded, x succeeded");
}

#[test]
fn a_ready_service_says_how_it_got_ready_to_those_it_runs_for() {
    let project = Project::new(
        r#"
goal g {
  step s {
    service
    ready { file "up" }
    run "exit 3"
    fallback alt { run "touch up; exec sleep 600" }
    idempotent
  }
  step u { depends s; run "echo ${s.via} ${s.status} > told" }
}
"#,
    );
    project.run(&[]).exits(0).stands("u succeeded");
    assert_eq!(project.read("told"), "alt succeeded\n");
}
