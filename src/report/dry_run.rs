//! What a run would do: the view that `run --dry-run` prints.

use schemars::JsonSchema;
use serde::Serialize;

/// A forecast. All times are seconds from the run's start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct DryRunView {
    pub goal: String,
    /// From the first step's start to the last one's end.
    pub makespan: f64,
    /// All steps' times together.
    pub work: f64,
    /// The steps that decide the makespan, in their order.
    pub critical_path: Vec<String>,
    /// Steps at once.
    pub jobs: u32,
    /// In the order of the plan.
    pub steps: Vec<DryRunStep>,
    /// Steps that start at the same time, in the order of time.
    pub waves: Vec<Vec<String>>,
}

/// A step of a forecast.
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
    /// Its time is written in the plan or was measured; otherwise it is a guess.
    pub estimate_known: bool,
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
        let work = steps.iter().map(DryRunStep::takes).sum();
        let waves = waves(&steps);
        Self { goal: goal.into(), makespan, work, critical_path, jobs, steps, waves }
    }
}

impl DryRunStep {
    /// Its own time, in seconds.
    pub fn takes(&self) -> f64 {
        (self.end - self.start).max(0.0)
    }
}

fn waves(steps: &[DryRunStep]) -> Vec<Vec<String>> {
    let mut ordered: Vec<_> = steps.iter().collect();
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
