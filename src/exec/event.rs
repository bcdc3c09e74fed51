//! What can happen in a run. The journal holds these, in order; everything else is derived.
//!
//! Invariant: an event is a fact. Nothing in it needs the world to be understood, and no secret
//! is in it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use super::changes::Edits;
pub use super::failure::Failure;
pub use super::question::{Answer, QuestionKind};
pub use super::status::{RunStatus, Status, Timestamp};
use crate::value::{BindingId, GoalId, NodeId, StepId, Value};

/// A step, one instance of a `foreach` step, or a goal: whatever is asked about and tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unit {
    pub node: NodeId,
    /// The instance's position in the list of items, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            Some(item) => write!(f, "{}[{item}]", self.node),
            None => write!(f, "{}", self.node),
        }
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptEnd {
    Succeeded { outputs: IndexMap<Arc<str>, Value> },
    Failed(Failure),
}

/// What the processes of attempts have used, those that lost their parents included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time, in seconds.
    pub cpu: f64,
    /// Bytes in memory at most, of the largest process; 0 where that was less than goalc's own.
    pub memory: u64,
    /// Bytes that were read and written, from and to wherever.
    pub read: u64,
    pub written: u64,
}

impl Usage {
    /// Of two attempts after each other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            cpu: self.cpu + other.cpu,
            memory: self.memory.max(other.memory),
            read: self.read.saturating_add(other.read),
            written: self.written.saturating_add(other.written),
        }
    }
}

/// How someone is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertWay {
    Run,
    Webhook,
    Log,
}

/// What came of asking a probe, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeAnswer {
    pub holds: bool,
    pub found: String,
}

