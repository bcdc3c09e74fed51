//! How steps and goals end, and what their failures stop.

use super::{Due, Model, Status, Wrong};
use crate::plan::{Policy, StepPolicy};
use crate::trace::{At, Work};

impl Model<'_> {
    pub(super) fn ended(&mut self, at: At, status: Status, via: Option<u32>) -> Result<(), Wrong> {
        let busy = self.unit_mut(at).busy.take();
        let due = self.due(at);
        let fails = self.tree.step(at.0).is_some_and(|step| step.requires == Some(false));
        let right = match &due {
            Due::End(all) if all.contains(&status) => true,
            // Its `requires` did not hold.
            Due::Check(Work::Requires) | Due::End(_) if busy == Some(Work::Requires) => {
                fails && status == Status::Failed && !self.cancelling(at.0)
            }
            // It can never have what it needs.
            Due::Start | Due::Save | Due::Time(_) | Due::Open => {
                status == Status::Failed && self.is_kept_by_service(at)
            }
            // Its question ends at once, also where what comes before begins anew.
            Due::Nothing if status == Status::NotRun => self.stopping(at.0) && self.is_asked(at),
            Due::Nothing if status == Status::Failed => {
                let chain = &self.tree.nodes[at.0].chain;
                self.is_ready(chain) && self.is_kept_by_service(at)
            }
            Due::Nothing if status == Status::Blocked => self.tree.around(at.0).any(|goal| {
                let closed = !self.nodes[goal].opened && self.nodes[goal].status.is_none();
                closed && self.is_kept_by_service((goal, None))
            }),
            _ => false,
        };
        if !right {
            return Err(format!("{} ends {status:?}, and this is due: {due:?}", self.name(at)));
        }
        if at.1.is_some() {
            self.unit_mut(at).over = Some(status);
            return Ok(());
        }
        let unit = self.unit(at);
        let by =
            (unit.attempts > 0 && unit.way > 0 && status == Status::Succeeded).then_some(unit.way);
        if by != via {
            return Err(format!("{} ends by way {via:?}, and {by:?} is right", self.name(at)));
        }
        let seq = self.seq;
        let state = &mut self.nodes[at.0];
        (state.status, state.ended_seq) = (Some(status), seq);
        if status == Status::Failed && !self.is_ignored(at.0) {
            self.stop_after(at.0);
        }
        let checkpoint = self.tree.step(at.0).is_some_and(|step| step.checkpoint);
        let makes = checkpoint && status == Status::Succeeded && self.rolled(at.0).is_none();
        self.owes = makes.then_some(at.0);
        Ok(())
    }

    /// The failure policy: a step's own, then that of each goal around it, as long as they stop.
    pub(super) fn stop_after(&mut self, node: usize) {
        let mut own = self.tree.step(node).and_then(|step| step.policy);
        let checkpoint = self.last_checkpoint();
        for goal in self.tree.around(node).collect::<Vec<_>>() {
            let stops = match (own.take(), self.tree.policy(goal)) {
                (Some(StepPolicy::Stop), _) => Policy::Stop,
                (Some(StepPolicy::Rollback), _) => Policy::Rollback,
                (Some(StepPolicy::Skip | StepPolicy::Ignore), _) => return,
                (None, Policy::Stop) if self.tree.plan.keep_going => return,
                (None, policy) => policy,
            };
            let stop = &mut self.nodes[goal].stop;
            match stops {
                Policy::Continue => return,
                Policy::Stop => stop.failure = true,
                Policy::Rollback => {
                    stop.rolls.get_or_insert((Some(node), checkpoint));
                }
            }
        }
    }
}
