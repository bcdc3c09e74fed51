//! Opening the database: its durability, its schema and the migrations between schemas.
//!
//! Knows no runs and events. Invariant: a commit is synced before it is acknowledged, by `SQLite`
//! or by whoever commits to its log; a database of a newer schema is never changed by a byte.

use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::{StateFolder, StoreError};

/// One entry a schema version, from 1; each brings the one before it up to date.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE runs (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        goal TEXT NOT NULL,
        plan_path BLOB NOT NULL,
        plan TEXT NOT NULL,
        given TEXT NOT NULL,
        created INTEGER NOT NULL,
        status TEXT NOT NULL,
        exit INTEGER,
        ended INTEGER
    ) STRICT;
    CREATE TABLE events (
        run INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL,
        at INTEGER NOT NULL,
        unit TEXT NOT NULL,
        body TEXT NOT NULL,
        taken INTEGER
    ) STRICT;
    CREATE INDEX open_requests ON requests (run, id) WHERE taken IS NULL;
",
    "
    CREATE TABLE successes (
        plan_path BLOB NOT NULL,
        unit TEXT NOT NULL,
        at INTEGER NOT NULL,
        inputs TEXT NOT NULL,
        PRIMARY KEY (plan_path, unit)
    ) STRICT, WITHOUT ROWID;
    -- Each event's checksum, that of the event before it included; null: written by schema 1.
    ALTER TABLE events ADD COLUMN sum INTEGER;
    -- The last event of a run, and its plan's checksum: what is missing at the end shows.
    CREATE TABLE heads (
        run INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        plan INTEGER NOT NULL
    ) STRICT;
",
    "
    -- A step as it was, and how long the attempts at it took that succeeded.
    CREATE TABLE measured (
        key INTEGER PRIMARY KEY,
        plan_path BLOB NOT NULL,
        step TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        UNIQUE (plan_path, step, fingerprint)
    ) STRICT;
    CREATE TABLE durations (
        step INTEGER NOT NULL,
        run INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        milliseconds INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        PRIMARY KEY (step, run, seq)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- What the plan was made from, as JSON; null: not known.
    ALTER TABLE runs ADD COLUMN origin TEXT;
",
    "
    -- What a step gave at its last success, as JSON; null: not kept.
    ALTER TABLE successes ADD COLUMN outputs TEXT;
",
];

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pages in the write-ahead log before it is moved into the database: some 2 MB.
const LOG_PAGES: i64 = 500;

fn schema_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Opens the database for writing; created or brought up to date where needed.
///
/// # Errors
/// It cannot be opened or changed, is damaged or newer, or the file system does not let it be
/// durable.
pub(super) fn open_to_write(folder: &StateFolder) -> Result<Connection, StoreError> {
    // Two processes that create or migrate at once take turns. Where a file system has no such
    // locks on folders, the database's own lock and the busy timeout must do.
    take_turn(folder)?;
    let opened = prepare_to_write(folder);
    let _ = rustix::fs::flock(folder.handle(), FlockOperation::Unlock);
    opened
}

