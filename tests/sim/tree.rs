//! A plan as a list of nodes with what they wait for, and its text.
//!
//! Invariant: the root is node 0, a node comes before all that it holds and waits for earlier
//! nodes only.

use std::sync::Arc;

use super::plan::{Each, Omit, When};
use super::plan::{EdgeKind, Goal, Guards, Node, Plan, Policy, Status, Step, Way};

pub(crate) struct Tree<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) nodes: Vec<Flat<'a>>,
}

/// A step or goal.
pub(crate) struct Flat<'a> {
    /// As events name it: `g1.s2`.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: Vec<usize>,
    pub(crate) what: What<'a>,
    pub(crate) edges: Vec<(usize, EdgeKind)>,
    pub(crate) when: Option<Condition>,
    /// Whose instances its own come from.
    pub(crate) source: Option<usize>,
    /// How many instances it has.
    pub(crate) count: u32,
    /// Whose output it reads.
    pub(crate) reads: Option<usize>,
    /// The steps that it is joined to by pipes, itself among them, writers first; none if there is
    /// no other.
    pub(crate) chain: Arc<Vec<usize>>,
    /// It is a service.
    pub(crate) service: bool,
    /// Those whom it goes on for, as a service.
    pub(crate) users: Vec<usize>,
    /// The services that it, or a goal around it, depends on.
    pub(crate) behind: Vec<usize>,
}

#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    Step(&'a Step),
    Goal(&'a Goal),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Condition {
    Constant(bool),
    Param { least: u32, by_let: bool },
    Ended { on: usize, status: Status, not: bool },
    Output { on: usize, least: u32, by_let: bool },
}

impl<'a> Flat<'a> {
    fn new((id, name): (String, String), parent: Option<usize>, what: What<'a>) -> Self {
        Self {
            id,
            name,
            parent,
            children: Vec::new(),
            what,
            edges: Vec::new(),
            when: None,
            source: None,
            count: 0,
            reads: None,
            chain: Arc::default(),
            service: false,
            users: Vec::new(),
            behind: Vec::new(),
        }
    }
}

