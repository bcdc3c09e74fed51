//! Runs and their records: created, listed, found by a piece of their name, loaded.
//!
//! Invariant: one connection a [`Store`], shared by its clones; what a row cannot mean is an error,
//! never a guess.

use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use indexmap::IndexMap;
use rusqlite::{Connection, OptionalExtension, Row, params};
use rustix::io::Errno;

use super::database::{open_to_read, open_to_write};
use super::events::StoredEvents;
use super::{RunId, StateFolder, StoreError, checksum};
use crate::exec::{RunStatus, Stamped, Timestamp};
use crate::ir::Plan;
use crate::source::Origin;
use crate::value::Value;

/// A run as it began. It holds its plan: the file may change or go meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    pub id: RunId,
    pub goal: String,
    /// The plan's file, absolute.
    pub plan_path: PathBuf,
    pub plan: Arc<Plan>,
    /// What the plan was made from, where that is known.
    pub origin: Option<Origin>,
    /// Params as they were given, by path; a secret is `***`.
    pub given: IndexMap<String, Value>,
    pub created: Timestamp,
}

/// A run's line in the list of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    pub id: RunId,
    pub goal: String,
    pub plan_path: PathBuf,
    /// As the last process wrote it. A run that says `running` while its lock is free has lost its
    /// process.
    pub status: RunStatus,
    pub exit: Option<u8>,
    pub created: Timestamp,
    pub ended: Option<Timestamp>,
}

/// The database of a state folder. Clones share one connection.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) db: Mutex<Connection>,
    pub(super) folder: StateFolder,
    pub(super) path: PathBuf,
    /// Device and inode, by which a replaced database is noticed.
    pub(super) identity: Option<(u64, u64)>,
    /// Requests posted by this connection, whose commits its own change check does not see.
    posted: AtomicU64,
    /// There is a write-ahead log, so that syncing it can be put off.
    pub(super) has_log: bool,
    /// The log, to sync it, or why that has failed. It has no locks that closing it could drop, and is
    /// the same file as long as the connection is open.
    pub(super) log: Mutex<Option<Result<OwnedFd, Errno>>>,
}

const SUMMARY: &str = "SELECT id, goal, plan_path, status, exit, created, ended FROM runs";

impl Store {
    /// Opens the database for writing; made, or brought up to date, where needed.
    ///
    /// # Errors
    /// It cannot be opened or written, is damaged or of a newer goalc.
    pub fn open_to_write(folder: StateFolder) -> Result<Self, StoreError> {
        let db = open_to_write(&folder)?;
        Self::new(db, folder)
    }

    /// Opens the database for commands that only look, while another process may write.
    ///
    /// # Errors
    /// It cannot be read, is damaged or of a newer goalc.
    pub fn open_to_read(folder: StateFolder) -> Result<Self, StoreError> {
        let db = open_to_read(&folder)?;
        Self::new(db, folder)
    }

