//! How goals end: by what is in them, their `verify`, a rollback, a deadline.

use super::{Due, Model, Undo};
use crate::plan::{Omit, Policy, Status};
use crate::trace::Work;

impl Model<'_> {
    /// Whether something in a goal keeps it from being achieved, and how it may end for that.
    pub(super) fn faults(&self, goal: usize) -> Vec<Status> {
        let mut worst = Vec::new();
        if self
            .steps_in(goal)
            .any(|step| matches!(self.nodes[step].undo, Undo::Done | Undo::Failed))
        {
            worst = vec![Status::Failed, Status::Cancelled];
        }
        for child in &self.tree.nodes[goal].children {
            let ends: &[Status] = match self.nodes[*child].status {
                Some(Status::Failed) if !self.is_ignored(*child) => return vec![Status::Failed],
                Some(Status::Blocked) => &[Status::Failed],
                Some(Status::Cancelled) if self.is_joined_to_ignored(*child) => &[],
                Some(Status::Cancelled) => &[Status::Cancelled],
                Some(Status::NotRun) if self.tree.omitted(*child) == Some(Omit::LeftOut) => &[],
                Some(Status::NotRun) => &[Status::Cancelled, Status::NotRun],
                _ => &[],
            };
            worst.extend_from_slice(ends);
        }
        worst
    }

    /// Whether it was stopped because of failures that are ignored.
    fn is_joined_to_ignored(&self, node: usize) -> bool {
        let chain = self.tree.nodes[node].chain.iter();
        let mut failed = chain.filter(|step| self.nodes[**step].status == Some(Status::Failed));
        let all: Vec<&usize> = failed.by_ref().collect();
        !all.is_empty() && all.iter().all(|step| self.is_ignored(**step))
    }

    /// Whether nothing more is asked of a goal, as it or one around it is being stopped.
    pub(super) fn is_stopped(&self, goal: usize) -> bool {
        let stop = self.nodes[goal].stop;
        stop.signal || stop.deadline || stop.rolls.is_some() || self.cancelling(goal)
    }

    /// All that a goal holds may have ended.
    pub(super) fn due_closing(&self, node: usize) -> Due {
        let state = &self.nodes[node];
        let Some(goal) = self.tree.goal(node) else { return Due::Nothing };
        let open = |child: &usize| self.nodes[*child].status.is_none();
        if self.tree.nodes[node].children.iter().any(open) || self.undo_pending(node) {
            return Due::Nothing;
        }
        let faults = self.faults(node);
        let rolled = state.stop.rolls.is_some();
        let late = std::iter::once(node).chain(self.tree.around(node));
        let late = late.into_iter().any(|goal| self.nodes[goal].stop.deadline);
        let verifies = faults.is_empty() && state.verified.is_none() && !rolled && !late;
        let unasked = goal.verify.is_some() && verifies && self.is_stopped(node);
        if goal.verify.is_some() && verifies && !unasked {
            return Due::Check(Work::Verify);
        }
        let unverified = state.verified == Some(false);
        if unverified && !rolled && !late && self.tree.policy(node) == Policy::Rollback {
            return Due::RollBack;
        }
        if goal.cleanup.is_some() && state.cleaned.is_none() {
            return Due::Check(Work::Cleanup);
        }
        if state.stop.rolls.is_some_and(|(by, _)| by.is_none()) {
            let failed = self.steps_in(node).any(|step| self.nodes[step].undo == Undo::Failed);
            let mut ends = vec![if failed { Status::UndoFailed } else { Status::Undone }];
            // How a goal stands whose rollback was interrupted is not said.
            if self.nodes[0].stop.signal {
                ends.extend([Status::Failed, Status::Cancelled]);
            }
            return Due::End(ends);
        }
        if unasked {
            return Due::End(vec![Status::Cancelled]);
        }
        // Of what is stopped by a signal, too, either may be said.
        if state.stop.deadline && !self.nodes[0].stop.signal {
            return Due::End(vec![Status::Failed]);
        }
        Due::End(match faults.is_empty() {
            // How a goal ends when the deadline of the goal around it passes is not said.
            _ if late => vec![Status::Failed, Status::Cancelled, Status::NotRun, Status::Succeeded],
            // What it was rolled back for may be forgotten by a resume, in a goal that is, too.
            true if rolled && self.rolled(node) != Some(node) => {
                vec![Status::Failed, Status::Cancelled]
            }
            true if unverified || rolled => vec![Status::Failed],
            true => vec![Status::Succeeded],
            // What it was rolled back for may be what failed around it.
            false if self.rolled(node).is_some() => {
                vec![Status::Failed, Status::Cancelled, Status::NotRun]
            }
            false => faults,
        })
    }
}
