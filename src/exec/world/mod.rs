//! What the drive loop needs from outside: time, work done, answers.
//!
//! The real one ([`local`]) runs processes; the forecast's runs a virtual clock.

mod agent;
mod alerts;
mod already;
mod asking;
mod attempt;
mod awaited;
mod checks;
mod cleanup;
mod crew;
mod deliver;
mod digest;
mod folder;
mod joined;
mod launch;
mod local;
mod message;
mod news;
mod noted;
mod person;
mod placed;
mod plain;
mod pool;
mod post;
mod preview;
mod secrets;
mod service;
mod surroundings;
mod undo;
mod workdir;

use indexmap::IndexMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) use crew::{Crew, PanicGuard, Work as CrewWork};
pub use folder::RunFiles;
pub use launch::{ALERT_TAG, Launcher};
pub use local::{LocalWorld, MachineLocks, Requests};
pub use noted::{NotedInputs, Success, Successes, key as success_key, unit_key};
pub use person::{Screen, readable, readable_behind, user};
pub use post::post_json;
pub(crate) use surroundings::Hidden;
pub use surroundings::RealSurroundings;
pub(super) use surroundings::matching;

use super::event::{
    AlertWay, Answer, AttemptEnd, ProbeAnswer, Stamped, StopReason, Timestamp, Unit, Usage,
};
use super::graph::NodeIx;
use super::journal::JournalError;
use super::process::{ProcessEnd, ProcessReport};
use super::scope::{Surroundings, Values};
use super::state::{RunState, UnitIx};
use crate::value::{BindingId, GoalId, Value};

/// What a step gave, by name.
pub type Outputs = IndexMap<Arc<str>, Value>;

/// Names one piece of work in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Something to do that takes time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Whether a step's `unless` holds.
    Unless(UnitIx),
    /// Whether a step's `requires` holds.
    Requires(UnitIx),
    /// Whether the `verify` holds of what a person has done.
    VerifyByHand(UnitIx),
    /// One attempt, its outputs and `verify` included.
    Attempt(AttemptOrder),
    /// One attempt of steps that are joined by pipes, each before its reader.
    Joined(Vec<AttemptOrder>),
    /// Whether a goal's `verify` holds.
    VerifyGoal(NodeIx),
    /// A goal's cleanup.
    Cleanup(NodeIx),
    /// A manual step in the hands of an agent; the number names its log.
    Agent { unit: UnitIx, log: u64 },
    /// Saving the paths of a unit's `snapshot`; the number names the folder.
    Snapshot { unit: UnitIx, number: u64 },
    /// Putting them back.
    Restore(UnitIx),
    /// A step's `rollback` and snapshots, for all its instances; the number names its log.
    Undo { node: NodeIx, log: u64 },
}

/// An attempt to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptOrder {
    pub unit: UnitIx,
    pub attempt: u32,
    pub way: u32,
    /// The number of its start event: names its log.
    pub log: u64,
}

/// What work came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// All probes held, or the first that did not.
    Checked(Result<(), String>),
    /// A step's `unless` held; with what is known of its outputs.
    Already(Outputs),
    /// What came of each probe.
    Verified(Vec<ProbeAnswer>),
    Attempt {
        end: AttemptEnd,
        account: Account,
    },
    /// Of each, in the order of the work; all have succeeded, or none has.
    Joined(Vec<(AttemptEnd, Account)>),
    /// What was wrong with it, if anything.
    Cleaned(Option<String>),
    /// Paths were saved or put back, or a step undone.
    Undone(Undone),
}

/// What is known of an attempt besides how it ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// `None` where there was no process.
    pub usage: Option<Usage>,
    /// Remarks for people.
    pub notes: Vec<String>,
    /// The last lines that it wrote.
    pub tail: Vec<String>,
}

impl From<ProcessReport> for Account {
    fn from(report: ProcessReport) -> Self {
        let used = report.usage;
        let started = !matches!(report.end, ProcessEnd::CannotStart(_));
        let usage = started.then(|| Usage {
            // Finer than a microsecond the system does not measure.
            cpu: (used.cpu.as_secs_f64() * 1e6).round() / 1e6,
            memory: used.peak_memory,
            read: used.read,
            written: used.written,
        });
        Self { usage, notes: report.notes, tail: report.tail }
    }
}

/// How saving, putting back or undoing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    Done,
    Failed(String),
    /// Some parts of it failed, and these did not.
    Partly {
        why: String,
        undone: Vec<u32>,
    },
    /// It was given up because the run was stopped.
    Stopped,
}

