//! One process at a time: of a run, and of a lock of the machine.

use super::*;

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
