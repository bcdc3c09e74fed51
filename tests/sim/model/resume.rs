//! What a new process makes of a run that another one left.

use super::{Ask, Model, Node, Phase, Said, Status, Undo, Unit};

impl Model<'_> {
    /// A new process: what ran is in doubt, what was stopped is due again.
    pub(super) fn resume(&mut self) {
        self.signal = None;
        // What a deadline has ended stays as it is.
        let late: Vec<bool> = (0..self.nodes.len()).map(|node| self.ended_late(node)).collect();
        let mut open = self.nodes.iter().zip(&late).filter(|(_, late)| !**late);
        let stopped = open.any(|(node, _)| node.stop.signal || node.stop.deadline);
        let rolled = |(at, late): (usize, &bool)| *late || self.rolled(at).is_some();
        let rolled: Vec<bool> = late.iter().enumerate().map(rolled).collect();
        for (at, node) in self.nodes.iter_mut().enumerate() {
            node.stop.signal = false;
            // A rollback that a deadline began goes on.
            node.stop.deadline &= late[at] || node.stop.rolls.is_some();
            if node.undo == Undo::Running {
                node.undo = Undo::No;
            }
            node.unit.forget();
            let again = |status| match status {
                Some(Status::Cancelled) => !rolled[at],
                Some(Status::NotRun | Status::Blocked) => stopped && !rolled[at],
                _ => false,
            };
            let is_step = self.tree.step(at).is_some();
            let open = node.status.is_none() || again(node.status);
            for unit in node.instances.iter_mut().flatten() {
                unit.forget();
                if open && again(unit.over) {
                    *unit = unit.anew();
                }
            }
            if again(node.status) && is_step {
                start_over(node);
            }
        }
        for goal in (0..self.nodes.len()).rev().filter(|at| self.tree.goal(*at).is_some()) {
            let open = |child: &usize| self.nodes[*child].status.is_none();
            let due = self.tree.nodes[goal].children.iter().any(open) || self.is_half_undone(goal);
            let node = &mut self.nodes[goal];
            if node.status.is_none() || due {
                (node.verified, node.cleaned) = (None, None);
            }
            if node.status.is_some() && due {
                let (stop, opened, deadline) = (node.stop, node.opened, node.deadline);
                let when = node.when.filter(|_| opened);
                start_over(node);
                (node.stop, node.opened, node.when) = (stop, opened, when);
                node.deadline = deadline;
            }
        }
    }

    /// Whether a goal at or around a node has failed by its deadline.
    fn ended_late(&self, node: usize) -> bool {
        std::iter::once(node).chain(self.tree.around(node)).any(|goal| {
            let state = &self.nodes[goal];
            state.stop.deadline && state.status == Some(Status::Failed)
        })
    }

    fn is_half_undone(&self, goal: usize) -> bool {
        let inside = |node: usize| self.tree.around(node).any(|around| around == goal);
        self.rolled(goal) == Some(goal)
            && self.tree.steps().any(|(node, _)| inside(node) && self.is_to_undo(node))
    }
}

/// As if nothing had happened to it, but that its items are what they are.
fn start_over(node: &mut Node) {
    let instances = node.instances.take();
    let when = node.when.filter(|_| instances.is_some());
    let (unit, tolerated) = (node.unit.anew(), node.tolerated);
    *node = Node { unit, instances, tolerated, when, ..Node::default() };
}

impl Unit {
    /// What a process knows is gone with it.
    fn forget(&mut self) {
        self.busy = None;
        if self.phase == Phase::Running {
            (self.phase, self.unless) = (Phase::Doubt, None);
        } else if self.attempts == 0 {
            self.unless = None;
        }
        self.requires = false;
    }

    /// As if nothing had happened to it, but that nobody is asked twice.
    fn anew(&self) -> Self {
        let confirm = match self.confirm {
            Ask::Said(Said::Yes) => Ask::Said(Said::Yes),
            _ => Ask::Not,
        };
        Self { confirm, touched: self.touched, ..Self::default() }
    }
}
