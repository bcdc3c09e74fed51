//! The graph of waiting: steps, and each goal's start and end.
//!
//! An edge from x to y says that x waits for y. A step waits for its goal's start; a goal's end
//! waits for all its steps; whoever depends on a goal waits for its end. Iterative throughout.

use std::collections::{HashMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::pass::{Pass, Record};
use super::rows::Rows;
use super::world::{GoalIx, Node, StepIx, World};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::EdgeKind;
use crate::source::Span;
use crate::value::NodeId;

/// A circle's message shows at most so many hops.
const MOST_HOPS: usize = 20;

/// What one node waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    to: u32,
    /// None between a goal and what it holds.
    written: Option<(EdgeKind, Span)>,
}

impl Hop {
    fn new(to: usize, written: Option<(EdgeKind, Span)>) -> Self {
        Self { to: u32::try_from(to).unwrap_or(u32::MAX), written }
    }

    /// None between a goal and what it holds.
    pub(super) fn kind(&self) -> Option<EdgeKind> {
        self.written.map(|(kind, _)| kind)
    }

    /// Where it is written.
    pub(super) fn span(&self) -> Option<Span> {
        self.written.map(|(_, span)| span)
    }

    /// The node that is waited for.
    pub(super) fn to(&self) -> usize {
        self.to as usize
    }
}

#[derive(Debug)]
pub(super) struct Graph {
    steps: usize,
    /// Of each node.
    pub(super) hops: Rows<Hop>,
    /// Nodes that wait for each other, each group behind those that it waits for.
    pub(super) components: Rows<usize>,
}

impl Graph {
    pub(super) fn build(pass: &Pass<'_>) -> Self {
        let world = pass.world;
        let steps = world.steps.len();
        let (hops, components) = (Rows::default(), Rows::default());
        let mut graph = Self { steps, hops, components };
        graph.hops = Rows::of(steps + 2 * world.goals.len(), Hop::new(0, None), |visit| {
            graph.each_hop(pass, visit);
        });
        graph.components = graph.find_components();
        graph
    }

    /// Tells of each hop with the node that waits.
    fn each_hop(&self, pass: &Pass<'_>, visit: &mut dyn FnMut(usize, Hop)) {
        let world = pass.world;
        self.hold(world, visit);
        for (ix, record) in world.step_ids().zip(&pass.steps) {
            self.written(self.step(ix), record, visit);
        }
        for (ix, record) in world.goal_ids().zip(&pass.goals) {
            self.written(self.start(ix), record, visit);
        }
    }

    #[allow(clippy::unused_self)] // beside `start` and `end`
    pub(super) fn step(&self, ix: StepIx) -> usize {
        ix.at()
    }

    pub(super) fn start(&self, ix: GoalIx) -> usize {
        self.steps + 2 * ix.at()
    }

    pub(super) fn end(&self, ix: GoalIx) -> usize {
        self.steps + 2 * ix.at() + 1
    }

    /// What waiting for a step or goal means.
    pub(super) fn target(&self, node: Node) -> usize {
        match node {
            Node::Step(ix) => self.step(ix),
            Node::Goal(ix) => self.end(ix),
        }
    }

    pub(super) fn node(&self, at: usize) -> Node {
        match at.checked_sub(self.steps) {
            None => Node::Step(StepIx::new(at)),
            Some(goal) => Node::Goal(GoalIx::new(goal / 2)),
        }
    }

    fn hold(&self, world: &World<'_>, visit: &mut dyn FnMut(usize, Hop)) {
        let mut inside = |from: usize, to: usize| visit(from, Hop::new(to, None));
        for ix in world.step_ids() {
            let goal = world.step(ix).goal;
            inside(self.step(ix), self.start(goal));
            inside(self.end(goal), self.step(ix));
        }
        for ix in world.goal_ids() {
            inside(self.end(ix), self.start(ix));
            if let Some(parent) = world.goal(ix).parent {
                inside(self.start(ix), self.start(parent));
                inside(self.end(parent), self.end(ix));
            }
        }
    }

    fn written(&self, from: usize, record: &Record, visit: &mut dyn FnMut(usize, Hop)) {
        for edge in &record.edges {
            let Some(kind) = edge.kind else { continue };
            visit(from, Hop::new(self.target(edge.to), Some((kind, edge.span))));
        }
    }

    /// Where nothing waits for itself each node is a group of its own; most plans are so, and an order
    /// is had for a tenth of the memory.
    fn find_components(&self) -> Rows<usize> {
        let mut components = Rows::default();
        match self.order() {
            Some(order) => order.into_iter().for_each(|node| components.push([node as usize])),
            None => self.strong_components(&mut components),
        }
        components
    }

