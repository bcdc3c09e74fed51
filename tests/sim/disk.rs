//! A journal in memory that is as slow as the script says, and goes down when the script says.
//!
//! Invariant: what [`Disk::kept`] gives after a crash is what a real machine could have kept: whole
//! transactions, and all that was synced.

use std::sync::{Arc, Mutex, MutexGuard};

use goalc::exec::event::Stamped;
use goalc::exec::journal::{Journal, JournalError, SaySynced};
use goalc::exec::world::Wake;

use super::script::{Crash, Place};
use super::trace::Seen;

/// What the journal and the world of one process have in common.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) events: Vec<Stamped>,
    /// The last event of each transaction.
    borders: Vec<u64>,
    pub(crate) synced: u64,
    pub(crate) seen: Vec<Seen>,
    pub(crate) now: i64,
    /// goalc is dead: nothing counts any more.
    pub(crate) dead: bool,
    pub(crate) mail: Vec<Wake>,
    crash: Option<Crash>,
    writes: u16,
    syncs: u16,
    delays: Vec<u32>,
    pending: Option<(i64, u64, SaySynced)>,
}

#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Disk>>);

impl Shared {
    /// A disk on which these events are, for one process.
    pub(crate) fn new(
        events: Vec<Stamped>,
        now: i64,
        delays: &[u32],
        crash: Option<Crash>,
    ) -> Self {
        let synced = events.last().map_or(0, |event| event.seq);
        let delays = delays.to_vec();
        let disk = Disk { events, synced, now, crash, delays, ..Disk::default() };
        Self(Arc::new(Mutex::new(disk)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().expect("no thread panics")
    }

    pub(crate) fn is_slow(&self) -> bool {
        !self.lock().delays.is_empty()
    }
}

pub(crate) fn dead() -> JournalError {
    JournalError("goalc is dead".to_owned())
}

impl Disk {
    /// Whether goalc dies here, for the `count`-th time at this place.
    pub(crate) fn dies(&mut self, place: Place, count: u16) -> bool {
        let dies = self.crash.is_some_and(|crash| crash.place == place && crash.at == count);
        self.dead |= dies;
        self.dead
    }

    /// What of the events is left after the crash of this process.
    pub(crate) fn kept(&self) -> u64 {
        let written = self.borders.last().copied().unwrap_or(self.synced).max(self.synced);
        let Some(lost) = self.crash.and_then(|crash| crash.lost) else { return written };
        let at_risk: Vec<u64> =
            self.borders.iter().copied().filter(|border| *border > self.synced).collect();
        let kept = usize::from(lost) % (at_risk.len() + 1);
        kept.checked_sub(1).map_or(self.synced, |at| at_risk[at])
    }

    fn put(&mut self, events: &[Stamped]) -> Result<(), JournalError> {
        self.writes += 1;
        if self.dies(Place::BeforeWrite, self.writes) {
            return Err(dead());
        }
        self.events.extend_from_slice(events);
        self.borders.extend(events.last().map(|event| event.seq));
        if self.dies(Place::AfterWrite, self.writes) {
            return Err(dead());
        }
        Ok(())
    }

    fn reach(&mut self, upto: u64) {
        self.synced = self.synced.max(upto);
        self.seen.push(Seen::Synced { upto: self.synced });
    }

    fn written(&self) -> u64 {
        self.events.last().map_or(0, |event| event.seq)
    }

    /// Whether all that was written is on the disk.
    pub(crate) fn is_settled(&self) -> bool {
        self.synced >= self.written()
    }

    /// When the sync under way is done.
    pub(crate) fn due(&self) -> Option<i64> {
        self.pending.as_ref().map(|(due, ..)| *due)
    }

    /// The sync that is done by now.
    pub(crate) fn take_done(&mut self) -> Option<(u64, SaySynced)> {
        let (_, upto, say) = self.pending.take_if(|(due, ..)| *due <= self.now)?;
        self.reach(upto);
        Some((upto, say))
    }
}

/// The journal of one process.
pub(crate) struct Kept<'a> {
    pub(crate) disk: Shared,
    /// Hands each event on as soon as it is written.
    pub(crate) see: Box<dyn Fn(&Stamped) -> Seen + Send + 'a>,
}

impl Journal for Kept<'_> {
    fn append(&mut self, events: &[Stamped], durable: bool) -> Result<(), JournalError> {
        let mut disk = self.disk.lock();
        let before = disk.events.len();
        let result = disk.put(events);
        let seen: Vec<Seen> = disk.events[before..].iter().map(&self.see).collect();
        disk.seen.extend(seen);
        drop(disk);
        result?;
        if durable { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        let mut disk = self.disk.lock();
        disk.syncs += 1;
        let count = disk.syncs;
        if disk.dies(Place::Sync, count) {
            return Err(dead());
        }
        let upto = disk.written();
        disk.reach(upto);
        Ok(())
    }

    fn sync_behind(&mut self, _last: u64, hurry: bool, say: SaySynced) {
        let mut disk = self.disk.lock();
        disk.syncs += 1;
        let count = disk.syncs;
        if disk.dies(Place::Sync, count) {
            drop(disk);
            return say(Err(dead()));
        }
        let slow = disk.delays[usize::from(count) % disk.delays.len()];
        let more = if hurry { 0 } else { 5 };
        let upto = disk.written();
        disk.pending = Some((disk.now + i64::from(slow) + more, upto, say));
    }

    fn hurry(&mut self) {
        let mut disk = self.disk.lock();
        if let Some((due, ..)) = &mut disk.pending {
            *due -= 5;
        }
    }
}
