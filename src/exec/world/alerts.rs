//! Alerts: which of a plan's `alert` clauses an event or a look at the machine sets off.
//!
//! Delivers nothing itself; `deliver` does. Knows events and times. Invariant: nothing here changes
//! the run, and the same trouble is told once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::deliver::{Machine, deliver};
use super::launch::place_of;
use super::local::LocalWorld;
use super::{View, Wake};
use crate::exec::estimate::Measured;
use crate::exec::event::{Event, QuestionKind, Stamped, Status, Unit};
use crate::exec::graph::NodeIx;
use crate::exec::state::UnitIx;
use crate::ir::{Alert, AlertEvent, Estimate};
use crate::value::{GoalId, NodeId, Value, duration_text};

/// Between looks at what runs and at the machine.
const LOOK: Duration = Duration::from_secs(1);

/// A step that usually takes next to nothing overruns no earlier.
const SHORTEST: Duration = Duration::from_secs(1);

/// What is worth telling.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// The word of the clause: `failure`.
    pub(super) on: &'static str,
    pub(super) unit: Option<Unit>,
    /// One sentence.
    pub(super) text: String,
}

/// What alerts remember between looks.
#[derive(Debug)]
pub(super) struct Alerts {
    /// Whether the plan has any that need looks.
    looks: Option<bool>,
    next_look: Instant,
    /// Attempts in flight: when they began, and the number of their logs.
    running: HashMap<UnitIx, (Instant, u64)>,
    /// What was told of an attempt, by its clause.
    told: HashSet<(UnitIx, u64, &'static str)>,
    /// What the machine is beyond now, by goal and clause.
    beyond: HashSet<(NodeIx, &'static str)>,
    machine: Machine,
    /// What earlier runs took.
    usual: Measured,
    /// Deliveries under way.
    pub(super) open: usize,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            looks: None,
            next_look: Instant::now(),
            running: HashMap::new(),
            told: HashSet::new(),
            beyond: HashSet::new(),
            machine: Machine::default(),
            usual: Measured::new(),
            open: 0,
        }
    }
}

impl Alerts {
    /// When to look next, where something has to be looked at.
    pub(super) fn next_look(&self) -> Option<Instant> {
        (self.looks == Some(true) && !self.running.is_empty()).then_some(self.next_look)
    }
}

/// Takes an event in: tells of it where a clause asks for that.
pub(super) fn happened(world: &mut LocalWorld, stamped: &Stamped, view: View<'_>) {
    if world.alerts.looks.is_none() {
        let all = || view.state.graph().plan().goals.values().flat_map(|goal| &goal.alerts);
        let timed = |event: &AlertEvent| {
            use AlertEvent::{Cpu, Memory, Overrun, Silence};
            matches!(event, Overrun | Silence(_) | Memory(_) | Cpu(_))
        };
        world.alerts.looks = Some(all().flat_map(|alert| &alert.on).any(timed));
    }
    follow(world, stamped, view);
    if is_at_hand(&stamped.event, world.agent.is_some()) {
        return;
    }
    if let Some((trouble, node)) = trouble(&stamped.event, view) {
        tell(world, view, node, &trouble);
    }
}

/// Whether who is asked is there already: an agent, or the person of interactive mode.
fn is_at_hand(event: &Event, agent: bool) -> bool {
    let Event::Asked { kind, .. } = event else { return false };
    match kind {
        QuestionKind::Manual => agent,
        QuestionKind::Step | QuestionKind::Failed => true,
        QuestionKind::Confirm | QuestionKind::InDoubt => false,
    }
}

/// Keeps in mind what runs.
fn follow(world: &mut LocalWorld, stamped: &Stamped, view: View<'_>) {
    match &stamped.event {
        Event::AttemptStarted { unit, .. } => {
            if let Some(unit) = view.state.find(unit) {
                world.alerts.running.insert(unit, (Instant::now(), stamped.seq));
            }
        }
        Event::AttemptEnded { unit, .. } => {
            if let Some(unit) = view.state.find(unit) {
                world.alerts.running.remove(&unit);
                world.alerts.told.retain(|(told, ..)| *told != unit);
            }
        }
        _ => {}
    }
}