impl<'a> Tree<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let root = Flat::new((String::new(), "g".to_owned()), None, What::Goal(&plan.root));
        let mut tree = Self { plan, nodes: vec![root] };
        tree.hold(0, &plan.root);
        tree.join();
        tree.serve();
        tree
    }

    fn hold(&mut self, parent: usize, goal: &'a Goal) {
        for child in &goal.children {
            let at = self.nodes.len();
            let (letter, what) = match child {
                Node::Step(step) => ('s', What::Step(step)),
                Node::Goal(goal) => ('g', What::Goal(goal)),
            };
            let name = format!("{letter}{at}");
            let id = match self.nodes[parent].id.as_str() {
                "" => name.clone(),
                around => format!("{around}.{name}"),
            };
            let (edges, when) = self.waits(parent, what.guards());
            let (source, count) = what.each().map_or((None, 0), |each| self.items(each));
            let flat = Flat::new((id, name), Some(parent), what);
            self.nodes.push(Flat { edges, when, source, count, ..flat });
            self.nodes[parent].children.push(at);
            if let Node::Goal(inner) = child {
                self.hold(at, inner);
            }
        }
    }

    /// Where a step's instances come from, and how many there are.
    fn items(&self, each: &Each) -> (Option<usize>, u32) {
        let all = (1..self.nodes.len()).filter(|node| self.nodes[*node].what.each().is_some());
        let all: Vec<usize> = all.collect();
        if let Some(of) = each.of.filter(|_| !all.is_empty()) {
            let source = all[all.len() - 1 - usize::from(of) % all.len()];
            return (Some(source), self.nodes[source].count);
        }
        (None, each.items.div_ceil(each.batch.unwrap_or(1)))
    }

    /// What a node in `parent` waits for: whatever is before it in the text and not around it.
    fn waits(&self, parent: usize, guards: &Guards) -> (Vec<(usize, EdgeKind)>, Option<Condition>) {
        let around: Vec<usize> = std::iter::once(parent).chain(self.around(parent)).collect();
        let before: Vec<usize> = (1..self.nodes.len()).filter(|n| !around.contains(n)).collect();
        let mut edges: Vec<(usize, EdgeKind)> = Vec::new();
        for edge in guards.edges.iter().filter(|_| !before.is_empty()) {
            let on = before[before.len() - 1 - usize::from(edge.on) % before.len()];
            if edges.iter().all(|(known, _)| *known != on) {
                edges.push((on, edge.kind));
            }
        }
        let when = guards.when.map(|when| match when {
            When::Constant(holds) => Condition::Constant(holds),
            When::Param { least, by_let } => Condition::Param { least, by_let },
            When::Ended { .. } if edges.is_empty() => Condition::Constant(true),
            When::Output { edge, least, by_let } => {
                let gives = |(on, _): &&(usize, EdgeKind)| self.gives(*on);
                let all: Vec<usize> = edges.iter().filter(gives).map(|(on, _)| *on).collect();
                let on = all.get(usize::from(edge) % all.len().max(1));
                on.map_or(Condition::Constant(true), |on| Condition::Output {
                    on: *on,
                    least,
                    by_let,
                })
            }
            When::Ended { edge, status, not } => {
                Condition::Ended { on: edges[usize::from(edge) % edges.len()].0, status, not }
            }
        });
        (edges, when)
    }

    /// Whether a node is a step with an output.
    pub(crate) fn gives(&self, node: usize) -> bool {
        self.step(node).is_some_and(|step| step.output)
    }

    /// The goals around a node, from the inside.
    pub(crate) fn around(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.nodes[node].parent, |goal| self.nodes[*goal].parent)
    }

    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    pub(crate) fn step(&self, node: usize) -> Option<&'a Step> {
        match self.nodes[node].what {
            What::Step(step) => Some(step),
            What::Goal(_) => None,
        }
    }

    pub(crate) fn goal(&self, node: usize) -> Option<&'a Goal> {
        match self.nodes[node].what {
            What::Goal(goal) => Some(goal),
            What::Step(_) => None,
        }
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = (usize, &'a Step)> + '_ {
        (0..self.nodes.len()).filter_map(|node| Some((node, self.step(node)?)))
    }

    /// A step's own way, or one of its fallbacks.
    pub(crate) fn way(&self, node: usize, way: u32) -> Option<&'a Way> {
        let step = self.step(node)?;
        match way.checked_sub(1) {
            None => Some(&step.way),
            Some(fallback) => step.fallbacks.get(fallback as usize),
        }
    }

    /// What the call says of a node.
    pub(crate) fn omitted(&self, node: usize) -> Option<Omit> {
        if let Some(step) = self.step(node) {
            return step.omit;
        }
        // A goal all of whose steps are left out is so itself.
        let inside = |step: &usize| self.around(*step).any(|goal| goal == node);
        let mut steps = self.steps().filter(|(step, _)| inside(step)).peekable();
        let inner = node != 0 && steps.peek().is_some();
        let left_out = steps.all(|(_, step)| step.omit == Some(Omit::LeftOut));
        (inner && left_out).then_some(Omit::LeftOut)
    }

    /// A node and all steps that need it, by whatever they wait for.
    pub(crate) fn with_dependents(&self, node: usize) -> Vec<usize> {
        let mut all = vec![node];
        for next in node + 1..self.nodes.len() {
            let own = std::iter::once(next).chain(self.around(next));
            let needs = own.into_iter().any(|at| {
                let flat = &self.nodes[at];
                let edges = flat.edges.iter().map(|(on, _)| *on);
                let mut on = edges.chain(flat.source).chain(flat.reads);
                on.any(|on| all.contains(&on) || self.holds_any(on, &all))
            });
            if needs {
                all.push(next);
            }
        }
        all.retain(|at| self.step(*at).is_some());
        all
    }

    fn holds_any(&self, goal: usize, all: &[usize]) -> bool {
        all.iter().any(|node| self.around(*node).any(|around| around == goal))
    }

    /// A goal's policy, which it inherits if it has none of its own.
    pub(crate) fn policy(&self, goal: usize) -> Policy {
        let own = std::iter::once(goal).chain(self.around(goal));
        own.into_iter().find_map(|node| self.goal(node)?.policy).unwrap_or(Policy::Stop)
    }
}

impl<'a> What<'a> {
    pub(crate) fn guards(self) -> &'a Guards {
        match self {
            Self::Step(step) => &step.guards,
            Self::Goal(goal) => &goal.guards,
        }
    }

    pub(crate) fn each(self) -> Option<&'a Each> {
        match self {
            Self::Step(step) => step.each.as_ref(),
            Self::Goal(_) => None,
        }
    }
}
