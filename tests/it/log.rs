//! The log: a line for each event, in a private file or on standard error, with no secret in it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use crate::support::{Project, contains, files_below};

const PLAN: &str = r#"
goal g {
  on failure continue
  param token: secret = env("NO_TOKEN", "none")
  step flaky { run "test -e there || { touch there; exit 3; }"; retry 1; idempotent }
  step says { env { T = token }; run "echo $T; echo $T >&2"; output o: string from stdout }
  step mine { run "exit 2"; on failure ignore because "it may" }
  step bad { run "exit 4" }
}
"#;

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

fn find<'r>(records: &'r [Value], kind: &str, step: &str) -> &'r Value {
    let mut found = records
        .iter()
        .filter(|each| each["details"]["event"] == kind && each["step"].as_str() == Some(step));
    found.next().unwrap_or_else(|| panic!("{kind} of {step}: {records:#?}"))
}

#[test]
fn json_lines_say_when_how_bad_who_and_what() {
    let project = Project::new(PLAN);
    let run = project.run(&["--log-file", "run.log", "--log-format", "json"]).exits(1);
    let records = records(&project.read("run.log"));
    for each in &records {
        let keys: Vec<&str> = each.as_object().expect("an object").keys().map(|k| &**k).collect();
        let wanted = ["timestamp", "level", "run", "step", "attempt", "message", "details"];
        assert_eq!(keys, wanted);
        assert_eq!(each["run"], run.json["run"]);
        let at = each["timestamp"].as_str().expect("a time");
        assert!(at.len() == 24 && at.ends_with('Z') && at.as_bytes()[19] == b'.', "{at}");
        assert!(["error", "warn", "info"].contains(&each["level"].as_str().expect("a level")));
    }
    let start = &records[0];
    assert_eq!((&start["step"], &start["attempt"]), (&Value::Null, &Value::Null));
    assert_eq!(start["details"]["event"], "run-started");
    let level = |kind: &str, step: &str| find(&records, kind, step)["level"].clone();
    assert_eq!(level("attempt-started", "flaky"), "info");
    assert_eq!(level("attempt-ended", "flaky"), "warn");
    assert_eq!(level("delayed", "flaky"), "warn");
    assert_eq!(level("step-ended", "flaky"), "info");
    assert_eq!(level("step-ended", "mine"), "warn");
    let bad = find(&records, "step-ended", "bad");
    assert_eq!((&bad["level"], &bad["message"]), (&"error".into(), &"failed: exit code 4".into()));
    assert_eq!(find(&records, "attempt-ended", "flaky")["attempt"], 1);
    assert_eq!(records.last().expect("a record")["level"], "error");
}

#[test]
fn no_secret_is_in_it_and_only_its_owner_reads_it() {
    let project = Project::new(PLAN);
    project.write("run.log", "before\n");
    fs::set_permissions(project.path("run.log"), fs::Permissions::from_mode(0o644))
        .expect("a mode");
    let secret = "token=top-secret-token";
    project.run(&["-p", secret, "--log-file", "run.log", "--log-level", "debug"]).exits(1);
    let text = project.read("run.log");
    assert!(text.starts_with("before\n") && text.lines().count() > 10, "{text}");
    assert!(text.contains(" warn "), "{text}");
    assert!(text.contains(" says: attempt 1 succeeded\n"), "{text}");
    assert!(!text.contains("top-secret-token"), "{text}");
    let mode = fs::metadata(project.path("run.log")).expect("the log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let json = project.run(&[
        "-p",
        secret,
        "--log-file",
        "j.log",
        "--log-format=json",
        "--log-level=debug",
    ]);
    json.exits(1);
    let told = records(&project.read("j.log"));
    assert_eq!(find(&told, "step-ended", "says")["details"]["outputs"]["o"]["value"], Value::Null);
    assert!(!project.read("j.log").contains("top-secret-token"));
    for (path, content) in files_below(&project.state()) {
        assert!(!contains(&content, b"top-secret-token"), "{}", path.display());
    }
}

