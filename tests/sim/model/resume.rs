//! What a new process makes of a run that another one left.

use std::collections::BTreeSet;

use super::{Ask, Handed, Model, Node, Phase, Said, Saved, Status, Stop, Undo, Unit, Wrong};
use crate::plan::Omit;

impl Model<'_> {
    /// A new process: what ran is in doubt, what was stopped is due again.
    pub(super) fn resume(&mut self, retry: bool, changed: &[usize]) {
        (self.signal, self.ended, self.forced) = (None, None, false);
        if retry {
            self.renew_deadlines();
        }
        // What a deadline has ended stays as it is, unless it is to be tried again.
        let late: Vec<bool> =
            (0..self.nodes.len()).map(|node| !retry && self.ended_late(node, changed)).collect();
        let mut open = self.nodes.iter().zip(&late).filter(|(_, late)| !**late);
        let stopped = open.any(|(node, _)| node.stop.signal || node.stop.deadline);
        let rolled = |(at, late): (usize, &bool)| *late || !retry && self.rolled(at).is_some();
        let rolled: Vec<bool> = late.iter().enumerate().map(rolled).collect();
        let stays = self.stay_with_joined(retry, stopped, &rolled);
        let undone_with = if retry { self.joined_to_undone() } else { Vec::new() };
        for (at, node) in self.nodes.iter_mut().enumerate() {
            node.stop.signal = false;
            // A rollback that a deadline began goes on.
            node.stop.deadline &= late[at] || node.stop.rolls.is_some();
            node.stop.late &= late[at] || node.stop.rolls.is_some();
            if retry {
                node.stop = Stop::default();
            }
            if node.undo == Undo::Running {
                node.undo = Undo::No;
            }
            let goes_on = self.tree.step(at).is_some_and(|step| step.elsewhere);
            node.unit.forget(goes_on);
            let again = |status: Option<Status>| {
                !stays[at]
                    && status.is_some_and(|status| is_due(status, retry, stopped, rolled[at]))
            };
            let is_step = self.tree.step(at).is_some();
            // What was being put back is put back to its end first.
            let halved = matches!(node.unit.phase, Phase::Ending(_));
            let open = node.status.is_none() && !halved || again(node.status);
            for unit in node.instances.iter_mut().flatten() {
                unit.forget(goes_on);
                if open && again(unit.over) {
                    *unit = unit.anew();
                }
            }
            // Nothing of what was undone is left.
            let undone = node.undo != Undo::No || node.unit.saved == Saved::PutBack;
            if again(node.status) && undone {
                node.instances = None;
            }
            if again(node.status) && is_step {
                start_over(node);
            }
        }
        for step in undone_with {
            start_over(&mut self.nodes[step]);
        }
        if !changed.is_empty() {
            self.take_changes(changed, &late);
        }
        self.doubt_joined();
        self.restart_services();
        self.reopen_goals(retry);
        while self.reopen_services() {
            self.reopen_goals(retry);
        }
        let behind = self.find_behind();
        self.close_goals_that_wait(&behind);
        let open = |goal: &usize| {
            let state = &self.nodes[*goal];
            self.tree.goal(*goal).is_some() && state.opened && state.status.is_none()
        };
        self.renewed = changed.iter().copied().filter(open).collect();
        // What was made of outputs that are due again is made anew.
        let nodes = &self.nodes;
        self.lets.retain(|on, _| nodes[*on].status.is_some());
    }

    /// A service that ran is started again without asking.
    fn restart_services(&mut self) {
        for (at, node) in self.nodes.iter_mut().enumerate() {
            if self.tree.nodes[at].service && node.unit.phase == Phase::Doubt {
                (node.ready, node.unit.phase) = (false, Phase::Fresh);
            }
        }
    }

    /// A goal with something due in it is open again.
    fn reopen_goals(&mut self, retry: bool) {
        for goal in (0..self.nodes.len()).rev().filter(|at| self.tree.goal(*at).is_some()) {
            let open = |child: &usize| self.nodes[*child].status.is_none();
            let due = self.tree.nodes[goal].children.iter().any(open)
                || self.is_half_undone(goal)
                || retry && self.is_only_unverified(goal)
                || self.was_stopped_unverified(goal);
            let node = &mut self.nodes[goal];
            let unclean = node.uncleaned || retry && node.cleaned == Some(false);
            if node.status.is_none() || due {
                (node.verified, node.cleaned) = (None, None);
            }
            if node.status.is_some() && (due || unclean) {
                let verified = node.verified;
                let (stop, opened, deadline) = (node.stop, node.opened, node.deadline);
                let when = node.when.filter(|_| opened);
                start_over(node);
                if opened {
                    node.unit.confirm = Ask::NotNeeded;
                }
                (node.stop, node.opened, node.when) = (stop, opened, when);
                (node.deadline, node.verified) = (deadline, verified);
            }
        }
    }

    /// A goal waits again for what is due again, unless something in it has begun.
    fn close_goals_that_wait(&mut self, behind: &BTreeSet<usize>) {
        for goal in (0..self.nodes.len()).filter(|at| self.tree.goal(*at).is_some()) {
            let due = |on: usize| self.nodes[on].status.is_none() && !self.tree.nodes[on].service;
            let flat = &self.tree.nodes[goal];
            let closed =
                |parent: usize| !self.nodes[parent].opened && self.nodes[parent].status.is_none();
            let waits = flat.edges.iter().any(|(on, _)| due(*on) || behind.contains(on))
                || flat.parent.is_some_and(closed);
            let open = |step: usize| self.nodes[step].status.is_none();
            let begun = self.steps_in(goal).any(|step| open(step) && !self.is_untouched(step));
            let is_open = self.nodes[goal].opened && self.nodes[goal].status.is_none();
            if is_open && waits && self.rolled(goal).is_none() && !begun {
                (self.nodes[goal].opened, self.nodes[goal].deadline) = (false, None);
                self.nodes[goal].unit.confirm = Ask::NotNeeded;
            }
        }
    }

    /// Which steps stay as they ended because another does that they are joined to.
    fn stay_with_joined(&self, retry: bool, stopped: bool, rolled: &[bool]) -> Vec<bool> {
        let stays = |step: &usize| {
            let status = self.nodes[*step].status.filter(|status| *status != Status::Succeeded);
            status.is_some_and(|status| !is_due(status, retry, stopped, rolled[*step]))
        };
        self.tree.nodes.iter().map(|node| node.chain.iter().any(stays)).collect()
    }

    /// Steps that had succeeded beside one that was undone: they can only be done together.
    fn joined_to_undone(&self) -> Vec<usize> {
        let undone = |step: &usize| {
            matches!(self.nodes[*step].status, Some(Status::Undone | Status::UndoFailed))
        };
        let done = |step: &usize| self.nodes[*step].status == Some(Status::Succeeded);
        let all = 0..self.nodes.len();
        all.filter(|step| done(step) && self.tree.nodes[*step].chain.iter().any(undone)).collect()
    }

    /// Where one is in doubt, so are all that were tried with it.
    fn doubt_joined(&mut self) {
        for node in 0..self.nodes.len() {
            let doubt = |step: &usize| self.nodes[*step].unit.phase == Phase::Doubt;
            let any = self.tree.nodes[node].chain.iter().any(doubt);
            let state = &mut self.nodes[node];
            if any && state.status.is_none() && state.unit.attempts > 0 {
                (state.unit.phase, state.unit.unless) = (Phase::Doubt, None);
            }
        }
    }

    /// Where a deadline has passed, all is tried again with all of its time.
    fn renew_deadlines(&mut self) {
        for node in 0..self.nodes.len() {
            let length = self.tree.goal(node).and_then(|goal| goal.deadline);
            if let Some(length) = length.filter(|_| self.past_deadline(node, 0)) {
                self.nodes[node].deadline = Some((self.now + i64::from(length), self.stood));
            }
        }
    }

    /// A person wants all undone that had not succeeded by an event.
    ///
    /// # Errors
    /// Where that event is neither the first one nor a checkpoint's.
    pub(super) fn roll_all_back(&mut self, since: u64) -> Result<(), Wrong> {
        if since != 0 && since != self.last_checkpoint() {
            return Err(format!("{since} is not the last checkpoint: {}", self.last_checkpoint()));
        }
        (self.signal, self.ended, self.forced) = (None, None, false);
        for node in &mut self.nodes {
            node.stop.signal = false;
            if matches!(node.undo, Undo::Running | Undo::Failed) {
                node.undo = Undo::No;
            }
            // What runs elsewhere is ended first.
            node.unit.forget(false);
            node.instances.iter_mut().flatten().for_each(|unit| unit.forget(false));
        }
        let root = &mut self.nodes[0];
        root.stop = Stop { rolls: Some((None, since)), ..Stop::default() };
        (root.status, root.deadline, root.cleaned) = (None, None, None);
        Ok(())
    }

    /// Whether all in a goal was done when it was stopped, and only its verify is not known.
    fn was_stopped_unverified(&self, goal: usize) -> bool {
        let state = &self.nodes[goal];
        let verifies = self.tree.goal(goal).is_some_and(|goal| goal.verify.is_some());
        let done = |child: &usize| match self.nodes[*child].status {
            Some(Status::Succeeded | Status::Skipped) => true,
            Some(Status::Failed) => self.is_ignored(*child),
            _ => self.tree.omitted(*child) == Some(Omit::LeftOut),
        };
        let unknown = verifies && state.verified.is_none();
        state.status == Some(Status::Cancelled)
            && unknown
            && self.tree.nodes[goal].children.iter().all(done)
    }

    /// Whether only a goal's verify keeps it from being achieved.
    fn is_only_unverified(&self, goal: usize) -> bool {
        let state = &self.nodes[goal];
        state.status == Some(Status::Failed) && state.verified == Some(false)
    }

    /// Whether a goal at or around a node has failed by its deadline, and was not changed since.
    fn ended_late(&self, node: usize, changed: &[usize]) -> bool {
        std::iter::once(node).chain(self.tree.around(node)).any(|goal| {
            let state = &self.nodes[goal];
            !changed.contains(&goal) && state.stop.deadline && state.status == Some(Status::Failed)
        })
    }

    fn is_half_undone(&self, goal: usize) -> bool {
        let inside = |node: usize| self.tree.around(node).any(|around| around == goal);
        self.rolled(goal) == Some(goal)
            && self.tree.steps().any(|(node, _)| inside(node) && self.is_to_undo(node))
    }
}

