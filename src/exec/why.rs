//! Why a unit does not run now, or did not: what it waits for, who holds what it needs, and what
//! began a chain of steps that were blocked.
//!
//! Pure and derived from the state, with the scheduler's own words for what holds a unit back;
//! changes nothing, and knows no journal.

mod probes;

use std::sync::Arc;

use indexmap::IndexMap;

use super::drive::attempt_of;
use super::event::{QuestionKind, Status, Timestamp, Unit};
use super::graph::NodeIx;
use super::schedule::{self, Hold};
use super::scope::Place;
use super::state::{Decision, Phase, RunState, Stage, UnitIx};
use super::world::ResourceLimits;
use crate::ir::{Action, EdgeKind, LockScope};
use crate::value::NodeId;

/// One answer to "why?".
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// It has ended so.
    Ended {
        status: Status,
        reason: Option<String>,
    },
    /// An attempt is under way.
    Running {
        attempt: u32,
        since: Option<Timestamp>,
        awaited: Option<Awaited>,
    },
    /// What it `requires` is being asked.
    Requires {
        probes: Vec<String>,
    },
    /// It waits for the end of another one, or for its success.
    Edge {
        on: NodeId,
        status: Status,
        kind: EdgeKind,
    },
    /// The goal around it has not begun: what that waits for follows.
    ClosedGoal {
        goal: NodeId,
    },
    /// A service that is not ready.
    Service {
        on: NodeId,
        status: Status,
    },
    /// A person is asked.
    Question {
        kind: QuestionKind,
        text: String,
        asked: Timestamp,
        until: Option<Timestamp>,
    },
    /// The next attempt is due then.
    Delay {
        until: Timestamp,
    },
    /// As many attempts run as may, in the run or in a goal around it.
    Slots {
        running: Vec<Unit>,
    },
    /// As many of its instances, or of its goal's steps, run as may.
    Instances {
        running: Vec<Unit>,
    },
    Lock {
        name: Arc<str>,
        holders: Vec<Unit>,
    },
    /// It and that one could come to wait for what the other keeps.
    Circle {
        with: NodeId,
    },
    /// Another run may hold it.
    MachineLock {
        name: Arc<str>,
    },
    Resource {
        name: Arc<str>,
        wants: i64,
        all: i64,
        holders: Vec<Unit>,
    },
    /// Another of the steps that it is joined to by `stdin` cannot start yet.
    Joined {
        with: NodeId,
    },
    /// It was running when goalc was killed.
    InDoubt,
    /// Some of its instances, or of what it holds, have not ended.
    Inside {
        ended: usize,
        all: usize,
    },
    /// Nothing holds it back: its turn comes with the next decision.
    Due,
}

/// What an attempt that is under way waits for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// The `ready` of a service.
    Ready(Vec<String>),
    /// The probes of an `await`.
    Probes(Vec<String>),
}

/// All that keeps a unit from running now, or how it ended and what began that. `place` evaluates
/// what it `uses`.
pub fn why(state: &RunState, unit: UnitIx, place: Place<'_>) -> Vec<(Unit, Cause)> {
    let mut found: Vec<(Unit, Cause)> = Vec::new();
    let mut open = vec![unit];
    // Each unit is told of once; a chain of goals and of blocked steps ends.
    while let Some(unit) = open.pop() {
        let name = state.name(unit);
        if found.iter().any(|(told, _)| *told == name) {
            continue;
        }
        let causes = causes(state, unit, place);
        let first = found.is_empty();
        for cause in causes {
            open.extend(next(state, unit, &cause, first));
            found.push((name.clone(), cause));
        }
    }
    found
}

/// Whose cause is to be told besides.
fn next(state: &RunState, unit: UnitIx, cause: &Cause, first: bool) -> Option<UnitIx> {
    match cause {
        Cause::ClosedGoal { goal } => state.graph().node_ix(goal).map(UnitIx::of),
        Cause::Ended { status: Status::Blocked | Status::Skipped | Status::NotRun, .. } => {
            beginning(state, unit.node).map(UnitIx::of)
        }
        // What it waits for waits itself.
        Cause::Edge { on, status: Status::Pending | Status::Waiting | Status::InDoubt, .. }
            if first =>
        {
            state.graph().node_ix(on).map(UnitIx::of)
        }
        _ => None,
    }
}

