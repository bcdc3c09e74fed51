//! Services: which steps are, whom each is kept running for, and who cannot do without it.
//!
//! Knows the plan alone. Where a plan has no service, nothing is held here.

use std::collections::HashMap;

use super::{Graph, NodeIx};
use crate::ir::EdgeKind;

#[derive(Debug, Default)]
pub(super) struct Services {
    /// By service: the nodes that it is kept running for.
    users: HashMap<NodeIx, Vec<NodeIx>>,
    /// The other way round.
    kept_for: HashMap<NodeIx, Vec<NodeIx>>,
    /// By node: the services that it, or a goal around it, depends on. Empty: there are none.
    behind: Vec<Vec<NodeIx>>,
}

impl Services {
    pub(super) fn new(graph: &Graph) -> Self {
        let all: Vec<NodeIx> = graph.steps().filter(|step| graph.is_service(*step)).collect();
        let mut services = Self::default();
        if all.is_empty() {
            return services;
        }
        for service in all {
            let users = users(graph, service);
            for user in &users {
                services.kept_for.entry(*user).or_default().push(service);
            }
            services.users.insert(service, users);
        }
        services.behind = behind(graph);
        services
    }
}

/// Whoever waits for it; where nobody does, all else in its goal.
fn users(graph: &Graph, service: NodeIx) -> Vec<NodeIx> {
    if graph.is_waited_for(service) {
        let mut users = graph.outgoing(service).to_vec();
        users.dedup();
        return users;
    }
    let Some(goal) = graph.parent(service) else { return Vec::new() };
    let free = |node: NodeIx| graph.is_service(node) && !graph.is_waited_for(node);
    graph.children(goal).iter().copied().filter(|node| !free(*node)).collect()
}

fn behind(graph: &Graph) -> Vec<Vec<NodeIx>> {
    let mut behind = vec![Vec::new(); graph.node_count()];
    // A goal stands before those that it holds, and steps hold nothing.
    let goals = graph.nodes().skip(graph.step_count());
    for node in goals.chain(graph.steps()) {
        let hard = |kind| matches!(kind, EdgeKind::Depends | EdgeKind::DependsOptional);
        let own = graph.incoming(node).iter().filter(|edge| hard(edge.kind));
        let own = own.map(|edge| edge.from).filter(|from| graph.is_service(*from));
        let around = graph.parent(node).map(|goal| behind[goal.at()].clone());
        let mut found: Vec<NodeIx> = around.into_iter().flatten().chain(own).collect();
        found.sort_unstable();
        found.dedup();
        behind[node.at()] = found;
    }
    behind
}

impl Graph {
    /// Whether a step keeps running while others need it.
    pub fn is_service(&self, node: NodeIx) -> bool {
        self.step(node).is_some_and(|step| step.service.is_some() && step.foreach.is_none())
    }

    /// Whether anything has an edge from this node.
    pub fn is_waited_for(&self, node: NodeIx) -> bool {
        !self.outgoing(node).is_empty()
    }

    /// The nodes that a service is kept running for.
    pub fn users(&self, service: NodeIx) -> &[NodeIx] {
        self.services.users.get(&service).map_or(&[], Vec::as_slice)
    }

    /// The services that are kept running for a node.
    pub fn kept_for(&self, node: NodeIx) -> &[NodeIx] {
        self.services.kept_for.get(&node).map_or(&[], Vec::as_slice)
    }

    /// The services without which a node cannot run: those that it, or a goal around it, depends
    /// on.
    pub fn behind(&self, node: NodeIx) -> &[NodeIx] {
        self.services.behind.get(node.at()).map_or(&[], Vec::as_slice)
    }
}
