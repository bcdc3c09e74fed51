//! What the state promises: privacy, durability, one writer, and plain words when it fails.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
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
    RunRecord { id, goal, plan_path, plan, given, created }
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
        stamp(first, Event::UnlessChecked { unit: unit.clone(), holds: false }),
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

#[test]
fn folders_are_0700_and_files_0600_whatever_the_umask() {
    for umask in ["000", "022", "077", "777"] {
        let place = Place::new();
        let child = start("create", &place.path(), umask);
        let mut files = 0;
        for entry in walkdir::WalkDir::new(place.path()).into_iter().map(Result::unwrap) {
            let wanted = if entry.file_type().is_dir() { 0o700 } else { 0o600 };
            files += u32::from(wanted == 0o600);
            assert_eq!(mode(entry.path()), wanted, "umask {umask}: {}", entry.path().display());
        }
        // .gitignore, the database with its log and index, the run's lock
        assert_eq!(files, 5);
        kill(child);
    }
}

#[test]
fn git_ignores_the_folder() {
    let place = Place::new();
    place.folder();
    assert_eq!(fs::read_to_string(place.path().join(".gitignore")).unwrap(), "*\n");
}

#[test]
fn state_is_beside_goal_toml_or_the_plan_or_where_the_user_says() {
    let temp = tempfile::tempdir().unwrap();
    let top = temp.path().canonicalize().unwrap();
    let plan_folder = top.join("a/b");
    fs::create_dir_all(&plan_folder).unwrap();
    assert_eq!(StateFolder::locate(None, &plan_folder), plan_folder.join(".goal"));
    fs::write(top.join("goal.toml"), "").unwrap();
    assert_eq!(StateFolder::locate(None, &plan_folder), top.join(".goal"));
    assert_eq!(StateFolder::locate(Some(Path::new("")), &plan_folder), top.join(".goal"));
    assert_eq!(StateFolder::locate(Some(Path::new("/x")), &plan_folder), Path::new("/x"));
}

#[test]
fn a_chosen_folder_is_made_with_what_is_above_it() {
    let place = Place::new();
    let deep = place.temp.path().join("x/y/state");
    StateFolder::open_or_create(&deep).unwrap();
    assert_eq!(mode(&place.temp.path().join("x")), 0o700);
}

#[test]
fn links_files_and_folders_of_others_are_refused() {
    let place = Place::new();
    let other = place.temp.path().join("other");
    fs::create_dir(&other).unwrap();
    let refused = |why: &str| {
        for opened in
            [StateFolder::open_or_create(&place.path()), StateFolder::open_existing(&place.path())]
        {
            let message = opened.unwrap_err().to_string();
            assert!(message.contains(why), "{message}");
        }
    };
    symlink(&other, place.path()).unwrap();
    refused("it is a symbolic link");
    fs::remove_file(place.path()).unwrap();
    symlink("nowhere", place.path()).unwrap();
    refused("it is a symbolic link");
    fs::remove_file(place.path()).unwrap();
    fs::write(place.path(), "").unwrap();
    refused("it is no folder");
    fs::remove_file(place.path()).unwrap();
    fs::create_dir(place.path()).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o770)).unwrap();
    refused("others can write to it");
    assert!(fs::read_dir(&other).unwrap().next().is_none());
}

#[test]
fn a_linked_database_is_refused() {
    let place = Place::new();
    let folder = place.folder();
    let target = place.temp.path().join("target");
    fs::write(&target, "").unwrap();
    symlink(&target, place.database()).unwrap();
    let message = Store::open_to_write(folder).unwrap_err().to_string();
    assert!(message.contains("symbolic link"), "{message}");
    assert_eq!(fs::read(&target).unwrap(), b"");
}

#[test]
fn a_command_that_looks_makes_no_folder() {
    let place = Place::new();
    let error = place.reader().unwrap_err();
    assert!(matches!(error, StoreError::NoFolder(_)) && error.is_wrong_name(), "{error}");
    assert!(!place.path().exists());
}

