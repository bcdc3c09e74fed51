//! A run's events as they are read back: believed only as far as their checksums go.
//!
//! Invariant: what is given out is a beginning of what was written; nothing is left out of it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row};

use super::runs::unreadable;
use super::{RunId, StoreError, checksum};
use crate::exec::{Event, Stamped, Timestamp};

/// The last event that was written of a run, and the checksum of its plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) sum: i64,
    pub(super) plan: i64,
}

fn head(db: &Connection, run: i64) -> rusqlite::Result<Option<Head>> {
    db.prepare_cached("SELECT seq, sum, plan FROM heads WHERE run = ?1")?
        .query_row([run], |row| Ok(Head { seq: row.get(0)?, sum: row.get(1)?, plan: row.get(2)? }))
        .optional()
}

/// The checksum that a run's next event goes on from. A run that was begun by schema 1 has no head;
/// its events' sums are made now, as whoever reads them makes them.
pub(super) fn last_sum(db: &Connection, run: i64) -> rusqlite::Result<i64> {
    if let Some(head) = head(db, run)? {
        return Ok(head.sum);
    }
    let stored = StoredEvents::read(db, run, 0)?;
    if let Some(error) = stored.error {
        return Err(error);
    }
    let rows = stored.rows.iter();
    Ok(rows.fold(checksum::START, |sum, row| checksum::of_event(sum, row.seq, row.at, &row.body)))
}

/// A row of `events`, not yet believed.
#[derive(Debug)]
struct Stored {
    seq: i64,
    at: i64,
    body: String,
    sum: Option<i64>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { seq: row.get(0)?, at: row.get(1)?, body: row.get(2)?, sum: row.get(3)? })
    }
}

/// All that is stored of a run's events, up to the first that could not be had.
#[derive(Debug)]
pub(super) struct StoredEvents {
    pub(super) head: Option<Head>,
    /// The event before the first of `rows`: its number and its checksum.
    before: (u64, i64),
    rows: Vec<Stored>,
    error: Option<rusqlite::Error>,
}

impl StoredEvents {
    /// Those behind the event of a number, which is believed; 0: all.
    pub(super) fn read(db: &Connection, run: i64, after: u64) -> rusqlite::Result<Self> {
        let last = i64::try_from(after).unwrap_or(i64::MAX);
        let sum = db
            .prepare_cached("SELECT sum FROM events WHERE run = ?1 AND seq = ?2")?
            .query_row([run, last], |row| row.get::<_, Option<i64>>(0))
            .optional()?;
        let before = (after, sum.flatten().unwrap_or(checksum::START));
        let mut found = Self { head: head(db, run)?, before, rows: Vec::new(), error: None };
        let query =
            "SELECT seq, at, body, sum FROM events WHERE run = ?1 AND seq > ?2 ORDER BY seq";
        let mut query = db.prepare_cached(query)?;
        let mut rows = query.query([run, last])?;
        loop {
            match rows.next().and_then(|row| row.map(Stored::read).transpose()) {
                Ok(Some(row)) => found.rows.push(row),
                Ok(None) => break,
                Err(error) => {
                    found.error = Some(error);
                    break;
                }
            }
        }
        drop(rows);
        Ok(found)
    }

    /// The sound events, and what is wrong with what comes behind them.
    pub(super) fn sound(self, run: &RunId, path: &Path) -> (Vec<Stamped>, Option<StoreError>) {
        let mut events = Vec::with_capacity(self.rows.len());
        let (before, mut sum) = self.before;
        for (stored, expected) in self.rows.into_iter().zip(before + 1..) {
            match read_event(run, expected, sum, &stored) {
                Ok((event, new)) => {
                    events.push(event);
                    sum = new;
                }
                Err(damage) => return (events, Some(damage)),
            }
        }
        if let Some(error) = self.error {
            return (events, Some(StoreError::sql(path, &error)));
        }
        let wanted = self.head.map_or(0, |head| u64::try_from(head.seq).unwrap_or(0));
        let there = before + events.len() as u64;
        let missing = (wanted > there).then(|| {
            unreadable(run, &format!("of its {wanted} events only the first {there} are there"))
        });
        (events, missing)
    }
}

/// An event, and its checksum.
fn read_event(
    run: &RunId,
    expected: u64,
    before: i64,
    stored: &Stored,
) -> Result<(Stamped, i64), StoreError> {
    if u64::try_from(stored.seq) != Ok(expected) {
        return Err(unreadable(run, &format!("event {expected} is missing")));
    }
    let sum = checksum::of_event(before, stored.seq, stored.at, &stored.body);
    if stored.sum.is_some_and(|written| written != sum) {
        return Err(unreadable(run, &format!("event {expected} is damaged")));
    }
    let event: Event = serde_json::from_str(&stored.body)
        .map_err(|error| unreadable(run, &format!("event {expected}: {error}")))?;
    Ok((Stamped { seq: expected, at: Timestamp(stored.at), event }, sum))
}