/// Why nothing new starts any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    Failure {
        node: NodeId,
    },
    Signal {
        signal: i32,
    },
    Deadline,
    Cancelled {
        by: String,
    },
    /// A person asked for what was done to be undone.
    Rollback {
        by: String,
    },
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failure { node } => write!(f, "the run stopped when `{node}` failed"),
            Self::Signal { .. } => f.write_str("the run was stopped by a signal"),
            Self::Deadline => f.write_str("the deadline has passed"),
            Self::Cancelled { by } => write!(f, "the run was cancelled by {by}"),
            Self::Rollback { by } => write!(f, "the run was rolled back by {by}"),
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    RunStarted {
        /// Values of params, by binding; a secret is `***`.
        params: IndexMap<BindingId, Value>,
        jobs: u32,
        keep_going: bool,
        /// Steps that this run leaves out (`--only`, `--from`): those who depend on them go ahead.
        left_out: Vec<StepId>,
        /// Steps, and goals by their paths, that are skipped as if their `when` were false (`--skip`).
        skipped: Vec<StepId>,
        /// The plan may mount files outside of its folder, also when it is read again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        allow_outside: bool,
        /// A person is asked about each step.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        interactive: bool,
    },
    RunResumed {
        retry_failed: bool,
        /// Steps that run again because their meaning changed.
        changed: Vec<StepId>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        interactive: bool,
        /// What else an edited plan changed that was accepted; boxed, as it seldom is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edits: Option<Box<Edits>>,
    },
    /// Where commands of steps run that do not say so themselves, in this run.
    ExecutorChosen {
        name: String,
    },
    /// A let was evaluated; it keeps this value for the whole run.
    LetFixed {
        binding: BindingId,
        value: Value,
    },
    WhenDecided {
        node: NodeId,
        holds: bool,
    },
    ItemsFixed {
        step: StepId,
        items: Vec<Value>,
        /// How many instances may fail.
        tolerated: u32,
        /// Instances at once, where the step says so.
        parallel: Option<u32>,
    },
    UnlessChecked {
        unit: Unit,
        holds: bool,
        /// What is known of its outputs where it holds.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        outputs: IndexMap<Arc<str>, Value>,
    },
    RequiresHeld {
        unit: Unit,
    },
    Asked {
        unit: Unit,
        kind: QuestionKind,
        question: String,
        /// When the question answers itself.
        until: Option<Timestamp>,
    },
    Answered {
        unit: Unit,
        answer: Answer,
        by: String,
        /// From where: `terminal`, `command`, `timeout`, `--yes`.
        from: String,
        note: String,
        /// When it was said, where that was before: of a run that was not under way by then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<Timestamp>,
    },
    /// Someone wrote something down about a step.
    Noted {
        unit: Unit,
        by: String,
        /// From where: `terminal`, `command`.
        from: String,
        text: String,
        /// The number of the request that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<i64>,
    },
    /// A person gave a param another value: what is evaluated from here on sees it.
    ParamChanged {
        binding: BindingId,
        value: Value,
        by: String,
    },
    /// A manual step is given to an agent, whose log has this event's number.
    HandedOver {
        unit: Unit,
    },
    /// The confirm's own `when` was false: nobody is asked.
    ConfirmNotNeeded {
        unit: Unit,
    },
    /// What a crash left in doubt may run again, because the step is `idempotent`.
    DoubtCleared {
        unit: Unit,
    },
    /// Where its attempt ran is gone, and nothing says how far it came.
    Doubted {
        unit: Unit,
    },
    /// The paths of its `snapshot` are being saved; its locks are held from here on.
    SnapshotStarted {
        unit: Unit,
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        uses: IndexMap<Arc<str>, i64>,
    },
    /// They are saved, and on the disk.
    SnapshotTaken {
        unit: Unit,
        /// Names its folder.
        id: String,
    },
    SnapshotFailed {
        unit: Unit,
        failure: Failure,
    },
    /// Before a unit ends so, its snapshot is put back.
    RestoreStarted {
        unit: Unit,
        status: Status,
        failure: Option<Failure>,
        reason: Option<String>,
    },
    /// Its snapshot is put back, or why not.
    RestoreEnded {
        unit: Unit,
        failure: Option<String>,
    },
    AttemptStarted {
        unit: Unit,
        /// From 1, counting those of fallbacks too.
        attempt: u32,
        /// 0: its own action; k: its k-th fallback.
        way: u32,
        /// How much of each resource it holds until it ends.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        uses: IndexMap<Arc<str>, i64>,
    },
    AttemptEnded {
        unit: Unit,
        attempt: u32,
        end: AttemptEnd,
        /// `None` where there was no process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
        /// What else should be known: processes that it left behind, a log that was cut.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
    /// All stood still, by Ctrl-Z: that time counts for no deadline.
    StoodStill {
        length: Duration,
    },
    /// The next attempt waits.
    Delayed {
        unit: Unit,
        length: Duration,
        until: Timestamp,
    },
    /// The attempts of this way are used up or not tried again: the next fallback is due.
    WayUsedUp {
        unit: Unit,
    },
    ServiceReady {
        step: StepId,
        /// What it wrote to `$GOAL_OUTPUT` by then.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        outputs: IndexMap<Arc<str>, Value>,
    },
    InstanceEnded {
        unit: Unit,
        status: Status,
        failure: Option<Failure>,
        outputs: IndexMap<Arc<str>, Value>,
    },
    StepEnded {
        step: StepId,
        status: Status,
        /// Why it did not succeed: one line.
        reason: Option<String>,
        failure: Option<Failure>,
        /// The fallback that did it.
        via: Option<Arc<str>>,
        outputs: IndexMap<Arc<str>, Value>,
    },
    CheckpointReached {
        step: StepId,
        label: String,
    },
    /// Its dependencies and guards let its steps start.
    GoalOpened {
        goal: GoalId,
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        uses: IndexMap<Arc<str>, i64>,
        /// Steps at once, where the goal says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parallel: Option<u32>,
        /// When its deadline is, but for the time in which the run stands still.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Timestamp>,
    },
    GoalEnded {
        goal: GoalId,
        status: Status,
        reason: Option<String>,
    },
    /// Nothing new starts in this goal any more.
    StopRequested {
        goal: GoalId,
        why: StopReason,
    },
    UndoStarted {
        step: StepId,
    },
    UndoEnded {
        step: StepId,
        failure: Option<String>,
        /// Of a `foreach` step whose undo failed: its parts that are undone nonetheless.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        undone: Vec<u32>,
    },
    /// The run was stopped in the middle of an undo: it is due again with a resume.
    UndoStopped {
        step: StepId,
    },
    /// A person asked for the run to be undone, back to the event of this number; 0: all the way.
    RollbackRequested {
        since: u64,
        by: String,
    },
    GoalVerified {
        goal: GoalId,
        /// All that does not hold.
        failure: Option<String>,
        /// Each of its probes; none in journals of older versions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        probes: Vec<ProbeAnswer>,
    },
    CleanupEnded {
        goal: GoalId,
        failure: Option<String>,
    },
    /// Someone was told of something, or could not be.
    AlertSent {
        /// Whose clause it is.
        goal: GoalId,
        /// The clause's word: `failure`.
        on: String,
        unit: Option<Unit>,
        way: AlertWay,
        text: String,
        /// Why it was not delivered.
        failure: Option<String>,
    },
    /// The process is done with the run: for good, or until it is resumed.
    RunEnded {
        status: RunStatus,
        exit: u8,
        reason: Option<String>,
    },
}

/// An event with its place in the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// From 1, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    #[serde(flatten)]
    pub event: Event,
}
