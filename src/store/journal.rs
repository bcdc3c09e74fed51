//! The journal of one run: events become rows, many in one commit.
//!
//! Decides when they are written; what is in a row, and how it gets there, is other files'. Invariant:
//! after one error nothing is taken any more.

use std::path::Path;
use std::sync::Arc;

use super::durations::Watch;
use super::entry::Entry;
use super::events::last_sum;
use super::runs::origin_text;
use super::successes::{FixedItems, Undoing};
use super::syncer::Syncer;
use super::unwritten::{NewPlan, Unwritten};
use super::{RunId, Store, StoreError};
use crate::exec::{Journal, JournalError, SaySynced, Stamped};
use crate::ir::Plan;
use crate::source::Origin;

/// With so many events that are not written the loop waits until they are.
const MOST: usize = 16_384;

/// Writes one run's events.
#[derive(Debug)]
pub struct RunJournal {
    unwritten: Arc<Unwritten>,
    /// The sum of the last event, waiting ones included.
    sum: i64,
    watch: Option<Watch>,
    undoing: Option<Undoing>,
    syncer: Option<Syncer>,
    /// For tests: after so many further events the process dies.
    #[cfg(debug_assertions)]
    crash_after: Option<u64>,
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
            unwritten: Arc::new(Unwritten::new(self, run)),
            sum,
            watch: None,
            undoing: None,
            syncer: None,
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
        self.unwritten.replace_plan(NewPlan { json, origin: origin_text(origin) });
        Ok(())
    }

    /// Also writes down what attempts take, as times of this plan's steps.
    pub fn measure(&mut self, plan_path: &Path, plan: &Arc<Plan>) {
        self.watch = Some(Watch::new(plan_path, plan));
    }

    /// Also forgets successes of this plan's steps once they are undone; `items` are those that the run
    /// has fixed by now.
    pub fn forget_undone(&mut self, plan_path: &Path, items: FixedItems) {
        self.undoing = Some(Undoing::new(plan_path, items));
    }

    /// Makes durable what waits for a checkpoint.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.sync()
    }

    /// For tests: dies when so many events have been written.
    #[cfg(debug_assertions)]
    fn may_crash(&mut self, events: &[Stamped]) {
        let Some(left) = &mut self.crash_after else { return };
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        if *left <= count {
            let last = usize::try_from(*left).unwrap_or(0);
            let _ = self.take(events.get(..last).unwrap_or_default());
            let _ = self.unwritten.sync();
            super::crash::now();
        }
        *left -= count;
    }

    /// Takes events in; says how many wait.
    fn take(&mut self, events: &[Stamped]) -> Result<usize, JournalError> {
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            let entry = Entry::new(event, self.sum);
            let mut entry = entry.map_err(|error| self.unwritten.fail(&error))?;
            self.sum = entry.sum;
            entry.took = self.watch.as_mut().and_then(|watch| watch.take(event));
            entry.forgotten = self.undoing.as_mut().and_then(|undoing| undoing.take(event));
            entries.push(entry);
        }
        Ok(self.unwritten.add(entries))
    }

    /// The thread that syncs; `None` where there can be none.
    fn syncer(&mut self) -> Option<&Syncer> {
        if self.syncer.is_none() {
            self.syncer = Syncer::start(&self.unwritten).ok();
        }
        self.syncer.as_ref()
    }
}

impl Journal for RunJournal {
    fn append(&mut self, events: &[Stamped], durable: bool) -> Result<(), JournalError> {
        if let Some(error) = self.unwritten.error() {
            return Err(error);
        }
        #[cfg(debug_assertions)]
        self.may_crash(events);
        let wait = self.take(events)?;
        if durable || wait >= MOST {
            return self.sync();
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.unwritten.sync().map(drop)
    }

    fn sync_behind(&mut self, last: u64, hurry: bool, say: SaySynced) {
        match self.syncer() {
            Some(syncer) => syncer.sync(hurry, say),
            None => say(self.sync().map(|()| last)),
        }
    }

    fn hurry(&mut self) {
        if let Some(syncer) = &self.syncer {
            syncer.hurry();
        }
    }
}
