//! Nodes that never start: which these are, and how they end.

use std::collections::HashSet;

use super::{Omission, Phase, RunState, UnitState};
use crate::exec::event::Status;
use crate::exec::graph::NodeIx;
use crate::ir::EdgeKind;

impl RunState {
    /// Whether nothing of a node has begun.
    pub(super) fn is_untouched(&self, node: NodeIx, state: &UnitState) -> bool {
        let begun = state.attempts > 0 || state.is_done_by_hand();
        let node = self.node(node);
        !begun && !node.open && node.items.is_none()
    }

    /// Whether a node has not begun, and is known never to, whatever it still waits for.
    pub fn never_begins(&self, node: NodeIx) -> bool {
        self.is_fresh(node) && self.unstarted_end(node).is_some()
    }

    /// Whether a node has not ended, and nothing of it has begun or been asked.
    pub(super) fn is_fresh(&self, node: NodeIx) -> bool {
        let state = self.node(node);
        let guarding = state.unit.phase == Phase::Guarding;
        !state.status.is_end() && guarding && self.is_untouched(node, &state.unit)
    }

    /// All that never begins, also because of what that keeps from ending. Looks at the whole graph.
    pub fn out_of_reach(&self) -> HashSet<NodeIx> {
        let graph = self.graph();
        let never = |node: &NodeIx| self.never_begins(*node);
        let mut open: Vec<NodeIx> = graph.nodes().filter(never).collect();
        let mut found: HashSet<NodeIx> = open.iter().copied().collect();
        while let Some(node) = open.pop() {
            let asks = |next: &NodeIx| {
                let mut edges = graph.incoming(*next).iter();
                edges.any(|edge| edge.from == node && edge.kind == EdgeKind::Depends)
            };
            let behind = graph.outgoing(node).iter().copied();
            let behind = behind.filter(|next| !found.contains(next) && asks(next));
            let inside = graph.children(node).iter().copied();
            for next in behind.chain(inside).collect::<Vec<_>>() {
                if self.is_fresh(next) && found.insert(next) {
                    open.push(next);
                }
            }
        }
        found
    }

    /// How a node ends of whose dependencies some have ended otherwise than they had to.
    fn end_by_edges(&self, node: NodeIx) -> Option<Status> {
        let mut end = None;
        for edge in self.graph().incoming(node) {
            let from = self.node(edge.from).status;
            if self.node(edge.from).omission == Some(Omission::LeftOut)
                || edge.kind == EdgeKind::Stdin
                || (edge.kind != EdgeKind::Item && !from.is_end())
            {
                continue;
            }
            let fine = match edge.kind {
                EdgeKind::After => true,
                EdgeKind::Item => {
                    (!from.is_end() || self.node(edge.from).items.is_some())
                        && !self.is_undone_for(edge.from, node)
                }
                EdgeKind::DependsOptional => {
                    from == Status::Skipped || self.is_done_for(edge.from, node)
                }
                EdgeKind::Depends | EdgeKind::Stdin => self.is_done_for(edge.from, node),
            };
            if !fine {
                let status =
                    if from == Status::Skipped { Status::Skipped } else { blocked_by(from) };
                end = Some(worse(end, status));
            }
        }
        end
    }

    /// The same of what was due again behind those.
    fn end_by_behind(&self, node: NodeIx) -> Option<Status> {
        let behind = self.behind_of(node).iter();
        let ended = behind.filter(|from| self.node(**from).status.is_end());
        let failed = ended.filter(|from| !self.is_done_for(**from, node));
        failed.fold(None, |end, from| match self.node(*from).status {
            Status::Skipped => Some(worse(end, Status::Skipped)),
            status => Some(worse(end, blocked_by(status))),
        })
    }

    /// How a node ends that will never start: because of how its dependencies ended, or because
    /// its goal is stopping.
    pub(super) fn unstarted_end(&self, node: NodeIx) -> Option<Status> {
        let lost = || self.lost_service(node).map(|_| Status::Blocked);
        let stopped = || self.stopping(node).map(|_| Status::NotRun);
        let by_edges = self.end_by_edges(node).or_else(|| self.end_by_behind(node)).or_else(lost);
        by_edges.or_else(|| self.joined_end(node)).or_else(stopped)
    }
}

/// What becomes of those who depend on a node that ended so.
fn blocked_by(status: Status) -> Status {
    match status {
        Status::NotRun | Status::Skipped => Status::NotRun,
        _ => Status::Blocked,
    }
}

/// `blocked` wins over `not-run`, which wins over `skipped`.
fn worse(a: Option<Status>, b: Status) -> Status {
    let weight = |status| match status {
        Status::Blocked => 2,
        Status::NotRun => 1,
        _ => 0,
    };
    a.filter(|a| weight(*a) >= weight(b)).unwrap_or(b)
}