    /// All nodes, each behind those that it waits for; `None` where there is no such order.
    fn order(&self) -> Option<Vec<u32>> {
        /// How far the search has come with a node.
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            Open,
            Done,
        }
        let mut marks = vec![Mark::New; self.hops.len()];
        let mut order = Vec::with_capacity(self.hops.len());
        // Nodes on the way, each with the next of its hops to follow.
        let mut way: Vec<(u32, u32)> = Vec::new();
        for start in 0..u32::try_from(self.hops.len()).ok()? {
            if marks[start as usize] == Mark::New {
                way.push((start, 0));
            }
            while let Some((at, next)) = way.last_mut() {
                let node = *at as usize;
                marks[node] = Mark::Open;
                let hop = self.hops[node].get(*next as usize);
                *next += 1;
                let Some(hop) = hop else {
                    marks[node] = Mark::Done;
                    order.push(*at);
                    way.pop();
                    continue;
                };
                match marks[hop.to()] {
                    Mark::New => way.push((hop.to, 0)),
                    Mark::Open => return None,
                    Mark::Done => {}
                }
            }
        }
        Some(order)
    }

    fn strong_components(&self, components: &mut Rows<usize>) {
        let edges = self.hops.items().len();
        let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(self.hops.len(), edges);
        for _ in 0..self.hops.len() {
            graph.add_node(());
        }
        for (from, hops) in self.hops.iter().enumerate() {
            for hop in hops {
                graph.add_edge(NodeIndex::new(from), NodeIndex::new(hop.to()), ());
            }
        }
        for group in kosaraju_scc(&graph) {
            components.push(group.into_iter().map(NodeIndex::index));
        }
    }

    /// Whether nothing waits for itself.
    pub(super) fn is_acyclic(&self) -> bool {
        self.components.iter().all(|group| !self.is_circular(group))
    }

    fn is_circular(&self, group: &[usize]) -> bool {
        match group {
            [only] => self.hops[*only].iter().any(|hop| hop.to() == *only),
            _ => true,
        }
    }

    /// Whether one node waits for another, at any distance.
    pub(super) fn waits(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.hops.len()];
        let mut waiting = vec![from];
        while let Some(at) = waiting.pop() {
            if at == to {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                waiting.extend(self.hops[at].iter().map(Hop::to));
            }
        }
        false
    }

    /// The shortest way inside a group from a node to another, as the hops with their origins.
    fn way(&self, group: &[usize], from: usize, to: usize) -> Vec<(usize, Hop)> {
        let mut before: HashMap<usize, Option<(usize, Hop)>> =
            group.iter().map(|node| (*node, None)).collect();
        let mut waiting = VecDeque::from([from]);
        while let Some(at) = waiting.pop_front() {
            if at == to {
                break;
            }
            for hop in &self.hops[at] {
                if hop.to() != from
                    && let Some(entry @ None) = before.get_mut(&hop.to())
                {
                    *entry = Some((at, *hop));
                    waiting.push_back(hop.to());
                }
            }
        }
        let mut way = Vec::new();
        let mut at = to;
        while at != from {
            let Some(Some((origin, hop))) = before.get(&at) else { break };
            way.push((*origin, *hop));
            at = *origin;
        }
        way.reverse();
        way
    }
}

/// All steps and goals by their ids; of two of one name the first.
pub(super) fn ids(world: &World<'_>) -> HashMap<NodeId, Node> {
    let mut ids = HashMap::with_capacity(world.steps.len() + world.goals.len());
    for ix in world.step_ids() {
        ids.entry(NodeId::Step(world.step(ix).id.clone())).or_insert(Node::Step(ix));
    }
    for ix in world.goal_ids() {
        ids.entry(NodeId::Goal(world.goal(ix).id.clone())).or_insert(Node::Goal(ix));
    }
    ids
}

/// Reports each group of nodes that wait for each other, once.
pub(super) fn report_cycles(graph: &Graph, pass: &mut Pass<'_>) {
    for group in graph.components.iter().filter(|group| graph.is_circular(group)) {
        let members: std::collections::HashSet<usize> = group.iter().copied().collect();
        let written =
            group.iter().flat_map(|at| graph.hops[*at].iter().map(move |hop| (*at, *hop)));
        let first = written
            .filter(|(_, hop)| members.contains(&hop.to()))
            .filter_map(|(at, hop)| Some((hop.span()?, at, hop)))
            .min_by_key(|(span, at, _)| (*span, *at));
        let Some((_, from, hop)) = first else { continue };
        let mut circle = vec![(from, hop)];
        circle.extend(graph.way(group, hop.to(), from));
        pass.report(cycle(graph, pass.world, &circle));
    }
}

fn cycle(graph: &Graph, world: &World<'_>, circle: &[(usize, Hop)]) -> Diagnostic {
    let name = |at: usize| world.shown(graph.node(at));
    let mut chain: Vec<&str> = circle.iter().map(|(from, _)| name(*from)).collect();
    chain.dedup();
    if chain.len() > 1 && chain.first() == chain.last() {
        chain.pop();
    }
    let first = circle.first().and_then(|(_, hop)| hop.span()).unwrap_or_default();
    let message = circle_text(&chain);
    let mut labels = circle.iter().filter_map(|(from, hop)| {
        let text = format!("`{}` waits for `{}`", name(*from), name(hop.to()));
        Some((hop.span()?, text))
    });
    let label = labels.next().map(|(_, text)| text).unwrap_or_default();
    let mut found = Diagnostic::new(Code::E0401, message, first, label);
    for (span, text) in labels.take(MOST_HOPS - 1) {
        found = found.label(span, text);
    }
    found.help("take one of these out, so that something can start")
}

fn circle_text(chain: &[&str]) -> String {
    if let [only] = chain {
        return format!("`{only}` waits for itself");
    }
    let mut shown: Vec<String> =
        chain.iter().take(MOST_HOPS - 1).map(|name| format!("`{name}`")).collect();
    if chain.len() >= MOST_HOPS {
        shown.push("…".to_owned());
    }
    shown.extend(chain.first().map(|name| format!("`{name}`")));
    format!("these wait for each other in a circle: {}", shown.join(" → "))
}
