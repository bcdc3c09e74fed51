//! An event as a row, and what it changes in other tables with the same commit.
//!
//! Knows what three kinds of event mean beyond the journal: a run's beginning and end set its line in the list,
//! an answer settles the requests that asked for it, and an attempt's end says what it took. What an undo
//! takes back is forgotten with its beginning.

use rusqlite::{Connection, params};

use super::checksum;
use super::durations::Took;
use super::request::unit_text;
use super::successes::Forgotten;
use crate::exec::{Event, RunStatus, Stamped, StopReason, Timestamp};

/// An event as it is written.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) seq: i64,
    at: i64,
    body: String,
    /// The checksum of the events up to this one.
    pub(super) sum: i64,
    effect: Option<Effect>,
    pub(super) took: Option<Took>,
    pub(super) forgotten: Option<Forgotten>,
}

/// What an event changes besides the journal, in the same commit.
#[derive(Debug)]
enum Effect {
    Status {
        status: RunStatus,
        exit: Option<u8>,
        ended: Option<Timestamp>,
    },
    /// Requests about this unit (as text) are answered.
    Settle {
        unit: String,
    },
    /// The request of this number is.
    SettleOne(i64),
}

impl Entry {
    /// `before` is the sum of the event before it.
    pub(super) fn new(stamped: &Stamped, before: i64) -> Result<Self, serde_json::Error> {
        let (seq, at) = (i64::try_from(stamped.seq).unwrap_or(i64::MAX), stamped.at.0);
        let body = serde_json::to_string(&stamped.event)?;
        let sum = checksum::of_event(before, seq, at, &body);
        Ok(Self { seq, at, body, sum, effect: effect(stamped), took: None, forgotten: None })
    }

    pub(super) fn write(&self, db: &Connection, run: i64) -> rusqlite::Result<()> {
        db.prepare_cached(
            "INSERT INTO events (run, seq, at, body, sum) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![run, self.seq, self.at, self.body, self.sum])?;
        if let Some(took) = &self.took {
            took.write(db, run, self.seq)?;
        }
        if let Some(forgotten) = &self.forgotten {
            forgotten.write(db)?;
        }
        match &self.effect {
            None => Ok(()),
            Some(Effect::Status { status, exit, ended }) => db
                .prepare_cached(
                    "UPDATE runs SET status = ?2, exit = ?3, ended = ?4 WHERE key = ?1",
                )?
                .execute(params![run, status.word(), exit, ended.map(|at| at.0)])
                // A run that ended needs no cancelling, nor does its resumption.
                .and_then(|_| if ended.is_some() { self.settle(db, run, "") } else { Ok(()) }),
            Some(Effect::Settle { unit }) => self.settle(db, run, unit),
            Some(Effect::SettleOne(id)) => db
                .prepare_cached(
                    "UPDATE requests SET taken = ?3, body = '' WHERE run = ?1 AND id = ?2",
                )?
                .execute(params![run, id, self.at])
                .map(drop),
        }
    }

    fn settle(&self, db: &Connection, run: i64, unit: &str) -> rusqlite::Result<()> {
        db.prepare_cached(
            "UPDATE requests SET taken = ?3, body = ''
             WHERE run = ?1 AND unit = ?2 AND taken IS NULL",
        )?
        .execute(params![run, unit, self.at])
        .map(drop)
    }
}

fn effect(stamped: &Stamped) -> Option<Effect> {
    match &stamped.event {
        Event::RunStarted { .. } | Event::RunResumed { .. } | Event::RollbackRequested { .. } => {
            Some(Effect::Status { status: RunStatus::Running, exit: None, ended: None })
        }
        Event::RunEnded { status, exit, .. } => {
            Some(Effect::Status { status: *status, exit: Some(*exit), ended: Some(stamped.at) })
        }
        Event::Noted { request, .. } => request.map(Effect::SettleOne),
        Event::Answered { unit, .. } => Some(Effect::Settle { unit: unit_text(Some(unit)) }),
        Event::StopRequested { why: StopReason::Cancelled { .. }, .. } => {
            Some(Effect::Settle { unit: unit_text(None) })
        }
        _ => None,
    }
}
