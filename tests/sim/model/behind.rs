//! What is due again behind nodes that stay done: who comes after those waits for it.

use std::collections::BTreeSet;

use super::Model;
use crate::plan::{EdgeKind, Status};

impl Model<'_> {
    /// Looks what waits for what behind nodes that have ended. Gives those.
    pub(super) fn find_behind(&mut self) -> BTreeSet<usize> {
        let mut behind = vec![Vec::new(); self.nodes.len()];
        let mut all = BTreeSet::new();
        for due in 0..self.nodes.len() {
            if self.nodes[due].status.is_some() || self.tree.nodes[due].service {
                continue;
            }
            let done = |node: usize| self.nodes[node].status == Some(Status::Succeeded);
            let mut passed: BTreeSet<usize> = self.after(due).filter(|next| done(*next)).collect();
            let mut open: Vec<usize> = passed.iter().copied().collect();
            while let Some(node) = open.pop() {
                let flat = &self.tree.nodes[node];
                let around = flat.parent.filter(|goal| done(*goal));
                let inside = flat.children.iter().copied();
                for next in self.after(node).chain(inside).chain(around) {
                    if self.nodes[next].status.is_none() {
                        if !behind[next].contains(&due) {
                            behind[next].push(due);
                        }
                    } else if done(next) && passed.insert(next) {
                        open.push(next);
                    }
                }
            }
            all.extend(passed);
        }
        self.behind = behind;
        all
    }

    /// What waits for a node.
    fn after(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(move |next| {
            let flat = &self.tree.nodes[*next];
            let waits = |(on, _): &(usize, EdgeKind)| *on == node;
            flat.edges.iter().any(waits) || flat.source == Some(node)
        })
    }
}
