//! The journal of one run: events become rows, many in one commit.
//!
//! Knows what two kinds of event mean for other tables: a run's beginning and end set its line in
//! the list, and an answer settles the requests that asked for it. What attempts took is another
//! file's. Invariant: after one error nothing is written any more, as what is on disk is unknown.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::commit::Reach;
use super::durations::{Took, Watch};
use super::events::last_sum;
use super::request::unit_text;
use super::runs::origin_text;
use super::syncer::Syncer;
use super::{RunId, Store, StoreError, checksum};
use crate::exec::{
    Event, Journal, JournalError, RunStatus, SaySynced, Stamped, StopReason, Timestamp,
};
use crate::ir::Plan;
use crate::source::Origin;

/// Events that wait for a checkpoint are written after all when there are so many.
const BUFFERED: usize = 4096;

/// Writes one run's events.
#[derive(Debug)]
pub struct RunJournal {
    store: Store,
    run: i64,
    waiting: Vec<Entry>,
    /// The sum of the last event, waiting ones included.
    sum: i64,
    /// The plan as JSON, and its origin, that go with the next commit.
    plan: Option<(String, Option<String>)>,
    watch: Option<Watch>,
    syncer: Option<Syncer>,
    broken: Option<JournalError>,
    /// For tests: after so many further events the process dies.
    #[cfg(debug_assertions)]
    crash_after: Option<u64>,
}

/// An event as it is written.
#[derive(Debug)]
struct Entry {
    seq: i64,
    at: i64,
    body: String,
    sum: i64,
    effect: Option<Effect>,
    took: Option<Took>,
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

impl Store {
    /// The journal of a run. The caller holds the run's lock.
    ///
    /// # Errors
    /// There is no such run.
    pub fn journal(&self, run: &RunId) -> Result<RunJournal, StoreError> {
        let run = self.key(run)?;
        let sum = self.with(|db| last_sum(db, run))?;
        Ok(RunJournal {
            store: self.clone(),
            run,
            waiting: Vec::new(),
            sum,
            plan: None,
            watch: None,
            syncer: None,
            broken: None,
            #[cfg(debug_assertions)]
            crash_after: super::crash::after(),
        })
    }
}

impl RunJournal {
    /// Gives the run another plan, in one commit with the events that come next: a run never has
    /// the new plan without knowing what changed.
    ///
    /// # Errors
    /// The plan cannot be written as JSON.
    pub fn replace_plan(
        &mut self,
        plan: &Plan,
        origin: Option<&Origin>,
    ) -> Result<(), JournalError> {
        let json = serde_json::to_string(plan).map_err(|error| JournalError(error.to_string()))?;
        self.plan = Some((json, origin_text(origin)));
        Ok(())
    }

    /// Also writes down what attempts take, as times of this plan's steps.
    pub fn measure(&mut self, plan_path: &Path, plan: &Arc<Plan>) {
        self.watch = Some(Watch::new(plan_path, plan));
    }

    /// Makes durable what waits for a checkpoint.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.guarded(|journal| journal.write_waiting(Reach::Disk))
    }