/// Where a chain of nodes that did not run begins: at something that failed, was skipped by its own
/// `when`, or was stopped.
fn beginning(state: &RunState, node: NodeIx) -> Option<NodeIx> {
    let graph = state.graph();
    let around = |node| std::iter::once(node).chain(graph.enclosing(node));
    let cause = |node: NodeIx| {
        let edges = around(node).flat_map(|node| graph.incoming(node));
        let from = edges.filter(|edge| edge.kind != EdgeKind::After).map(|edge| edge.from);
        from.filter(|from| state.node(*from).status.is_end() && !state.is_done_for(*from, node))
            .min_by_key(|from| state.node(*from).status == Status::Skipped)
    };
    // The edges form no circle.
    std::iter::successors(cause(node), |found| cause(*found)).last()
}

fn causes(state: &RunState, unit: UnitIx, place: Place<'_>) -> Vec<Cause> {
    let Some(found) = state.unit(unit) else { return Vec::new() };
    let node = state.node(unit.node);
    if unit.item.is_none() && node.status.is_end() {
        return vec![Cause::Ended { status: node.status, reason: node.reason.clone() }];
    }
    if let Some(question) = found.open_question() {
        let (kind, text) = (question.kind, question.text.clone());
        return vec![Cause::Question { kind, text, asked: question.asked, until: question.until }];
    }
    match &found.phase {
        Phase::Ended(status) => {
            let reason = found.last_failure.as_ref().filter(|_| *status != Status::Succeeded);
            vec![Cause::Ended { status: *status, reason: reason.map(ToString::to_string) }]
        }
        Phase::Running | Phase::Snapshotting | Phase::Restoring(_) => {
            let (attempt, since) = (found.attempts, found.started);
            vec![Cause::Running { attempt, since, awaited: awaited(state, unit, place) }]
        }
        Phase::InDoubt => vec![Cause::InDoubt],
        Phase::Delayed(until) if state.stage(unit) == Stage::Delayed(*until) => {
            let mut causes = vec![Cause::Delay { until: *until }];
            if state.last >= *until {
                causes = held(state, unit, place);
            }
            causes
        }
        _ => guarding(state, unit, place),
    }
}

fn awaited(state: &RunState, unit: UnitIx, place: Place<'_>) -> Option<Awaited> {
    let graph = state.graph();
    let step = graph.step(unit.node)?;
    if graph.is_service(unit.node) {
        let asked = step.service.as_ref().map_or(&[][..], |service| &service.ready);
        let unready = state.node(unit.node).ready.is_none();
        return unready.then(|| Awaited::Ready(probes::said(asked, place)));
    }
    match &attempt_of(step, state.unit(unit)?.way)?.action {
        Action::Await { probes, .. } => Some(Awaited::Probes(probes::said(probes, place))),
        _ => None,
    }
}

/// What it `requires`, where that is what comes next.
fn requires(state: &RunState, unit: UnitIx, place: Place<'_>) -> Option<Cause> {
    if state.stage(unit) != Stage::Decide(Decision::CheckRequires) {
        return None;
    }
    let guards = schedule::guards_of(state.graph(), unit.node)?;
    Some(Cause::Requires { probes: probes::said(&guards.requires, place) })
}

/// What holds a unit back that was not begun.
fn guarding(state: &RunState, unit: UnitIx, place: Place<'_>) -> Vec<Cause> {
    let node = state.node(unit.node);
    let begun = node.open || node.items.is_some();
    if unit.item.is_none() && begun {
        return vec![inside(state, unit.node)];
    }
    let mut causes = Vec::new();
    if unit.item.is_none() {
        let holding = state.graph().incoming(unit.node).iter().filter(|edge| state.holds(edge));
        causes.extend(holding.map(|edge| Cause::Edge {
            on: state.graph().id(edge.from),
            status: state.status(edge.from),
            kind: edge.kind,
        }));
        let closed = state.graph().parent(unit.node).filter(|goal| !state.node(*goal).open);
        causes.extend(closed.map(|goal| Cause::ClosedGoal { goal: state.graph().id(goal) }));
    }
    let services = state.graph().behind(unit.node).iter();
    let unready = services.filter(|service| !state.is_serving(**service));
    causes.extend(unready.filter(|service| !state.node(**service).status.is_end()).map(
        |service| Cause::Service { on: state.graph().id(*service), status: state.status(*service) },
    ));
    if causes.is_empty() {
        causes =
            requires(state, unit, place).map_or_else(|| held(state, unit, place), |it| vec![it]);
    }
    causes
}

fn inside(state: &RunState, node: NodeIx) -> Cause {
    let record = state.node(node);
    let (ended, all) = if record.items.is_some() {
        let ended = record.instances.iter().filter(|instance| instance.is_ended()).count();
        (ended, record.instances.len())
    } else {
        let children = state.graph().children(node);
        let ended = children.iter().filter(|child| state.node(**child).status.is_end()).count();
        (ended, children.len())
    };
    Cause::Inside { ended, all }
}

