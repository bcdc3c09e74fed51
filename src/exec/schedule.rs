//! Who may start now: slots, locks and resources. Pure; the order is the state's.

use std::ops::Bound;
use std::sync::Arc;

use indexmap::IndexMap;

use super::deadlock;
use super::event::Timestamp;
use super::graph::{Graph, NodeIx};
use super::state::{Holders, Phase, RunState, UnitIx};
use crate::ir::{Guards, LockScope};

/// Gives each node its place in the queue for slots: what takes none first, then by `priority`,
/// then by the longest way to the end of the run, then by the order of the text.
pub fn order(graph: &Graph, ranks: &[(std::time::Duration, u32)]) -> Vec<u32> {
    let mut nodes: Vec<NodeIx> = graph.nodes().collect();
    let priority = |node: NodeIx| graph.step(node).and_then(|step| step.priority).unwrap_or(0);
    nodes.sort_by_cached_key(|node| {
        let urgency = (priority(*node), ranks.get(node.at()).copied());
        (graph.takes_slot(*node), std::cmp::Reverse(urgency), *node)
    });
    let mut order = vec![0; nodes.len()];
    for (place, node) in nodes.into_iter().enumerate() {
        order[node.at()] = u32::try_from(place).unwrap_or(u32::MAX);
    }
    order
}

/// Units whose delay is over, the earliest first.
pub fn due(state: &RunState, now: Timestamp) -> Vec<UnitIx> {
    let due = state.agenda.delayed.iter().take_while(|(until, _)| *until <= now);
    due.map(|(_, unit)| *unit).collect()
}

/// The next unit in the queue of those that may start if they get what they need. `behind` names
/// the last one looked at; with `others` the rest of that step's instances is left out.
pub fn next(state: &RunState, behind: Option<(UnitIx, bool)>) -> Option<UnitIx> {
    let queue = &state.agenda.startable;
    let found = match behind {
        None => queue.first(),
        Some((unit, others)) => {
            let at = (state.place_in_queue(unit.node), unit);
            let last = UnitIx { node: unit.node, item: Some(u32::MAX) };
            let from = if others { (at.0, last) } else { at };
            queue.range((Bound::Excluded(from), Bound::Unbounded)).next()
        }
    };
    found.map(|(_, unit)| *unit)
}

/// Why a unit cannot start now although nothing it depends on holds it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// All of `parallel`'s slots are taken, here or in a goal around it.
    Slots,
    /// As many of the step's instances, or of a goal's steps, run as may.
    Instances,
    Lock(Arc<str>),
    Resource(Arc<str>),
    /// It and that one could come to wait for what the other keeps.
    Circle(NodeIx),
}

/// What keeps a unit from starting; `limits` gives each resource's whole amount.
pub fn hold(
    state: &RunState,
    unit: UnitIx,
    uses: &IndexMap<Arc<str>, i64>,
    limits: &IndexMap<Arc<str>, i64>,
) -> Option<Hold> {
    let graph = state.graph();
    let node = state.node(unit.node);
    if graph.takes_slot(unit.node) {
        if state.running() >= state.jobs || goals_are_full(state, unit.node) {
            return Some(Hold::Slots);
        }
        if node.parallel.is_some_and(|most| node.instances_running >= most) {
            return Some(Hold::Instances);
        }
    }
    held_by_others(state, unit.node, uses, limits)
        .or_else(|| lent(state, unit.node))
        .or_else(|| deadlock::circle(state, unit.node, uses, limits).map(Hold::Circle))
}

/// The lock or resource that a node has to wait for.
pub fn held_by_others(
    state: &RunState,
    node: NodeIx,
    uses: &IndexMap<Arc<str>, i64>,
    limits: &IndexMap<Arc<str>, i64>,
) -> Option<Hold> {
    locked(state, node).or_else(|| short_of(state, uses, limits))
}

/// What keeps steps that are joined by pipes from starting: they take all that they need at once,
/// and nothing of it while something is not free. More of them than there are slots run alone.
pub fn hold_joined(
    state: &RunState,
    members: &[NodeIx],
    uses: &IndexMap<Arc<str>, i64>,
    limits: &IndexMap<Arc<str>, i64>,
) -> Option<Hold> {
    let graph = state.graph();
    let fits = |running: u32, count: usize, most: u32| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        running == 0 || running.saturating_add(count) <= most
    };
    if !fits(state.running(), members.len(), state.jobs) {
        return Some(Hold::Slots);
    }
    let goals = members.iter().flat_map(|member| graph.enclosing(*member));
    let mut inside: IndexMap<NodeIx, usize> = IndexMap::new();
    for goal in goals.filter(|goal| *goal != graph.root()) {
        *inside.entry(goal).or_default() += 1;
    }
    let full = inside.iter().any(|(goal, count)| {
        let most = state.node(*goal).parallel.unwrap_or(u32::MAX);
        !fits(state.running_in(*goal), *count, most)
    });
    if full {
        return Some(Hold::Instances);
    }
    let locked = members.iter().find_map(|member| locked(state, *member));
    locked.or_else(|| short_of(state, uses, limits))
}