    /// Runs `work` unless an error came before; remembers its error.
    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), JournalError> {
        let behind = || self.syncer.as_ref().and_then(Syncer::error);
        if let Some(error) = self.broken.clone().or_else(behind) {
            return Err(error);
        }
        work(self).map_err(|error| {
            let error = JournalError(error.to_string());
            self.waiting = Vec::new();
            self.broken = Some(error.clone());
            error
        })
    }

    /// For tests: dies when so many events have been written.
    #[cfg(debug_assertions)]
    fn may_crash(&mut self, events: &[Stamped]) {
        let Some(left) = &mut self.crash_after else { return };
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        if *left <= count {
            let last = usize::try_from(*left).unwrap_or(0);
            let _ = self.take(events.get(..last).unwrap_or_default(), Some(Reach::Disk));
            super::crash::now();
        }
        *left -= count;
    }

    /// Takes events in; they are written at once as far as `reach` says, or else with later ones.
    fn take(&mut self, events: &[Stamped], reach: Option<Reach>) -> Result<(), StoreError> {
        for event in events {
            let mut entry = Entry::new(event, self.sum).map_err(|error| StoreError::System {
                doing: "write an event to",
                path: self.store.path().to_owned(),
                why: error.to_string(),
            })?;
            self.sum = entry.sum;
            entry.took = self.watch.as_mut().and_then(|watch| watch.take(event));
            self.waiting.push(entry);
        }
        match reach {
            Some(reach) => self.write_waiting(reach),
            None if self.waiting.len() >= BUFFERED => self.write_waiting(Reach::Disk),
            None => Ok(()),
        }
    }

    fn tell_syncer(&self, last: u64) {
        if let Some(syncer) = &self.syncer {
            syncer.has_written(last);
        }
    }

    fn write_waiting(&mut self, reach: Reach) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return self.store.still_there();
        }
        let (run, entries, plan) = (self.run, &self.waiting, &self.plan);
        self.store.write_to(reach, |db| {
            if let Some((plan, origin)) = plan {
                db.execute(
                    "UPDATE runs SET plan = ?2, origin = ?3 WHERE key = ?1",
                    params![run, plan, origin],
                )?;
                db.execute(
                    "UPDATE heads SET plan = ?2 WHERE run = ?1",
                    params![run, checksum::of_plan(plan)],
                )?;
            }
            entries.iter().try_for_each(|entry| entry.write(db, run))?;
            let Some(last) = entries.last() else { return Ok(()) };
            db.prepare_cached("UPDATE heads SET seq = ?2, sum = ?3 WHERE run = ?1")?
                .execute(params![run, last.seq, last.sum])
                .map(drop)
        })?;
        self.plan = None;
        self.waiting.clear();
        Ok(())
    }
}

impl Journal for RunJournal {
    fn append(&mut self, events: &[Stamped], durable: bool) -> Result<(), JournalError> {
        #[cfg(debug_assertions)]
        self.may_crash(events);
        self.guarded(|journal| journal.take(events, durable.then_some(Reach::Disk)))
    }

    fn write(&mut self, events: &[Stamped]) -> Result<(), JournalError> {
        #[cfg(debug_assertions)]
        self.may_crash(events);
        self.guarded(|journal| journal.take(events, Some(Reach::System)))?;
        if let Some(last) = events.last() {
            self.tell_syncer(last.seq);
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.guarded(|journal| journal.store.sync_log())
    }

    fn sync_behind(&mut self, last: u64, hurry: bool, say: SaySynced) {
        if let (None, None) = (&self.syncer, &self.broken) {
            self.syncer = Syncer::start(&self.store).ok();
            self.tell_syncer(last);
        }
        match (&self.syncer, &self.broken) {
            (Some(syncer), None) => syncer.sync(hurry, say),
            _ => say(self.sync().map(|()| last)),
        }
    }

    fn hurry(&mut self) {
        if let Some(syncer) = &self.syncer {
            syncer.hurry();
        }
    }
}

impl Entry {
    /// `before` is the sum of the event before it.
    fn new(stamped: &Stamped, before: i64) -> Result<Self, serde_json::Error> {
        let (seq, at) = (i64::try_from(stamped.seq).unwrap_or(i64::MAX), stamped.at.0);
        let body = serde_json::to_string(&stamped.event)?;
        let sum = checksum::of_event(before, seq, at, &body);
        Ok(Self { seq, at, body, sum, effect: effect(stamped), took: None })
    }

    fn write(&self, db: &Connection, run: i64) -> rusqlite::Result<()> {
        db.prepare_cached(
            "INSERT INTO events (run, seq, at, body, sum) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![run, self.seq, self.at, self.body, self.sum])?;
        if let Some(took) = &self.took {
            took.write(db, run, self.seq)?;
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
        Event::RunStarted { .. } | Event::RunResumed { .. } => {
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
