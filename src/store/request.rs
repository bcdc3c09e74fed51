//! What people ask of a run from another terminal: approve, deny, done, rerun, fail, note, cancel.
//!
//! Invariant: a request that was acknowledged is there until the event that answers it is in the
//! journal, and both change in one commit; so no answer is lost, and none counts twice.

use std::sync::Arc;

use indexmap::IndexMap;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::{RunId, Store, StoreError};
use crate::exec::{Timestamp, Unit};
use crate::value::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestKind {
    Approve,
    Deny,
    Done,
    Rerun,
    Fail,
    /// In interactive mode: it is to run.
    Run,
    /// In interactive mode: one more attempt.
    Retry,
    /// In interactive mode: it ends as skipped.
    Skip,
    /// Something to be written down.
    Note,
    /// The whole run.
    Cancel,
}

/// What someone asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What it is about; `None` is the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    pub kind: RequestKind,
    pub by: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// With `done`: the step's outputs.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<Arc<str>, Value>,
    /// The number of the `asked` event that it answers: an answer to one question is none to the
    /// next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
}

/// A request that is in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    pub id: i64,
    pub at: Timestamp,
    pub request: Request,
}

impl Store {
    /// Leaves a request for the run's coordinator; on disk when it returns.
    ///
    /// # Errors
    /// The run is not there, its question is answered already, or it cannot be written.
    pub fn post(&self, run: &RunId, at: Timestamp, request: &Request) -> Result<i64, StoreError> {
        let key = self.key(run)?;
        let body = serde_json::to_string(request)
            .map_err(|e| StoreError::Record { run: run.to_string(), why: e.to_string() })?;
        let id = self.write(|db| {
            if let Some(before) = answered_before(db, key, request)? {
                return Ok(Err(before));
            }
            db.execute(
                "INSERT INTO requests (run, at, unit, body) VALUES (?1, ?2, ?3, ?4)",
                params![key, at.0, settled_by(request), body],
            )?;
            Ok(Ok(db.last_insert_rowid()))
        })?;
        let id = id.map_err(|by| StoreError::Answered { run: run.to_string(), by })?;
        self.count_post();
        Ok(id)
    }

    /// Where a run's coordinator finds requests.
    ///
    /// # Errors
    /// There is no such run.
    pub fn inbox(&self, run: &RunId) -> Result<Inbox, StoreError> {
        let key = self.key(run)?;
        Ok(Inbox { store: self.clone(), run: run.clone(), key, seen: None, last: 0 })
    }
}

/// Requests of one run, each given out once by one inbox. A new inbox, as after a crash, gives out
/// again those that no event has answered.
#[derive(Debug)]
pub struct Inbox {
    store: Store,
    run: RunId,
    key: i64,
    /// The database's change count at the last look, and this connection's posts.
    seen: Option<(i64, u64)>,
    last: i64,
}

impl Inbox {
    /// The requests that came since the last look, in their order. Cheap where nothing changed.
    /// They are settled by the journal when it gets `answered` for their unit, `noted` with their
    /// number, or `stop-requested` by a cancel; others must be [dismissed](Self::dismiss).
    ///
    /// # Errors
    /// The database cannot be read, or is gone.
    pub fn poll(&mut self) -> Result<Vec<Posted>, StoreError> {
        self.store.still_there()?;
        let posts = self.store.posts();
        let (seen, key, last) = (self.seen, self.key, self.last);
        let (now, rows) = self.store.with(|db| {
            let now = (change_count(db)?, posts);
            let rows = if seen == Some(now) { Vec::new() } else { open_requests(db, key, last)? };
            Ok((now, rows))
        })?;
        let posted: Vec<Posted> =
            rows.into_iter().map(|row| self.read(row)).collect::<Result<_, _>>()?;
        self.seen = Some(now);
        self.last = posted.last().map_or(self.last, |newest| newest.id);
        Ok(posted)
    }

    /// Settles a request that answers nothing.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn dismiss(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        self.store.write(|db| {
            db.execute(
                "UPDATE requests SET taken = ?2, body = '' WHERE id = ?1 AND taken IS NULL",
                params![id, at.0],
            )
            .map(drop)
        })
    }

    fn read(&self, (id, at, body): (i64, i64, String)) -> Result<Posted, StoreError> {
        let request = serde_json::from_str(&body).map_err(|error| StoreError::Record {
            run: self.run.to_string(),
            why: format!("request {id}: {error}"),
        })?;
        Ok(Posted { id, at: Timestamp(at), request })
    }
}

fn change_count(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

fn open_requests(
    db: &Connection,
    run: i64,
    last: i64,
) -> rusqlite::Result<Vec<(i64, i64, String)>> {
    db.prepare_cached(
        "SELECT id, at, body FROM requests
         WHERE run = ?1 AND id > ?2 AND taken IS NULL ORDER BY id",
    )?
    .query_map([run, last], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
    .collect()
}

/// Who answered the same question before, where nobody has taken that up yet.
fn answered_before(db: &Connection, run: i64, new: &Request) -> rusqlite::Result<Option<String>> {
    if new.asked.is_none() {
        return Ok(None);
    }
    let mut query = db.prepare_cached(
        "SELECT body FROM requests WHERE run = ?1 AND unit = ?2 AND taken IS NULL",
    )?;
    let bodies = query.query_map(params![run, settled_by(new)], |row| row.get::<_, String>(0))?;
    for body in bodies {
        let before: Option<Request> = serde_json::from_str(&body?).ok();
        if let Some(before) = before.filter(|before| before.asked == new.asked) {
            return Ok(Some(before.by));
        }
    }
    Ok(None)
}

/// Whose events settle a request; a note is settled by its own number alone.
fn settled_by(request: &Request) -> String {
    if request.kind == RequestKind::Note {
        return "note".to_owned();
    }
    unit_text(request.unit.as_ref())
}

/// A unit as the table has it. A unit always has a text form; the run's own is empty.
pub(super) fn unit_text(unit: Option<&Unit>) -> String {
    unit.and_then(|unit| serde_json::to_string(unit).ok()).unwrap_or_default()
}
