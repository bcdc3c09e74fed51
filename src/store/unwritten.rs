//! Events on their way into the database: the loop leaves them here, and whoever needs them there
//! writes all of them in one commit.
//!
//! Invariant: they are written in their order, each once, those that were left together in one commit;
//! after one error nothing is, as what is on disk is unknown.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::{Connection, params};

use super::commit::Reach;
use super::entry::Entry;
use super::{Store, checksum};
use crate::exec::JournalError;

/// What of one run is not in the database yet.
#[derive(Debug)]
pub(super) struct Unwritten {
    store: Store,
    run: i64,
    waiting: Mutex<Waiting>,
    /// Held by the one who writes.
    turn: Mutex<()>,
    /// The number of the last event that was written.
    written: AtomicU64,
    failed: OnceLock<JournalError>,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: Vec<Entry>,
    plan: Option<NewPlan>,
}

/// The plan as JSON, and its origin, that go with the next commit.
#[derive(Debug)]
pub(super) struct NewPlan {
    pub(super) json: String,
    pub(super) origin: Option<String>,
}

impl Unwritten {
    pub(super) fn new(store: &Store, run: i64) -> Self {
        Self {
            store: store.clone(),
            run,
            waiting: Mutex::default(),
            turn: Mutex::default(),
            written: AtomicU64::new(0),
            failed: OnceLock::new(),
        }
    }

    /// What went wrong, if something did.
    pub(super) fn error(&self) -> Option<JournalError> {
        self.failed.get().cloned()
    }

    /// Nothing is written any more, for this reason or an earlier one, which it gives.
    pub(super) fn fail(&self, error: &impl ToString) -> JournalError {
        self.failed.get_or_init(|| JournalError(error.to_string())).clone()
    }

    pub(super) fn replace_plan(&self, plan: NewPlan) {
        self.lock().plan = Some(plan);
    }

    /// Leaves events that belong together; says how many wait.
    pub(super) fn add(&self, entries: Vec<Entry>) -> usize {
        let mut waiting = self.lock();
        waiting.entries.extend(entries);
        waiting.entries.len()
    }

    /// Writes all that waits, so that the end of this process does not lose it; says up to which
    /// event.
    pub(super) fn write(&self) -> Result<u64, JournalError> {
        // What was broken off had taken events with it.
        let _turn = self.turn.lock().map_err(|_| self.fail(&"writing was broken off"))?;
        if let Some(error) = self.error() {
            return Err(error);
        }
        let mut waiting = self.lock();
        if waiting.entries.is_empty() {
            drop(waiting);
            self.store.still_there().map_err(|error| self.fail(&error))?;
            return Ok(self.written.load(Ordering::Acquire));
        }
        let Waiting { entries, plan } = std::mem::take(&mut *waiting);
        drop(waiting);
        let work = |db: &Connection| write(db, self.run, &entries, plan.as_ref());
        self.store.write_to(Reach::System, work).map_err(|error| self.fail(&error))?;
        let last = entries.last().map_or(0, |entry| u64::try_from(entry.seq).unwrap_or(0));
        self.written.store(last, Ordering::Release);
        Ok(last)
    }

    /// Writes all that waits and waits for the disk; says up to which event all is on it.
    pub(super) fn sync(&self) -> Result<u64, JournalError> {
        let upto = self.write()?;
        self.store.sync_log().map_err(|error| self.fail(&error))?;
        Ok(upto)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(
    db: &Connection,
    run: i64,
    entries: &[Entry],
    plan: Option<&NewPlan>,
) -> rusqlite::Result<()> {
    if let Some(NewPlan { json, origin }) = plan {
        db.execute(
            "UPDATE runs SET plan = ?2, origin = ?3 WHERE key = ?1",
            params![run, json, origin],
        )?;
        db.execute(
            "UPDATE heads SET plan = ?2 WHERE run = ?1",
            params![run, checksum::of_plan(json)],
        )?;
    }
    entries.iter().try_for_each(|entry| entry.write(db, run))?;
    let Some(last) = entries.last() else { return Ok(()) };
    db.prepare_cached("UPDATE heads SET seq = ?2, sum = ?3 WHERE run = ?1")?
        .execute(params![run, last.seq, last.sum])
        .map(drop)
}