    fn new(db: Connection, folder: StateFolder) -> Result<Self, StoreError> {
        let identity = folder.check_database()?;
        let path = folder.database();
        let mode: rusqlite::Result<String> =
            db.pragma_query_value(None, "journal_mode", |row| row.get(0));
        let has_log = mode.is_ok_and(|mode| mode == "wal");
        let (db, posted, log) = (Mutex::new(db), AtomicU64::new(0), Mutex::new(None));
        let shared = Shared { db, folder, path, identity, posted, has_log, log };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The state folder that this is the database of.
    pub fn folder(&self) -> &StateFolder {
        &self.shared.folder
    }

    /// Writes a new run down, durably. Its folder is made, and its lock taken, before.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create_run(&self, record: &RunRecord) -> Result<(), StoreError> {
        let json = |text: Result<String, serde_json::Error>| {
            text.map_err(|error| unreadable(&record.id, &error.to_string()))
        };
        let plan = json(serde_json::to_string(&*record.plan))?;
        let given = json(serde_json::to_string(&record.given))?;
        self.write(|db| {
            db.execute(
                "INSERT INTO runs (id, goal, plan_path, plan, given, created, status, origin)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    record.id.as_str(),
                    record.goal,
                    record.plan_path.as_os_str().as_bytes(),
                    plan,
                    given,
                    record.created.0,
                    RunStatus::Running.word(),
                    origin_text(record.origin.as_ref()),
                ],
            )?;
            db.execute(
                "INSERT INTO heads (run, seq, sum, plan) VALUES (?1, 0, ?2, ?3)",
                params![db.last_insert_rowid(), checksum::START, checksum::of_plan(&plan)],
            )
            .map(drop)
        })
    }

    /// All runs, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        self.summaries("ORDER BY created DESC, key DESC", [])
    }

    /// The run that a name means: the newest without one, else the one whose id it is or starts, or
    /// whose last four letters it is.
    ///
    /// # Errors
    /// No run or several fit.
    pub fn find_run(&self, name: Option<&str>) -> Result<RunSummary, StoreError> {
        let Some(name) = name else {
            let newest = self.summaries("ORDER BY created DESC, key DESC LIMIT 1", [])?;
            return newest.into_iter().next().ok_or(StoreError::NoRuns);
        };
        let given = name.trim().to_ascii_lowercase();
        for rule in ["id = ?1", "substr(id, 1, length(?1)) = ?1", "substr(id, -4) = ?1"] {
            let tail = format!("WHERE {rule} ORDER BY created DESC, key DESC");
            let mut found = self.summaries(&tail, [&given])?;
            match (found.len(), found.pop()) {
                (1, Some(run)) => return Ok(run),
                (0, _) | (_, None) => {}
                (_, Some(last)) => {
                    let runs = found.iter().chain([&last]).map(|run| run.id.to_string()).collect();
                    return Err(StoreError::Ambiguous { given: name.to_owned(), runs });
                }
            }
        }
        Err(StoreError::NoSuchRun(name.to_owned()))
    }

    /// A run's record and all its events, in their order.
    ///
    /// # Errors
    /// The run is not there, or what is written of it cannot be read or is damaged.
    pub fn load(&self, run: &RunId) -> Result<(RunRecord, Vec<Stamped>), StoreError> {
        let (record, events, damage) = self.load_sound(run)?;
        damage.map_or(Ok((record, events)), Err)
    }

    /// A run's record and its events up to the first that is damaged or missing, with what is
    /// wrong with that.
    ///
    /// # Errors
    /// The run is not there, or its record cannot be read or is damaged.
    pub fn load_sound(
        &self,
        run: &RunId,
    ) -> Result<(RunRecord, Vec<Stamped>, Option<StoreError>), StoreError> {
        let key = self.key(run)?;
        let (record, stored) = self.with(|db| {
            let look = db.unchecked_transaction()?;
            let record = look.query_row(
                "SELECT goal, plan_path, plan, given, created, origin FROM runs WHERE key = ?1",
                [key],
                StoredRecord::read,
            )?;
            Ok((record, StoredEvents::read(&look, key, 0)?))
        })?;
        if stored.head.is_some_and(|head| head.plan != checksum::of_plan(&record.plan)) {
            return Err(unreadable(run, "its plan is damaged"));
        }
        let record = record.parse(run)?;
        let (events, damage) = stored.sound(run, self.path());
        Ok((record, events, damage))
    }

    /// A run's sound events behind the one of this number: for who follows a run.
    ///
    /// # Errors
    /// The run is not there, or the database cannot be read.
    pub fn events_after(&self, run: &RunId, seq: u64) -> Result<Vec<Stamped>, StoreError> {
        let key = self.key(run)?;
        let stored = self.with(|db| {
            let look = db.unchecked_transaction()?;
            StoredEvents::read(&look, key, seq)
        })?;
        Ok(stored.sound(run, self.path()).0)
    }

    /// The run's number in the tables.
    pub(super) fn key(&self, run: &RunId) -> Result<i64, StoreError> {
        let found = self.with(|db| {
            db.query_row("SELECT key FROM runs WHERE id = ?1", [run.as_str()], |row| row.get(0))
                .optional()
        })?;
        found.ok_or_else(|| StoreError::NoSuchRun(run.to_string()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.shared.path
    }

    pub(super) fn count_post(&self) {
        self.shared.posted.fetch_add(1, Ordering::Release);
    }

    pub(super) fn posts(&self) -> u64 {
        self.shared.posted.load(Ordering::Acquire)
    }

    fn summaries(
        &self,
        tail: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let rows = self.with(|db| {
            let mut query = db.prepare_cached(&format!("{SUMMARY} {tail}"))?;
            query.query_map(values, StoredSummary::read)?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        rows.into_iter().map(|row| row.parse(&self.shared.path)).collect()
    }
}

/// A row of `runs`, not yet believed.
struct StoredSummary {
    id: String,
    goal: String,
    plan_path: Vec<u8>,
    status: String,
    exit: Option<u8>,
    created: i64,
    ended: Option<i64>,
}

impl StoredSummary {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            goal: row.get(1)?,
            plan_path: row.get(2)?,
            status: row.get(3)?,
            exit: row.get(4)?,
            created: row.get(5)?,
            ended: row.get(6)?,
        })
    }

    fn parse(self, database: &Path) -> Result<RunSummary, StoreError> {
        let damaged = |why: String| StoreError::Damaged { path: database.to_owned(), why };
        let id = RunId::read(&self.id)
            .ok_or_else(|| damaged(format!("{:?} is no name of a run", self.id)))?;
        let status = run_status(&self.status)
            .ok_or_else(|| damaged(format!("{:?} is no status of a run", self.status)))?;
        Ok(RunSummary {
            id,
            goal: self.goal,
            plan_path: to_path(self.plan_path),
            status,
            exit: self.exit,
            created: Timestamp(self.created),
            ended: self.ended.map(Timestamp),
        })
    }
}