#[test]
fn an_empty_folder_has_no_runs() {
    let place = Place::new();
    place.folder();
    let store = place.reader().unwrap();
    assert_eq!(store.runs().unwrap(), []);
    assert_eq!(store.find_run(None), Err(StoreError::NoRuns));
    assert!(!place.database().exists());
}

#[test]
fn what_was_appended_is_there_after_reopening() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let mut journal = store.journal(&id).unwrap();
    let events = [step_events(1, "a"), step_events(5, "b")].concat();
    journal.append(&events[..4], true).unwrap();
    journal.append(&events[4..], true).unwrap();
    drop((journal, store));
    let (loaded, found) = place.reader().unwrap().load(&id).unwrap();
    assert_eq!(found, events);
    assert_eq!((loaded.goal.as_str(), loaded.created), ("release", NOW));
    assert_eq!(loaded.plan, record(&id, NOW).plan);
    assert_eq!(loaded.given["version"], Value::text("1.2.3"));
}

#[test]
fn no_secret_is_in_any_file() {
    let place = Place::new();
    let store = place.store();
    begin(&store, NOW);
    for (path, bytes) in contents(&place.path()) {
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"), "{}", path.display());
    }
}

#[test]
fn progress_that_waits_for_a_checkpoint_comes_with_it() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let mut journal = store.journal(&id).unwrap();
    journal.append(&step_events(1, "a"), false).unwrap();
    assert_eq!(place.reader().unwrap().load(&id).unwrap().1.len(), 0);
    journal.append(&step_events(5, "b")[..1], true).unwrap();
    assert_eq!(place.reader().unwrap().load(&id).unwrap().1.len(), 5);
    journal.append(&step_events(5, "b")[1..], false).unwrap();
    journal.flush().unwrap();
    assert_eq!(place.reader().unwrap().load(&id).unwrap().1.len(), 8);
}

#[test]
fn the_list_of_runs_follows_the_journal() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let mut journal = store.journal(&id).unwrap();
    let now = |store: &Store| {
        let run = store.find_run(None).unwrap();
        (run.status, run.exit, run.ended)
    };
    assert_eq!(now(&store), (RunStatus::Running, None, None));
    journal.append(&[ended(1, RunStatus::Waiting, 3)], true).unwrap();
    assert_eq!(now(&store), (RunStatus::Waiting, Some(3), Some(Timestamp(NOW.0 + 1))));
    let resumed =
        Event::RunResumed { retry_failed: false, changed: Vec::new(), interactive: false };
    journal.append(&[stamp(2, resumed)], true).unwrap();
    assert_eq!(now(&store), (RunStatus::Running, None, None));
}

#[test]
fn after_an_error_the_journal_takes_nothing_more() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let mut journal = store.journal(&id).unwrap();
    journal.append(&step_events(1, "a"), true).unwrap();
    let twice = journal.append(&step_events(4, "b"), true).unwrap_err();
    assert_eq!(journal.append(&step_events(5, "b"), true), Err(twice.clone()));
    assert_eq!(journal.append(&[], false), Err(twice));
    assert_eq!(store.load(&id).unwrap().1.len(), 4);
}

#[test]
fn two_journals_write_side_by_side() {
    let place = Place::new();
    let ids = std::thread::scope(|scope| {
        let write = || {
            let store = place.store();
            let id = begin(&store, NOW);
            let mut journal = store.journal(&id).unwrap();
            for step in 0..50 {
                journal.append(&step_events(4 * step + 1, "a"), true).unwrap();
            }
            id
        };
        let threads = [scope.spawn(write), scope.spawn(write)];
        threads.map(|thread| thread.join().unwrap())
    });
    let reader = place.reader().unwrap();
    for id in ids {
        assert_eq!(reader.load(&id).unwrap().1.len(), 200);
    }
}

