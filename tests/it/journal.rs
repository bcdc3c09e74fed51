//! The journal, cut after each event: wherever a machine stops, `resume` comes to the same end, and
//! what is recorded as succeeded never runs again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Outcome, Project};

/// Each step notes that it ran in the file that the environment names.
const ACHIEVED: &str = r#"
goal g {
  param who: string = "x"
  let list = split(read("list.txt"), ",")
  step first { run "echo first >> $RAN; echo word=hello >> $GOAL_OUTPUT"; output word: string; checkpoint; idempotent }
  step flaky { depends first; run "echo flaky >> $RAN; test $GOAL_ATTEMPT -ge 2"; retry 5 delay 5ms; idempotent }
  step other-way {
    depends first
    run "echo other-way >> $RAN; exit 1"
    retry 1
    fallback second { run "echo other-way >> $RAN; echo n=2 >> $GOAL_OUTPUT" }
    output n: int
    idempotent
  }
  step off { when len(list) > 5; run "echo off >> $RAN"; idempotent }
  step there { depends first; unless { file "list.txt" }; run "echo there >> $RAN"; idempotent }
  step asks { depends first; confirm "Sure of ${first.word}?"; run "echo asks >> $RAN"; idempotent }
  step each { depends first; foreach x in list; run "echo each >> $RAN; echo y=${x}! >> $GOAL_OUTPUT"; output y: string; idempotent }
  step piped { foreach e in each; run "echo piped >> $RAN; test ${e.y} = ${e.item}!"; idempotent }
  goal inner {
    depends flaky, other-way
    step a { run "echo inner.a >> $RAN"; lock db; idempotent }
    step b { depends a; run "echo inner.b >> $RAN; test ${other-way.n} -eq 2"; verify { run "true" }; idempotent }
    verify { file "list.txt" }
    cleanup { run "true" }
  }
  step ignored { run "echo ignored >> $RAN; exit 3"; on failure ignore because "it may"; idempotent }
  step last { depends inner, each, ignored, off?; run "echo last >> $RAN"; idempotent }
  verify { file "list.txt" }
  cleanup { run "true" }
}
"#;

const FAILED: &str = r#"
goal g {
  on failure continue
  step good { run "echo good >> $RAN"; idempotent }
  step bad { depends good; run "echo bad >> $RAN; exit 1"; retry 1; fallback { run "exit 2" }; idempotent }
  step below { depends bad; run "echo below >> $RAN"; idempotent }
  step each { foreach x in ["a", "b", "c"] parallel 1; run "echo each >> $RAN; test ${x} != b"; idempotent }
  goal inner { depends good; step a { run "echo inner.a >> $RAN"; idempotent }; verify { file "never" } }
  step after-it { depends inner; run "echo after-it >> $RAN"; idempotent }
  step told { after bad; when bad.status == "failed"; run "echo told >> $RAN"; idempotent }
}
"#;

const STOPPED: &str = r#"
goal g {
  parallel 1
  step good { run "echo good >> $RAN"; idempotent; priority 3 }
  step bad { run "echo bad >> $RAN; exit 1"; idempotent; priority 2 }
  step below { depends bad; run "echo below >> $RAN"; idempotent }
  step never { run "echo never >> $RAN"; idempotent }
  cleanup { run "true" }
}
"#;

#[test]
fn a_run_that_achieves_its_goal_does_so_from_each_cut() {
    resume_from_each_cut(ACHIEVED, 0);
}

#[test]
fn a_run_that_goes_on_after_failures_ends_alike_from_each_cut() {
    resume_from_each_cut(FAILED, 1);
}

#[test]
fn a_run_that_stops_at_a_failure_ends_alike_from_each_cut() {
    resume_from_each_cut(STOPPED, 1);
}

/// How a whole run ended.
struct Whole {
    project: Project,
    code: i32,
    /// Each step's status, way and outputs.
    end: Vec<(String, Value, Value, Value)>,
    events: i64,
}

fn resume_from_each_cut(plan: &str, code: i32) {
    let project = Project::new(plan);
    project.write("list.txt", "p,q");
    let mut command = project.command(&["run", "plan.goal", "--format", "json", "-y"]);
    command.env("RAN", project.path("ran"));
    let outcome = Outcome::of(project.spawn(command).end()).exits(code);
    let db = Connection::open(project.state().join("state.db")).expect("the state opens");
    let count = "select count(*) from events";
    let events = db.query_row(count, [], |row| row.get(0)).expect("events");
    drop(db);
    let whole = Whole { project, code, end: end_of(&outcome), events };
    let next = AtomicI64::new(1);
    let cut = || loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        if at > whole.events {
            break;
        }
        resume_from(&whole, at);
    };
    assert!(events > 10, "{events} events");
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(cut)).collect();
        for worker in workers {
            worker.join().expect("each cut ends alike");
        }
    });
}

