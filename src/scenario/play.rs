//! Plays a scenario: the run loop itself in the scripted world, again after each crash.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::imagined::Imagined;
use super::script::{Script, Unsaid};
use super::tape::{Planned, Point, Tape};
use super::world::ScriptedWorld;
use crate::exec::drive::{Drive, DriveOptions, RunEnd};
use crate::exec::estimate::{self, Measured};
use crate::exec::event::{Event, Stamped, Timestamp};
use crate::exec::graph::Graph;
use crate::exec::params::default_value;
use crate::exec::scope::{Place, Surroundings, Values};
use crate::exec::state::RunState;
use crate::exec::world::World;
use crate::ir::{Assumption, BindingKind, Given, Scenario};
use crate::value::{BindingId, Value};

/// What a step is taken to need of which the plan says nothing.
const GUESS: Duration = Duration::from_secs(1);

/// Steps at once where neither the scenario nor the plan says it: the same on every machine.
const JOBS: u32 = 4;

/// More resumes than this are no scenario.
const MOST_RESUMES: usize = 10_000;

/// A scenario that was played.
pub struct Play {
    /// How the run stands in the end.
    pub state: RunState,
    pub end: RunEnd,
    pub events: Vec<Stamped>,
    /// How often each `given` came up, in their order.
    pub used: Vec<u32>,
}

impl std::fmt::Debug for Play {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Play").field("end", &self.end).finish_non_exhaustive()
    }
}

/// Where runs of a plan are played.
#[allow(missing_debug_implementations)] // holds what others implement
pub struct Setting<'s> {
    pub graph: &'s Arc<Graph>,
    pub surroundings: &'s (dyn Surroundings + Sync),
    /// Those for the journal, in which secrets are `***`.
    pub params: IndexMap<BindingId, Value>,
    pub secrets: HashMap<BindingId, Value>,
    /// Steps at once.
    pub jobs: u32,
    /// What a step gives of which nothing is said.
    pub outputs: Unsaid,
}

/// Plays a scenario to its end.
///
/// # Errors
/// Why it cannot begin: a param has no value, or `parallel` none.
pub fn play(graph: &Arc<Graph>, scenario: &Scenario) -> Result<Play, String> {
    let surroundings = Imagined::new(scenario);
    let (params, secrets) = params(graph, scenario, &surroundings)?;
    let outputs = Unsaid::Empty;
    let surroundings = &surroundings;
    let mut setting = Setting { graph, surroundings, params, secrets, jobs: JOBS, outputs };
    setting.jobs = jobs(&setting, scenario)?;
    play_in(&setting, &scenario.givens, None)
}

/// Plays a run in which some things are assumed. `cut`: the machine also stops when so many events
/// are written.
///
/// # Errors
/// Where the loop cannot go on; the words say why.
pub fn play_in(setting: &Setting<'_>, givens: &[Given], cut: Option<u64>) -> Result<Play, String> {
    let graph = setting.graph;
    let values = Values::new(setting.secrets.clone());
    let measured = Measured::new();
    let order = estimate::order(graph, &setting.params, &values, setting.surroundings, &measured);
    let mut blank = RunState::new(Arc::clone(graph), order.clone());
    blank.params.clone_from(&setting.params);
    let expected = estimate::expected(&blank, &values, setting.surroundings, &measured);
    let lengths = expected.into_iter().map(|each| each.map_or(GUESS, |each| each.length)).collect();
    let script = Script::new(graph, givens, lengths, setting.outputs);
    let (crashes, stops) = moments(graph, givens, cut);
    let mut first = started(setting);
    let mut tape = Tape::new(graph, crashes);
    let mut now = Timestamp(0);
    let mut stopped = HashSet::new();
    for _ in 0..MOST_RESUMES {
        let mut state = RunState::new(Arc::clone(graph), order.clone());
        tape.events.iter().for_each(|event| state.apply(event));
        let mut world = ScriptedWorld::new(now, setting.surroundings, &script, &stops, stopped);
        world.take_up(&state);
        let values = Values::new(setting.secrets.clone());
        let options = DriveOptions::default();
        let mut drive = Drive::new(state, values, world, options, &mut tape);
        let ended = drive.run(first);
        now = drive.world.now();
        stopped = std::mem::take(&mut drive.world.stopped);
        let state = drive.state.clone();
        drop(drive);
        match ended {
            Ok(end) => {
                let used = used(&script, givens, &tape, &stopped);
                return Ok(Play { state, end, events: tape.events, used });
            }
            Err(_) if tape.take_stop() => first = resumed(),
            Err(error) => return Err(tape.is_full().unwrap_or_else(|| error.to_string())),
        }
    }
    Err(format!("the run was resumed more than {MOST_RESUMES} times"))
}

