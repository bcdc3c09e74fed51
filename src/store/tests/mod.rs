//! What the state promises: privacy, durability, one writer, and plain words when it fails.

mod database;
mod folder;
mod journal;
mod lock;
mod request;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use super::*;
use crate::exec::{
    Answer, AttemptEnd, Event, Journal, RunStatus, Stamped, Status, StopReason, Timestamp, Unit,
};
use crate::ir::{FORMAT, Goal, Plan};
use crate::value::{GoalId, NodeId, StepId, Value};

const NOW: Timestamp = Timestamp(1_795_357_530_123);

struct Place {
    temp: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { temp: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.temp.path().join(".goal")
    }

    fn folder(&self) -> StateFolder {
        StateFolder::open_or_create(&self.path()).unwrap()
    }

    fn store(&self) -> Store {
        Store::open_to_write(self.folder()).unwrap()
    }

    fn reader(&self) -> Result<Store, StoreError> {
        Store::open_to_read(StateFolder::open_existing(&self.path())?)
    }

    fn database(&self) -> PathBuf {
        self.path().join("state.db")
    }
}

fn record(id: &RunId, created: Timestamp) -> RunRecord {
    let plan = Plan {
        format: FORMAT,
        name: "release".to_owned(),
        goals: IndexMap::from([(GoalId::root(), Goal::default())]),
        steps: IndexMap::new(),
        bindings: IndexMap::new(),
        resources: IndexMap::new(),
    };
    let given = IndexMap::from([
        ("version".to_owned(), Value::text("1.2.3")),
        ("token".to_owned(), Value::secret("hunter2-hunter2")),
    ]);
    let (id, goal, plan_path) = (id.clone(), "release".to_owned(), "/p/release.goal".into());
    let plan = Arc::new(plan);
    RunRecord { id, goal, plan_path, plan, origin: None, given, created }
}

fn begin(store: &Store, created: Timestamp) -> RunId {
    let run = store.folder().new_run(created).unwrap();
    store.create_run(&record(run.id(), created)).unwrap();
    run.id().clone()
}

fn unit(step: &str) -> Unit {
    Unit { node: NodeId::Step(StepId::new(step)), item: None }
}

fn stamp(seq: u64, event: Event) -> Stamped {
    Stamped { seq, at: Timestamp(NOW.0 + i64::try_from(seq).unwrap()), event }
}

fn step_events(first: u64, step: &str) -> Vec<Stamped> {
    let (unit, outputs) = (unit(step), IndexMap::new());
    let end = AttemptEnd::Succeeded { outputs: outputs.clone() };
    let uses = IndexMap::new();
    vec![
        stamp(
            first,
            Event::UnlessChecked { unit: unit.clone(), holds: false, outputs: IndexMap::new() },
        ),
        stamp(first + 1, Event::AttemptStarted { unit: unit.clone(), attempt: 1, way: 0, uses }),
        stamp(
            first + 2,
            Event::AttemptEnded { unit, attempt: 1, end, usage: None, notes: Vec::new() },
        ),
        stamp(
            first + 3,
            Event::StepEnded {
                step: StepId::new(step),
                status: Status::Succeeded,
                reason: None,
                failure: None,
                via: None,
                outputs,
            },
        ),
    ]
}

fn ended(seq: u64, status: RunStatus, exit: u8) -> Stamped {
    stamp(seq, Event::RunEnded { status, exit, reason: None })
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// All files below a folder with their contents.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}

// A part of a test that needs a process of its own: its umask, or its death.

const PART: &str = "GOALC_TEST_PART";
const AT: &str = "GOALC_TEST_AT";

#[test]
#[ignore = "other tests start it in a process of its own"]
fn part() {
    let Ok(part) = std::env::var(PART) else { return };
    let path = PathBuf::from(std::env::var_os(AT).unwrap());
    match part.as_str() {
        "create" => {
            let store = Store::open_to_write(StateFolder::open_or_create(&path).unwrap()).unwrap();
            let id = begin(&store, NOW);
            store.journal(&id).unwrap().append(&step_events(1, "a"), true).unwrap();
            let _lock = store.folder().run(&id).try_lock(NOW).unwrap();
            hold();
        }
        "lock" => {
            let store = Store::open_to_read(StateFolder::open_existing(&path).unwrap()).unwrap();
            let run = store.folder().run(&store.find_run(None).unwrap().id);
            let _lock = run.try_lock(NOW).unwrap();
            let _machine = MachineLock::try_lock_in(&path.join("machine"), "db").unwrap().unwrap();
            hold();
        }
        other => panic!("no part {other}"),
    }
}

/// Says that all is done, and waits to be ended.
fn hold() {
    println!("\nready");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().lines().next();
}

fn start(part: &str, at: &Path, umask: &str) -> Child {
    let mut child = Command::new("sh")
        .args(["-c", "umask $0; exec \"$@\"", umask])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::part", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .env(AT, at)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "ready"), "part {part} failed");
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
