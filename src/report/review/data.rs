//! The report of a run as data: what all its formats are made from, and what its JSON is.
//!
//! Plain data without a secret in it. Lists that a plan or its items could make endless are cut,
//! and say how many were left out. Lengths of time are seconds.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::exec::{RunStatus, Status, Timestamp};
use crate::report::list::Listed;
use crate::report::run::{
    CleanupView, Outputs, UsageView, run_status_schema, status_schema, time, time_schema,
};

/// A run, looked back on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ReportView {
    /// The run's id.
    pub run: String,
    /// The goal's name.
    pub goal: String,
    pub title: Option<Arc<str>>,
    /// What the plan says of its goals and steps; the root's id is empty.
    pub documentation: Vec<Listed>,
    /// The plan's file.
    pub plan: String,
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
    /// From the start to the end, or to now.
    pub took: f64,
    /// How the goal stands, in one sentence without a full stop.
    pub verdict: String,
    /// Two or three sentences.
    pub summary: String,
    /// What is wrong with the journal of a damaged run: only the events before it are told.
    pub damage: Option<String>,
    /// Each goal's own `verify` that was asked.
    pub verify: Vec<VerifyView>,
    /// Each goal's cleanup that did not do all.
    pub cleanup: Vec<CleanupView>,
    pub figures: Figures,
    /// What can be learnt from it.
    pub lessons: Vec<LessonView>,
    /// In the order of the plan.
    pub steps: Vec<StepReport>,
    /// What people were asked, and what they said.
    pub answers: Vec<AnswerView>,
    pub answers_left_out: usize,
    /// Who was told of what; those that were not delivered first.
    pub alerts: Vec<AlertReport>,
    pub alerts_left_out: usize,
    pub undo: UndoReport,
    pub checkpoints: Vec<CheckpointView>,
    /// The last lines of what failed steps wrote.
    pub logs: Vec<LogView>,
}

/// The run in numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Figures {
    /// Steps at once that were allowed.
    pub jobs: u32,
    /// Attempts at once that there were at most; those that hold no slot do not count.
    pub peak: u32,
    /// The time of all attempts together.
    pub work: f64,
    /// The time in which something was done, or was to be tried again.
    pub active: f64,
    /// The time in which people were asked and nothing else was done.
    pub waited: f64,
    /// The steps of the longest chain of dependencies, by the time that they took, in their order.
    pub critical_path: Vec<String>,
    /// How long that chain is.
    pub critical: f64,
    /// What all processes have used together; null where there was none.
    pub usage: Option<UsageView>,
    /// Earlier runs of this plan that it is compared with.
    pub earlier: usize,
}

/// A goal's `verify`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct VerifyView {
    /// Its path; empty for the root goal.
    pub goal: String,
    /// What did not hold; empty where all did.
    pub failures: Vec<String>,
    /// What held.
    pub held: Vec<String>,
}

/// Computed advice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct LessonView {
    /// `critical-path slots lock items retry fallback flaky useless estimate parallel person`.
    pub kind: String,
    /// Whom it is about.
    pub steps: Vec<String>,
    /// One or two sentences, with the figures.
    pub text: String,
    /// What to write in the plan, where that is certain.
    pub write: Option<String>,
}

