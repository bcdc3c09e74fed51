//! What a run was, will be, or was found to be: views for people and programs.
//!
//! Pure: each view is plain data, made by whoever folded the events or drew up the forecast. From
//! the same view come the JSON, its schema, the text for a terminal and the Markdown page.

mod check;
mod dry_run;
mod dry_run_notes;
mod dry_run_slots;
mod dry_run_text;
mod graph;
mod html;
mod junit;
pub mod layout;
mod list;
mod markdown;
mod plain;
mod review;
mod run;
mod runs;
mod scenarios;
mod schema;
mod simulation;
mod text;
mod trace;
mod why;

pub use check::{CheckView, DiagnosticView, FixView, PlaceView, RelatedView, SeverityView};
pub use dry_run::{
    DryRunBranch, DryRunLate, DryRunPiece, DryRunQuestion, DryRunStep, DryRunView, TimeSource,
};
pub use dry_run_text::dry_run_text;
pub use graph::{GraphEdge, GraphGoal, GraphStep, GraphView};
pub use html::html;
pub use junit::junit;
pub use list::{ListView, Listed, ListedParam, ListedPlan, list_text};
pub use markdown::markdown;
pub use review::*;
pub use run::{
    CleanupView, InstanceView, Outputs, ProbeView, RunView, StepView, UsageView, VerifiedView,
};
pub use runs::{RunLine, RunsView, runs_text};
pub use scenarios::{
    HappenedView, ScenarioView, ScenariosView, happened_text, scenario_text, scenarios_junit,
    scenarios_summary, widest,
};
pub use schema::{SCHEMAS, schema};
pub use simulation::{CaseView, CounterexampleView, SimulationView, simulation_text};
pub use text::{length, text};
pub use trace::Trace;
pub use why::{BecauseView, WhyView, why_text};

#[cfg(test)]
mod tests;
