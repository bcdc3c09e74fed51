//! The dry-run: the drive loop itself, in a simulated world on a virtual clock.
//!
//! Executes nothing. Times come from the plan's estimates; what cannot be known before it runs is
//! taken to go well, and said.

mod world;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use crate::exec::drive::{Drive, DriveOptions, attempt_of};
use crate::exec::estimate;
use crate::exec::event::{Event, Journal, JournalError, QuestionKind, Stamped, Status, Timestamp};
use crate::exec::graph::{Graph, NodeIx, Precedence};
use crate::exec::scope::{Place, Surroundings, Values};
use crate::exec::state::{RunState, UnitIx};
use crate::ir::{Action, Argument, Attempt, Command, EdgeKind, Step};
use crate::value::{BindingId, StepId, Value};
use world::SimulatedWorld;

/// What the run would be started with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub params: IndexMap<BindingId, Value>,
    pub jobs: u32,
    pub keep_going: bool,
    pub left_out: Vec<StepId>,
    pub skipped: Vec<StepId>,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// In the order of the plan; steps that the run leaves out are not here.
    pub steps: Vec<ForecastStep>,
    pub critical_path: Vec<StepId>,
}

/// A step of a forecast; times from the run's start.
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
    pub estimate_known: bool,
}

/// Nothing that is forecast is kept.
struct NoJournal;

impl Journal for NoJournal {
    fn append(&mut self, _events: &[Stamped], _durable: bool) -> Result<(), JournalError> {
        Ok(())
    }
}

/// Plays a run through.
///
/// # Errors
/// Where the loop cannot go on; the words say why.
pub fn forecast(
    graph: &Arc<Graph>,
    values: Values,
    surroundings: &dyn Surroundings,
    options: Options,
) -> Result<Forecast, String> {
    let order = estimate::order(graph, &options.params, &values, surroundings);
    let mut state = RunState::new(Arc::clone(graph), order);
    state.params.clone_from(&options.params);
    let known = estimate::durations(&state, &values, surroundings);
    let may_skip = may_skip(&state, &values, surroundings);
    let lengths = known.iter().map(|length| length.unwrap_or_default()).collect();
    let mut journal = NoJournal;
    let world = SimulatedWorld::new(surroundings, lengths);
    let mut drive = Drive::new(state, values, world, DriveOptions::default(), &mut journal);
    let first = Event::RunStarted {
        params: options.params,
        jobs: options.jobs,
        keep_going: options.keep_going,
        left_out: options.left_out,
        skipped: options.skipped,
        allow_outside: false,
    };
    drive.run(first).map_err(|error| error.to_string())?;
    Ok(read(&drive.state, &drive.values, surroundings, &known, &may_skip))
}

fn read(
    state: &RunState,
    values: &Values,
    surroundings: &dyn Surroundings,
    known: &[Option<Duration>],
    may_skip: &[bool],
) -> Forecast {
    let graph = state.graph();
    let took = |node: NodeIx| until_done(state, node).saturating_sub(span(state, node).0);
    let precedence =
        Precedence::new(graph, |node| if ran(state, node) { took(node) } else { Duration::ZERO });
    let path = precedence.critical_path(graph);
    let (ranks, starts) = (precedence.upward_ranks(), precedence.earliest_starts());
    let whole = precedence.critical_length();
    let critical: Vec<NodeIx> = path.into_iter().filter(|node| ran(state, *node)).collect();
    let on_path: HashSet<NodeIx> = critical.iter().copied().collect();
    let steps = graph.steps().filter(|node| !left_out(state, *node)).filter_map(|node| {
        let (start, end) = span(state, node);
        let step = graph.step(node)?;
        Some(ForecastStep {
            id: graph.step_id(node)?.clone(),
            start,
            end,
            slack: whole.saturating_sub(starts[node.at()].saturating_add(ranks[node.at()].0)),
            critical: on_path.contains(&node),
            attempts_max: attempts_max(state, values, surroundings, node, step),
            action: action_text(&step.attempt.action),
            asks: asked(state, node),
            may_skip: may_skip[node.at()],
            estimate_known: known[node.at()].is_some(),
        })
    });
    Forecast {
        steps: steps.collect(),
        critical_path: critical.iter().filter_map(|node| graph.step_id(*node).cloned()).collect(),
    }
}

fn ran(state: &RunState, node: NodeIx) -> bool {
    state.node(node).status == Status::Succeeded
}

fn left_out(state: &RunState, node: NodeIx) -> bool {
    state.node(node).status == Status::NotRun
}