#[test]
fn without_a_file_it_takes_the_place_of_the_progress() {
    let project = Project::new(PLAN);
    let done =
        project.call(&["run", "plan.goal", "--format", "json", "--log-format", "json"]).exits(1);
    assert!(records(&done.err).len() > 10, "{}", done.err);
    assert!(serde_json::from_str::<Value>(&done.out()).is_ok());
    let done = project.call(&["run", "plan.goal", "--format", "jsonl", "--log-level", "error"]);
    assert!(done.err.lines().all(|line| line.contains(" error ")), "{}", done.err);
    assert!(done.err.contains(" bad: failed: exit code 4"), "{}", done.err);
    assert!(records(&done.out()).len() > 10, "{}", done.out());
}

#[test]
fn with_a_file_the_progress_stays() {
    let project = Project::new("goal g { step a { run \"echo hello\" } }");
    let done = project.call(&["run", "plan.goal", "--log-file", "run.log"]);
    assert!(done.err.contains("✓ a") && done.err.contains("hello"), "{}", done.err);
    assert!(!project.read("run.log").contains("hello"));
}

#[test]
fn a_file_that_cannot_be_written_stops_all_before_anything_runs() {
    let project = Project::new("goal g { step a { run \"touch ran\" } }");
    project.write("real.log", "");
    symlink("real.log", project.path("link.log")).expect("a link");
    fs::create_dir(project.path("folder")).expect("a folder");
    for (file, why) in [
        ("link.log", "it is a symbolic link"),
        ("folder", "is a directory"),
        ("no/such/folder.log", "its folder is not there"),
        ("/dev/null", "it is no plain file"),
    ] {
        let done = project.call(&["run", "plan.goal", "--log-file", file]).exits(2);
        let wanted = format!("goalc: the log file `{file}` cannot be written: {why}");
        assert!(done.err.starts_with(&wanted), "{}", done.err);
    }
    assert!(!project.has("ran") && !project.state().exists());
    assert_eq!(project.read("real.log"), "");
}

#[test]
fn a_large_file_is_put_aside_and_three_are_kept() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    project.write("run.log", vec![b'\n'; 10_000_001]);
    for (number, text) in [(1, "one"), (2, "two"), (3, "three")] {
        project.write(&format!("run.log.{number}"), text);
    }
    project.run(&["--log-file", "run.log"]).exits(0);
    assert!(
        project.lines("run.log").len() > 3 && project.read("run.log").contains("the run began")
    );
    let size = fs::metadata(project.path("run.log.1")).expect("the old one").len();
    assert_eq!(size, 10_000_001);
    assert_eq!(
        (project.read("run.log.2"), project.read("run.log.3")),
        ("one".into(), "two".into())
    );
    assert!(!project.has("run.log.4"));
    let mode = fs::metadata(project.path("run.log")).expect("the log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_log_that_fails_later_is_told_once_and_ends_nothing() {
    let project =
        Project::new("goal g { step a { run \"true\" }; step b { depends a; run \"true\" } }");
    project.write("run.log", vec![b'\n'; 10_000_001]);
    // What is there already cannot be put aside in its place.
    fs::create_dir_all(project.path("run.log.3/x")).expect("a folder");
    fs::write(project.path("run.log.2"), "").expect("a file");
    let done = project.call(&["run", "plan.goal", "--log-file", "run.log"]).exits(0);
    assert_eq!(done.err.matches("the log is not complete").count(), 1, "{}", done.err);
    assert!(project.read("run.log").contains("the run ended: achieved, exit code 0"));
}

#[test]
fn the_project_says_where_it_goes_and_the_command_line_wins() {
    let project =
        Project::new("goal g { step a { when os() != \"\"; confirm \"Sure?\"; run \"true\" } }");
    project.write("goal.toml", "[log]\nfile = \"own.log\"\nformat = \"json\"\nlevel = \"debug\"\n");
    project.run(&[]).exits(3);
    let first = records(&project.read("own.log"));
    assert!(first.iter().any(|each| each["level"] == "debug"), "{first:#?}");
    project.resume(&["--yes", "--log-file", "other.log", "--log-level", "info"]).exits(0);
    let other = records(&project.read("other.log"));
    assert_eq!(other[0]["details"]["event"], "run-resumed");
    assert!(other.iter().all(|each| each["level"] != "debug"), "{other:#?}");
    assert_eq!(records(&project.read("own.log")).len(), first.len());
}