#[test]
fn a_run_is_found_by_what_is_unique_of_its_name() {
    let place = Place::new();
    let store = place.store();
    let old = begin(&store, Timestamp(NOW.0 - 86_400_000));
    let new = begin(&store, NOW);
    let found = |name| store.find_run(name).map(|run| run.id);
    assert_eq!(found(None), Ok(new.clone()));
    assert_eq!(found(Some(old.as_str())), Ok(old.clone()));
    assert_eq!(found(Some("20261121")), Ok(old.clone()));
    assert_eq!(found(Some(&new.as_str()[16..])), Ok(new.clone()));
    let runs = vec![new.to_string(), old.to_string()];
    assert_eq!(found(Some("2026")), Err(StoreError::Ambiguous { given: "2026".into(), runs }));
    for strange in ["../..", "nothing", "%", "*", "' OR 1=1"] {
        assert_eq!(found(Some(strange)), Err(StoreError::NoSuchRun(strange.to_owned())));
    }
    assert_eq!(store.runs().unwrap().iter().map(|run| &run.id).collect::<Vec<_>>(), [&new, &old]);
}

#[test]
fn runs_of_one_second_have_names_of_their_own() {
    let place = Place::new();
    let folder = place.folder();
    let names: std::collections::HashSet<_> =
        (0..200).map(|_| folder.new_run(NOW).unwrap().id().to_string()).collect();
    assert_eq!(names.len(), 200);
}

#[test]
fn a_newer_schema_is_refused_without_changing_a_byte() {
    let place = Place::new();
    drop(place.store());
    let db = rusqlite::Connection::open(place.database()).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let before = contents(&place.path());
    for opened in [Store::open_to_write(place.folder()), place.reader()] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    }
    assert_eq!(contents(&place.path()), before);
}

#[test]
fn a_creation_that_a_crash_cut_off_reads_as_an_empty_folder() {
    let place = Place::new();
    drop(place.store());
    let elsewhere = place.path().with_file_name("other.db");
    // What a commit's middle leaves: the new pages in the file, and the journal that undoes them.
    let db = rusqlite::Connection::open(&elsewhere).unwrap();
    db.execute_batch("PRAGMA cache_size = 1; BEGIN; CREATE TABLE filler (x)").unwrap();
    db.pragma_update(None, "user_version", 3).unwrap();
    for _ in 0..100 {
        db.execute("INSERT INTO filler VALUES (zeroblob(3000))", []).unwrap();
    }
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(place.path().join(format!("state.db{end}")));
    }
    let undo = fs::read(elsewhere.with_file_name("other.db-journal")).unwrap();
    db.execute_batch("COMMIT").unwrap();
    let journal = place.path().join("state.db-journal");
    fs::write(&journal, undo).unwrap();
    fs::write(place.database(), fs::read(&elsewhere).unwrap()).unwrap();
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(place.reader().unwrap().runs(), Ok(vec![]));
    assert_eq!(place.store().runs(), Ok(vec![]));
}

#[test]
fn damage_is_said_and_never_a_panic() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    store.journal(&id).unwrap().append(&step_events(1, "a"), true).unwrap();
    drop(store);
    let sound = fs::read(place.database()).unwrap();
    let mut seen = 0;
    for at in (0..sound.len()).step_by(97) {
        let mut hurt = sound.clone();
        hurt[at] ^= 0xff;
        fs::write(place.database(), &hurt).unwrap();
        let _ = fs::remove_file(place.path().join("state.db-wal"));
        let _ = fs::remove_file(place.path().join("state.db-shm"));
        if let Err(error) = place.reader().and_then(|store| store.load(&id)) {
            assert!(!error.to_string().is_empty());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
    fs::write(place.database(), "this is no database, but long enough to look at").unwrap();
    let message = place.reader().unwrap_err().to_string();
    assert!(message.contains("is damaged"), "{message}");
    fs::write(place.database(), &sound[..sound.len() / 2]).unwrap();
    assert!(place.reader().and_then(|store| store.load(&id)).is_err());
}

#[test]
fn a_missing_event_is_no_shorter_story() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    store.journal(&id).unwrap().append(&step_events(1, "a"), true).unwrap();
    store.with(|db| db.execute("DELETE FROM events WHERE seq = 2", [])).unwrap();
    let message = store.load(&id).unwrap_err().to_string();
    assert!(message.ends_with("cannot be read: event 2 is missing"), "{message}");
    store.with(|db| db.execute("UPDATE runs SET plan = '{'", [])).unwrap();
    let message = store.load(&id).unwrap_err().to_string();
    assert!(message.ends_with("cannot be read: its plan is damaged"), "{message}");
}

