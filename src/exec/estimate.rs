//! How long steps are expected to take: by earlier runs, else by what the plan says.
//!
//! Knows no clock and no store: what was measured is given. Invariant: the order that comes of it
//! is the same for a run and for its forecast.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::event::{Event, Stamped, Timestamp};
use super::graph::{Graph, NodeIx, Precedence};
use super::schedule;
use super::scope::{Place, Surroundings, Values};
use super::state::{RunState, UnitIx};
use crate::ir::Estimate;
use crate::value::{BindingId, StepId, Value};

/// In fewer runs nothing is usual.
const RUNS_TO_JUDGE: u32 = 3;

/// What earlier runs took, by step.
pub type Measured = HashMap<StepId, History>;

/// What the attempts of one step took that succeeded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// In how many runs.
    pub runs: u32,
    /// From the shortest to the longest.
    lengths: Arc<[Duration]>,
    /// Attempts that failed before these.
    failures: u32,
}

impl History {
    pub fn new(runs: u32, mut lengths: Vec<Duration>, failures: u32) -> Self {
        lengths.sort_unstable();
        Self { runs, lengths: lengths.into(), failures }
    }

    /// The middle one: a single odd run does not move it.
    pub fn median(&self) -> Option<Duration> {
        let half = self.lengths.len() / 2;
        let upper = *self.lengths.get(half)?;
        let lower = if self.lengths.len().is_multiple_of(2) {
            self.lengths.get(half.checked_sub(1)?).copied()?
        } else {
            upper
        };
        Some(upper.saturating_add(lower) / 2)
    }

    /// Longer than an attempt usually takes by far: half as much again as nine of ten took. `None`
    /// where too few runs are known to say.
    pub fn unusual(&self) -> Option<Duration> {
        let place = (self.lengths.len() * 9).div_ceil(10).checked_sub(1)?;
        let length = self.lengths.get(place).filter(|_| self.runs >= RUNS_TO_JUDGE)?;
        Some(length.saturating_add(*length / 2))
    }

    /// How likely an attempt is to fail, as far as was seen.
    fn failure_odds(&self) -> f64 {
        let successes = f64::from(u32::try_from(self.lengths.len()).unwrap_or(u32::MAX));
        let failures = f64::from(self.failures);
        if failures > 0.0 { failures / (failures + successes) } else { 0.0 }
    }
}

/// Where a step's expected time is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// So many earlier runs.
    History {
        runs: u32,
    },
    Estimate,
    /// Nothing is known of it.
    Guess,
}

/// How a step's time may differ from what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spread {
    Fixed,
    Between(Duration, Duration),
    /// As it was, each with the same odds.
    Seen(Arc<[Duration]>),
}

/// How long an attempt at a step is expected to take.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    pub length: Duration,
    pub source: Source,
    pub spread: Spread,
    pub failure_odds: f64,
}

impl Expected {
    fn fixed(length: Duration, source: Source) -> Self {
        Self { length, source, spread: Spread::Fixed, failure_odds: 0.0 }
    }

    /// Of a step of which nothing is known.
    pub fn guess(length: Duration) -> Self {
        Self::fixed(length, Source::Guess)
    }

    fn of_history(history: &History) -> Option<Self> {
        Some(Self {
            length: history.median()?,
            source: Source::History { runs: history.runs },
            spread: Spread::Seen(Arc::clone(&history.lengths)),
            failure_odds: history.failure_odds(),
        })
    }
}

/// Each node's expected time; `None` where nothing is known, and for goals.
pub fn expected(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
    measured: &Measured,
) -> Vec<Option<Expected>> {
    let graph = state.graph();
    let by_history = |node| Expected::of_history(measured.get(graph.step_id(node)?)?);
    let of = |node| by_history(node).or_else(|| by_estimate(state, values, world, node));
    graph.nodes().map(of).collect()
}

fn by_estimate(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
    node: NodeIx,
) -> Option<Expected> {
    let (from, to) = range(state, values, world, node)?;
    let expected = Expected::fixed(from.saturating_add(to) / 2, Source::Estimate);
    let spread =
        if from == to { Spread::Fixed } else { Spread::Between(from.min(to), to.max(from)) };
    Some(Expected { spread, ..expected })
}

/// Each node's shortest and longest time by its estimate; `None` where the plan says nothing.
pub fn ranges(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
) -> Vec<Option<(Duration, Duration)>> {
    state.graph().nodes().map(|node| range(state, values, world, node)).collect()
}

fn range(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
    node: NodeIx,
) -> Option<(Duration, Duration)> {
    let graph = state.graph();
    let estimate = graph.step(node)?.estimate.as_ref()?;
    let goal = graph.parent(node).unwrap_or_else(|| graph.root());
    let place = Place { state, values, world, goal, unit: Some(UnitIx::of(node)), own: None };
    match &**estimate {
        Estimate::Range(from, to) => Some((place.duration(from).ok()?, place.duration(to).ok()?)),
        Estimate::Effort { length: Value::Duration { length }, .. } => Some((*length, *length)),
        Estimate::Effort { .. } => None,
    }
}

/// The scheduler's order for a run with these params: by priority, then by the longest way to the
/// end. A step of which nothing is known counts as nothing but one step more on its way.
pub fn order(
    graph: &Arc<Graph>,
    params: &IndexMap<BindingId, Value>,
    values: &Values,
    world: &dyn Surroundings,
    measured: &Measured,
) -> Vec<u32> {
    let state = unstarted(graph, params);
    let expected = expected(&state, values, world, measured);
    let precedence = Precedence::new(graph, |node| {
        expected[node.at()].as_ref().map(|expected| expected.length).unwrap_or_default()
    });
    schedule::order(graph, &precedence.upward_ranks())
}

/// A state in which params are known and nothing has happened.
fn unstarted(graph: &Arc<Graph>, params: &IndexMap<BindingId, Value>) -> RunState {
    let mut state = RunState::new(Arc::clone(graph), vec![0; graph.node_count()]);
    let event = Event::RunStarted {
        interactive: false,
        params: params.clone(),
        jobs: 1,
        keep_going: false,
        left_out: Vec::new(),
        skipped: Vec::new(),
        allow_outside: false,
    };
    state.apply(&Stamped { seq: 1, at: Timestamp(0), event });
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(lengths: &[u64], failures: u32) -> History {
        History::new(3, lengths.iter().map(|s| Duration::from_secs(*s)).collect(), failures)
    }

    #[test]
    fn one_odd_run_does_not_move_what_is_expected() {
        assert_eq!(history(&[900, 10, 12], 0).median(), Some(Duration::from_secs(12)));
        assert_eq!(history(&[10, 12], 0).median(), Some(Duration::from_secs(11)));
        assert_eq!(history(&[], 0).median(), None);
    }

    #[test]
    fn what_is_unusual_is_known_from_three_runs_on() {
        let ten: Vec<u64> = (1..=10).collect();
        assert_eq!(history(&ten, 0).unusual(), Some(Duration::from_millis(13_500)));
        assert_eq!(history(&[4], 0).unusual(), Some(Duration::from_secs(6)));
        assert_eq!(History::new(2, vec![Duration::from_secs(4); 2], 0).unusual(), None);
        assert_eq!(history(&[], 0).unusual(), None);
    }

    #[test]
    fn odds_of_a_failure_are_those_that_were_seen() {
        assert!((history(&[1, 1, 1], 1).failure_odds() - 0.25).abs() < 1e-9);
        assert!(history(&[], 0).failure_odds().abs() < 1e-9);
    }
}
