//! Ctrl-C once and twice, Ctrl-Z, SIGTERM, SIGHUP, and a reader that goes away.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Project, eventually, is_alive};

const PLAN: &str = r#"
goal g {
  step done { run "echo x >> done" }
  step slow {
    depends done
    run "trap 'touch got-term; exit 1' TERM; touch started; until test -e go; do sleep 0.02; done"
    idempotent
  }
  step later { depends slow; run "touch later" }
  cleanup { run "echo x >> cleaned" }
}
"#;

fn stopped_by(signal: Signal, code: i32) -> Project {
    let project = Project::new(PLAN);
    let live = project.start(&[]);
    project.await_file("started");
    live.signal(signal);
    let outcome = live.outcome().exits(code).stands("done succeeded, slow cancelled");
    assert_eq!(outcome.json["status"], "cancelled");
    assert!(["not-run", "blocked"].contains(&outcome.status("later")), "{}", outcome.json);
    assert!(project.has("got-term") && project.has("cleaned") && !project.has("later"));
    project
}

#[test]
fn an_interrupted_run_ends_politely_and_can_be_resumed() {
    let project = stopped_by(Signal::INT, 130);
    project.write("go", "");
    let outcome = project.resume(&[]).exits(0);
    outcome.stands("done succeeded, slow succeeded, later succeeded");
    assert_eq!(project.lines("done").len(), 1);
    assert_eq!(project.lines("cleaned").len(), 2, "cleanup runs at each end");
}

#[test]
fn an_interrupt_while_a_step_asks_its_requires_leaves_it_for_the_resume() {
    let project = Project::new(
        r#"
goal g {
  step a {
    requires { run "touch asked; until test -e go; do sleep 0.02; done" }
    run "touch ran"
  }
}
"#,
    );
    let live = project.start(&[]);
    project.await_file("asked");
    live.signal(Signal::INT);
    live.outcome().exits(130).stands("a not-run");
    project.write("go", "");
    project.resume(&[]).exits(0).stands("a succeeded");
}

#[test]
fn an_interrupt_while_goals_ask_their_requires_ends_what_is_asked() {
    let project = Project::new(
        r#"
goal g {
  requires { run "echo $$ > asked; exec sleep 600" }
  step a { run "touch ran" }
}
"#,
    );
    let live = project.start(&[]);
    eventually("the probe's number", || project.read("asked").ends_with('\n'));
    let pid = project.read("asked");
    live.signal(Signal::INT);
    let done = live.end().exits(130);
    assert!(done.json()["diagnostics"][0]["message"].to_string().contains("nothing has run"));
    eventually("the end of the probe", || !is_alive(&pid));
    assert!(!project.has("ran"));
    project.call(&["show"]).exits(2);

    std::fs::remove_file(project.path("asked")).expect("it is removed");
    let live = project.start(&[]);
    eventually("the probe's number", || project.read("asked").ends_with('\n'));
    let pid = project.read("asked");
    live.kill();
    eventually("the end of the probe", || !is_alive(&pid));
}

const VERIFIES: &str = r#"
goal g {
  deadline D
  goal inner {
    step a { run "echo x >> ran" }
    verify { not run "touch asked; until test -e go; do sleep 0.02; done; exit 1" }
  }
  step b { depends inner; run "touch b" }
}
"#;

#[test]
fn an_interrupt_while_a_goal_is_verified_leaves_that_for_the_resume() {
    let project = Project::new(&VERIFIES.replace("deadline D", ""));
    let live = project.start(&[]);
    project.await_file("asked");
    live.signal(Signal::INT);
    let outcome = live.outcome().exits(130).stands("inner.a succeeded, b blocked");
    assert_eq!(outcome.json["status"], "cancelled");
    project.write("go", "");
    project.resume(&[]).exits(0).stands("inner.a succeeded, b succeeded");
    assert_eq!(project.lines("ran").len(), 1);
}

#[test]
fn a_deadline_of_an_inner_goal_is_told_as_why_the_run_failed() {
    let project = Project::new(
        "goal g {\n goal inner { deadline 1s; step s { run \"sleep 60\"; idempotent } }\n}\n",
    );
    let outcome = project.run(&[]).exits(1);
    let why = "`inner` failed: its deadline has passed";
    assert_eq!(outcome.json["reason"], why, "{}", outcome.json);
    assert!(project.call(&["report"]).out().contains(why));
}

#[test]
fn a_deadline_ends_what_a_goal_is_verified_by() {
    let project = Project::new(&VERIFIES.replace("deadline D", "deadline 300ms"));
    let outcome = project.run(&[]).exits(1).stands("inner.a succeeded, b blocked");
    assert_eq!(outcome.json["reason"], "its deadline has passed", "{}", outcome.json);
}

#[test]
fn a_terminated_run_exits_with_143() {
    stopped_by(Signal::TERM, 143);
}

#[test]
fn a_hangup_is_as_an_interrupt() {
    stopped_by(Signal::HUP, 129);
}

