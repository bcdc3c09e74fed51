//! What came of work: each outcome becomes an event, or a decision of its own.

use super::Drive;
use crate::exec::event::Event;
use crate::exec::state::{CLEANUP_SKIPPED, UnitIx};
use crate::exec::world::{Outcome, Outputs, Ticket, Work, World};

impl<W: World> Drive<'_, W> {
    pub(super) fn take_outcome(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(work) = self.in_flight.remove(&ticket) else { return };
        for unit in units_of_work(&work) {
            self.units_in_flight.remove(&unit);
        }
        match (work, outcome) {
            (Work::Unless(unit), Outcome::Checked(result)) => {
                let unit = self.state.name(unit);
                let (holds, outputs) = (result.is_ok(), Outputs::new());
                self.record(Event::UnlessChecked { unit, holds, outputs });
            }
            (Work::Unless(unit), Outcome::Already(outputs)) => {
                let unit = self.state.name(unit);
                self.record(Event::UnlessChecked { unit, holds: true, outputs });
            }
            (Work::Requires(unit), Outcome::Checked(Ok(()))) => {
                let unit = self.state.name(unit);
                self.record(Event::RequiresHeld { unit });
            }
            // What was found while it was being stopped says nothing: it has not begun.
            (Work::Requires(unit), Outcome::Checked(Err(_)))
                if self.state.cancelling(unit.node) => {}
            (Work::Requires(unit), Outcome::Checked(Err(why))) => self.fail_requires(unit, why),
            (Work::VerifyByHand(unit), Outcome::Checked(result)) => {
                self.end_by_hand(unit, result);
            }
            (Work::Attempt(order), Outcome::Attempt { end, account }) => {
                self.end_attempt(order, end, account);
            }
            (Work::Joined(orders), Outcome::Joined(ends)) => {
                for (order, (end, account)) in orders.into_iter().zip(ends) {
                    self.end_attempt(order, end, account);
                }
            }
            (Work::VerifyGoal(goal), Outcome::Verified(probes)) => self.verified(goal, probes),
            (Work::Cleanup(goal), Outcome::Cleaned(failure)) => {
                // What is ended in the middle of it has not done its work any more than one that is left out.
                let ended = failure.is_some() && self.force;
                let failure = if ended { Some(CLEANUP_SKIPPED.to_owned()) } else { failure };
                let goal = self.goal_id(goal);
                self.record(Event::CleanupEnded { goal, failure });
            }
            (Work::Agent { unit, .. }, Outcome::Attempt { end, .. }) => {
                self.take_agents_answer(unit, end);
            }
            (work, outcome) => self.take_undo_outcome(&work, outcome),
        }
    }
}

pub(super) fn units_of_work(work: &Work) -> Vec<UnitIx> {
    match work {
        Work::Unless(unit)
        | Work::Requires(unit)
        | Work::VerifyByHand(unit)
        | Work::Restore(unit)
        | Work::Agent { unit, .. }
        | Work::Snapshot { unit, .. } => vec![*unit],
        Work::Undo { node, .. } => vec![UnitIx::of(*node)],
        Work::Attempt(order) => vec![order.unit],
        Work::Joined(orders) => orders.iter().map(|order| order.unit).collect(),
        Work::VerifyGoal(goal) | Work::Cleanup(goal) => vec![UnitIx::of(*goal)],
    }
}
