//! What goes wrong around a run: crashes, a slow disk, signals, nobody at the terminal.
//!
//! What steps and people do is written beside the steps, in [`super::plan`].

/// All that happens to a run from outside.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// How goalc ends before its time, one process after the other.
    pub(crate) crashes: Vec<Crash>,
    /// What is called once the run has ended, one after the other.
    pub(crate) next: Vec<Next>,
    /// A signal to the first process that does not crash before.
    pub(crate) signal: Option<Signal>,
    /// Which processes, a bit each, are called with `-i`, and which with `--agent`.
    pub(crate) interactive: u8,
    pub(crate) agent: u8,
    /// How long syncs take in milliseconds, in turn; none: they are done at once, and waited for.
    pub(crate) disk: Vec<u32>,
    /// Shuffles the order in which steps stand in the queue; 0: as goalc has it.
    pub(crate) order: u64,
    /// Somebody is at the terminal.
    pub(crate) terminal: bool,
    /// What happens at one moment comes in pieces.
    pub(crate) one_by_one: bool,
    /// An answer comes when the run is about to be left waiting.
    pub(crate) last_look: bool,
    /// Somebody writes something down, and alerts are told, at every so many waits.
    pub(crate) told: Option<u16>,
    /// For how long another run has the machine's locks, from the start, in milliseconds.
    pub(crate) foreign: u32,
    /// How long goalc is away between two processes, in milliseconds.
    pub(crate) away: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    /// At which write, sync or wait of the process, counted from 1.
    pub(crate) at: u16,
    pub(crate) place: Place,
    /// What was not synced may be gone, with the machine or with the process that had not written it yet; this
    /// much of it.
    pub(crate) lost: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    BeforeWrite,
    AfterWrite,
    Sync,
    Wait,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Signal {
    pub(crate) process: u8,
    /// At which wait of the process.
    pub(crate) wait: u16,
    /// 0: somebody calls `goalc cancel`.
    pub(crate) number: u8,
    /// It comes again, so many waits later: all is to end at once.
    pub(crate) again: Option<u16>,
}

/// What somebody calls of a run that has ended, or waits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Next {
    RetryFailed,
    /// `resume --accept-changes`, where the meaning of a step has changed: which one.
    Changed(u16),
    /// The same of a goal's own clauses.
    ChangedGoal(u16),
    /// `goalc rollback`, to the last checkpoint or all the way.
    RollBack {
        to_start: bool,
    },
}

impl Script {
    pub(crate) fn is_interactive(&self, process: u8) -> bool {
        self.interactive >> (process % 8) & 1 == 1
    }

    pub(crate) fn has_agent(&self, process: u8) -> bool {
        self.agent >> (process % 8) & 1 == 1
    }

    /// How many faults it holds, those of steps not counted.
    pub(crate) fn faults(&self) -> usize {
        self.crashes.len() + usize::from(self.signal.is_some()) + usize::from(!self.disk.is_empty())
    }
}