fn take_turn(folder: &StateFolder) -> Result<(), StoreError> {
    let began = Instant::now();
    while rustix::fs::flock(folder.handle(), FlockOperation::NonBlockingLockExclusive)
        == Err(Errno::WOULDBLOCK)
    {
        if began.elapsed() > PATIENCE {
            return Err(StoreError::Busy(folder.path().to_owned()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn prepare_to_write(folder: &StateFolder) -> Result<Connection, StoreError> {
    let path = folder.database();
    let was_there = folder.prepare_database()?;
    if was_there {
        peek(&path)?;
    }
    let shared = on_network(folder.handle());
    let mut db = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let migrated = migrate(&mut db, &path)?;
    make_durable(&db, shared, &path)?;
    if migrated && was_there {
        let moved = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        moved.map_err(|e| StoreError::sql(&path, &e))?;
    }
    Ok(db)
}

/// Opens the database for reading, also on a medium that cannot be written, and after a crash.
/// A folder in which nothing was written yet reads as an empty one.
///
/// # Errors
/// It cannot be opened, is damaged or newer.
pub(super) fn open_to_read(folder: &StateFolder) -> Result<Connection, StoreError> {
    let path = folder.database();
    if folder.check_database()?.is_none() {
        return empty(&path);
    }
    if peek(&path)? == 0 {
        return empty(&path);
    }
    let db = connect_to_read(&path)?;
    // Asked again: opening takes back what a crash left uncommitted, the schema's creation or
    // migration too.
    match version_of(&db).map_err(|e| StoreError::sql(&path, &e))? {
        0 => empty(&path),
        version if version < schema_version() => {
            drop(db);
            open_to_write(folder)
        }
        _ => Ok(db),
    }
}

/// A plain reader cannot open what a crash left half done, and no reader can where the folder
/// cannot be written; so each way is tried.
fn connect_to_read(path: &Path) -> Result<Connection, StoreError> {
    let usable = |db: Connection| {
        version_of(&db).map_err(|e| StoreError::sql(path, &e))?;
        Ok(db)
    };
    let first = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(usable);
    let Err(why) = first else { return first };
    let second = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|db| {
        db.pragma_update(None, "query_only", true).map_err(|e| StoreError::sql(path, &e))?;
        usable(db)
    });
    if second.is_ok() || has_unmerged(path) {
        return second.map_err(|_| why);
    }
    connect_unchanging(path).and_then(usable).map_err(|_| why)
}

/// Where the write-ahead log of a database is.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// Whether commits stand beside the database that are not in it yet.
fn has_unmerged(path: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|end| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(end);
        std::fs::symlink_metadata(beside).is_ok_and(|found| found.len() > 0)
    })
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let wrap = |e: rusqlite::Error| StoreError::sql(path, &e);
    let db = Connection::open_with_flags(path, flags).map_err(wrap)?;
    db.busy_timeout(PATIENCE).map_err(wrap)?;
    // What is deleted is gone: a request may hold a secret that only who took it up could tell.
    // No file outside the state folder, no map that a cut file turns into a crash, and nothing
    // that a foreign schema may call.
    db.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON",
    )
    .map_err(wrap)?;
    // Statements are planned once, and not anew for each value that they are given.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(wrap)?;
    Ok(db)
}

/// Opens without locks and without files beside the database.
fn connect_unchanging(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(address(path), flags).map_err(|e| StoreError::sql(path, &e))
}

/// The path as `SQLite`'s URI, each unusual byte escaped.
fn address(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut address = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02x}");
        }
    }
    address + "?immutable=1"
}

/// The schema version, found without changing anything. `SQLite` itself looks: closing a file
/// descriptor of the database anywhere else in the process would drop all its locks.
fn peek(path: &Path) -> Result<i64, StoreError> {
    let version = |db: Connection| version_of(&db).map_err(|e| StoreError::sql(path, &e));
    let found = match connect_unchanging(path).and_then(version) {
        // Where the log was being moved into the database when the disk was full or the machine
        // stopped, the file alone is no database: only with its log it is.
        Err(_) if has_unmerged(path) => {
            connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(version)?
        }
        found => found?,
    };
    refuse_newer(path, found)
}

fn refuse_newer(path: &Path, found: i64) -> Result<i64, StoreError> {
    let known = schema_version();
    if (0..=known).contains(&found) {
        return Ok(found);
    }
    Err(StoreError::Newer { path: path.to_owned(), found, known })
}

fn version_of(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the schema up to date, all or nothing. True: something was done.
fn migrate(db: &mut Connection, path: &Path) -> Result<bool, StoreError> {
    let wrap = |e: rusqlite::Error| StoreError::sql(path, &e);
    if refuse_newer(path, version_of(db).map_err(wrap)?)? == schema_version() {
        return Ok(false);
    }
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(wrap)?;
    let found = refuse_newer(path, version_of(&change).map_err(wrap)?)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        change.execute_batch(step).map_err(wrap)?;
    }
    change.pragma_update(None, "user_version", schema_version()).map_err(wrap)?;
    change.commit().map_err(wrap)?;
    Ok(true)
}

