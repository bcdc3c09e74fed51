//! Snapshots and rollback, by the real binary: what is undone, in which order, and that being
//! killed in the middle changes nothing about the end.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A folder with a plan.
struct Bench {
    temp: tempfile::TempDir,
}

/// What a run printed as JSON.
struct Run {
    json: Value,
    exit: i32,
}

impl Run {
    fn of(output: &Output) -> Self {
        let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
        });
        Self { json, exit: output.status.code().unwrap_or(-1) }
    }

    fn step(&self, id: &str) -> &Value {
        let steps = self.json["steps"].as_array().unwrap();
        steps.iter().find(|step| step["id"] == id).unwrap()
    }

    fn statuses(&self) -> BTreeMap<&str, &str> {
        let steps = self.json["steps"].as_array().unwrap().iter();
        steps.map(|s| (s["id"].as_str().unwrap(), s["status"].as_str().unwrap())).collect()
    }

    fn has(&self, expected: &[(&str, &str)]) {
        assert_eq!(self.statuses(), expected.iter().copied().collect(), "{}", self.json);
    }
}

impl Bench {
    fn new(plan: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("plan.goal"), plan).unwrap();
        Self { temp }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        self.read(name).lines().map(str::to_owned).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_goalc"));
        command.args(arguments).current_dir(self.temp.path()).stdin(Stdio::null());
        command.env_remove("GOALC_STATE_DIR").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn goalc(&self, arguments: &[&str]) -> Run {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        Run::of(&self.command(&all).output().unwrap())
    }

    fn run(&self) -> Run {
        self.goalc(&["run", "plan.goal"])
    }

    fn pipe(&self, name: &str) {
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, self.path(name), kind, mode, 0).unwrap();
    }

    /// Starts goalc, and comes back when a step has written into a pipe.
    fn start_until(&self, arguments: &[&str], pipe: &str) -> Child {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        let child = self.command(&all).spawn().unwrap();
        let mut text = String::new();
        fs::File::open(self.path(pipe)).unwrap().read_to_string(&mut text).unwrap();
        child
    }

    /// Starts goalc, and kills it when a step has written into a pipe.
    /// Of a rollback that has begun with `b`, and has `a` still before it.
    #[track_caller]
    fn tells_of_the_half_done_rollback(&self) {
        let told = |call: &[&str]| {
            let output = self.command(call).output().unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let shown = told(&["show"]);
        assert!(shown.contains("its undo was stopped in the middle"), "{shown}");
        assert!(shown.contains("it is still to be undone"), "{shown}");
        let page = told(&["report"]);
        let half = ["b: **not undone**: it was stopped in the middle", "b: not undone to its end"];
        assert!(half.iter().any(|half| page.contains(half)), "{page}");
        assert!(page.contains("a: not undone: the rollback has not come to its end"), "{page}");
    }

    fn kill_at(&self, arguments: &[&str], pipe: &str) {
        let mut child = self.start_until(arguments, pipe);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).unwrap();
}

#[test]
fn steps_are_undone_in_reverse_order() {
    let bench = Bench::new(
        r#"goal g {
  on failure rollback
  step a { run "echo a >> log"; rollback { run "echo undo a $GOAL_STATUS $GOAL_STEP >> log" } }
  step b { depends a; run "echo b >> log"; rollback { run "echo undo b $GOAL_STATUS >> log" } }
  step c { depends b; run "echo c >> log; exit 1"; rollback { run "echo undo c $GOAL_STATUS >> log" } }
  step d { depends c; run "true"; rollback { run "echo undo d >> log" } }
  step plain { run "true" }
  cleanup { run "echo cleanup >> log" }
}"#,
    );
    let run = bench.run();
    assert_eq!((run.exit, run.json["status"].as_str()), (1, Some("failed")));
    run.has(&[
        ("a", "undone"),
        ("b", "undone"),
        ("c", "failed"),
        ("d", "blocked"),
        ("plain", "succeeded"),
    ]);
    let log = "a b c|undo c failed|undo b succeeded|undo a succeeded a|cleanup";
    assert_eq!(bench.lines("log").join("|").replace("a|b|c|", "a b c|"), log);
    let notes = run.step("c")["notes"].to_string();
    assert!(notes.contains("it was undone") && notes.contains("`b`, `a`"), "{notes}");
    let reason = run.json["reason"].as_str().unwrap();
    assert!(reason.contains("undone: `c`, `b`, `a`; not undone: `plain`"), "{reason}");
}

