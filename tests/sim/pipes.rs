//! Which steps are joined by pipes, and which are services.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::plan::{Action, EdgeKind, RESOURCE, Step};
use super::tree::{Flat, Tree};

impl Tree<'_> {
    /// Joins steps as they say, as far as none of them comes to wait for itself by that.
    pub(crate) fn join(&mut self) {
        for node in 0..self.nodes.len() {
            let Some(back) =
                self.step(node).filter(|step| can_be_joined(step)).and_then(|s| s.reads)
            else {
                continue;
            };
            let is_read = |writer: usize| self.nodes.iter().any(|n| n.reads == Some(writer));
            let fits =
                |writer: &usize| self.step(*writer).is_some_and(can_be_joined) && !is_read(*writer);
            let writers: Vec<usize> = (0..node).filter(fits).collect();
            let Some(writer) =
                writers.len().checked_sub(1 + usize::from(back)).map(|at| writers[at])
            else {
                continue;
            };
            self.nodes[node].reads = Some(writer);
            if self.waits_for_itself() || self.takes_too_much(node) {
                self.nodes[node].reads = None;
            }
        }
        for last in 0..self.nodes.len() {
            if self.nodes[last].reads.is_none() || self.nodes.iter().any(|n| n.reads == Some(last))
            {
                continue;
            }
            let row = Arc::new(self.row(last));
            for member in row.iter() {
                self.nodes[*member].chain = Arc::clone(&row);
            }
        }
    }

    /// Makes services of steps as they say, as far as nothing comes to wait for itself by that.
    pub(crate) fn serve(&mut self) {
        let wants = |node: &usize| self.step(*node).is_some_and(|s| s.service && can_serve(s));
        for node in (0..self.nodes.len()).filter(wants).collect::<Vec<_>>() {
            if self.nodes[node].reads.is_none() && self.nodes[node].chain.is_empty() {
                self.nodes[node].service = true;
                self.find_users();
                self.nodes[node].service = !self.waits_for_itself();
            }
        }
        self.find_users();
        for node in 1..self.nodes.len() {
            let flat = &self.nodes[node];
            let around = flat.parent.map(|goal| self.nodes[goal].behind.clone());
            let hard = flat.edges.iter().filter(|(_, kind)| *kind != EdgeKind::After);
            let own = hard.map(|(on, _)| *on).filter(|on| self.nodes[*on].service);
            let behind: BTreeSet<usize> = around.into_iter().flatten().chain(own).collect();
            self.nodes[node].behind = behind.into_iter().collect();
        }
    }

    /// Whoever waits for a service; where nobody does, all else in its goal.
    fn find_users(&mut self) {
        for node in 0..self.nodes.len() {
            let all = 0..self.nodes.len();
            let waiting: Vec<usize> = all
                .filter(|user| self.nodes[*user].edges.iter().any(|(on, _)| *on == node))
                .collect();
            let beside = self.nodes[node].parent.map(|goal| &self.nodes[goal].children);
            let free = |other: &usize| !self.nodes[*other].service || self.is_waited_for(*other);
            let users = match beside {
                _ if !self.nodes[node].service => Vec::new(),
                Some(beside) if waiting.is_empty() => beside.iter().copied().filter(free).collect(),
                _ => waiting,
            };
            self.nodes[node].users = users;
        }
    }

    pub(crate) fn is_waited_for(&self, node: usize) -> bool {
        self.nodes.iter().any(|other| other.edges.iter().any(|(on, _)| *on == node))
    }

    /// A step and all that it reads from, writers first.
    fn row(&self, last: usize) -> Vec<usize> {
        let reads = |node: &usize| self.nodes[*node].reads;
        let mut row: Vec<usize> = std::iter::successors(Some(last), reads).collect();
        row.reverse();
        row
    }

    /// Steps that are joined take what they need at once.
    fn takes_too_much(&self, last: usize) -> bool {
        let uses = |node: usize| self.nodes[node].what.guards().uses.unwrap_or(0);
        self.row(last).into_iter().map(uses).sum::<u32>() > RESOURCE
    }

    /// Whether something waits for itself, where steps that are joined begin and end together. A
    /// node's begin is twice its number, its end is that and one.
    fn waits_for_itself(&self) -> bool {
        let same = |node: usize| {
            let reads = |node: &usize| self.nodes[*node].reads;
            std::iter::successors(Some(node), reads).last().unwrap_or(node)
        };
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); 2 * self.nodes.len()];
        for (node, flat) in self.nodes.iter().enumerate() {
            let (begin, end) = (2 * same(node), 2 * same(node) + 1);
            before[end].push(begin);
            before[begin].extend(flat.parent.map(|goal| 2 * goal));
            if let Some(goal) = flat.parent {
                before[2 * goal + 1].push(end);
            }
            // A service is waited for only until it is ready; and it waits for its users' ends.
            let until = |on: usize| 2 * same(on) + usize::from(!self.nodes[on].service);
            before[begin].extend(waits_for(flat).map(until));
            before[end].extend(flat.users.iter().map(|user| 2 * same(*user) + 1));
        }
        let mut seen = vec![0_u8; before.len()];
        (0..before.len()).any(|start| circles(&before, &mut seen, start))
    }
}

fn waits_for<'f>(flat: &'f Flat<'_>) -> impl Iterator<Item = usize> + 'f {
    flat.edges.iter().map(|(on, _)| *on).chain(flat.source)
}

/// Whether a walk back from here comes to where it has been.
fn circles(before: &[Vec<usize>], seen: &mut [u8], at: usize) -> bool {
    match std::mem::replace(&mut seen[at], 1) {
        1 => return true,
        2 => {
            seen[at] = 2;
            return false;
        }
        _ => {}
    }
    let found = before[at].iter().any(|from| circles(before, seen, *from));
    seen[at] = 2;
    found
}

fn can_be_joined(step: &Step) -> bool {
    matches!(step.action, Action::Run)
        && step.each.is_none()
        && step.omit.is_none()
        && !step.elsewhere
        && !step.service
        && !has_fallback_by_hand(step)
}

fn has_fallback_by_hand(step: &Step) -> bool {
    step.fallbacks.iter().any(|way| way.by_hand.is_some())
}

fn can_serve(step: &Step) -> bool {
    let one = matches!(step.action, Action::Run) && step.each.is_none();
    one && !step.elsewhere && !has_fallback_by_hand(step)
}