#[test]
fn a_second_interrupt_ends_at_once_without_cleanup() {
    let project = Project::new(
        r#"
goal g {
  step stubborn {
    run "trap 'touch got-term' TERM; echo $$ > pid; touch started; while :; do sleep 0.05 || true; done"
  }
  cleanup { run "touch cleaned" }
}
"#,
    );
    let live = project.start(&[]);
    project.await_file("started");
    live.signal(Signal::INT);
    project.await_file("got-term");
    let began = Instant::now();
    live.signal(Signal::INT);
    let done = live.end().exits(130);
    assert!(began.elapsed() < Duration::from_secs(3), "took {:?}", began.elapsed());
    assert!(!project.has("cleaned"));
    assert!(done.err.contains("cleanup"), "it is said that cleanup is left out: {}", done.err);
    let pid = project.read("pid");
    eventually("the end of the step's process", || !is_alive(&pid));
}

#[test]
fn an_interrupt_while_a_person_is_asked_leaves_the_question_open() {
    let project = Project::new(
        r#"goal g { step a { confirm "Ship?" timeout 1h otherwise approve; run "touch shipped" } }"#,
    );
    let live = project.start(&[]);
    project.await_status("a", "waiting");
    live.signal(Signal::INT);
    live.end().exits(130);
    assert!(!project.has("shipped"));
    let live = project.start_resume(&[]);
    project.await_status("a", "waiting");
    project.call(&["approve", "a"]).exits(0);
    live.outcome().exits(0).stands("a succeeded");
}

#[test]
fn an_interrupt_in_a_delay_ends_it() {
    let project = Project::new(
        r#"goal g { step a { run "echo x >> tries; exit 1"; retry 3 delay 1h; idempotent } }"#,
    );
    let live = project.start(&[]);
    project.await_status("a", "waiting");
    live.signal(Signal::INT);
    live.end().exits(130);
    assert_eq!(project.lines("tries").len(), 1);
}

#[test]
fn a_step_that_ends_its_coordinator_is_as_an_interrupt() {
    let project = Project::new(
        r#"goal g { step a { run "kill -TERM $PPID; sh hold never" }; cleanup { run "touch cleaned" } }"#,
    );
    project.run(&[]).exits(143);
    assert!(project.has("cleaned"));
}

#[test]
fn a_closed_standard_output_stops_no_run() {
    for format in ["text", "json", "jsonl"] {
        let project = Project::new(
            r#"goal g { step a { run "sh hold go; echo loud; echo x > ran" }; step b { depends a; run "echo y >> ran" } }"#,
        );
        let mut command = project.command(&["run", "plan.goal", "--format", format]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        drop(child.stderr.take());
        project.write("go", "");
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "{format}: {status}");
        assert_eq!(project.read("ran"), "x\ny\n");
        project.show().stands("a succeeded, b succeeded");
    }
}

#[test]
fn steps_get_default_signals_where_goalc_was_told_to_ignore_them() {
    let project =
        Project::new(r#"goal g { step a { run "yes | head -n 1 > first"; shell "sh", "-c" } }"#);
    let mut command = std::process::Command::new("sh");
    let script = "trap '' PIPE; exec \"$0\" run plan.goal";
    command.args(["-c", script, env!("CARGO_BIN_EXE_goalc")]);
    command.current_dir(project.path("")).env("GOALC_STATE_DIR", project.state());
    let done = project.spawn(command).end().exits(0);
    assert!(!done.err.contains("roken pipe"), "{}", done.err);
    assert_eq!(project.read("first"), "y\n");
}

/// The letter for a process's state: `T` for one that is stopped.
fn state(pid: &str) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('?')
}

#[test]
fn ctrl_z_stops_the_steps_too_and_no_timeout_runs_meanwhile() {
    let project = Project::new(
        r#"goal g {
             step a { run "echo $PPID > goalc; sh hold go"; timeout 6s }
             step b { await { file "go" } every 50ms; timeout 6s }
             step c { run "exec sleep 600"; service; ready { file "go" }; timeout 6s }
             step d { depends c; run "true" }
             step e { run "test -e go"; retry 20 delay 300ms within 6s; idempotent }
             goal f { deadline 6s; step g { run "until test -e go; do sleep 0.02; done" } }
           }"#,
    );
    let run = project.start(&["-j6"]);
    // The file is there a moment before the number is in it; in between the step would stand still.
    eventually("the step's number", || project.read("held").ends_with('\n'));
    run.signal(Signal::TSTP);
    let (goalc, step) = (project.read("goalc"), project.read("held"));
    // A shell whose child was stopped before it became another program waits for that.
    eventually("both stand still", || state(&goalc) == 'T' && matches!(state(&step), 'T' | 'D'));
    // Longer than the step's timeout, which a loaded machine must not reach before: that this time does
    // not count is what is asked here.
    std::thread::sleep(Duration::from_secs(7));
    project.write("go", "");
    run.signal(Signal::CONT);
    run.outcome()
        .exits(0)
        .stands("a succeeded, b succeeded, c succeeded, d succeeded, e succeeded, f.g succeeded");
}