/// What a run began with, not yet believed.
struct StoredRecord {
    goal: String,
    plan_path: Vec<u8>,
    plan: String,
    given: String,
    created: i64,
    origin: Option<String>,
}

impl StoredRecord {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            goal: row.get(0)?,
            plan_path: row.get(1)?,
            plan: row.get(2)?,
            given: row.get(3)?,
            created: row.get(4)?,
            origin: row.get(5)?,
        })
    }

    fn parse(self, run: &RunId) -> Result<RunRecord, StoreError> {
        let plan: Plan = serde_json::from_str(&self.plan)
            .map_err(|error| unreadable(run, &format!("its plan: {error}")))?;
        plan.validate().map_err(|error| unreadable(run, &error.to_string()))?;
        let given = serde_json::from_str(&self.given)
            .map_err(|error| unreadable(run, &format!("its params: {error}")))?;
        let (id, plan_path) = (run.clone(), to_path(self.plan_path));
        let created = Timestamp(self.created);
        // One that cannot be read says nothing: the plan is then made again to be compared.
        let origin = self.origin.and_then(|text| serde_json::from_str(&text).ok());
        let plan = Arc::new(plan);
        Ok(RunRecord { id, goal: self.goal, plan_path, plan, origin, given, created })
    }
}

/// As it is written; none where a path in it is no Unicode.
pub(super) fn origin_text(origin: Option<&Origin>) -> Option<String> {
    serde_json::to_string(origin?).ok()
}

pub(super) fn unreadable(run: &RunId, why: &str) -> StoreError {
    StoreError::Record { run: run.to_string(), why: why.to_owned() }
}

fn to_path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

fn run_status(word: &str) -> Option<RunStatus> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}
