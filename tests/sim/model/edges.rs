//! What becomes of a node because of those that it waits for.

use super::Model;
use crate::plan::{EdgeKind, Omit, Status, StepPolicy};

impl Model<'_> {
    /// Whether all that a node waits for has ended.
    pub(super) fn is_looked_at(&self, node: usize) -> bool {
        let from = self.tree.nodes[node].source.map(|source| &self.nodes[source]);
        from.is_none_or(|from| from.status.is_some() || from.instances.is_some())
            && self.tree.nodes[node]
                .edges
                .iter()
                .all(|(on, _)| self.nodes[*on].status.is_some() || self.serves(*on))
            && self.behind[node].iter().all(|on| self.nodes[*on].status.is_some())
    }

    /// Whether dependents may take a node that ended as done.
    pub(super) fn is_done(&self, node: usize) -> bool {
        match self.nodes[node].status {
            Some(Status::Succeeded) => true,
            Some(Status::Failed) => self.is_ignored(node),
            _ => false,
        }
    }

    pub(super) fn is_ignored(&self, node: usize) -> bool {
        self.tree.step(node).and_then(|step| step.policy) == Some(StepPolicy::Ignore)
    }

    /// How a node may end that never starts because of how others ended; none: nothing is in its
    /// way. `blocked` wins over `skipped`.
    pub(super) fn kept_off(&self, node: usize) -> Vec<Status> {
        let mut all = Vec::new();
        for (on, kind) in &self.tree.nodes[node].edges {
            let Some(status) = self.nodes[*on].status else { continue };
            // What is not of this run is taken as done.
            if self.tree.omitted(*on) == Some(Omit::LeftOut) {
                continue;
            }
            let undone = self.is_undone_for(*on, node);
            match (kind, status) {
                _ if self.is_done(*on) && !undone => {}
                // What is undone, or will be, did not succeed for those who have not begun.
                (EdgeKind::Depends | EdgeKind::Optional, Status::Succeeded) => {
                    // Where nothing new starts, either, its turn has not come.
                    let stops = self.stopping(node).then_some(Status::NotRun);
                    return std::iter::once(Status::Blocked).chain(stops).collect();
                }
                (EdgeKind::After, _) | (EdgeKind::Optional, Status::Skipped) => {}
                _ => all.push(status),
            }
        }
        for on in &self.behind[node] {
            let done = self.is_done(*on) && !self.is_undone_for(*on, node);
            all.extend(self.nodes[*on].status.filter(|_| !done));
        }
        let source = self.tree.nodes[node].source;
        let known = |source: &usize| self.tree.omitted(*source) != Some(Omit::LeftOut);
        if let Some(source) = source.filter(known) {
            if self.is_undone_for(source, node) {
                let stops = self.stopping(node).then_some(Status::NotRun);
                return std::iter::once(Status::Blocked).chain(stops).collect();
            }
            let without_items = self.nodes[source].instances.is_none();
            all.extend(self.nodes[source].status.filter(|_| without_items));
        }
        let has = |wanted: &[Status]| all.iter().any(|status| wanted.contains(status));
        if has(&[Status::Failed, Status::Blocked, Status::UndoFailed]) {
            vec![Status::Blocked]
        } else if has(&[Status::Cancelled, Status::NotRun, Status::Undone]) {
            // What was stopped did not succeed, and the run ended before their turn: both is so.
            vec![Status::Blocked, Status::NotRun]
        } else if has(&[Status::Skipped]) {
            vec![Status::Skipped]
        } else {
            Vec::new()
        }
    }
}