/// Whether what ended so is due again in a new process.
fn is_due(status: Status, retry: bool, stopped: bool, rolled: bool) -> bool {
    match status {
        Status::Cancelled => !rolled,
        Status::NotRun | Status::Blocked => retry || stopped && !rolled,
        Status::Failed | Status::Undone | Status::UndoFailed => retry,
        _ => false,
    }
}

/// As if nothing had happened to it, but that its items are what they are.
pub(super) fn start_over(node: &mut Node) {
    let instances = node.instances.take();
    let when = node.when.filter(|_| instances.is_some());
    let (unit, tolerated) = (node.unit.anew(), node.tolerated);
    *node = Node { when, unit, instances, tolerated, ..Node::default() };
}

impl Unit {
    /// What a process knows is gone with it; what runs elsewhere goes on.
    fn forget(&mut self, goes_on: bool) {
        (self.busy, self.told) = (None, false);
        self.phase = match self.phase {
            Phase::Saving => Phase::Fresh,
            Phase::Restoring(status) => Phase::Ending(status),
            phase => phase,
        };
        if self.saved == Saved::Lost {
            self.saved = Saved::Kept;
        }
        if self.phase == Phase::Running && !goes_on {
            (self.phase, self.unless) = (Phase::Doubt, None);
        } else if self.attempts == 0 {
            self.unless = None;
        }
        self.requires = false;
        if self.handed == Handed::Now {
            self.handed = Handed::Lost;
        }
    }

    /// As if nothing had happened to it, but that nobody is asked twice.
    pub(super) fn anew(&self) -> Self {
        let confirm = match self.confirm {
            Ask::Said(Said::Yes) => Ask::Said(Said::Yes),
            _ => Ask::Not,
        };
        let approved_here = self.approved_here && confirm != Ask::Not;
        let saved = if self.saved == Saved::PutBack { Saved::No } else { self.saved };
        let outdated = self.outdated && saved != Saved::No;
        Self { confirm, approved_here, touched: self.touched, saved, outdated, ..Self::default() }
    }
}
