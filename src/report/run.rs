//! A run as it stands: what `run` and `show` print, and what the reports are made of.
//!
//! Plain data; no secret is in it, as [`StepView::output`] takes values in their public form.

use std::borrow::Cow;
use std::time::Duration;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::exec::event::Usage;
use crate::exec::{RunStatus, Status, Timestamp};
use crate::value::Value;

/// Outputs by name, as plain JSON: a duration is its seconds, a size its bytes.
pub type Outputs = IndexMap<String, serde_json::Value>;

/// A run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct RunView {
    /// The run's id.
    pub run: String,
    /// The goal's name.
    pub goal: String,
    #[schemars(schema_with = "run_status_schema")]
    pub status: RunStatus,
    /// The exit code; null while the run goes on.
    pub exit: Option<u8>,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub started: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub ended: Option<Timestamp>,
    /// Why it ended as it did, where that is not said by its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Each goal's own `verify` that was asked; left out where none was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verify: Vec<VerifiedView>,
    /// Each goal's cleanup that did not do all; left out where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cleanup: Vec<CleanupView>,
    /// In the order of the plan.
    pub steps: Vec<StepView>,
}

/// A goal's cleanup that did not do all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct CleanupView {
    /// The goal's path; empty for the root goal.
    pub goal: String,
    pub failure: String,
}

/// What came of a goal's `verify`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct VerifiedView {
    /// The goal's path; empty for the root goal.
    pub goal: String,
    pub holds: bool,
    /// In the order of the plan; one for all that does not hold in runs of older versions.
    pub probes: Vec<ProbeView>,
}

/// What came of asking a probe.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ProbeView {
    pub holds: bool,
    /// What is so, in one line.
    pub found: String,
}

/// A step of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct StepView {
    /// Its path: `database.migrate`.
    pub id: String,
    #[schemars(schema_with = "status_schema")]
    pub status: Status,
    /// How often it was tried, fallbacks included.
    pub attempts: u32,
    /// The fallback that did it.
    pub via: Option<String>,
    pub outputs: Outputs,
    /// Why it did not succeed, in one line.
    pub reason: Option<String>,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub started: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub ended: Option<Timestamp>,
    /// It failed, and the plan says `on failure ignore`.
    pub tolerated: bool,
    /// What its processes have used; null where there was none.
    pub usage: Option<UsageView>,
    /// Whatever else should be known: who answered, what was undone.
    pub notes: Vec<String>,
    /// Of a `foreach` step: one for each item.
    pub instances: Vec<InstanceView>,
}

/// What the processes of a step's attempts have used together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct UsageView {
    /// Processor time in seconds, of the system included.
    pub cpu: f64,
    /// The largest process, in bytes; null where it was smaller than goalc itself, below which
    /// the system cannot tell.
    pub peak_memory: Option<u64>,
    /// Bytes that were read and written, from and to files, pipes and sockets.
    pub read: u64,
    pub written: u64,
}

impl UsageView {
    pub fn new(usage: Usage) -> Self {
        let peak_memory = (usage.memory > 0).then_some(usage.memory);
        Self { cpu: usage.cpu, peak_memory, read: usage.read, written: usage.written }
    }
}

/// One instance of a `foreach` step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct InstanceView {
    pub item: serde_json::Value,
    #[schemars(schema_with = "status_schema")]
    pub status: Status,
    pub attempts: u32,
    pub outputs: Outputs,
}

impl RunView {
    /// A run that has just begun, without steps.
    pub fn new(run: impl Into<String>, goal: impl Into<String>, started: Timestamp) -> Self {
        Self { run: run.into(), goal: goal.into(), started: Some(started), ..Self::default() }
    }

    /// How long it took; `None` while it goes on.
    pub fn took(&self) -> Option<Duration> {
        Some(self.ended?.since(self.started?))
    }

    /// How many steps stand so.
    pub fn count(&self, status: Status) -> usize {
        self.steps.iter().filter(|step| step.status == status).count()
    }

    /// Steps whose failure the plan says to ignore.
    pub fn tolerated(&self) -> impl Iterator<Item = &StepView> {
        self.steps.iter().filter(|step| step.tolerated)
    }
}

impl StepView {
    pub fn new(id: impl Into<String>, status: Status) -> Self {
        Self { id: id.into(), status, ..Self::default() }
    }

    /// Adds an output; a secret is taken as `***`.
    pub fn output(&mut self, name: impl Into<String>, value: &Value) {
        self.outputs.insert(name.into(), value.to_public_json());
    }

    /// From its first attempt to its end; `None` where it did not start or has not ended.
    pub fn took(&self) -> Option<Duration> {
        Some(self.ended?.since(self.started?))
    }
}

impl InstanceView {
    pub fn new(item: &Value, status: Status, attempts: u32) -> Self {
        Self { item: item.to_public_json(), status, attempts, outputs: Outputs::new() }
    }

    /// Adds an output; a secret is taken as `***`.
    pub fn output(&mut self, name: impl Into<String>, value: &Value) {
        self.outputs.insert(name.into(), value.to_public_json());
    }

    /// The item as a person reads it.
    pub fn item_text(&self) -> Cow<'_, str> {
        match &self.item {
            serde_json::Value::String(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_string()),
        }
    }
}

/// RFC 3339, UTC, three decimals; or null.
#[allow(clippy::ref_option)] // serde's signature
pub(super) fn time<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => to.collect_str(time),
        None => to.serialize_none(),
    }
}

pub(super) fn time_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"],
        "format": "date-time",
        "description": "RFC 3339, UTC, three decimals."
    })
}

pub(super) fn status_schema(_: &mut SchemaGenerator) -> Schema {
    use Status::{
        Blocked, Cancelled, Failed, InDoubt, NotRun, Pending, Ready, Running, Skipped, Succeeded,
        UndoFailed, Undone, Waiting,
    };
    let words = [
        Pending, Ready, Waiting, Running, Succeeded, Failed, Skipped, Blocked, Cancelled, NotRun,
        InDoubt, Undone, UndoFailed,
    ];
    json_schema!({ "type": "string", "enum": words.map(Status::word) })
}

pub(super) fn run_status_schema(_: &mut SchemaGenerator) -> Schema {
    use RunStatus::{Achieved, Cancelled, Failed, Running, Undone, Waiting};
    let words = [Running, Achieved, Failed, Waiting, Cancelled, Undone];
    json_schema!({ "type": "string", "enum": words.map(RunStatus::word) })
}
