//! What comes after an attempt that failed, or of which nobody knows how far it came.

use super::{Ask, Due, Model, Unit};
use crate::plan::{Action, Kind, Retry, Status};
use crate::trace::{At, End, Question, Said, Work};

/// A step whose attempts are lost is run again by itself three times at most.
const MOST_LOSSES: u32 = 3;

impl Model<'_> {
    /// After a failed attempt: another one, another way, or the end.
    pub(super) fn due_failed(&self, at: At, end: End) -> Due {
        let (node, unit) = (at.0, self.unit(at));
        let End::Failed(kind) = end else { return Due::End(vec![Status::Cancelled]) };
        if self.cancelling(node) {
            return Due::End(vec![Status::Cancelled]);
        }
        // A service that was ready is not tried again: others may be in its middle.
        if self.nodes[node].ready {
            return Due::End(vec![Status::Failed]);
        }
        if unit.fails != Ask::Not
            && let Some(due) = self.due_verdict(unit)
        {
            return due;
        }
        let retry = self.tree.way(node, unit.way).and_then(|way| way.retry.as_ref());
        let lost = kind == Kind::Service;
        let retry = retry.filter(|_| unit.fails == Ask::Not && !lost);
        if let Some(retry) = retry
            && let Some(due) = self.due_retry(unit, retry, kind)
        {
            return due;
        }
        // So often is it run again by itself.
        if kind == Kind::Lost && unit.losses <= MOST_LOSSES && unit.fails == Ask::Not {
            return Due::Doubt;
        }
        if let Some(due) = self.due_verdict(unit) {
            return due;
        }
        let fallbacks = self.tree.step(node).map_or(0, |step| step.fallbacks.len());
        if (unit.way as usize) < fallbacks && !lost {
            Due::NextWay
        } else {
            Due::End(vec![Status::Failed])
        }
    }

    pub(super) fn due_retry(&self, unit: &Unit, retry: &Retry, kind: Kind) -> Option<Due> {
        let named = retry.on.is_empty() || retry.on.contains(&kind);
        if unit.failed > retry.count || !named {
            return None;
        }
        let delay = u64::from(retry.delay.unwrap_or(0));
        let factor = u64::from(retry.backoff.unwrap_or(1)).pow(unit.failed - 1);
        let most = delay.saturating_mul(factor).min(retry.max.map_or(u64::MAX, u64::from));
        let (began, stood) = unit.began.unwrap_or((self.now, self.stood));
        let spent = self.now - began - (self.stood - stood);
        let until = u64::try_from(spent).unwrap_or(0).saturating_add(most);
        let late = retry.within.is_some_and(|within| until >= u64::from(within));
        (!late).then_some(Due::Delay { most, drawn: retry.jitter })
    }

    pub(super) fn due_doubt(&self, node: usize, unit: &Unit) -> Due {
        if self.rolled(node).is_some() {
            return Due::End(vec![Status::Cancelled]);
        }
        let step = self.tree.step(node);
        match unit.doubt {
            Ask::Open(_) => return Due::Person,
            Ask::Said(Said::Yes) => return Due::End(vec![Status::Succeeded]),
            Ask::Said(Said::No) => return Due::End(vec![Status::Failed]),
            _ => {}
        }
        let awaits = unit.way == 0 && step.is_some_and(|step| matches!(step.action, Action::Await));
        if awaits || step.is_some_and(|step| step.idempotent) {
            return Due::Clear;
        }
        match (step.and_then(|step| step.unless), unit.unless) {
            (Some(_), None) => Due::Check(Work::Unless),
            (Some(_), Some(true)) => Due::End(vec![Status::Succeeded]),
            (Some(_), Some(false)) => Due::Clear,
            _ => Due::Ask(Question::InDoubt),
        }
    }
}
