//! `goalc run --dry-run`: what would happen, how long it takes, and what earlier runs say of it.

use std::path::PathBuf;
use std::sync::Arc;

use super::output;
use super::params::Params;
use crate::exec::RunStatus;
use crate::exec::estimate::{Measured, Source};
use crate::exec::graph::Graph;
use crate::exec::scope::Surroundings;
use crate::forecast::{self, Branch, Forecast, ForecastQuestion, ForecastStep, Late, Piece};
use crate::ir::Plan;
use crate::report::{
    DryRunBranch, DryRunLate, DryRunPiece, DryRunQuestion, DryRunStep, DryRunView, TimeSource,
};
use crate::store::{StateFolder, Store};

use super::load::Loaded;

/// What earlier runs of this plan took. Looks only: where there is no state, none is made.
pub(super) fn measured(loaded: &Loaded, plan: &Plan) -> Measured {
    let chosen = std::env::var_os("GOALC_STATE_DIR").map(PathBuf::from);
    let path = StateFolder::locate(chosen.as_deref(), loaded.folder());
    if !path.exists() {
        return Measured::new();
    }
    let found = StateFolder::open_existing(&path)
        .and_then(Store::open_to_read)
        .and_then(|store| store.measured(&loaded.path, plan));
    found.unwrap_or_else(|error| {
        output::complain(&format!("what earlier runs took is not known: {error}"));
        Measured::new()
    })
}

/// How the plan is expected to go with these params, without odds and branches.
///
/// # Errors
/// Why it cannot be played.
pub(super) fn expected(
    loaded: &Loaded,
    graph: &Arc<Graph>,
    params: Params,
    jobs: u32,
    surroundings: &dyn Surroundings,
) -> Result<Forecast, String> {
    let options = forecast::Options {
        params: params.values,
        secrets: params.secrets,
        jobs,
        expected_only: true,
        ..forecast::Options::default()
    };
    forecast::forecast(graph, surroundings, &options, &measured(loaded, graph.plan()))
}

/// The forecast as it is printed.
pub(super) fn view(goal: &str, jobs: u32, forecast: Forecast) -> DryRunView {
    let steps = forecast.steps.into_iter().map(step).collect();
    let path = forecast.critical_path.iter().map(ToString::to_string).collect();
    let rows = |rows: &[Vec<Piece>]| -> Vec<Vec<DryRunPiece>> {
        rows.iter().map(|pieces| pieces.iter().map(piece).collect()).collect()
    };
    DryRunView {
        makespan: forecast.makespan.as_secs_f64(),
        p50: forecast.odds.p50.as_secs_f64(),
        p90: forecast.odds.p90.as_secs_f64(),
        simulations: forecast.odds.simulations,
        work: forecast.work.as_secs_f64(),
        lower_bound: forecast.lower_bound.as_secs_f64(),
        critical_length: forecast.critical_length.as_secs_f64(),
        status: forecast.status,
        reason: forecast.reason.filter(|_| forecast.status != RunStatus::Achieved),
        slots: rows(&forecast.slots),
        aside: rows(&forecast.aside),
        questions: forecast.questions.into_iter().map(question).collect(),
        branches: forecast.branches.iter().map(branch).collect(),
        if_all_skipped: forecast.if_all_skipped.map(|time| time.as_secs_f64()),
        late: forecast.late.iter().map(late).collect(),
        ..DryRunView::new(goal, jobs, steps, path)
    }
}

fn step(step: ForecastStep) -> DryRunStep {
    let (source, runs) = match step.source {
        Source::History { runs } => (TimeSource::History, runs),
        Source::Estimate => (TimeSource::Estimate, 0),
        Source::Guess => (TimeSource::Guess, 0),
    };
    DryRunStep {
        id: step.id.to_string(),
        start: step.start.as_secs_f64(),
        end: step.end.as_secs_f64(),
        slack: step.slack.as_secs_f64(),
        critical: step.critical,
        attempts_max: step.attempts_max,
        action: step.action,
        asks: step.asks,
        may_skip: step.may_skip,
        skipped: step.skipped,
        estimate_known: source != TimeSource::Guess,
        source,
        runs,
    }
}

fn piece(piece: &Piece) -> DryRunPiece {
    DryRunPiece {
        id: piece.id.to_string(),
        item: piece.item,
        start: piece.start.as_secs_f64(),
        end: piece.end.as_secs_f64(),
    }
}

fn question(question: ForecastQuestion) -> DryRunQuestion {
    DryRunQuestion {
        step: question.node.to_string(),
        item: question.item,
        kind: question.kind.word().to_owned(),
        question: question.text,
        at: question.at.as_secs_f64(),
        sure: question.sure,
    }
}

fn branch(branch: &Branch) -> DryRunBranch {
    DryRunBranch {
        step: branch.node.to_string(),
        condition: if branch.is_unless { "unless" } else { "when" }.to_owned(),
        with: branch.with.iter().map(ToString::to_string).collect(),
        if_skipped: branch.if_skipped.map(|time| time.as_secs_f64()),
    }
}

fn late(late: &Late) -> DryRunLate {
    DryRunLate {
        goal: late.goal.to_string(),
        deadline: late.deadline.as_secs_f64(),
        takes: late.takes.as_secs_f64(),
    }
}

/// Prints it as wanted.
pub(super) fn print(view: &DryRunView, format: super::arguments::RunFormat) {
    use super::arguments::RunFormat;
    match format {
        RunFormat::Text => output::print(&crate::report::dry_run_text(view)),
        RunFormat::Json | RunFormat::Jsonl => output::print_json(view),
    }
}