fn end_of(outcome: &Outcome) -> Vec<(String, Value, Value, Value)> {
    let steps = outcome.json["steps"].as_array().expect("steps");
    let of = |step: &Value, field: &str| step[field].clone();
    steps
        .iter()
        .map(|step| {
            let id = step["id"].as_str().expect("an id").to_owned();
            (id, of(step, "status"), of(step, "via"), of(step, "outputs"))
        })
        .collect()
}

fn resume_from(whole: &Whole, at: i64) {
    let copy = Project::empty();
    copy_folder(&whole.project.state(), &copy.state());
    rename_run(&copy.state(), at);
    let recorded = cut(&copy.state().join("state.db"), at, at < whole.events);
    let ran = copy.path("ran");
    let mut command = copy.command(&["resume", "--format", "json", "-y"]);
    command.env("RAN", &ran);
    let done = copy.spawn(command).end();
    assert_eq!(done.code, whole.code, "cut after {at}: {}", done.text());
    let outcome = Outcome::of(done);
    assert_eq!(end_of(&outcome), whole.end, "cut after {at}: {}", outcome.done.text());
    let again: BTreeSet<String> = copy.lines("ran").into_iter().collect();
    let twice: Vec<_> = again.intersection(&recorded).collect();
    assert!(twice.is_empty(), "cut after {at}: {twice:?} ran again");
}

/// Gives the copy's run a name of its own: two runs of one name that go on at once would each take
/// the other's processes for what it left behind itself.
fn rename_run(state: &Path, at: i64) {
    let db = Connection::open(state.join("state.db")).expect("the state opens");
    let id: String = db.query_row("select id from runs", [], |row| row.get(0)).expect("a run");
    let own = format!("{}-{at:04}", id.rsplit_once('-').expect("a time and letters").0);
    db.execute("update runs set id = ?1", [&own]).expect("it is renamed");
    fs::rename(state.join("runs").join(id), state.join("runs").join(own)).expect("its folder too");
}

/// Leaves the events up to one, as a machine that stopped there. The steps that had succeeded.
fn cut(database: &Path, at: i64, unfinished: bool) -> BTreeSet<String> {
    let db = Connection::open(database).expect("the state opens");
    db.execute("delete from events where seq > ?1", [at]).expect("events go");
    // As the commits of that time left it: the last event is the last that was written.
    let last =
        "update heads set (seq, sum) = (select seq, sum from events order by seq desc limit 1)";
    db.execute(last, []).expect("the head follows");
    if unfinished {
        let reset = "update runs set status = 'running', exit = null, ended = null";
        db.execute(reset, []).expect("the run is open");
    }
    let mut query = db.prepare("select body from events").expect("a query");
    let bodies = query.query_map([], |row| row.get::<_, String>(0)).expect("events");
    bodies
        .map(|body| serde_json::from_str::<Value>(&body.expect("a body")).expect("an event"))
        .filter(|event| event["event"] == "step-ended" && event["status"] == "succeeded")
        .map(|event| event["step"].as_str().expect("a step").to_owned())
        .collect()
}

/// With permissions as they are.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target: PathBuf = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
    let permissions = fs::metadata(from).expect("a folder").permissions();
    fs::set_permissions(to, permissions).expect("it is ours");
}

#[test]
fn the_same_journal_shows_the_same_run() {
    let project = Project::new(STOPPED);
    let mut command = project.command(&["run", "plan.goal", "--format", "json"]);
    command.env("RAN", project.path("ran"));
    let run = Outcome::of(project.spawn(command).end());
    assert_eq!(project.show().json, run.json);
    assert_eq!(project.show().json, project.show().json);
}

#[test]
fn a_start_is_recorded_before_it_can_be_seen() {
    // The step itself asks how the run stands.
    let project = Project::new(
        r#"goal g { step a { run "GOALC_STATE_DIR=\"$STATE\" \"$PROGRAM\" show --format json > seen.json" } }"#,
    );
    let mut command = project.command(&["run", "plan.goal"]);
    command.env("PROGRAM", env!("CARGO_BIN_EXE_goalc")).env("STATE", project.state());
    project.spawn(command).end().exits(0);
    let seen: Value = serde_json::from_str(&project.read("seen.json")).expect("JSON");
    assert_eq!(seen["steps"][0]["status"], "running", "{seen}");
}