/// A step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct StepReport {
    /// Its path.
    pub id: String,
    /// The path of the goal that it is in; empty for the root goal.
    pub goal: String,
    pub title: Option<Arc<str>>,
    #[schemars(schema_with = "status_schema")]
    pub status: Status,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub started: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub ended: Option<Timestamp>,
    /// In attempts and the delays between them.
    pub took: Option<f64>,
    /// For people.
    pub waited: f64,
    /// What the plan says that it takes.
    pub estimate: Option<RangeView>,
    /// What it took in earlier runs in which it succeeded and meant the same.
    pub earlier: Option<EarlierView>,
    pub via: Option<String>,
    /// Why it did not succeed, in one line.
    pub reason: Option<String>,
    /// Why its failure does not count; null where it does, or there is none.
    pub ignored: Option<String>,
    /// It is on the longest chain.
    pub critical: bool,
    /// The steps and goals that it waits for.
    pub needs: Vec<String>,
    /// In their order; of very many the failed ones first.
    pub attempts: Vec<AttemptView>,
    pub attempts_left_out: usize,
    pub usage: Option<UsageView>,
    pub outputs: Outputs,
    pub notes: Vec<String>,
    /// Of a `foreach` step.
    pub instances: Option<InstancesView>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct RangeView {
    pub from: f64,
    pub to: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct EarlierView {
    pub runs: usize,
    pub shortest: f64,
    pub median: f64,
    pub longest: f64,
}

/// One attempt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct AttemptView {
    /// The instance's position, from 0; null where the step is no `foreach`.
    pub item: Option<u32>,
    /// From 1, those of fallbacks included.
    pub attempt: u32,
    /// The fallback that was tried; null for the step's own action.
    pub fallback: Option<String>,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub started: Option<Timestamp>,
    /// Null while it goes on.
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub ended: Option<Timestamp>,
    pub took: f64,
    /// Why it failed.
    pub error: Option<String>,
    /// What was done about that.
    pub then: Option<String>,
    /// It was tried again by a resume: no `retry` and no fallback made that good.
    #[serde(skip)]
    pub resumed: bool,
    /// The delay before the next attempt.
    pub delay: Option<f64>,
    pub usage: Option<UsageView>,
    pub notes: Vec<String>,
}

/// A `foreach` step's instances.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct InstancesView {
    pub all: usize,
    pub succeeded: usize,
    pub failed: usize,
    /// Some of those that did not succeed.
    pub bad: Vec<BadInstance>,
    pub bad_left_out: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct BadInstance {
    /// Its position, from 0.
    pub item: usize,
    /// The item as text, cut where it is long.
    pub text: String,
    #[schemars(schema_with = "status_schema")]
    pub status: Status,
    pub reason: Option<String>,
}

/// A question and its answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct AnswerView {
    /// The step, goal or instance.
    pub step: String,
    /// `confirm`, `manual` or `in-doubt`.
    pub kind: String,
    pub question: String,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub asked: Option<Timestamp>,
    /// `approved denied done rerun failed`; null while nobody has answered.
    pub answer: Option<String>,
    pub by: String,
    /// `terminal`, `command`, `timeout` or `--yes`.
    pub from: String,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub at: Option<Timestamp>,
    pub waited: f64,
    pub note: String,
}

/// An alert.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct AlertReport {
    /// Whose clause it is; empty for the root goal.
    pub goal: String,
    /// The clause's word: `failure`.
    pub on: String,
    /// The step or instance that it is about.
    pub step: Option<String>,
    /// `run`, `webhook` or `log`.
    pub way: String,
    pub text: String,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub at: Option<Timestamp>,
    /// Why it was not delivered.
    pub failure: Option<String>,
}

/// What a rollback did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct UndoReport {
    /// In the order in which they were undone.
    pub undone: Vec<UndoneView>,
    /// Steps that were started and are not undone, and why.
    pub kept: Vec<KeptView>,
    /// Steps whose snapshots were put back without a rollback.
    pub restored: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct UndoneView {
    pub step: String,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub started: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub ended: Option<Timestamp>,
    /// Why it could not be undone.
    pub failure: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct KeptView {
    pub step: String,
    pub why: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct CheckpointView {
    pub step: String,
    pub label: String,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub at: Option<Timestamp>,
}

/// The end of a log. Control characters are named, colours dropped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct LogView {
    /// The step or instance.
    pub step: String,
    /// Null: of its undo.
    pub attempt: Option<u32>,
    pub lines: Vec<String>,
    /// The event that began it, which names its file.
    #[serde(skip)]
    pub seq: u64,
}

impl StepReport {
    /// Whether it was tried, or a person did it.
    pub fn ran(&self) -> bool {
        !self.attempts.is_empty() || self.started.is_some()
    }
}