#[test]
fn a_checkpoint_keeps_what_had_succeeded_in_every_branch() {
    let bench = Bench::new(
        r#"goal g {
  on failure rollback
  step other { run "true"; rollback { run "echo other >> log" } }
  step a { depends other; run "true"; checkpoint "safe"; rollback { run "echo a >> log" } }
  goal branch {
    step late { depends a; run "true"; rollback { run "echo late >> log" } }
  }
  step fail { depends branch; run "false"; rollback { run "echo fail >> log" } }
}"#,
    );
    let run = bench.run();
    run.has(&[
        ("other", "succeeded"),
        ("a", "succeeded"),
        ("branch.late", "undone"),
        ("fail", "failed"),
    ]);
    assert_eq!(bench.lines("log"), ["fail", "late"]);
}

#[test]
fn independent_steps_are_undone_at_once() {
    // Each waits for the other: one after the other, they would never end.
    let bench = Bench::new(
        r#"goal g {
  parallel 2
  on failure rollback
  defaults { timeout 20s }
  step a { run "true"; rollback { run "echo x > one; read y < two" } }
  step b { run "true"; rollback { run "read y < one; echo x > two" } }
  step c { depends a, b; run "false" }
}"#,
    );
    bench.pipe("one");
    bench.pipe("two");
    bench.run().has(&[("a", "undone"), ("b", "undone"), ("c", "failed")]);
}

#[test]
fn a_failed_undo_leaves_its_dependencies_as_they_are() {
    let bench = Bench::new(
        r#"goal g {
  on failure rollback
  step a { run "true"; rollback { run "echo a >> log" } }
  step b { depends a; run "true"; rollback { run "exit 7" } }
  step side { run "true"; rollback { run "echo side >> log" } }
  step before { run "true"; rollback { run "echo before >> log" } }
  step later { after before; depends side; run "true"; rollback { run "exit 3" } }
  step c { depends b, later; run "false" }
  cleanup { run "echo cleanup >> log" }
}"#,
    );
    let run = bench.run();
    assert_eq!(run.exit, 1);
    run.has(&[
        ("a", "succeeded"),
        ("b", "undo-failed"),
        ("side", "succeeded"),
        ("before", "undone"),
        ("later", "undo-failed"),
        ("c", "failed"),
    ]);
    assert_eq!(bench.lines("log"), ["before", "cleanup"]);
    assert!(run.step("b")["reason"].as_str().unwrap().contains("exit code 7"));
    let reason = run.json["reason"].as_str().unwrap();
    assert!(reason.contains("undone: `before`; not undone: `a`"), "{reason}");
}

#[test]
fn running_steps_are_stopped_and_undone() {
    let bench = Bench::new(
        r#"goal g {
  parallel 3
  on failure rollback
  step slow { run "echo x > started; sleep 60"; rollback { run "echo slow $GOAL_STATUS >> log" } }
  step plain { run "echo x > started2; sleep 60" }
  step fail { run "read x < started; read x < started2; exit 1" }
  step waits { depends slow; run "true"; rollback { run "echo never >> log" } }
}"#,
    );
    bench.pipe("started");
    bench.pipe("started2");
    let run = bench.goalc(&["run", "plan.goal", "--keep-going"]);
    run.has(&[
        ("slow", "undone"),
        ("plain", "cancelled"),
        ("fail", "failed"),
        ("waits", "blocked"),
    ]);
    assert_eq!(bench.lines("log"), ["slow cancelled"]);
}

