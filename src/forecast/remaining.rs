//! How long the rest of a run takes: what is left of it, put into slots in the scheduler's order.
//!
//! Knows steps, goals and who waits for whom; locks, conditions and people's time it does not.
//! Pure: asked again whenever something has changed.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use crate::exec::Timestamp;
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::state::{Phase, RunState, UnitState};
use crate::ir::EdgeKind;

/// What an attempt that takes longer than expected is taken to need yet, of what it has taken.
const OVERDUE: u32 = 10;

/// How long it takes from `now` until the last step has ended. `expected` gives each node's time.
pub fn remaining(state: &RunState, expected: &[Duration], now: Timestamp) -> Duration {
    let mut rest = Rest::new(state, expected, now);
    rest.release(state.graph().root());
    rest.pass();
    rest.clock
}

struct Rest<'a> {
    state: &'a RunState,
    graph: &'a Graph,
    expected: &'a [Duration],
    now: Timestamp,
    clock: Duration,
    /// Edges, and the goal around it, that hold each node back.
    waiting: Vec<u32>,
    /// Units of a step, or children of a goal, that have not ended.
    open: Vec<u32>,
    free: u32,
    /// Units that could start, by the scheduler's order: how much of it is to be done yet.
    startable: BTreeSet<(u32, NodeIx, u32)>,
    ends: BinaryHeap<Reverse<(Duration, NodeIx, bool)>>,
}

impl<'a> Rest<'a> {
    fn new(state: &'a RunState, expected: &'a [Duration], now: Timestamp) -> Self {
        let graph = state.graph().as_ref();
        let is_open = |node: NodeIx| !state.node(node).status.is_end();
        let waits = |node: NodeIx| {
            let edges = graph.incoming(node).iter();
            let held = edges.filter(|edge| edge.kind != EdgeKind::Stdin && is_open(edge.from));
            held.count() + usize::from(graph.parent(node).is_some())
        };
        let inside = |node: NodeIx| {
            if graph.is_step(node) {
                let instances = &state.node(node).instances;
                return instances.iter().filter(|each| !each.is_ended()).count().max(1);
            }
            graph.children(node).iter().filter(|child| is_open(**child)).count()
        };
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            waiting: graph.nodes().map(|node| count(waits(node))).collect(),
            open: graph.nodes().map(|node| count(inside(node))).collect(),
            free: state.jobs.max(1),
            clock: Duration::ZERO,
            startable: BTreeSet::new(),
            ends: BinaryHeap::new(),
            state,
            graph,
            expected,
            now,
        }
    }

    /// A node begins: nothing holds it back any more.
    fn release(&mut self, node: NodeIx) {
        if self.state.node(node).status.is_end() {
            return;
        }
        if !self.graph.is_step(node) {
            if self.open[node.at()] == 0 {
                self.end(node);
            }
            for child in self.graph.children(node) {
                self.let_go(*child);
            }
            return;
        }
        let state = self.state.node(node);
        let instances = (0..).zip(&state.instances).filter(|(_, unit)| !unit.is_ended());
        if state.items.is_none() {
            self.enter(node, 0, &state.unit);
        } else if instances.clone().next().is_none() {
            self.end(node);
        }
        for (item, unit) in instances {
            self.enter(node, item, unit);
        }
    }

    /// A unit runs on, or could start.
    fn enter(&mut self, node: NodeIx, item: u32, unit: &UnitState) {
        let whole = self.expected.get(node.at()).copied().unwrap_or_default();
        let slot = self.graph.takes_slot(node);
        match (&unit.phase, unit.started) {
            (Phase::Delayed(until), _) => {
                self.ends.push(Reverse((until.since(self.now).saturating_add(whole), node, false)));
            }
            (Phase::Guarding | Phase::Asking | Phase::InDoubt, _) | (_, None) if slot => {
                let place = self.state.place_in_queue(node);
                self.startable.insert((place, node, item));
            }
            (_, None) => self.ends.push(Reverse((whole, node, false))),
            (_, Some(since)) => {
                let taken = self.now.since(since);
                let left = whole.checked_sub(taken).unwrap_or(taken / OVERDUE);
                self.free = self.free.saturating_sub(u32::from(slot));
                self.ends.push(Reverse((left, node, slot)));
            }
        }
    }

    fn let_go(&mut self, node: NodeIx) {
        let waiting = &mut self.waiting[node.at()];
        if *waiting > 0 {
            *waiting -= 1;
            if *waiting == 0 {
                self.release(node);
            }
        }
    }

    fn end(&mut self, node: NodeIx) {
        for next in self.graph.outgoing(node) {
            self.let_go(*next);
        }
        if let Some(parent) = self.graph.parent(node) {
            let open = &mut self.open[parent.at()];
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.end(parent);
            }
        }
    }

    /// Lets time pass until nothing is left.
    fn pass(&mut self) {
        loop {
            while self.free > 0 {
                let Some((_, node, _)) = self.startable.pop_first() else { break };
                self.free -= 1;
                let whole = self.expected.get(node.at()).copied().unwrap_or_default();
                self.ends.push(Reverse((self.clock.saturating_add(whole), node, true)));
            }
            let Some(Reverse((at, node, slot))) = self.ends.pop() else { return };
            self.clock = self.clock.max(at);
            self.free += u32::from(slot);
            let open = &mut self.open[node.at()];
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.end(node);
            }
        }
    }
}
