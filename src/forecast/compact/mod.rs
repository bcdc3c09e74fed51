//! The scheduler on plans without locks, pipes and services, a hundred times as quick: for many
//! simulations of one run.
//!
//! Invariant: with the same times, a run ends when it ends in the loop itself, to the millisecond;
//! a test holds it to that. What it does not know it refuses.

mod shape;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use super::draws::{Draws, Simulation};
use super::play::{Played, Setup};
use crate::exec::event::Timestamp;
use crate::exec::graph::{Graph, NodeIx};
use shape::{Shape, Unit, shape};

/// What is due at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// So many turns of the loop are still to come before a unit may start.
    Turn(usize, u32),
    /// An attempt ends.
    End(usize),
    /// A person has done it.
    Done(usize),
}

/// The simulator; its vectors are used again for each simulation.
#[derive(Debug)]
pub(super) struct Compact<'a> {
    graph: &'a Graph,
    draws: &'a Draws,
    shape: Shape,
    simulation: Simulation,
    now: Timestamp,
    last: Timestamp,
    waiting: Vec<u32>,
    open_inside: Vec<u32>,
    units_open: Vec<usize>,
    ended: Vec<bool>,
    attempts: Vec<u32>,
    running: u32,
    running_in: Vec<u32>,
    startable: BTreeSet<(u32, usize)>,
    delayed: BTreeSet<(Timestamp, usize)>,
    due: BinaryHeap<Reverse<(Timestamp, Due)>>,
}

impl<'a> Compact<'a> {
    /// `None` for a plan that holds what only the loop itself knows.
    pub(super) fn new(setup: &Setup<'a>, played: &Played) -> Option<Self> {
        let graph: &'a Graph = setup.graph;
        let shape = shape(graph, setup, played)?;
        Some(Self {
            graph,
            draws: setup.draws,
            simulation: None,
            now: Timestamp(0),
            last: Timestamp(0),
            waiting: Vec::new(),
            open_inside: Vec::new(),
            units_open: Vec::new(),
            ended: Vec::new(),
            attempts: Vec::new(),
            running: 0,
            running_in: Vec::new(),
            startable: BTreeSet::new(),
            delayed: BTreeSet::new(),
            due: BinaryHeap::new(),
            shape,
        })
    }

    /// When the last step of a simulated run has ended.
    pub(super) fn makespan(&mut self, simulation: Simulation) -> Duration {
        self.simulation = simulation;
        self.reset();
        self.ready(self.graph.root());
        loop {
            self.start();
            let ends = self.due.peek().map(|Reverse((at, _))| *at);
            let retries = self.delayed.iter().map(|(at, _)| *at).find(|at| *at > self.now);
            let Some(next) = ends.into_iter().chain(retries).min() else { break };
            self.now = self.now.max(next);
            self.take_due();
        }
        self.last.since(Timestamp(0))
    }

    fn reset(&mut self) {
        let nodes = self.shape.order.len();
        self.now = Timestamp(0);
        self.last = Timestamp(0);
        self.waiting.clone_from(&self.shape.waiting);
        self.open_inside.clone_from(&self.shape.open_inside);
        self.units_open.clear();
        self.units_open.extend(self.shape.of_node.iter().map(|(from, to)| to - from));
        self.ended.clear();
        self.ended.resize(nodes, false);
        self.attempts.clear();
        self.attempts.resize(self.shape.units.len(), 0);
        self.running = 0;
        self.running_in.clear();
        self.running_in.resize(nodes, 0);
        self.startable.clear();
        self.delayed.clear();
        self.due.clear();
    }