#[test]
fn a_goal_undoes_only_itself() {
    let bench = Bench::new(
        r#"goal g {
  on failure continue
  step outside { run "true"; rollback { run "echo outside >> log" } }
  goal inner {
    on failure rollback
    step a { depends outside; run "true"; rollback { run "echo a >> log" } }
    step b { depends a; run "false" }
  }
  step after-all { after inner; run "echo ran >> log" }
}"#,
    );
    let run = bench.run();
    run.has(&[
        ("outside", "succeeded"),
        ("inner.a", "undone"),
        ("inner.b", "failed"),
        ("after-all", "succeeded"),
    ]);
    assert_eq!(bench.lines("log"), ["a", "ran"]);
    assert_eq!(run.exit, 1);
}

#[test]
fn a_rollback_reaches_into_goals_and_ends_though_others_wait_for_them() {
    let bench = Bench::new(
        r#"goal g {
  on failure rollback
  step a { run "true"; rollback { run "echo a >> log" } }
  goal inner {
    depends a
    step b { run "true"; rollback { run "echo b >> log" } }
    step c { depends b; run "false" }
    cleanup { run "echo inner >> log" }
  }
  step z { depends inner; run "true" }
}"#,
    );
    bench.run().has(&[
        ("a", "undone"),
        ("inner.b", "undone"),
        ("inner.c", "failed"),
        ("z", "blocked"),
    ]);
    assert_eq!(bench.lines("log"), ["b", "a", "inner"]);
}

#[test]
fn a_steps_own_policy_and_a_goals_verify_begin_a_rollback() {
    let own = Bench::new(
        r#"goal g {
  step a { run "true"; rollback { run "echo a >> log" } }
  step b { depends a; run "false"; on failure rollback }
}"#,
    );
    own.run().has(&[("a", "undone"), ("b", "failed")]);
    let verify = Bench::new(
        r#"goal g {
  on failure rollback
  step a { run "true"; rollback { run "echo a >> log" } }
  verify { file "never" }
}"#,
    );
    let run = verify.run();
    run.has(&[("a", "undone")]);
    assert_eq!(run.exit, 1);
    let reason = run.json["reason"].as_str().expect("a reason");
    assert!(reason.contains("the goal is not achieved: its `verify` does not hold: "), "{reason}");
}

#[test]
fn what_was_already_done_is_not_undone() {
    let bench = Bench::new(
        r#"goal g {
  on failure rollback
  step a { unless { dir "." }; run "true"; rollback { run "echo a >> log" } }
  step b { depends a; run "false" }
}"#,
    );
    bench.run().has(&[("a", "succeeded"), ("b", "failed")]);
    assert_eq!(bench.read("log"), "");
}

#[test]
fn a_snapshot_is_put_back_when_all_attempts_and_fallbacks_have_failed() {
    let bench = Bench::new(
        r#"goal g {
  step make { run "mkdir -p data/sub; echo before > data/keep; chmod 640 data/keep; touch data/gone; ln -s keep data/link" }
  step change {
    depends make
    snapshot "data/", "none"
    run "echo x >> data/tries; echo after > data/keep; rm -f data/gone; rmdir data/sub || true; mkdir -p none; exit 1"
    retry 1
    fallback other { run "echo y >> data/tries; cp data/tries seen; exit 1" }
  }
}"#,
    );
    let run = bench.run();
    run.has(&[("make", "succeeded"), ("change", "failed")]);
    assert_eq!(run.step("change")["attempts"], 3);
    assert_eq!(bench.read("seen"), "x\nx\ny\n", "an attempt sees what the one before it left");
    assert_eq!(bench.read("data/keep"), "before\n");
    for (name, there) in
        [("data/gone", true), ("data/sub", true), ("data/tries", false), ("none", false)]
    {
        assert_eq!(bench.path(name).exists(), there, "{name}");
    }
    assert!(run.step("change")["notes"].to_string().contains("its snapshot is put back"));
}

#[test]
fn a_snapshot_is_put_back_with_a_rollback_after_its_script() {
    let bench = Bench::new(
        r#"goal g {
  on failure rollback
  step make { run "mkdir data; echo before > data/keep" }
  step change {
    depends make
    snapshot "data"
    run "echo after > data/keep"
    rollback { run "cat data/keep > seen; echo junk > data/junk" }
  }
  step fail { depends change; run "false" }
}"#,
    );
    bench.run().has(&[("make", "succeeded"), ("change", "undone"), ("fail", "failed")]);
    assert_eq!(
        (bench.read("seen"), bench.read("data/keep")),
        ("after\n".into(), "before\n".into())
    );
    assert!(!bench.path("data/junk").exists());
}

