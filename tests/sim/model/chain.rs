//! Steps that are joined by pipes: they start together, are tried together and succeed together.

use super::{Ask, Due, Model, Phase, Unit};
use crate::plan::{Kind, Status};
use crate::trace::{At, End, Question, Said, Work};

impl Model<'_> {
    /// What is due for a step that is joined to others; none where these make no difference.
    pub(super) fn due_joined(&self, node: usize) -> Option<Due> {
        let chain = &self.tree.nodes[node].chain;
        let unit = &self.nodes[node].unit;
        if chain.is_empty() {
            return None;
        }
        if matches!(
            unit.phase,
            Phase::Running | Phase::Saving | Phase::Restoring(_) | Phase::Ending(_)
        ) {
            return None;
        }
        if chain.iter().any(|step| self.nodes[*step].status == Some(Status::Succeeded)) {
            return Some(Due::End(vec![Status::Succeeded]));
        }
        let waits = |step: &usize| self.waits_for_service(*step);
        match unit.phase {
            Phase::Failed(end) => Some(self.due_failed_joined(node, end)),
            Phase::Delayed(_) if self.cancelling(node) || self.one_has_ended(chain) => {
                Some(Due::End(vec![Status::Cancelled]))
            }
            Phase::Delayed(_) if self.is_over(chain) || chain.iter().any(waits) => {
                Some(Due::Nothing)
            }
            Phase::Doubt => Some(self.due_doubt_joined(node)),
            Phase::Fresh if unit.attempts > 0 => Some(self.due_again_joined(node)),
            _ => None,
        }
    }

    /// How a step ends that has not begun, because of how another ended that it is joined to.
    pub(super) fn kept_off_by_joined(&self, node: usize) -> Option<Status> {
        let chain = self.tree.nodes[node].chain.iter().filter(|step| **step != node);
        let ends: Vec<Status> = chain.filter_map(|step| self.nodes[*step].status).collect();
        let has = |wanted: Status| ends.contains(&wanted);
        let stopped = ends
            .iter()
            .any(|status| !matches!(status, Status::Succeeded | Status::Skipped | Status::NotRun));
        match () {
            () if stopped => Some(Status::Blocked),
            () if has(Status::NotRun) => Some(Status::NotRun),
            () if has(Status::Skipped) => Some(Status::Skipped),
            () => None,
        }
    }

    fn one_has_ended(&self, chain: &[usize]) -> bool {
        let ended = |step: &usize| self.nodes[*step].status;
        chain.iter().filter_map(ended).any(|status| status != Status::Succeeded)
    }

    /// Whether a chain ends: one of it has ended, or is about to.
    fn is_over(&self, chain: &[usize]) -> bool {
        let ends = |step: &usize| {
            matches!(self.nodes[*step].unit.phase, Phase::Restoring(_) | Phase::Ending(_))
        };
        self.one_has_ended(chain) || chain.iter().any(ends)
    }

    fn due_failed_joined(&self, node: usize, end: End) -> Due {
        let chain = &self.tree.nodes[node].chain;
        let own = if end == End::Cancelled { Status::Cancelled } else { Status::Failed };
        if chain.iter().any(|step| self.cancelling(*step)) {
            // It may be one of them whose end stops the others.
            let own = Some(own).filter(|own| self.is_over(chain) && *own != Status::Cancelled);
            return Due::End(std::iter::once(Status::Cancelled).chain(own).collect());
        }
        if self.is_over(chain) {
            return Due::End(vec![own]);
        }
        let failed = |step: &usize| match self.nodes[*step].unit.phase {
            Phase::Failed(End::Failed(kind)) => Some((*step, kind)),
            _ => None,
        };
        let culprits: Vec<(usize, Kind)> = chain.iter().filter_map(failed).collect();
        let moved = |step: &usize| {
            let unit = &self.nodes[*step].unit;
            unit.phase == Phase::Fresh && unit.attempts > 0
        };
        let goes_on = culprits.iter().all(|(step, kind)| {
            let again = self.retry_joined(*step, *kind).is_some() || self.has_fallback(*step);
            again && *kind != Kind::Service
        });
        if !goes_on || culprits.is_empty() && !chain.iter().any(moved) {
            return Due::End(vec![own]);
        }
        let used_up = |(step, kind): &&(usize, Kind)| self.retry_joined(*step, *kind).is_none();
        match culprits.iter().find(used_up) {
            Some((step, _)) if *step == node => Due::NextWay,
            Some(_) => Due::Nothing,
            None => self.longest(&culprits),
        }
    }

    fn longest(&self, culprits: &[(usize, Kind)]) -> Due {
        let delays = culprits.iter().filter_map(|(step, kind)| self.retry_joined(*step, *kind));
        let delays: Vec<(u64, bool)> = delays.collect();
        let most = delays.iter().map(|(most, _)| *most).max().unwrap_or(0);
        Due::Delay { most, drawn: delays.iter().any(|(_, drawn)| *drawn) }
    }

    /// How long the next attempt of this way waits, if there is one.
    fn retry_joined(&self, step: usize, kind: Kind) -> Option<(u64, bool)> {
        let unit = &self.nodes[step].unit;
        let retry = self.tree.way(step, unit.way).and_then(|way| way.retry.as_ref())?;
        match self.due_retry(unit, retry, kind)? {
            Due::Delay { most, drawn } => Some((most, drawn)),
            _ => None,
        }
    }

    fn has_fallback(&self, step: usize) -> bool {
        let fallbacks = self.tree.step(step).map_or(0, |step| step.fallbacks.len());
        (self.nodes[step].unit.way as usize) < fallbacks
    }

    /// One that has been tried before.
    fn due_again_joined(&self, node: usize) -> Due {
        let chain = &self.tree.nodes[node].chain;
        if self.cancelling(node) || self.one_has_ended(chain) {
            return Due::End(vec![Status::Cancelled]);
        }
        // It has moved on to its next way; the others wait for the longest delay, and so does it.
        let failed = |step: &&usize| matches!(self.nodes[**step].unit.phase, Phase::Failed(_));
        match chain.iter().find(failed) {
            Some(other) => match self.due_failed_joined(*other, End::Cancelled) {
                delay @ Due::Delay { .. } => delay,
                _ => Due::Nothing,
            },
            None if self.is_ready(chain) => Due::Start,
            None => Due::Nothing,
        }
    }

    /// Whether all of a chain may start.
    pub(super) fn is_ready(&self, chain: &[usize]) -> bool {
        chain.iter().all(|step| {
            let unit = &self.nodes[*step].unit;
            let fresh = unit.phase == Phase::Fresh && self.nodes[*step].status.is_none();
            let again = unit.attempts > 0 && !self.cancelling(*step);
            let again = again && !self.waits_for_service(*step);
            // It starts now.
            let starts = matches!(unit.phase, Phase::Running | Phase::Saving);
            starts
                || fresh && (again || (unit.attempts == 0 && self.due_alone(*step) == Due::Start))
        })
    }

    /// What is due for one before its first attempt, the others left aside.
    fn due_alone(&self, node: usize) -> Due {
        self.due_before(node).unwrap_or_else(|| self.due_guards((node, None)))
    }

    /// Whether a chain is already done by what its `unless`es say; none: that is not known yet.
    pub(super) fn is_done_already(&self, node: usize) -> Option<bool> {
        let chain = &self.tree.nodes[node].chain;
        let has = |step: usize| self.tree.step(step).is_some_and(|step| step.unless.is_some());
        if !chain.last().is_some_and(|last| has(*last)) {
            return Some(false);
        }
        let units = || chain.iter().map(|step| (*step, &self.nodes[*step]));
        if units().any(|(_, node)| node.unit.unless == Some(false) || node.unit.attempts > 0) {
            return Some(false);
        }
        let known = |(step, node): (usize, &super::Node)| {
            let asked = !has(step) || node.unit.unless.is_some();
            let when = self.tree.nodes[step].when.is_none() || node.when == Some(true);
            self.is_looked_at(step) && self.is_open_around(step) && asked && when
        };
        units().all(known).then_some(true)
    }

    fn is_open_around(&self, node: usize) -> bool {
        self.tree.nodes[node].parent.is_none_or(|goal| self.nodes[goal].opened)
    }

    fn due_doubt_joined(&self, node: usize) -> Due {
        let chain = &self.tree.nodes[node].chain;
        if self.rolled(node).is_some() || self.one_has_ended(chain) {
            return Due::End(vec![Status::Cancelled]);
        }
        let of = |step: &usize| self.tree.step(*step);
        if chain.iter().filter_map(of).all(|step| step.idempotent) {
            return Due::Clear;
        }
        let unless = |step: &usize| of(step).is_some_and(|step| step.unless.is_some());
        let unasked = |step: &usize| {
            let unit: &Unit = &self.nodes[*step].unit;
            unless(step) && unit.phase == Phase::Doubt && unit.unless.is_none()
        };
        if unasked(&node) {
            return Due::Check(Work::Unless);
        }
        if chain.iter().any(unasked) {
            return Due::Nothing;
        }
        let holds = |step: &usize| !unless(step) || self.nodes[*step].unit.unless == Some(true);
        if chain.last().is_some_and(unless) && chain.iter().all(holds) {
            return Due::End(vec![Status::Succeeded]);
        }
        let neither =
            |step: &&usize| !unless(step) && of(step).is_some_and(|step| !step.idempotent);
        let Some(asked) = chain.iter().find(neither) else { return Due::Clear };
        let unit = &self.nodes[*asked].unit;
        match unit.doubt {
            _ if unit.phase != Phase::Doubt => Due::Clear,
            Ask::Said(Said::Yes) => Due::End(vec![Status::Succeeded]),
            _ if *asked != node => Due::Nothing,
            Ask::Open(_) => Due::Person,
            Ask::Said(Said::No) => Due::End(vec![Status::Failed]),
            _ => Due::Ask(Question::InDoubt),
        }
    }

    /// Before the first attempt: all of a chain start at once.
    pub(super) fn together(&self, at: At, due: Due) -> Due {
        let chain = &self.tree.nodes[at.0].chain;
        if due == Due::Start && !chain.is_empty() && !self.is_ready(chain) {
            return Due::Nothing;
        }
        due
    }
}
