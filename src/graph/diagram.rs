//! The view as indices: who holds whom, and the edges that a drawing shows.
//!
//! Goals come first, the root at 0, steps behind them. Invariant: a goal's index is greater than its
//! parent's, so nothing here is endless whatever the view says; nesting is at most [`DEEPEST`].

use std::collections::{HashMap, HashSet};

use super::label::Label;
use crate::ir::EdgeKind;
use crate::report::GraphView;

/// A goal that is nested more deeply is drawn beside the one that holds it.
const DEEPEST: usize = 200;

/// An edge that is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: EdgeKind,
    /// Between two steps that follow each other on the critical path, or the goals around them.
    pub(super) critical: bool,
}

/// What is to be drawn.
#[derive(Debug)]
pub(super) struct Diagram {
    pub(super) labels: Vec<Label>,
    pub(super) goals: usize,
    parents: Vec<usize>,
    depths: Vec<usize>,
    pub(super) children: Vec<Vec<usize>>,
    pub(super) lines: Vec<Line>,
}

impl Diagram {
    pub(super) fn new(view: &GraphView) -> Self {
        let mut diagram = Self {
            labels: super::label::labels(view),
            goals: view.goals.len(),
            parents: Vec::new(),
            depths: Vec::new(),
            children: vec![Vec::new(); view.goals.len()],
            lines: Vec::new(),
        };
        let ids = view.goals.iter().map(|goal| goal.id.as_str());
        let ids: HashMap<&str, usize> =
            ids.chain(view.steps.iter().map(|step| step.id.as_str())).zip(0..).collect();
        let parents = view.goals.iter().map(|goal| goal.parent.as_deref().unwrap_or_default());
        for parent in parents.chain(view.steps.iter().map(|step| step.goal.as_str())) {
            diagram.hold(ids.get(parent).copied().unwrap_or(0));
        }
        diagram.sort_children(view);
        diagram.connect(view, &ids);
        diagram
    }

    /// Adds the next node to what a goal holds.
    fn hold(&mut self, parent: usize) {
        let node = self.parents.len();
        let known = parent < node && parent < self.goals;
        let mut parent = if known { parent } else { 0 };
        if node < self.goals && self.depths.get(parent).is_some_and(|depth| *depth >= DEEPEST) {
            parent = self.parent(parent);
        }
        let depth = if node == 0 { 0 } else { self.depths.get(parent).map_or(0, |d| d + 1) };
        self.parents.push(parent);
        self.depths.push(depth);
        if node > 0
            && let Some(children) = self.children.get_mut(parent)
        {
            children.push(node);
        }
    }

    /// Brings goals and steps of one goal into the order of the text, as far as the view tells it: a
    /// goal stands before the first step that is written behind its own first one.
    fn sort_children(&mut self, view: &GraphView) {
        let mut first = vec![usize::MAX; self.parents.len()];
        for step in self.goals..self.goals + view.steps.len() {
            let mut node = step;
            while let Some(place) = first.get_mut(node).filter(|place| **place > step) {
                *place = step;
                if node == 0 {
                    break;
                }
                node = self.parent(node);
            }
        }
        for children in &mut self.children {
            children.sort_by_key(|child| first.get(*child).copied());
        }
    }

    fn connect(&mut self, view: &GraphView, ids: &HashMap<&str, usize>) {
        let path: Vec<usize> = view
            .critical_path
            .iter()
            .flatten()
            .filter_map(|id| ids.get(id.as_str()).copied())
            .collect();
        let critical = self.ways(&path);
        for edge in view.edges.iter().filter(|edge| !edge.implied) {
            let ends = (ids.get(edge.from.as_str()), ids.get(edge.to.as_str()));
            let (Some(&from), Some(&to)) = ends else { continue };
            let critical = critical.contains(&(from, to));
            self.lines.push(Line { from, to, kind: edge.kind, critical });
        }
    }

    /// Between which nodes an edge can lead from a step of a path to the next one: these steps, and
    /// the goals around one that do not hold the other.
    fn ways(&self, path: &[usize]) -> HashSet<(usize, usize)> {
        let mut ways = HashSet::new();
        for pair in path.windows(2) {
            let [from, to] = *pair else { continue };
            let Some((_, from_top, to_top)) = self.meet(from, to) else { continue };
            for from in self.upwards(from, from_top) {
                ways.extend(self.upwards(to, to_top).map(|to| (from, to)));
            }
        }
        ways
    }

    /// A node and the goals around it, up to one of them.
    fn upwards(&self, node: usize, top: usize) -> impl Iterator<Item = usize> {
        let next = move |at: &usize| (*at != top).then(|| self.parent(*at));
        std::iter::successors(Some(node), next)
    }

    pub(super) fn parent(&self, node: usize) -> usize {
        self.parents.get(node).copied().unwrap_or(0)
    }

    pub(super) fn depth(&self, node: usize) -> usize {
        self.depths.get(node).copied().unwrap_or(0)
    }

    pub(super) fn is_goal(&self, node: usize) -> bool {
        node < self.goals
    }

    pub(super) fn children(&self, goal: usize) -> &[usize] {
        self.children.get(goal).map_or(&[], Vec::as_slice)
    }

    pub(super) fn count(&self) -> usize {
        self.parents.len()
    }

    /// The innermost goal that holds both, and which of its children each of them is or is in.
    /// `None` where one holds the other.
    pub(super) fn meet(&self, a: usize, b: usize) -> Option<(usize, usize, usize)> {
        let (mut left, mut right) = (a, b);
        while self.depth(left) > self.depth(right) {
            left = self.parent(left);
        }
        while self.depth(right) > self.depth(left) {
            right = self.parent(right);
        }
        if left == right {
            return None;
        }
        while self.parent(left) != self.parent(right) {
            (left, right) = (self.parent(left), self.parent(right));
        }
        Some((self.parent(left), left, right))
    }
}
