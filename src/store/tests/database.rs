//! The database after crashes and damage, by a newer goalc, and read beside a writer.

use super::*;

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

/// Takes out of a database what the schemas after this one brought.
fn set_back(path: &Path, version: i64) {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch("ALTER TABLE successes DROP COLUMN outputs").unwrap();
    if version < 4 {
        db.execute_batch("ALTER TABLE runs DROP COLUMN origin").unwrap();
    }
    if version < 3 {
        db.execute_batch("DROP TABLE measured; DROP TABLE durations").unwrap();
    }
    if version < 2 {
        db.execute_batch(
            "DROP TABLE successes; DROP TABLE heads; ALTER TABLE events DROP COLUMN sum",
        )
        .unwrap();
    }
    db.pragma_update(None, "user_version", version).unwrap();
}

#[test]
fn a_state_of_each_older_schema_is_brought_up_to_date_with_all_it_has() {
    for version in [1, 2, 3, 4] {
        let place = Place::new();
        let store = place.store();
        let id = begin(&store, NOW);
        let events = step_events(1, "a");
        store.journal(&id).unwrap().append(&events, true).unwrap();
        drop(store);
        set_back(&place.database(), version);
        // As a process leaves it that is killed in the middle of bringing it up to date.
        let begun = rusqlite::Connection::open(place.database()).unwrap();
        begun.execute_batch("BEGIN IMMEDIATE; CREATE TABLE heads_begun (x)").unwrap();
        let copy = Place::new();
        drop(copy.folder());
        for entry in fs::read_dir(place.path()).unwrap().map(Result::unwrap) {
            if entry.file_name().to_string_lossy().starts_with("state.db") {
                fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        drop(begun);
        for place in [place, copy] {
            let loaded = place.store().load(&id).unwrap();
            assert_eq!((loaded.0.id, loaded.1), (id.clone(), events.clone()), "from {version}");
            let db = rusqlite::Connection::open(place.database()).unwrap();
            let now: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
            assert_eq!(now, 5);
            let more = step_events(u64::try_from(events.len()).unwrap() + 1, "b");
            place.store().journal(&id).unwrap().append(&more, true).unwrap();
            assert_eq!(place.store().load(&id).unwrap().1, [events.clone(), more].concat());
        }
    }
}

#[test]
fn a_creation_that_a_crash_cut_off_reads_as_an_empty_folder() {
    let place = Place::new();
    drop(place.store());
    let elsewhere = place.path().with_file_name("other.db");
    // What a commit's middle leaves: the new pages in the file, and the journal that undoes them.
    let db = rusqlite::Connection::open(&elsewhere).unwrap();
    db.execute_batch("PRAGMA cache_size = 1; BEGIN; CREATE TABLE filler (x)").unwrap();
    db.pragma_update(None, "user_version", 5).unwrap();
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