#[test]
fn a_deleted_state_is_noticed_at_the_next_write_and_poll() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let (mut journal, mut inbox) = (store.journal(&id).unwrap(), store.inbox(&id).unwrap());
    fs::remove_dir_all(place.path()).unwrap();
    let message = journal.append(&step_events(1, "a"), true).unwrap_err().to_string();
    assert!(message.contains("was removed or replaced"), "{message}");
    assert!(matches!(inbox.poll(), Err(StoreError::Gone(_))));
}

#[test]
fn readers_work_while_a_writer_writes() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let mut journal = store.journal(&id).unwrap();
    store
        .with(|db| {
            let change = db.unchecked_transaction()?;
            change.execute("UPDATE runs SET goal = 'half done'", [])?;
            let reader = place.reader().unwrap();
            assert_eq!(reader.find_run(None).unwrap().goal, "release");
            change.rollback()
        })
        .unwrap();
    journal.append(&step_events(1, "a"), true).unwrap();
    assert_eq!(place.reader().unwrap().load(&id).unwrap().1.len(), 4);
}

#[test]
fn a_killed_writer_loses_nothing_and_copies_read_alike() {
    let place = Place::new();
    kill(start("create", &place.path(), "022"));
    let copy = Place::new();
    let copied = Command::new("cp").arg("-r").arg(place.path()).arg(copy.path()).status().unwrap();
    assert!(copied.success());
    let before = contents(&place.path());
    let reader = copy.reader().unwrap();
    let id = reader.find_run(None).unwrap().id;
    assert_eq!(reader.load(&id).unwrap().1, step_events(1, "a"));
    assert_eq!(contents(&place.path()), before);
    assert_eq!(place.reader().unwrap().load(&id).unwrap().1, step_events(1, "a"));
}

#[test]
fn without_the_log_nothing_is_invented() {
    let place = Place::new();
    kill(start("create", &place.path(), "022"));
    for end in ["wal", "shm"] {
        fs::remove_file(place.path().join(format!("state.db-{end}"))).unwrap();
    }
    assert_eq!(place.reader().unwrap().runs().unwrap(), []);
    let store = place.store();
    let id = begin(&store, NOW);
    store.journal(&id).unwrap().append(&step_events(1, "a"), true).unwrap();
}

#[test]
fn a_folder_that_can_only_be_read_is_read() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    store.journal(&id).unwrap().append(&step_events(1, "a"), true).unwrap();
    drop(store);
    fs::set_permissions(place.database(), fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let before = contents(&place.path()).len();
    assert_eq!(place.reader().unwrap().load(&id).unwrap().1.len(), 4);
    // The super-user may write all the same.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(contents(&place.path()).len(), before);
        assert!(Store::open_to_write(place.folder()).is_err());
    }
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn one_process_holds_a_run_and_its_death_frees_it() {
    let place = Place::new();
    let store = place.store();
    let run = store.folder().run(&begin(&store, NOW));
    assert_eq!(run.holder().unwrap(), None);
    let child = start("lock", &place.path(), "022");
    let began = Instant::now();
    let error = run.try_lock(NOW).unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(1));
    let StoreError::Held { holder: Some(holder), .. } = &error else { panic!("{error}") };
    assert_eq!((holder.pid, holder.since), (child.id(), NOW));
    assert_eq!(run.holder().unwrap().as_ref(), Some(holder));
    let machine = || MachineLock::try_lock_in(&place.path().join("machine"), "db").unwrap();
    assert!(machine().is_none());
    kill(child);
    assert_eq!(run.holder().unwrap(), None);
    let lock = run.try_lock(NOW).unwrap();
    assert!(matches!(run.try_lock(NOW), Err(StoreError::Held { .. })));
    drop(lock);
    run.try_lock(NOW).unwrap();
    assert!(machine().is_some());
}