/// What an event is to an alert, and where it happened.
fn trouble(event: &Event, view: View<'_>) -> Option<(Trouble, NodeIx)> {
    let graph = view.state.graph();
    let of_unit = |on, unit: &Unit, text: String| {
        let node = graph.node_ix(&unit.node)?;
        Some((Trouble { on, unit: Some(unit.clone()), text }, node))
    };
    match event {
        Event::StepEnded { step, status: Status::Failed, reason, .. } => {
            let unit = Unit { node: NodeId::Step(step.clone()), item: None };
            let why = reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let ignored = graph.step_ix(step).is_some_and(|node| view.state.is_ignored(node));
            let text = format!("step `{step}` failed{why}");
            if ignored { None } else { of_unit("failure", &unit, text) }
        }
        // Where something in it failed, that was told; else it was the goal's own `verify` or deadline.
        Event::GoalEnded { goal, status: Status::Failed, reason } => {
            let node = graph.goal_ix(goal)?;
            let failed = |inner: &NodeIx| {
                let found = view.state.node(*inner).status == Status::Failed;
                found && !view.state.is_ignored(*inner)
            };
            let told = graph.descendants(node).iter().any(failed);
            let why = reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let text = format!("{} failed{why}", named(goal, view));
            (!told).then_some((Trouble { on: "failure", unit: None, text }, node))
        }
        Event::GoalEnded { goal, status: Status::Succeeded, .. } => {
            let text = format!("{} is achieved", named(goal, view));
            Some((Trouble { on: "achieved", unit: None, text }, graph.goal_ix(goal)?))
        }
        Event::Delayed { unit, length, .. } => {
            let text = format!("`{unit}` is tried again in {}", duration_text(*length));
            of_unit("retry", unit, text)
        }
        Event::Asked { unit, question, .. } => {
            of_unit("waiting", unit, format!("`{unit}` waits for a person: {question}"))
        }
        _ => None,
    }
}

fn named(goal: &GoalId, view: View<'_>) -> String {
    if goal.is_root() {
        format!("goal `{}`", view.state.graph().plan().name)
    } else {
        format!("goal `{goal}`")
    }
}

/// Tells all clauses around a place that ask for this. What ended a goal is its own business and
/// that of the goals around it.
fn tell(world: &mut LocalWorld, view: View<'_>, node: NodeIx, trouble: &Trouble) {
    let graph = Arc::clone(view.state.graph());
    let inner = (!graph.is_step(node)).then_some(node);
    // A goal inside is achieved or not on the way; only what is asked for by itself is told.
    let ends = matches!(trouble.on, "achieved") && inner.is_some();
    let around: Vec<NodeIx> = inner.into_iter().chain(graph.enclosing(node)).collect();
    for goal in around.into_iter().take(if ends { 1 } else { usize::MAX }) {
        for alert in graph.goal(goal).map_or(&[][..], |goal| &goal.alerts) {
            if alert.on.iter().any(|event| word(event) == trouble.on) {
                deliver(world, view, goal, alert, trouble);
            }
        }
    }
}

pub(super) fn word(event: &AlertEvent) -> &'static str {
    match event {
        AlertEvent::Failure => "failure",
        AlertEvent::Retry => "retry",
        AlertEvent::Overrun => "overrun",
        AlertEvent::Waiting => "waiting",
        AlertEvent::Achieved => "achieved",
        AlertEvent::Silence(_) => "silence",
        AlertEvent::Memory(_) => "memory",
        AlertEvent::Cpu(_) => "cpu",
    }
}

/// Looks at what runs and at the machine, when it is time to.
pub(super) fn look(world: &mut LocalWorld, view: View<'_>) {
    if world.alerts.next_look().is_none_or(|at| at > Instant::now()) {
        return;
    }
    world.alerts.next_look = Instant::now() + LOOK;
    let graph = Arc::clone(view.state.graph());
    let goals = graph.nodes().skip(graph.step_count());
    for goal in goals {
        for alert in graph.goal(goal).map_or(&[][..], |goal| &goal.alerts) {
            for event in &alert.on {
                look_for(world, view, (goal, alert), event);
            }
        }
    }
}

