//! How long steps are expected to take, from what the plan says.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::event::{Event, Stamped, Timestamp};
use super::graph::{Graph, NodeIx, Precedence};
use super::schedule;
use super::scope::{Place, Surroundings, Values};
use super::state::{RunState, UnitIx};
use crate::ir::Estimate;
use crate::value::{BindingId, Value};

/// Each node's expected time; `None` where the plan says nothing, and for goals.
pub fn durations(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
) -> Vec<Option<Duration>> {
    state.graph().nodes().map(|node| duration(state, values, world, node)).collect()
}

/// Each node's shortest and longest expected time; `None` as in [`durations`].
pub fn ranges(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
) -> Vec<Option<(Duration, Duration)>> {
    state.graph().nodes().map(|node| range(state, values, world, node)).collect()
}

fn duration(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
    node: NodeIx,
) -> Option<Duration> {
    range(state, values, world, node).map(|(from, to)| from.saturating_add(to) / 2)
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
    let place = Place { state, values, world, goal, unit: Some(UnitIx::of(node)) };
    match estimate {
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
) -> Vec<u32> {
    let state = unstarted(graph, params);
    let durations = durations(&state, values, world);
    let precedence = Precedence::new(graph, |node| durations[node.at()].unwrap_or_default());
    schedule::order(graph, &precedence.upward_ranks())
}

/// A state in which params are known and nothing has happened.
fn unstarted(graph: &Arc<Graph>, params: &IndexMap<BindingId, Value>) -> RunState {
    let mut state = RunState::new(Arc::clone(graph), vec![0; graph.node_count()]);
    let event = Event::RunStarted {
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
