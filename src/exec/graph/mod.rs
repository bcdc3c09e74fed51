//! A plan as dense indices, so that scheduling counts instead of looking names up.
//!
//! Steps come first, goals behind them; both are nodes. Invariant: every index that a `Graph`
//! gives out fits its vectors, and the edges form no circle (the plan was checked).

mod chain;
mod rank;
mod service;

use std::sync::Arc;

use chain::Chains;
pub use rank::Precedence;
use service::Services;

use crate::ir::{Action, EdgeKind, Goal, Plan, Step};
use crate::value::{GoalId, NodeId, StepId};

/// A step or goal of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIx(pub u32);

impl NodeIx {
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// An edge seen from the node that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incoming {
    pub from: NodeIx,
    pub kind: EdgeKind,
}

/// The plan and who waits for whom.
#[derive(Debug)]
pub struct Graph {
    plan: Arc<Plan>,
    incoming: Vec<Vec<Incoming>>,
    outgoing: Vec<Vec<NodeIx>>,
    parents: Vec<Option<NodeIx>>,
    children: Vec<Vec<NodeIx>>,
    chains: Chains,
    services: Services,
    keepers: Vec<NodeIx>,
}

impl Graph {
    pub fn new(plan: Arc<Plan>) -> Self {
        let count = plan.steps.len() + plan.goals.len();
        let mut graph = Self {
            incoming: vec![Vec::new(); count],
            outgoing: vec![Vec::new(); count],
            parents: vec![None; count],
            children: vec![Vec::new(); plan.goals.len()],
            chains: Chains::default(),
            services: Services::default(),
            keepers: Vec::new(),
            plan,
        };
        graph.connect();
        graph.chains = Chains::new(&graph);
        graph.services = Services::new(&graph);
        graph.keepers = super::deadlock::keepers(&graph);
        graph
    }

    fn connect(&mut self) {
        let plan = Arc::clone(&self.plan);
        let steps = plan.steps.values().map(|step| (Some(&step.goal), &step.edges));
        let goals = plan.goals.values().map(|goal| (goal.parent.as_ref(), &goal.edges));
        for (at, (parent, edges)) in steps.chain(goals).enumerate() {
            let node = index(at);
            if let Some(parent) = parent.and_then(|goal| self.goal_ix(goal)) {
                self.parents[at] = Some(parent);
                let goal = parent.at() - plan.steps.len();
                self.children[goal].push(node);
            }
            for edge in edges {
                let Some(from) = self.node_ix(&edge.on) else { continue };
                self.incoming[at].push(Incoming { from, kind: edge.kind });
                self.outgoing[from.at()].push(node);
            }
        }
    }

    /// The goals and services that keep locks or resources until others have ended.
    pub fn keepers(&self) -> &[NodeIx] {
        &self.keepers
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub fn step_count(&self) -> usize {
        self.plan.steps.len()
    }

    pub fn node_count(&self) -> usize {
        self.parents.len()
    }

    pub fn nodes(&self) -> impl Iterator<Item = NodeIx> + use<> {
        (0..self.node_count()).map(index)
    }

    pub fn steps(&self) -> impl Iterator<Item = NodeIx> + use<> {
        (0..self.step_count()).map(index)
    }

    pub fn is_step(&self, node: NodeIx) -> bool {
        node.at() < self.step_count()
    }

    /// The step at a node; `None` for a goal.
    pub fn step(&self, node: NodeIx) -> Option<&Step> {
        self.plan.steps.get_index(node.at()).map(|(_, step)| step)
    }

    /// The goal at a node; `None` for a step.
    pub fn goal(&self, node: NodeIx) -> Option<&Goal> {
        let at = node.at().checked_sub(self.step_count())?;
        self.plan.goals.get_index(at).map(|(_, goal)| goal)
    }

    pub fn step_id(&self, node: NodeIx) -> Option<&StepId> {
        self.plan.steps.get_index(node.at()).map(|(id, _)| id)
    }

    pub fn goal_id(&self, node: NodeIx) -> Option<&GoalId> {
        let at = node.at().checked_sub(self.step_count())?;
        self.plan.goals.get_index(at).map(|(id, _)| id)
    }

    /// A node's id, as events name it.
    pub fn id(&self, node: NodeIx) -> NodeId {
        match self.step_id(node) {
            Some(id) => NodeId::Step(id.clone()),
            None => NodeId::Goal(self.goal_id(node).cloned().unwrap_or_else(GoalId::root)),
        }
    }

    pub fn step_ix(&self, id: &StepId) -> Option<NodeIx> {
        self.plan.steps.get_index_of(id).map(index)
    }

    pub fn goal_ix(&self, id: &GoalId) -> Option<NodeIx> {
        self.plan.goals.get_index_of(id).map(|at| index(at + self.step_count()))
    }

    pub fn node_ix(&self, id: &NodeId) -> Option<NodeIx> {
        match id {
            NodeId::Step(id) => self.step_ix(id),
            NodeId::Goal(id) => self.goal_ix(id),
        }
    }

    pub fn root(&self) -> NodeIx {
        self.goal_ix(&GoalId::root()).unwrap_or_else(|| index(self.step_count()))
    }

    pub fn incoming(&self, node: NodeIx) -> &[Incoming] {
        &self.incoming[node.at()]
    }

    /// The nodes that wait for this one.
    pub fn outgoing(&self, node: NodeIx) -> &[NodeIx] {
        &self.outgoing[node.at()]
    }

    pub fn parent(&self, node: NodeIx) -> Option<NodeIx> {
        self.parents[node.at()]
    }

    /// The goals around a node, from the innermost outwards.
    pub fn enclosing(&self, node: NodeIx) -> impl Iterator<Item = NodeIx> + '_ {
        std::iter::successors(self.parent(node), |goal| self.parent(*goal))
    }

    /// What a goal holds; nothing for a step.
    pub fn children(&self, goal: NodeIx) -> &[NodeIx] {
        goal.at().checked_sub(self.step_count()).map_or(&[], |at| &self.children[at])
    }

    /// Whether an attempt at this node takes one of the slots of `parallel`: waiting for the world
    /// or for a person takes none.
    pub fn takes_slot(&self, node: NodeIx) -> bool {
        self.step(node).is_some_and(|step| matches!(step.attempt.action, Action::Run(_)))
    }

    /// A goal's steps at any depth, and its goals; the goal itself is not among them.
    pub fn descendants(&self, goal: NodeIx) -> Vec<NodeIx> {
        let mut found = Vec::new();
        let mut open = self.children(goal).to_vec();
        while let Some(node) = open.pop() {
            open.extend_from_slice(self.children(node));
            found.push(node);
        }
        found.sort_unstable();
        found
    }
}

/// Plans with more than `u32::MAX` nodes cannot be read in the first place.
fn index(at: usize) -> NodeIx {
    NodeIx(u32::try_from(at).unwrap_or(u32::MAX))
}
