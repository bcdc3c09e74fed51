//! The dry-run: the drive loop itself, in a simulated world on a virtual clock.
//!
//! Executes nothing. Times come from earlier runs and the plan's estimates; what cannot be known
//! before it runs is taken to go well, and said. What else may come of it is played through, too.

mod action;
mod branches;
mod compact;
mod draws;
mod figures;
mod play;
mod read;
pub mod remaining;
mod simulate;
#[cfg(test)]
mod tests;
mod timeline;
mod world;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use crate::exec::estimate::{self, Expected, Measured, Source};
use crate::exec::event::{QuestionKind, RunStatus};
use crate::exec::graph::Graph;
use crate::exec::recovery::RetryPolicy;
use crate::exec::scope::{Place, Surroundings, Values};
use crate::exec::state::{RunState, UnitIx};
use crate::value::{BindingId, GoalId, NodeId, StepId, Value};
use draws::{Draws, Failing};
use play::Setup;

pub use action::action_text;

/// What a step is taken to need of which nothing is known.
pub const GUESS: Duration = Duration::from_secs(1);

/// What the run would be started with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub params: IndexMap<BindingId, Value>,
    pub secrets: HashMap<BindingId, Value>,
    pub jobs: u32,
    pub keep_going: bool,
    pub left_out: Vec<StepId>,
    pub skipped: Vec<StepId>,
    /// Only as it is expected: neither odds nor branches.
    pub expected_only: bool,
    /// A person is asked about each step.
    pub interactive: bool,
}

/// What would happen. Times count from the run's start.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// In the order of the plan; steps that the run leaves out are not here.
    pub steps: Vec<ForecastStep>,
    pub critical_path: Vec<StepId>,
    /// How long the critical path is.
    pub critical_length: Duration,
    pub makespan: Duration,
    /// All attempts' times together.
    pub work: Duration,
    /// No schedule with so many jobs is shorter.
    pub lower_bound: Duration,
    /// What runs in each slot, one after the other.
    pub slots: Vec<Vec<Piece>>,
    /// What takes no slot: what people do, and what is waited for; in as many rows as it takes.
    pub aside: Vec<Vec<Piece>>,
    /// In the order in which they are asked.
    pub questions: Vec<ForecastQuestion>,
    /// What may turn out the other way, in the order of the plan.
    pub branches: Vec<Branch>,
    /// How long it takes if all that may be skipped is; `None` where nothing may be.
    pub if_all_skipped: Option<Duration>,
    pub odds: Odds,
    /// Goals that would not end within their deadline.
    pub late: Vec<Late>,
    pub status: RunStatus,
    /// Why it would not be achieved.
    pub reason: Option<String>,
}

/// A step of a forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastStep {
    pub id: StepId,
    pub start: Duration,
    pub end: Duration,
    /// How much later it could end without moving the whole, if slots did not matter.
    pub slack: Duration,
    pub critical: bool,
    /// With all retries and fallbacks.
    pub attempts_max: u32,
    /// What it does, in one line.
    pub action: String,
    /// What a person will be asked.
    pub asks: Option<String>,
    /// A condition may leave it out.
    pub may_skip: bool,
    /// A condition leaves it out for sure.
    pub skipped: bool,
    /// Where its time is from.
    pub source: Source,
}

/// An attempt, in the row of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub id: StepId,
    pub item: Option<u32>,
    pub start: Duration,
    pub end: Duration,
}

/// A question that a person will be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastQuestion {
    /// A step or goal.
    pub node: NodeId,
    pub item: Option<u32>,
    pub kind: QuestionKind,
    pub text: String,
    pub at: Duration,
    /// A condition may still make it needless.
    pub sure: bool,
}

/// A condition that cannot be known yet, and what comes of it either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub node: NodeId,
    /// It is `unless`: where it holds, the step has succeeded without running.
    pub is_unless: bool,
    /// Steps that are skipped with it.
    pub with: Vec<StepId>,
    /// How long the whole takes if it is skipped; `None` where there are too many to try each.
    pub if_skipped: Option<Duration>,
}

/// How long it takes in half of all cases, and in nine of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odds {
    pub p50: Duration,
    pub p90: Duration,
    /// How many runs were simulated; 0 where they would all be the same.
    pub simulations: u32,
}

/// A goal that takes longer than it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    pub goal: GoalId,
    pub deadline: Duration,
    pub takes: Duration,
}

/// Plays a run through.
///
/// # Errors
/// Where the loop cannot go on; the words say why.
pub fn forecast(
    graph: &Arc<Graph>,
    surroundings: &dyn Surroundings,
    options: &Options,
    measured: &Measured,
) -> Result<Forecast, String> {
    let values = Values::new(options.secrets.clone());
    let order = estimate::order(graph, &options.params, &values, surroundings, measured);
    let mut state = RunState::new(Arc::clone(graph), order.clone());
    state.params.clone_from(&options.params);
    let expected: Vec<Expected> = estimate::expected(&state, &values, surroundings, measured)
        .into_iter()
        .map(|expected| expected.unwrap_or_else(|| Expected::guess(GUESS)))
        .collect();
    let sources: Vec<Source> = expected.iter().map(|expected| expected.source).collect();
    let failing = failing(&state, &values, surroundings, &expected);
    let draws = Draws::new(expected, failing);
    let doubts = branches::doubts(&state, &values, surroundings);
    // It takes as much room as that of the run that is played.
    drop(state);
    let setup = Setup { graph, order: &order, surroundings, options, draws: &draws };
    let played = setup.play(None, &HashSet::new())?;
    let mut forecast = read::read(&played, surroundings, &sources, &doubts);
    if !options.expected_only {
        forecast.odds = simulate::odds(&setup, &played)?;
        (forecast.branches, forecast.if_all_skipped) =
            branches::branches(&setup, &played, &doubts)?;
    }
    Ok(forecast)
}

/// How attempts may fail and be tried again, by what was seen of them.
fn failing(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
    expected: &[Expected],
) -> Vec<Failing> {
    let graph = state.graph();
    let of = |node: crate::exec::graph::NodeIx| {
        let odds = expected.get(node.at())?.failure_odds;
        let retry = graph.step(node)?.attempt.retry.as_ref()?;
        let alone = graph.joined(node).is_empty() && !graph.is_service(node);
        let goal = graph.parent(node).unwrap_or_else(|| graph.root());
        let place = Place { state, values, world, goal, unit: Some(UnitIx::of(node)), own: None };
        let policy = RetryPolicy::new(&place, retry).ok().filter(|_| alone && odds > 0.0)?;
        Some(draws::failing(odds, &policy))
    };
    graph.nodes().map(|node| of(node).unwrap_or_default()).collect()
}