    /// Nothing holds a node back any more.
    fn ready(&mut self, node: NodeIx) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if self.ended[node.at()] {
                continue;
            }
            if self.shape.skipped[node.at()] {
                let inside = self.graph.descendants(node);
                for each in inside.into_iter().chain([node]) {
                    self.end(each, &mut open);
                }
            } else if self.graph.is_step(node) {
                let (from, to) = self.shape.of_node[node.at()];
                (from..to).for_each(|unit| self.turn(unit, self.shape.units[unit].turns));
                if from == to {
                    self.end(node, &mut open);
                }
            } else {
                for child in self.graph.children(node) {
                    self.release(*child, &mut open);
                }
                if self.graph.children(node).is_empty() {
                    self.end(node, &mut open);
                }
            }
        }
    }

    fn release(&mut self, node: NodeIx, open: &mut Vec<NodeIx>) {
        let waiting = &mut self.waiting[node.at()];
        *waiting = waiting.saturating_sub(1);
        if *waiting == 0 {
            open.push(node);
        }
    }

    fn end(&mut self, node: NodeIx, open: &mut Vec<NodeIx>) {
        let mut ending = vec![node];
        while let Some(node) = ending.pop() {
            if std::mem::replace(&mut self.ended[node.at()], true) {
                continue;
            }
            self.last = self.last.max(self.now);
            for next in self.graph.outgoing(node) {
                self.release(*next, open);
            }
            if let Some(parent) = self.graph.parent(node) {
                let inside = &mut self.open_inside[parent.at()];
                *inside = inside.saturating_sub(1);
                if *inside == 0 {
                    ending.push(parent);
                }
            }
        }
    }

    /// So many turns are left before a unit may start, or is asked for.
    fn turn(&mut self, unit: usize, left: u32) {
        let Unit { ix, manual, .. } = self.shape.units[unit];
        if left > 0 {
            self.due.push(Reverse((self.now, Due::Turn(unit, left - 1))));
        } else if manual {
            let length = self.draws.length(self.simulation, ix, 1);
            self.due.push(Reverse((self.now.after(length), Due::Done(unit))));
        } else {
            self.startable.insert((self.shape.order[ix.node.at()], unit));
        }
    }

    /// Starts what may start, as the loop does: first what was delayed, then by the queue.
    fn start(&mut self) {
        let delayed: Vec<(Timestamp, usize)> =
            self.delayed.iter().take_while(|(at, _)| *at <= self.now).copied().collect();
        for (until, unit) in delayed {
            match self.hold(unit) {
                Hold::Nothing => {
                    self.delayed.remove(&(until, unit));
                    self.begin(unit);
                }
                Hold::Slots => return,
                Hold::Others => {}
            }
        }
        let mut next = self.startable.first().copied();
        while let Some((order, unit)) = next {
            let behind = match self.hold(unit) {
                Hold::Nothing => {
                    self.startable.remove(&(order, unit));
                    self.begin(unit);
                    (order, unit)
                }
                Hold::Slots => return,
                // What holds one instance back holds the others of its step.
                Hold::Others => (order, usize::MAX),
            };
            let rest = (std::ops::Bound::Excluded(behind), std::ops::Bound::Unbounded);
            next = self.startable.range(rest).next().copied();
        }
    }

    fn hold(&self, unit: usize) -> Hold {
        let node = self.shape.units[unit].ix.node;
        if !self.shape.takes_slot[node.at()] {
            return Hold::Nothing;
        }
        if self.running >= self.shape.jobs {
            return Hold::Slots;
        }
        let full = |node: NodeIx| {
            self.shape.most[node.at()].is_some_and(|most| self.running_in[node.at()] >= most)
        };
        let root = self.graph.root();
        let around = self.graph.enclosing(node).filter(|goal| *goal != root);
        if full(node) || around.into_iter().any(full) { Hold::Others } else { Hold::Nothing }
    }

    fn begin(&mut self, unit: usize) {
        self.count(unit, 1);
        self.attempts[unit] += 1;
        let ix = self.shape.units[unit].ix;
        let length = self.draws.length(self.simulation, ix, self.attempts[unit]);
        self.due.push(Reverse((self.now.after(length), Due::End(unit))));
    }

    /// Counts a slot in use, or given back.
    fn count(&mut self, unit: usize, by: i32) {
        let node = self.shape.units[unit].ix.node;
        if !self.shape.takes_slot[node.at()] {
            return;
        }
        self.running = self.running.saturating_add_signed(by);
        for around in std::iter::once(node).chain(self.graph.enclosing(node)) {
            let count = &mut self.running_in[around.at()];
            *count = count.saturating_add_signed(by);
        }
    }

    /// Takes in all that has come by now, in one turn.
    fn take_due(&mut self) {
        let mut come = Vec::new();
        while let Some(Reverse((at, due))) = self.due.peek().copied() {
            if at > self.now {
                break;
            }
            self.due.pop();
            come.push(due);
        }
        for due in come {
            match due {
                Due::Turn(unit, left) => self.turn(unit, left),
                Due::End(unit) => self.end_attempt(unit),
                Due::Done(unit) => self.end_unit(unit),
            }
        }
    }

    fn end_attempt(&mut self, unit: usize) {
        self.count(unit, -1);
        let (ix, attempt) = (self.shape.units[unit].ix, self.attempts[unit]);
        match self.draws.fails(self.simulation, ix, attempt) {
            Some(delay) => {
                self.delayed.insert((self.now.after(delay), unit));
            }
            None => self.end_unit(unit),
        }
    }

    fn end_unit(&mut self, unit: usize) {
        let node = self.shape.units[unit].ix.node;
        let open = &mut self.units_open[node.at()];
        *open = open.saturating_sub(1);
        if *open == 0 {
            let mut ready = Vec::new();
            self.end(node, &mut ready);
            for node in ready {
                self.ready(node);
            }
        }
    }
}

/// What keeps a unit from starting.
enum Hold {
    Nothing,
    /// All slots are taken.
    Slots,
    /// A goal around it, or its own step, is full.
    Others,
}