fn locked(state: &RunState, node: NodeIx) -> Option<Hold> {
    let guards = guards_of(state.graph(), node)?;
    let locked = guards.locks.iter().find(|lock| {
        let all = state.holders(&lock.name);
        if all == Holders::default() {
            return false;
        }
        let own = if state.lends {
            held_by(state, &lock.name, state.graph().keepers().iter().copied())
        } else {
            held_around(state, node, &lock.name)
        };
        all.exclusive > own.exclusive
            || (lock.scope != LockScope::Shared && all.shared > own.shared)
    });
    locked.map(|lock| Hold::Lock(Arc::clone(&lock.name)))
}

/// The lock of a goal around a node that the goal has lent to somebody else.
fn lent(state: &RunState, node: NodeIx) -> Option<Hold> {
    let graph = state.graph();
    let locking = |goal: &NodeIx| guards_of(graph, *goal).is_some_and(|own| !own.locks.is_empty());
    let mut goals = graph.enclosing(node).filter(locking).filter(|_| !state.lends);
    goals.find_map(|goal| {
        let mut own = guards_of(graph, goal).map_or(&[][..], |guards| &guards.locks).iter();
        let around = || std::iter::once(goal).chain(graph.enclosing(goal));
        // Where it has all holds by itself, and those around it, nobody else has any.
        if own.all(|lock| state.holders(&lock.name) == held_by(state, &lock.name, around())) {
            return None;
        }
        let outside = |other: NodeIx| {
            let around = |inner: NodeIx, outer: NodeIx| graph.enclosing(inner).any(|g| g == outer);
            other != goal && !around(other, goal) && !around(goal, other)
        };
        // What an agent does by hand takes no lock.
        let locks = |unit: &&UnitIx| state.unit(**unit).is_some_and(|it| it.phase != Phase::Asking);
        let running = state.agenda.running.iter().filter(locks).map(|unit| unit.node);
        let open = graph.keepers().iter().copied().filter(|keeper| state.node(*keeper).open);
        let others: Vec<NodeIx> = running.chain(open).filter(|other| outside(*other)).collect();
        let locks = guards_of(graph, goal).map_or(&[][..], |guards| &guards.locks).iter();
        let taken = |lock: &&crate::ir::Lock| {
            others.iter().any(|other| {
                let theirs = guards_of(graph, *other).map_or(&[][..], |guards| &guards.locks);
                theirs.iter().any(|their| {
                    let shared = |scope| scope == LockScope::Shared;
                    their.name == lock.name && !(shared(their.scope) && shared(lock.scope))
                })
            })
        };
        locks.into_iter().find(taken).map(|lock| Hold::Lock(Arc::clone(&lock.name)))
    })
}

/// How the open goals around a node hold a lock: for all in them, the node, too.
pub fn held_around(state: &RunState, node: NodeIx, name: &str) -> Holders {
    held_by(state, name, state.graph().enclosing(node))
}

/// How those of some nodes that are open goals hold a lock.
fn held_by(state: &RunState, name: &str, nodes: impl Iterator<Item = NodeIx>) -> Holders {
    let graph = state.graph();
    let mut found = Holders::default();
    for goal in nodes.filter(|goal| state.node(*goal).open) {
        let locks = guards_of(graph, goal).map_or(&[][..], |guards| &guards.locks);
        for lock in locks.iter().filter(|lock| &*lock.name == name) {
            let shared = lock.scope == LockScope::Shared;
            *(if shared { &mut found.shared } else { &mut found.exclusive }) += 1;
        }
    }
    found
}

fn short_of(
    state: &RunState,
    uses: &IndexMap<Arc<str>, i64>,
    limits: &IndexMap<Arc<str>, i64>,
) -> Option<Hold> {
    uses.iter()
        .find(|(name, amount)| {
            let all = limits.get(*name).copied().unwrap_or(i64::MAX);
            state.used(name).saturating_add(**amount) > all
        })
        .map(|(name, _)| Hold::Resource(Arc::clone(name)))
}

/// The root's `parallel` is the run's number of jobs; the others' are their own.
fn goals_are_full(state: &RunState, node: NodeIx) -> bool {
    let root = state.graph().root();
    state
        .graph()
        .enclosing(node)
        .filter(|goal| *goal != root)
        .any(|goal| state.node(goal).parallel.is_some_and(|most| state.running_in(goal) >= most))
}

/// A step's or goal's guards.
pub fn guards_of(graph: &Graph, node: NodeIx) -> Option<&Guards> {
    graph.step(node).map(|step| &*step.guards).or_else(|| graph.goal(node).map(|goal| &goal.guards))
}
