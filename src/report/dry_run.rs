//! What a run would do: the view that `run --dry-run` prints.

use schemars::JsonSchema;
use serde::Serialize;

use super::list::Listed;
use crate::exec::RunStatus;

/// A forecast. All times are seconds from the run's start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct DryRunView {
    pub goal: String,
    /// From the first step's start to the last one's end.
    pub makespan: f64,
    /// Half of all runs end within this time.
    pub p50: f64,
    /// Nine of ten runs end within this time.
    pub p90: f64,
    /// How many runs were simulated for these two; 0 where all would be the same.
    pub simulations: u32,
    /// All attempts' times together.
    pub work: f64,
    /// No order of the steps is faster with so many jobs.
    pub lower_bound: f64,
    /// The steps that decide the makespan, in their order.
    pub critical_path: Vec<String>,
    /// How long these take together.
    pub critical_length: f64,
    /// Steps at once.
    pub jobs: u32,
    /// How the run would end.
    #[schemars(schema_with = "super::run::run_status_schema")]
    pub status: RunStatus,
    /// Why it would not be achieved.
    pub reason: Option<String>,
    /// In the order of the plan.
    pub steps: Vec<DryRunStep>,
    /// Steps that start at the same time, in the order of time.
    pub waves: Vec<Vec<String>>,
    /// What runs in each slot.
    pub slots: Vec<Vec<DryRunPiece>>,
    /// What takes no slot, in as many rows as it takes.
    pub aside: Vec<Vec<DryRunPiece>>,
    /// What a person will be asked, in the order of time.
    pub questions: Vec<DryRunQuestion>,
    /// Conditions that only the run decides.
    pub branches: Vec<DryRunBranch>,
    /// The makespan if all that may be skipped is.
    pub if_all_skipped: Option<f64>,
    /// Goals that take longer than their deadline.
    pub late: Vec<DryRunLate>,
    /// What the plan says of its goals and steps; the root's id is empty.
    pub documentation: Vec<Listed>,
    /// Whether what the goals require holds; null where it was not asked (`--preflight`).
    pub requires_hold: Option<bool>,
}

/// A step of a forecast.
#[allow(clippy::struct_excessive_bools)] // facts that do not exclude each other
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct DryRunStep {
    pub id: String,
    pub start: f64,
    pub end: f64,
    /// How much later it could end without moving the whole.
    pub slack: f64,
    /// It is on the critical path.
    pub critical: bool,
    /// How often it is tried at most, the first time included.
    pub attempts_max: u32,
    /// What it does, in one line.
    pub action: String,
    /// What a person will be asked.
    pub asks: Option<String>,
    /// A condition may leave it out.
    pub may_skip: bool,
    /// A condition leaves it out for sure.
    pub skipped: bool,
    /// Its time is written in the plan or was measured; otherwise it is a guess.
    pub estimate_known: bool,
    /// Where its time is from.
    pub source: TimeSource,
    /// In how many earlier runs it was measured.
    pub runs: u32,
}

/// Where a step's time is from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimeSource {
    /// The median of earlier runs.
    History,
    /// The plan.
    Estimate,
    #[default]
    Guess,
}

/// What runs for a time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct DryRunPiece {
    pub id: String,
    /// The instance of a `foreach` step, from 0.
    pub item: Option<u32>,
    pub start: f64,
    pub end: f64,
}

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct DryRunQuestion {
    /// The step or goal that asks.
    pub step: String,
    pub item: Option<u32>,
    /// `confirm` or `manual`.
    pub kind: String,
    pub question: String,
    pub at: f64,
    /// No condition can make it needless.
    pub sure: bool,
}

/// A condition and what comes of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct DryRunBranch {
    /// The step or goal that it is of.
    pub step: String,
    /// `when` or `unless`.
    pub condition: String,
    /// Steps that are skipped with it.
    pub with: Vec<String>,
    /// The makespan if it does not run; null where there are too many to try each.
    pub if_skipped: Option<f64>,
}

/// A goal that would be stopped by its deadline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct DryRunLate {
    /// Empty for the root goal.
    pub goal: String,
    pub deadline: f64,
    pub takes: f64,
}

impl DryRunView {
    /// A forecast of these steps; what follows from them alone is worked out.
    pub fn new(
        goal: impl Into<String>,
        jobs: u32,
        steps: Vec<DryRunStep>,
        critical_path: Vec<String>,
    ) -> Self {
        let makespan = steps.iter().map(|step| step.end).fold(0.0, f64::max);
        Self {
            goal: goal.into(),
            makespan,
            p50: makespan,
            p90: makespan,
            work: steps.iter().map(DryRunStep::takes).sum(),
            critical_path,
            jobs,
            status: RunStatus::Achieved,
            waves: waves(&steps),
            steps,
            ..Self::default()
        }
    }
}

impl DryRunStep {
    /// Its own time, in seconds.
    pub fn takes(&self) -> f64 {
        (self.end - self.start).max(0.0)
    }
}

fn waves(steps: &[DryRunStep]) -> Vec<Vec<String>> {
    let mut ordered: Vec<_> = steps.iter().filter(|step| !step.skipped).collect();
    ordered.sort_by(|a, b| a.start.total_cmp(&b.start));
    ordered
        .chunk_by(|a, b| same_time(a.start, b.start))
        .map(|wave| wave.iter().map(|step| step.id.clone()).collect())
        .collect()
}

/// Whether two times are the same to the millisecond.
fn same_time(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.001
}
