//! Whose turn it is for locks and resources: fairness for those whom the scheduler's order alone
//! could keep waiting for ever.
//!
//! Knows no order of its own but that of waiting. Invariant: of what a unit that was passed over
//! too often waits for, nothing is given to others until it has started.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::exec::event::Timestamp;
use crate::exec::schedule::Hold;
use crate::exec::state::UnitIx;
use crate::ir::Guards;

/// So many attempts of others may start while a unit waits for a lock or resource.
const PATIENCE: u64 = 16;

/// Who waits for what since when.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// When it was last looked for what may start.
    pub(super) looked_at: Timestamp,
    /// Attempts started so far.
    started: u64,
    /// How many had started when a unit was first held back, and what holds it back now.
    held: HashMap<UnitIx, (u64, Hold)>,
    waiting: BTreeSet<(u64, UnitIx)>,
    /// What is kept for those whose turn it is.
    locks: HashMap<Arc<str>, UnitIx>,
    resources: HashMap<Arc<str>, UnitIx>,
}

impl Turns {
    /// Keeps what those wait for who were passed over too often, and returns them, the longest
    /// waiting first. `waits` says of each whether it still does.
    pub(super) fn begin_round(&mut self, waits: impl Fn(UnitIx) -> bool) -> Vec<UnitIx> {
        let late = |since: u64| self.started.saturating_sub(since) >= PATIENCE;
        let overdue = self.waiting.iter().take_while(|(since, _)| late(*since));
        let overdue: Vec<UnitIx> = overdue.map(|(_, unit)| *unit).collect();
        let (overdue, gone): (Vec<_>, Vec<_>) = overdue.into_iter().partition(|unit| waits(*unit));
        for unit in gone {
            self.leave(unit);
        }
        self.locks.clear();
        self.resources.clear();
        for unit in &overdue {
            match self.held.get(unit) {
                Some((_, Hold::Lock(name))) => {
                    self.locks.entry(Arc::clone(name)).or_insert(*unit);
                }
                Some((_, Hold::Resource(name))) => {
                    self.resources.entry(Arc::clone(name)).or_insert(*unit);
                }
                _ => {}
            }
        }
        overdue
    }

    pub(super) fn has_started(&mut self, unit: UnitIx) {
        self.started += 1;
        self.leave(unit);
    }

    fn leave(&mut self, unit: UnitIx) {
        if let Some((since, _)) = self.held.remove(&unit) {
            self.waiting.remove(&(since, unit));
        }
    }

    /// A unit is held back by what others have. One that must not start before others do has no
    /// turn: what it would take is for these.
    pub(super) fn held_back(&mut self, unit: UnitIx, hold: Hold) {
        if matches!(hold, Hold::Circle(_)) {
            return self.leave(unit);
        }
        if matches!(hold, Hold::Lock(_) | Hold::Resource(_)) {
            let since = self.held.get(&unit).map_or(self.started, |(since, _)| *since);
            self.held.insert(unit, (since, hold));
            self.waiting.insert((since, unit));
        }
    }

    /// What a unit wants and is kept for another one; `has` names the locks that it has already,
    /// by a goal around it.
    pub(super) fn kept(
        &self,
        unit: UnitIx,
        guards: Option<&Guards>,
        uses: &IndexMap<Arc<str>, i64>,
        has: impl Fn(&str) -> bool,
    ) -> Option<Hold> {
        let others = |found: Option<&UnitIx>| found.is_some_and(|of| *of != unit);
        let locks = guards.map_or(&[][..], |guards| &guards.locks);
        let wanted = locks.iter().filter(|lock| others(self.locks.get(&lock.name)));
        let lock = wanted.into_iter().find(|lock| !has(&lock.name));
        let lock = lock.map(|lock| Hold::Lock(Arc::clone(&lock.name)));
        let resource = || uses.keys().find(|name| others(self.resources.get(*name)));
        lock.or_else(|| resource().map(|name| Hold::Resource(Arc::clone(name))))
    }
}