/// When a step starts and ends, from the run's start; where it does not run, when that is known.
fn span(state: &RunState, node: NodeIx) -> (Duration, Duration) {
    let node = state.node(node);
    let zero = Timestamp(0);
    let end = node.ended.unwrap_or(zero);
    // What is done by hand begins when it is asked for.
    let units = std::iter::once(&node.unit).chain(&node.instances);
    let by_hand = units
        .flat_map(|unit| &unit.questions)
        .filter(|question| question.kind == QuestionKind::Manual)
        .map(|question| question.asked)
        .min();
    (node.started.or(by_hand).unwrap_or(end).since(zero), end.since(zero))
}

/// When those who depend on a step may start: a service need not end for that.
fn until_done(state: &RunState, node: NodeIx) -> Duration {
    let ready = state.node(node).ready.map(|ready| ready.since(Timestamp(0)));
    ready.unwrap_or_else(|| span(state, node).1)
}

/// All that a person will be asked about a step.
fn asked(state: &RunState, node: NodeIx) -> Option<String> {
    let node = state.node(node);
    let units = std::iter::once(&node.unit).chain(&node.instances);
    let questions: Vec<&str> =
        units.flat_map(|unit| &unit.questions).map(|question| question.text.as_str()).collect();
    (!questions.is_empty()).then(|| questions.join("; "))
}

/// Steps whose own condition is not sure to hold, and those that depend on one.
fn may_skip(state: &RunState, values: &Values, world: &dyn Surroundings) -> Vec<bool> {
    let graph = state.graph();
    let mut unsure: Vec<bool> = graph
        .nodes()
        .map(|node| {
            let goal = graph.parent(node).unwrap_or_else(|| graph.root());
            let place = Place { state, values, world, goal, unit: Some(UnitIx::of(node)) };
            let Some(guards) = crate::exec::schedule::guards_of(graph, node) else { return false };
            let when = guards.when.as_ref().map(|when| place.truth(when));
            !guards.unless.is_empty() || when.is_some_and(|when| when != Ok(true))
        })
        .collect();
    let mut open: Vec<NodeIx> = graph.nodes().filter(|node| unsure[node.at()]).collect();
    while let Some(node) = open.pop() {
        let dependents = graph.outgoing(node).iter().filter(|next| {
            let hard = |kind| matches!(kind, EdgeKind::Depends | EdgeKind::Stdin | EdgeKind::Item);
            let done_before = has_unless_only(graph, node);
            !done_before && graph.incoming(**next).iter().any(|e| e.from == node && hard(e.kind))
        });
        for next in dependents.chain(graph.children(node)) {
            if !std::mem::replace(&mut unsure[next.at()], true) {
                open.push(*next);
            }
        }
    }
    unsure
}

/// A step that is left out because it is done already has succeeded: its dependents run.
fn has_unless_only(graph: &Graph, node: NodeIx) -> bool {
    let guards = crate::exec::schedule::guards_of(graph, node);
    guards.is_some_and(|guards| !guards.unless.is_empty() && guards.when.is_none())
}

fn attempts_max(
    state: &RunState,
    values: &Values,
    world: &dyn Surroundings,
    node: NodeIx,
    step: &Step,
) -> u32 {
    let goal = state.graph().parent(node).unwrap_or_else(|| state.graph().root());
    let place = Place { state, values, world, goal, unit: Some(UnitIx::of(node)) };
    let tries = |attempt: &Attempt| {
        let retries = attempt.retry.as_ref().and_then(|retry| place.count(&retry.count).ok());
        retries.unwrap_or(0).saturating_add(1)
    };
    let ways = u32::try_from(step.fallbacks.len()).unwrap_or(u32::MAX);
    (0..=ways).filter_map(|way| attempt_of(step, way)).map(tries).fold(0, u32::saturating_add)
}

/// What an action does, in one line.
pub fn action_text(action: &Action) -> String {
    match action {
        Action::Run(Command::Script(script)) => {
            let mut lines = script.text.lines().map(str::trim).filter(|line| !line.is_empty());
            let first = lines.next().unwrap_or_default();
            if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
        }
        Action::Run(Command::Arguments(arguments)) => {
            let show = |argument: &Argument| match argument {
                Argument::One(expr) => match expr.as_literal() {
                    Some(value) => value.to_text(),
                    None => expr.to_string(),
                },
                Argument::Spread(expr) => format!("...{expr}"),
            };
            arguments.iter().map(show).collect::<Vec<_>>().join(" ")
        }
        Action::Manual(text) => {
            let text = text.as_literal().map_or_else(|| text.to_string(), Value::to_text);
            let first = text.lines().next().unwrap_or_default().to_owned();
            format!("by hand: {first}")
        }
        Action::Await { probes, .. } => match probes.len() {
            1 => "waits until a condition holds".to_owned(),
            count => format!("waits until {count} conditions hold"),
        },
    }
}