#[test]
fn a_run_has_one_lock_through_whatever_path() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let _lock = store.folder().run(&id).try_lock(NOW).unwrap();
    let elsewhere = Place::new();
    let link = elsewhere.temp.path().join("link");
    symlink(place.temp.path(), &link).unwrap();
    let other = StateFolder::open_or_create(&link.join(".goal")).unwrap();
    assert!(matches!(other.run(&id).try_lock(NOW), Err(StoreError::Held { .. })));
}

#[test]
fn machine_locks_exclude_by_name() {
    let temp = tempfile::tempdir().unwrap();
    let lock = |name| MachineLock::try_lock_in(&temp.path().join("locks"), name).unwrap();
    let held = lock("../database").unwrap();
    assert!(lock("../database").is_none());
    assert!(lock("printer").is_some());
    drop(held);
    assert!(lock("../database").is_some());
    assert!(!temp.path().join("database").exists());
}

fn request(unit: Option<Unit>, kind: RequestKind) -> Request {
    let (by, note) = ("ada".to_owned(), String::new());
    Request { unit, kind, by, note, outputs: IndexMap::new(), asked: None }
}

fn answered(seq: u64, step: &str, answer: Answer) -> Stamped {
    let (by, from, note) = ("ada".to_owned(), "command".to_owned(), String::new());
    stamp(seq, Event::Answered { unit: unit(step), answer, by, from, note })
}

#[test]
fn requests_come_once_and_again_until_they_are_answered() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let mut inbox = store.inbox(&id).unwrap();
    assert_eq!(inbox.poll().unwrap(), []);
    let elsewhere = place.store();
    let approve = request(Some(unit("a")), RequestKind::Approve);
    elsewhere.post(&id, NOW, &approve).unwrap();
    store.post(&id, NOW, &request(Some(unit("b")), RequestKind::Deny)).unwrap();
    let posted = inbox.poll().unwrap();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0].request, approve);
    assert_eq!(inbox.poll().unwrap(), []);
    // A crash before the answer is in the journal: it comes again.
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), posted);
    let mut journal = store.journal(&id).unwrap();
    journal.append(&[answered(1, "a", Answer::Approved)], true).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), posted[1..]);
    inbox.dismiss(posted[1].id, NOW).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), []);
}

#[test]
fn a_cancel_does_not_outlive_what_it_cancelled() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    store.post(&id, NOW, &request(None, RequestKind::Cancel)).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap().len(), 1);
    let why = StopReason::Cancelled { by: "ada".to_owned() };
    let mut journal = store.journal(&id).unwrap();
    journal.append(&[stamp(1, Event::StopRequested { goal: GoalId::root(), why })], true).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), []);
    store.post(&id, NOW, &request(None, RequestKind::Cancel)).unwrap();
    journal.append(&[ended(2, RunStatus::Cancelled, 1)], true).unwrap();
    assert_eq!(store.inbox(&id).unwrap().poll().unwrap(), []);
}

#[test]
fn a_run_of_ten_thousand_steps_is_small_and_loads_fast() {
    let place = Place::new();
    let store = place.store();
    let id = begin(&store, NOW);
    let mut journal = store.journal(&id).unwrap();
    for step in 0..10_000 {
        let name = format!("build.step-{step}");
        journal.append(&step_events(4 * step + 1, &name), step % 50 == 49).unwrap();
    }
    let size: usize = contents(&place.path()).iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size <= 10 << 20, "{size}");
    assert_eq!(store.load(&id).unwrap().1.len(), 40_000);
}
