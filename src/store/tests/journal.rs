//! What is appended is there, in its order, and the list of runs follows it.

use super::*;

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
    let resumed = Event::RunResumed {
        retry_failed: false,
        changed: Vec::new(),
        interactive: false,
        edits: None,
    };
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