#[test]
fn what_cannot_be_put_back_is_said_before_the_step_starts() {
    for (path, words) in
        [("data", "data/pipe` is a named pipe"), (".", "the plan's own folder"), ("/", "root")]
    {
        let bench = Bench::new(&format!(
            r#"goal g {{
  step make {{ run "mkdir data; mkfifo data/pipe" }}
  step change {{ depends make; snapshot "{path}"; run "touch started"; retry 3 }}
}}"#
        ));
        let run = bench.run();
        run.has(&[("make", "succeeded"), ("change", "failed")]);
        let reason = run.step("change")["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{reason}");
        assert_eq!(run.step("change")["attempts"], 0);
        assert!(!bench.path("started").exists());
    }
}

#[test]
fn each_instance_of_a_foreach_step_is_undone() {
    let bench = Bench::new(
        r#"goal g {
  parallel 1
  on failure rollback
  step make { run "mkdir all; for n in 1 2 3; do echo old > all/$n; done" }
  step each {
    depends make
    foreach n in ["1", "2", "3"]
    snapshot "all/${n}"
    run "echo new > all/$1"
    rollback { run "echo undo $1 $(cat all/$1) >> log" }
  }
  step fail { depends each; run "false" }
}"#,
    );
    bench.run().has(&[("make", "succeeded"), ("each", "undone"), ("fail", "failed")]);
    assert_eq!(bench.lines("log"), ["undo 3 new", "undo 2 new", "undo 1 new"]);
    let all: Vec<String> =
        ["1", "2", "3"].iter().map(|n| bench.read(&format!("all/{n}"))).collect();
    assert_eq!(all, ["old\n"; 3]);
}

const KILLED: &str = r#"goal g {
  parallel 1
  on failure rollback
  step make { run "mkdir data; echo before > data/keep" }
  step a { depends make; run "echo a >> log"; rollback { run "echo undo a >> log" } }
  step b {
    depends a
    snapshot "data"
    run "echo after > data/keep; echo b >> log"
    rollback { run "test -e quick || { echo x > reached; sleep 60; }; echo undo b >> log" }
  }
  step c { depends b; run "echo c >> log; exit 1" }
  cleanup { run "echo cleanup >> log" }
}"#;

#[test]
fn a_rollback_that_was_killed_ends_the_same_with_resume() {
    let bench = Bench::new(KILLED);
    bench.pipe("reached");
    bench.kill_at(&["run", "plan.goal"], "reached");
    bench.tells_of_the_half_done_rollback();
    fs::write(bench.path("quick"), "").unwrap();
    let run = bench.goalc(&["resume"]);
    assert_eq!(run.exit, 1);
    run.has(&[("make", "succeeded"), ("a", "undone"), ("b", "undone"), ("c", "failed")]);
    assert_eq!(bench.lines("log"), ["a", "b", "c", "undo b", "undo a", "cleanup"]);
    assert_eq!(bench.read("data/keep"), "before\n");
}

#[test]
fn a_rollback_that_was_interrupted_goes_on_with_resume() {
    let bench = Bench::new(KILLED);
    bench.pipe("reached");
    let child = bench.start_until(&["run", "plan.goal"], "reached");
    signal(&child, rustix::process::Signal::INT);
    let stopped = Run::of(&child.wait_with_output().unwrap());
    assert_eq!((stopped.exit, stopped.json["status"].as_str()), (130, Some("cancelled")));
    stopped.has(&[("make", "succeeded"), ("a", "succeeded"), ("b", "succeeded"), ("c", "failed")]);
    bench.tells_of_the_half_done_rollback();
    fs::write(bench.path("quick"), "").unwrap();
    let run = bench.goalc(&["resume"]);
    run.has(&[("make", "succeeded"), ("a", "undone"), ("b", "undone"), ("c", "failed")]);
    assert_eq!(bench.lines("log"), ["a", "b", "c", "cleanup", "undo b", "undo a", "cleanup"]);
}