/// Why the loop goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Wake {
    Done {
        ticket: Ticket,
        outcome: Outcome,
    },
    Answered {
        unit: Unit,
        answer: Answer,
        by: String,
        from: String,
        note: String,
        /// The number of the question that it answers, where that is known.
        asked: Option<u64>,
        /// When it was said, where that was before it came here.
        said: Option<Timestamp>,
    },
    /// All stood still for so long.
    StoodStill(Duration),
    /// Someone wrote something down about a unit.
    Noted {
        unit: Unit,
        by: String,
        from: String,
        text: String,
        /// The number of the request that it was.
        request: Option<i64>,
    },
    /// A person gave a param another value.
    ParamChanged {
        binding: BindingId,
        value: Value,
        by: String,
    },
    /// A service is ready; its work goes on.
    Ready {
        ticket: Ticket,
        outputs: Outputs,
    },
    /// Stop the run: nothing new starts, what runs is ended.
    Stop(StopReason),
    /// End what runs at once, without grace and without cleanup.
    Force,
    /// An alert was delivered, or not.
    Told {
        goal: GoalId,
        on: String,
        unit: Option<Unit>,
        way: AlertWay,
        text: String,
        failure: Option<String>,
    },
    /// Events up to this number are on disk, or nothing more will ever be.
    Synced(Result<u64, JournalError>),
}

/// Puts a wake among those that [`World::wait`] gives, from any thread.
pub type Mailbox = Box<dyn FnOnce(Wake) + Send>;

/// What work is done with.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub state: &'a RunState,
    pub values: &'a Values,
}

/// The outside.
pub trait World {
    fn now(&mut self) -> Timestamp;

    fn surroundings(&self) -> &dyn Surroundings;

    /// Asks all that goals `require`, side by side; says each that does not hold.
    fn preflight(&mut self, _goals: &[NodeIx], _view: View<'_>) -> Vec<String> {
        Vec::new()
    }

    /// Starts work; its outcome comes by [`World::wait`].
    fn begin(&mut self, ticket: Ticket, work: &Work, view: View<'_>);

    /// In a run that is taken up: these attempts may go on elsewhere, and are begun again next;
    /// what else goes on there is nobody's.
    fn take_over(&mut self, _orders: &[AttemptOrder], _view: View<'_>) {}

    /// Asks work to end: politely, or at once. Its outcome still comes.
    fn stop(&mut self, ticket: Ticket, force: bool);

    /// Waits until something happens or the time has come.
    fn wait(&mut self, until: Option<Timestamp>, view: View<'_>) -> Vec<Wake>;

    /// A way to wake the loop from another thread; none where nothing goes on beside it.
    fn mailbox(&self) -> Option<Mailbox> {
        None
    }

    /// An event is in the journal: alerts may follow from it.
    fn happened(&mut self, _stamped: &Stamped, _view: View<'_>) {}

    /// Gives alerts that are under way a little time, before the run ends; what came of them.
    fn settle_alerts(&mut self, _view: View<'_>) -> Vec<Wake> {
        Vec::new()
    }

    /// What has come from other processes, without waiting: before the run is given up as waiting.
    fn poll(&mut self) -> Vec<Wake> {
        Vec::new()
    }

    /// Hides the secrets in a text that is to be kept and shown.
    fn hide(&self, _text: &mut String) {}

    /// An even draw from 0 to 1.
    fn draw(&mut self) -> f64;

    /// Whether questions are answered while the run waits for nothing else.
    fn answers_questions(&self) -> bool;

    /// Whether what cannot be known yet is taken to hold: a forecast.
    fn assumes(&self) -> bool {
        false
    }

    /// What is then taken of a condition of this node that cannot be known yet.
    fn assumed(&self, _node: NodeIx) -> bool {
        true
    }

    /// Tries to take locks of this machine for a unit.
    ///
    /// # Errors
    /// Which lock another run holds.
    fn take_machine_locks(&mut self, _unit: UnitIx, _names: &[Arc<str>]) -> Result<(), Arc<str>> {
        Ok(())
    }

    /// Gives the machine's locks of a unit back.
    fn release_machine_locks(&mut self, _unit: UnitIx) {}
}

/// Who watches: progress, logs, alerts.
pub trait Observer: Send {
    /// An event that is in the journal and counts.
    fn event(&mut self, stamped: &Stamped, state: &RunState);
}

/// The resources' whole amounts.
pub type ResourceLimits = IndexMap<Arc<str>, i64>;