fn used(
    script: &Script<'_>,
    givens: &[Given],
    tape: &Tape<'_>,
    stopped: &HashSet<usize>,
) -> Vec<u32> {
    let of = |(at, what): (usize, &Assumption)| match what {
        Assumption::Node(_) => script.used(at),
        Assumption::Crash(_) => u32::from(tape.crashed.contains(&at)),
        Assumption::Stop(_) => u32::from(stopped.contains(&at)),
    };
    givens.iter().map(|given| &given.what).enumerate().map(of).collect()
}

/// When the machine stops, and when a person stops the run; each with its place in the scenario.
fn moments(graph: &Graph, givens: &[Given], cut: Option<u64>) -> (VecDeque<Planned>, Vec<Planned>) {
    let (mut crashes, mut stops) = (VecDeque::new(), Vec::new());
    for (at, given) in givens.iter().enumerate() {
        let (moment, crash) = match &given.what {
            Assumption::Crash(moment) => (moment, true),
            Assumption::Stop(moment) => (moment, false),
            Assumption::Node(_) => continue,
        };
        let Some(node) = graph.node_ix(&moment.node) else { continue };
        let point = if moment.during { Point::Begun(node) } else { Point::Ended(node) };
        if crash {
            crashes.push_back((at, point));
        } else {
            stops.push((at, point));
        }
    }
    crashes.extend(cut.map(|seq| (usize::MAX, Point::Written(seq))));
    (crashes, stops)
}

fn started(setting: &Setting<'_>) -> Event {
    Event::RunStarted {
        params: setting.params.clone(),
        jobs: setting.jobs,
        keep_going: false,
        left_out: Vec::new(),
        skipped: Vec::new(),
        allow_outside: false,
        interactive: false,
    }
}

fn resumed() -> Event {
    Event::RunResumed { retry_failed: false, changed: Vec::new(), interactive: false, edits: None }
}

type Params = (IndexMap<BindingId, Value>, HashMap<BindingId, Value>);

fn params(graph: &Arc<Graph>, scenario: &Scenario, world: &Imagined) -> Result<Params, String> {
    let (mut values, mut secrets) = (IndexMap::new(), HashMap::new());
    for (id, binding) in &graph.plan().bindings {
        let BindingKind::Param { bound: None, default, .. } = &binding.kind else { continue };
        let given = scenario.params.iter().find(|(param, _)| param == id);
        let value = match (given, default) {
            (Some((_, value)), _) => value.clone(),
            (None, Some(default)) => {
                default_value(graph, (&values, &secrets), binding, default, world)
                    .map_err(|why| format!("param `{id}` has no value: {why}"))?
            }
            (None, None) => return Err(format!("param `{id}` has no value")),
        };
        if value.is_secret() {
            secrets.insert(id.clone(), value.clone());
        }
        values.insert(id.clone(), value);
    }
    Ok((values, secrets))
}

fn jobs(setting: &Setting<'_>, scenario: &Scenario) -> Result<u32, String> {
    let graph = setting.graph;
    let parallel = graph.goal(graph.root()).and_then(|goal| goal.parallel.as_ref());
    let (Some(parallel), None) = (parallel, scenario.jobs) else {
        return Ok(scenario.jobs.unwrap_or(JOBS));
    };
    let mut state = RunState::new(Arc::clone(graph), Vec::new());
    state.params.clone_from(&setting.params);
    let values = Values::new(setting.secrets.clone());
    let goal = graph.root();
    let place = Place {
        state: &state,
        values: &values,
        world: setting.surroundings,
        goal,
        unit: None,
        own: None,
    };
    let jobs = place.count(parallel).map_err(|why| format!("`parallel`: {why}"))?;
    Ok(jobs.max(1))
}