/// Chooses how commits reach the disk, and believes only what `SQLite` says it does.
fn make_durable(db: &Connection, shared: bool, path: &Path) -> Result<(), StoreError> {
    let wrap = |e: rusqlite::Error| StoreError::sql(path, &e);
    // A write-ahead log needs shared memory, which other machines do not see. EXTRA also makes
    // the removal of the rollback journal durable, which is the commit. NORMAL syncs a log only
    // where it is begun or moved into the database: after a commit the writer does, when it must.
    let (wanted, sync) = if shared { ("delete", "EXTRA") } else { ("wal", "NORMAL") };
    let got: String =
        db.pragma_update_and_check(None, "journal_mode", wanted, |row| row.get(0)).map_err(wrap)?;
    // After an error of the disk it may say one thing and do another: in a log's mode, whoever has
    // looked at the database has opened its log.
    let version: i64 = version_of(db).map_err(wrap)?;
    let got =
        if shared || log_of(path).exists() || version == 0 { got } else { "delete".to_owned() };
    if got != wanted {
        let why = format!("its journal mode stays `{got}` where it must be `{wanted}`");
        return Err(StoreError::System { doing: "use", path: path.to_owned(), why });
    }
    db.pragma_update(None, "synchronous", sync).map_err(wrap)?;
    db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(wrap)
}

/// A database of the current schema in memory, with nothing in it.
fn empty(path: &Path) -> Result<Connection, StoreError> {
    let mut db = Connection::open_in_memory().map_err(|e| StoreError::sql(path, &e))?;
    migrate(&mut db, path)?;
    db.pragma_update(None, "query_only", true).map_err(|e| StoreError::sql(path, &e))?;
    Ok(db)
}

/// Whether a file is on a file system that other machines may use at the same time.
pub(super) fn on_network(file: BorrowedFd<'_>) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|found| {
        // The type's width and sign differ by architecture; the low 32 bits are the same.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        is_network_type(found.f_type as u32)
    })
}

/// By the magic numbers of `statfs(2)`.
fn is_network_type(magic: u32) -> bool {
    const NETWORK: [u32; 17] = [
        0x0000_6969, // NFS
        0x0000_517b, // SMB
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB2
        0x0bd0_0bd0, // Lustre
        0x4750_4653, // GPFS
        0x6573_5546, // FUSE
        0x1983_0326, // BeeGFS
        0x5346_414f, // AFS
        0x6b41_4653, // kAFS
        0x00c3_6400, // Ceph
        0x0102_1997, // 9P
        0x0116_1970, // GFS2
        0x7461_636f, // OCFS2
        0x7375_7245, // Coda
        0x2003_0528, // OrangeFS
        0xaad7_aaea, // PanFS
    ];
    NETWORK.contains(&magic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_has_the_mended_write_ahead_log() {
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    }

    #[test]
    fn file_systems_of_clusters_are_known() {
        for magic in [0x6969, 0x0bd0_0bd0, 0x4750_4653, 0x6573_5546] {
            assert!(is_network_type(magic), "{magic:x}");
        }
        // ext4, tmpfs, btrfs, xfs
        for magic in [0xef53, 0x0102_1994, 0x9123_683e, 0x5846_5342] {
            assert!(!is_network_type(magic), "{magic:x}");
        }
    }

    #[test]
    fn a_shared_file_system_gets_no_write_ahead_log() {
        let temp = tempfile::tempdir().unwrap();
        let folder = StateFolder::open_or_create(&temp.path().join(".goal")).unwrap();
        let local = open_to_write(&folder).unwrap();
        let mode = |db: &Connection| -> (String, i64) {
            let get = |name| db.pragma_query_value(None, name, |row| row.get(0)).unwrap();
            let sync = db.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            (get("journal_mode"), sync)
        };
        assert_eq!(mode(&local), ("wal".to_owned(), 1));
        make_durable(&local, true, &folder.database()).unwrap();
        assert_eq!(mode(&local), ("delete".to_owned(), 3));
    }
}