/// What keeps a step from starting although nothing that it depends on does: a slot, a lock, a
/// resource. With what it `uses` of each.
pub fn hold(
    state: &RunState,
    unit: UnitIx,
    place: Place<'_>,
    limits: &ResourceLimits,
) -> Option<(Hold, IndexMap<Arc<str>, i64>)> {
    let members: Vec<NodeIx> = state.graph().joined(unit.node).to_vec();
    let mut uses = IndexMap::new();
    let alone = [unit.node];
    for node in if members.is_empty() { &alone[..] } else { &members } {
        // What cannot be evaluated here is left to the run to say.
        let guards = schedule::guards_of(state.graph(), *node);
        for (name, amount) in guards.and_then(|guards| place.uses(guards).ok()).unwrap_or_default()
        {
            *uses.entry(name).or_insert(0) += amount;
        }
    }
    let hold = if members.is_empty() {
        schedule::hold(state, unit, &uses, limits)
    } else {
        schedule::hold_joined(state, &members, &uses, limits)
    };
    Some((hold?, uses))
}

/// What the scheduler says of a unit that could start.
fn held(state: &RunState, unit: UnitIx, place: Place<'_>) -> Vec<Cause> {
    let members: Vec<NodeIx> = state.graph().joined(unit.node).to_vec();
    let blocked = members.iter().find(|member| {
        **member != unit.node
            && state.stage(UnitIx::of(**member)) == Stage::Idle
            && state.graph().incoming(**member).iter().any(|edge| state.holds(edge))
    });
    if let Some(other) = blocked {
        return vec![Cause::Joined { with: state.graph().id(*other) }];
    }
    let limits = place.resource_limits();
    if let Some((hold, uses)) = hold(state, unit, place, &limits) {
        return vec![named(state, unit, hold, &uses, &limits)];
    }
    let guards = schedule::guards_of(state.graph(), unit.node);
    let locks = guards.map_or(&[][..], |guards| &guards.locks).iter();
    let machine = locks.filter(|lock| lock.scope == LockScope::Machine);
    let waits = machine.map(|lock| Cause::MachineLock { name: Arc::clone(&lock.name) });
    let waits: Vec<Cause> = waits.collect();
    if waits.is_empty() { vec![Cause::Due] } else { waits }
}

fn named(
    state: &RunState,
    unit: UnitIx,
    hold: Hold,
    uses: &IndexMap<Arc<str>, i64>,
    limits: &ResourceLimits,
) -> Cause {
    match hold {
        Hold::Slots => Cause::Slots { running: running(state, |other| has_slot(state, other)) },
        Hold::Instances => {
            let goal = state.graph().parent(unit.node);
            Cause::Instances {
                running: running(state, |other| {
                    let near = other.node == unit.node || state.graph().parent(other.node) == goal;
                    near && has_slot(state, other)
                }),
            }
        }
        Hold::Circle(other) => Cause::Circle { with: state.graph().id(other) },
        Hold::Lock(name) => {
            let has = |node: NodeIx| {
                schedule::guards_of(state.graph(), node)
                    .is_some_and(|guards| guards.locks.iter().any(|lock| lock.name == name))
            };
            let holders = holders(state, |other| has(other.node));
            Cause::Lock { name, holders }
        }
        Hold::Resource(name) => {
            let takes = |other: UnitIx| {
                state.unit(other).is_some_and(|found| found.uses.contains_key(&name))
            };
            let holders = holders(state, takes);
            let wants = uses.get(&name).copied().unwrap_or_default();
            let all = limits.get(&name).copied().unwrap_or_default();
            Cause::Resource { name, wants, all, holders }
        }
    }
}

/// Whether what runs counts for `parallel`: what is awaited and services that are ready do not.
fn has_slot(state: &RunState, unit: UnitIx) -> bool {
    state.graph().takes_slot(unit.node) && !state.is_serving(unit.node)
}

fn running(state: &RunState, fits: impl Fn(UnitIx) -> bool) -> Vec<Unit> {
    let running = state.agenda.running.iter().copied();
    running.filter(|unit| fits(*unit)).map(|unit| state.name(unit)).collect()
}

/// Running units and open goals of this kind: both hold what they took. So does a service.
fn holders(state: &RunState, fits: impl Fn(UnitIx) -> bool) -> Vec<Unit> {
    let graph = state.graph();
    let open = graph.nodes().filter(|node| {
        let record = state.node(*node);
        !record.status.is_end() && (record.open || record.ready.is_some())
    });
    let mut found = running(state, &fits);
    found.extend(open.map(UnitIx::of).filter(|unit| fits(*unit)).map(|unit| state.name(unit)));
    found
}