fn look_for(
    world: &mut LocalWorld,
    view: View<'_>,
    (goal, alert): (NodeIx, &Alert),
    event: &AlertEvent,
) {
    let graph = view.state.graph();
    let inside = |unit: &UnitIx| graph.enclosing(unit.node).any(|around| around == goal);
    let running: Vec<(UnitIx, (Instant, u64))> = world
        .alerts
        .running
        .iter()
        .filter(|(unit, _)| inside(unit))
        .map(|(u, r)| (*u, *r))
        .collect();
    match event {
        AlertEvent::Overrun | AlertEvent::Silence(_) => {
            for (unit, (since, log)) in running {
                let found = match event {
                    AlertEvent::Silence(limit) => silent(world, view, unit, (since, log), limit),
                    _ => overrun(world, view, unit, since),
                };
                let key = (unit, log, word(event));
                match found {
                    Some(trouble) if world.alerts.told.insert(key) => {
                        deliver(world, view, goal, alert, &trouble);
                    }
                    Some(_) => {}
                    // It has written again: the next silence is another one.
                    None => {
                        world.alerts.told.remove(&key);
                    }
                }
            }
        }
        AlertEvent::Memory(limit) | AlertEvent::Cpu(limit) if !running.is_empty() => {
            let on = word(event);
            let used = if on == "memory" {
                world.alerts.machine.memory()
            } else {
                world.alerts.machine.processors()
            };
            let Some(used) = used else { return };
            let beyond = used > *limit;
            let new = if beyond {
                world.alerts.beyond.insert((goal, on))
            } else {
                world.alerts.beyond.remove(&(goal, on));
                false
            };
            if new {
                let what = if on == "memory" { "memory" } else { "processors" };
                let text =
                    format!("the machine's {what}: {used:.0}% in use, more than {limit:.0}%");
                let trouble = Trouble { on, unit: None, text };
                deliver(world, view, goal, alert, &trouble);
            }
        }
        _ => {}
    }
}

/// An attempt that takes longer than the longest that its step is expected to take; without an
/// estimate, unusually long.
fn overrun(world: &LocalWorld, view: View<'_>, unit: UnitIx, since: Instant) -> Option<Trouble> {
    let graph = view.state.graph();
    let step = graph.step(unit.node)?;
    // A service is over when nobody needs it any more.
    let ready = view.state.node(unit.node).ready.is_some();
    let (expected, why) = match step.estimate.as_deref().filter(|_| !ready) {
        Some(Estimate::Range(_, to)) => {
            (place_of(view, &world.surroundings, unit).duration(to).ok()?, "")
        }
        Some(Estimate::Effort { length: Value::Duration { length }, .. }) => (*length, ""),
        Some(Estimate::Effort { .. }) => return None,
        None if ready => return None,
        None => {
            let usual = world.alerts.usual.get(graph.step_id(unit.node)?)?;
            (usual.unusual()?.max(SHORTEST), ", which is unusual by its earlier runs")
        }
    };
    let name = view.state.name(unit);
    (since.elapsed() > expected).then(|| Trouble {
        on: "overrun",
        text: format!("`{name}` takes longer than {}{why}", duration_text(expected)),
        unit: Some(name),
    })
}

impl LocalWorld {
    /// Gives it what earlier runs took: by that a step without an estimate overruns.
    #[must_use]
    pub fn with_history(mut self, usual: Measured) -> Self {
        self.alerts.usual = usual;
        self
    }
}

/// An attempt that has written nothing for too long.
fn silent(
    world: &LocalWorld,
    view: View<'_>,
    unit: UnitIx,
    (since, log): (Instant, u64),
    limit: &crate::value::Expr,
) -> Option<Trouble> {
    let limit = place_of(view, &world.surroundings, unit).duration(limit).ok()?;
    let written = std::fs::metadata(world.launcher.files.log(log)).and_then(|log| log.modified());
    let quiet = written.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    let quiet = quiet.map_or(since.elapsed(), |quiet| quiet.min(since.elapsed()));
    let name = view.state.name(unit);
    (quiet > limit).then(|| Trouble {
        on: "silence",
        text: format!("`{name}` has written nothing for {}", duration_text(limit)),
        unit: Some(name),
    })
}

/// Waits, but not for ever, until deliveries under way have ended; what came of them.
pub(super) fn settle(world: &mut LocalWorld, view: View<'_>, patience: Duration) -> Vec<Wake> {
    let until = Instant::now() + patience;
    let mut told = Vec::new();
    while world.alerts.open > 0 && Instant::now() < until {
        world.receive(until.saturating_duration_since(Instant::now()), view);
        let (mine, others) = std::mem::take(&mut world.ready)
            .into_iter()
            .partition(|wake| matches!(wake, Wake::Told { .. }));
        told.extend::<Vec<Wake>>(mine);
        // A signal is no reason to wait on.
        let stop = others.iter().any(|wake| matches!(wake, Wake::Stop(_) | Wake::Force));
        world.ready = others;
        if stop {
            break;
        }
    }
    told
}
