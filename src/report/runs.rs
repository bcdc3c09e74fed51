//! The list of runs: what `goalc runs` prints.

use schemars::JsonSchema;
use serde::Serialize;

use super::layout::{Paint, pad, width};
use super::run::{run_status_schema, time, time_schema};
use super::text::{clock, length, run_colour};
use crate::diagnostic::visible;
use crate::exec::{RunStatus, Timestamp};

/// Runs, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunsView {
    pub runs: Vec<RunLine>,
}

/// One run of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunLine {
    pub run: String,
    pub goal: String,
    #[schemars(schema_with = "run_status_schema")]
    pub status: RunStatus,
    /// A process carries it out now: one that is `running` without was killed.
    pub alive: bool,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub started: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    #[schemars(schema_with = "time_schema")]
    pub ended: Option<Timestamp>,
}

/// The widest that a run's id and a goal's name may get.
const WIDEST: usize = 20;

/// The list as a table of at most 80 columns.
pub fn runs_text(view: &RunsView, colour: bool) -> String {
    if view.runs.is_empty() {
        return "no runs yet\n".to_owned();
    }
    let paint = Paint(colour);
    let widest = |name: fn(&RunLine) -> &str| {
        view.runs.iter().map(|line| width(&visible(name(line)))).max().unwrap_or(0).min(WIDEST)
    };
    let (runs, goals) = (widest(|line| &line.run).max(3), widest(|line| &line.goal).max(4));
    let title = format!(
        "{}  {}  {}  {}",
        pad("run", runs),
        pad("goal", goals),
        pad("status", 9),
        "started"
    );
    let row = |line: &RunLine| {
        let run = pad(&visible(&line.run), runs);
        let goal = pad(&visible(&line.goal), goals);
        let status = run_colour(paint, line.status, &pad(line.status.word(), 9));
        let started = line.started.map(clock).unwrap_or_default();
        let lost = line.status == RunStatus::Running && !line.alive;
        let lost = if lost { ", its process is gone" } else { "" };
        format!("{run}  {goal}  {status}  {started}{}{lost}\n", took(line))
    };
    let rows: Vec<_> = view.runs.iter().map(row).collect();
    format!("{}\n{}", paint.dim(&title), rows.concat())
}

fn took(line: &RunLine) -> String {
    let took = line.started.zip(line.ended).map(|(started, ended)| ended.since(started));
    took.map(|took| format!(", took {}", length(took))).unwrap_or_default()
}