#[test]
fn a_step_that_was_killed_goes_back_to_before_its_first_attempt() {
    let bench = Bench::new(
        r#"goal g {
  step make { run "mkdir data; echo before > data/keep" }
  step change {
    depends make
    snapshot "data"
    idempotent
    run "echo after >> data/keep; test -e quick || { echo x > reached; sleep 60; }; exit 1"
  }
}"#,
    );
    bench.pipe("reached");
    bench.kill_at(&["run", "plan.goal"], "reached");
    assert_eq!(bench.read("data/keep"), "before\nafter\n");
    fs::write(bench.path("quick"), "").unwrap();
    bench.goalc(&["resume"]).has(&[("make", "succeeded"), ("change", "failed")]);
    assert_eq!(bench.read("data/keep"), "before\n");
}

#[test]
fn a_killed_run_can_be_rolled_back() {
    let bench = Bench::new(
        r#"goal g {
  step a { run "echo a >> log"; rollback { run "echo undo a $GOAL_STATUS >> log" } }
  step b { depends a; run "echo x > reached; sleep 60"; rollback { run "echo undo b $GOAL_STATUS >> log" } }
  step c { depends b; run "true" }
  cleanup { run "echo cleanup >> log" }
}"#,
    );
    bench.pipe("reached");
    bench.kill_at(&["run", "plan.goal"], "reached");
    let run = bench.goalc(&["rollback"]);
    assert_eq!((run.exit, run.json["status"].as_str()), (0, Some("undone")));
    run.has(&[("a", "undone"), ("b", "undone"), ("c", "blocked")]);
    assert_eq!(bench.lines("log"), ["a", "undo b in-doubt", "undo a succeeded", "cleanup"]);
}

const LATER: &str = r#"goal g {
  step a { run "echo a >> log"; checkpoint "first"; rollback { run "echo undo a >> log" } }
  step b { depends a; run "echo b >> log"; rollback { run "echo undo b >> log" } }
  step c { depends b; run "echo c >> log"; checkpoint; rollback { run "echo undo c >> log" } }
  step d { depends c; snapshot "out"; run "touch out" }
}"#;

#[test]
fn a_run_is_rolled_back_later_step_by_step() {
    let bench = Bench::new(LATER);
    assert_eq!(bench.run().exit, 0);
    let last = bench.goalc(&["rollback"]);
    assert_eq!((last.exit, last.json["status"].as_str()), (0, Some("undone")));
    last.has(&[("a", "succeeded"), ("b", "succeeded"), ("c", "succeeded"), ("d", "undone")]);
    assert!(!bench.path("out").exists());
    let first = bench.goalc(&["rollback", "--to", "a"]);
    first.has(&[("a", "succeeded"), ("b", "undone"), ("c", "undone"), ("d", "undone")]);
    let all = bench.goalc(&["rollback", "--to", "start"]);
    all.has(&[("a", "undone"), ("b", "undone"), ("c", "undone"), ("d", "undone")]);
    assert_eq!(bench.lines("log"), ["a", "b", "c", "undo c", "undo b", "undo a"]);
    let wrong = bench.command(&["rollback", "--to", "b"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn what_is_undone_is_due_again_with_retry_failed() {
    let bench = Bench::new(LATER);
    bench.run();
    bench.goalc(&["rollback", "--to", "a"]);
    assert_eq!(bench.command(&["resume"]).output().unwrap().status.code(), Some(1));
    let again = bench.goalc(&["resume", "--retry-failed"]);
    assert_eq!((again.exit, again.json["status"].as_str()), (0, Some("achieved")));
    assert_eq!(bench.lines("log"), ["a", "b", "c", "undo c", "undo b", "b", "c"]);
    assert!(bench.path("out").exists());
}

#[test]
fn an_undo_that_failed_can_be_tried_again() {
    let bench = Bench::new(
        r#"goal g {
  step a { run "true"; rollback { run "echo undo a >> log" } }
  step b { depends a; run "true"; rollback { run "test -e mended; echo undo b >> log" } }
}"#,
    );
    bench.run();
    let failed = bench.goalc(&["rollback"]);
    assert_eq!((failed.exit, failed.json["status"].as_str()), (1, Some("undone")));
    failed.has(&[("a", "succeeded"), ("b", "undo-failed")]);
    fs::write(bench.path("mended"), "").unwrap();
    let done = bench.goalc(&["rollback"]);
    assert_eq!(done.exit, 0);
    done.has(&[("a", "undone"), ("b", "undone")]);
    assert_eq!(bench.lines("log"), ["undo b", "undo a"]);
}

#[test]
fn an_undo_moves_no_times() {
    let bench = Bench::new(LATER);
    let before = bench.run();
    let after = bench.goalc(&["rollback", "--to", "start"]);
    for id in ["a", "b", "c", "d"] {
        for time in ["started", "ended"] {
            assert_eq!(before.step(id)[time], after.step(id)[time], "{id} {time}");
        }
    }
}

#[test]
fn what_is_done_again_after_a_rollback_keeps_the_order_of_its_goals() {
    let project = crate::support::Project::new(
        r#"
goal g {
  on failure rollback
  goal one { step work { run "sleep 0.2; echo one >> trace"; rollback { run "true" } } }
  goal two {
    depends one
    goal inner { step go { run "echo two >> trace; test -f ok"; rollback { run "true" } } }
  }
}
"#,
    );
    project.run(&["-j4"]).exits(1).stands("one.work undone");
    project.write("ok", "");
    let again = project.resume(&["--retry-failed"]).exits(0);
    again.stands("one.work succeeded, two.inner.go succeeded");
    assert_eq!(project.lines("trace"), ["one", "two", "one", "two"]);
}

#[test]
fn a_rollback_with_nothing_behind_the_checkpoint_changes_nothing() {
    let project = crate::support::Project::new(
        r#"
goal g {
  on failure rollback
  step mig { run "touch schema"; rollback { run "rm schema" }; checkpoint "migrated" }
  step roll { depends mig; run "exit 1"; rollback { run "true" } }
}
"#,
    );
    project.run(&[]).exits(1).stands("mig succeeded, roll failed");
    let before = project.show().json;
    let told = project.call(&["rollback"]).exits(0).text();
    assert!(told.contains("nothing of run") && told.contains("--to start"), "{told}");
    assert_eq!(project.show().json, before);
    project.call(&["rollback", "--to", "start"]).exits(0);
    assert!(!project.has("schema"));
}

#[test]
fn what_is_done_again_comes_before_what_waits_for_it_through_others() {
    let project = crate::support::Project::new(
        r#"
goal g {
  on failure rollback
  step work { run "sleep 0.2; echo work >> trace"; rollback { run "true" } }
  step look { depends work; run "echo look >> trace" }
  step go { depends look; run "echo go >> trace; test -f ok"; rollback { run "true" } }
}
"#,
    );
    project.run(&["-j4"]).exits(1).stands("work undone, look succeeded");
    project.write("ok", "");
    project.resume(&["--retry-failed"]).exits(0).stands("work succeeded, go succeeded");
    assert_eq!(project.lines("trace"), ["work", "look", "go", "work", "go"]);
}

#[test]
fn runs_tells_of_a_rollback_that_goes_on_and_of_one_that_was_killed() {
    let project = crate::support::Project::new(
        r#"goal g {
  step a { run "true"; rollback { run "touch undoing; until test -e go; do sleep 0.02; done" } }
}"#,
    );
    project.run(&[]).exits(0);
    let stands = || {
        let run = project.call(&["runs", "--format", "json"]).exits(0).json()["runs"][0].clone();
        (run["status"].as_str().unwrap_or_default().to_owned(), run["alive"].clone())
    };
    let live = project.spawn(project.command(&["rollback", "--format", "json"]));
    project.await_file("undoing");
    assert_eq!(stands(), ("running".to_owned(), true.into()));
    live.kill();
    assert_eq!(stands(), ("running".to_owned(), false.into()));
    project.write("go", "");
    project.resume(&[]).exits(0).stands("a undone");
    assert_eq!(stands().0, "undone");
}

#[test]
fn behind_an_undo_that_failed_a_rollback_is_what_goes_on() {
    let bench = Bench::new(
        r#"goal s {
  on failure rollback
  step y { run "true"; rollback { run "true" } }
  step z { depends y; run "true"; rollback { run "test -e may" } }
  step b { depends z; run "false" }
}"#,
    );
    let told = |arguments: &[&str]| {
        let output = bench.command(arguments).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let ran = told(&["run", "plan.goal"]);
    assert!(ran.contains("not all is undone; to try that again: goalc rollback"), "{ran}");
    let shown = told(&["show"]);
    assert!(!shown.contains("goalc resume"), "{shown}");
    assert!(
        shown.contains("it is not undone, as an undo before it failed: `goalc rollback`"),
        "{shown}"
    );
    let page = told(&["report"]);
    assert_eq!(page.matches("z: **not undone**").count(), 1, "{page}");
    assert!(!page.contains("z: not undone") && !page.contains("goalc resume"), "{page}");
    assert!(
        page.contains("y: not undone: an undo before it failed: `goalc rollback` tries again"),
        "{page}"
    );
    assert!(page.contains("given up; not all that was done could be undone"), "{page}");
    let refused = told(&["resume"]);
    assert!(refused.contains("goalc rollback"), "{refused}");
    fs::write(bench.path("may"), "").unwrap();
    bench.goalc(&["rollback"]).has(&[("y", "undone"), ("z", "undone"), ("b", "failed")]);
}

#[test]
fn a_report_says_of_a_rollback_only_what_it_did() {
    for (steps, said) in [
        (
            r#"step b { run "false"; rollback { run "exit 5" } }"#,
            "not all that was done could be undone",
        ),
        (r#"step b { run "false" }"#, "nothing was to be undone"),
        (
            r#"step a { run "true" }; step b { depends a; run "false" }"#,
            "nothing that was done has a way to be undone",
        ),
        (
            r#"step a { run "true" }; step b { depends a; run "false"; rollback { run "true" } }"#,
            "what has a way to be undone was undone",
        ),
        (
            r#"step a { run "true"; rollback { run "true" } }; step b { depends a; run "false" }"#,
            "what was done was undone",
        ),
    ] {
        let bench = Bench::new(&format!("goal r {{ on failure rollback; {steps} }}"));
        bench.run();
        let page = bench.command(&["report"]).output().unwrap().stdout;
        let page = String::from_utf8_lossy(&page).into_owned();
        assert!(page.contains(&format!("given up; {said}")), "{steps}: {page}");
    }
}

#[test]
fn what_its_snapshot_has_put_back_is_not_told_as_not_undone() {
    let bench = Bench::new(
        r#"goal p {
  step a { snapshot "d"; run "echo a >> d/x" }
  step b { depends a; snapshot "d"; run "echo b >> d/x; false" }
  step bare { after a; run "true" }
}"#,
    );
    fs::create_dir(bench.path("d")).unwrap();
    bench.run();
    let run = bench.goalc(&["rollback", "--to", "start"]);
    let reason = run.json["reason"].as_str().unwrap();
    assert_eq!(reason, "undone: `a`; not undone: `bare` (it has no `rollback`)");
    let page = bench.command(&["report"]).output().unwrap().stdout;
    let page = String::from_utf8_lossy(&page).into_owned();
    assert!(!page.contains("b: not undone"), "{page}");
    assert!(page.contains("bare: not undone: it has no `rollback`"), "{page}");
}

#[test]
fn what_is_undone_of_a_step_over_items_is_not_undone_again_for_those_that_failed() {
    let project = crate::support::Project::new(
        r#"
goal g {
  step d {
    foreach i in ["p", "q", "r"]
    run "true"
    rollback { run "echo ${i} >> undone; test ${i} != q || test -e mended" }
  }
}
"#,
    );
    project.run(&[]).exits(0);
    project.call(&["rollback"]).exits(1);
    let shown = project.call(&["show"]).exits(0).out();
    assert!(shown.contains("d[1] (q): "), "{shown}");
    project.write("mended", "");
    project.call(&["rollback"]).exits(0);
    let mut undone = project.lines("undone");
    undone.sort();
    assert_eq!(undone, ["p", "q", "q", "r"]);
    assert_eq!(project.show().json["status"], "undone");
}
