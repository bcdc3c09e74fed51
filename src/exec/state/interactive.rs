//! Interactive mode: what a person is asked about a step before its first attempt and after its
//! last, what they write down, and manual steps that an agent has in hand.
//!
//! Derived like every stage. Invariant: an answer counts also where the mode is over by then.

use super::{Decision, Handed, Phase, RunState, Stage, UnitIx, UnitState};
use crate::exec::event::{Answer, Event, QuestionKind, Status, Timestamp};
use crate::exec::params;
use crate::exec::state::Remark;
use crate::value::{BindingId, Value};

/// So many remarks on a unit are kept at hand; the journal has all.
const REMARKS: usize = 1000;

impl RunState {
    /// What a person has yet to say, or has said, before a step's first attempt. A `foreach` step
    /// is asked about once, and not again for its instances.
    pub(super) fn step_question(&self, unit: UnitIx, state: &UnitState) -> Option<Stage> {
        if state.attempts > 0 || unit.item.is_some() {
            return None;
        }
        match state.answer(QuestionKind::Step).map(|record| &record.answer) {
            Some(Answer::Skipped) => Some(Stage::Decide(Decision::EndUnstarted(Status::Skipped))),
            None if self.interactive && !has_just_approved(state) => {
                Some(Stage::Decide(Decision::Ask(QuestionKind::Step)))
            }
            _ => None,
        }
    }

    pub(super) fn failing_stage(&self, unit: UnitIx, state: &UnitState) -> Stage {
        if state.asks_of_failure() && !self.cancelling(unit.node) {
            return Stage::Asking;
        }
        Stage::Decide(Decision::Recover)
    }

    /// What is due for a manual step that is asked about: an agent may be at it.
    pub(super) fn handed_stage(&self, unit: UnitIx, state: &UnitState) -> Option<Stage> {
        match state.handed {
            Handed::Now if self.cancelling(unit.node) => Some(Stage::Decide(Decision::Cancel)),
            Handed::Now if self.lost_service(unit.node).is_some() => {
                Some(Stage::Decide(Decision::LoseService))
            }
            Handed::Now => Some(Stage::Running),
            _ => None,
        }
    }

    /// Events that people cause, but for answers.
    pub(super) fn apply_remark(&mut self, unit: UnitIx, event: &Event, at: Timestamp) {
        let Some(state) = self.unit_mut(unit) else { return };
        match event {
            Event::Noted { by, from, text, .. } if state.remarks.len() < REMARKS => {
                let (by, from, text) = (by.clone(), from.clone(), text.clone());
                state.remarks.push(Remark { by, from, text, at });
            }
            Event::HandedOver { .. } => {
                state.handed = Handed::Now;
                state.touched = true;
                state.started.get_or_insert(at);
                self.nodes[unit.node.at()].started.get_or_insert(at);
            }
            _ => {}
        }
    }

    /// From here on nobody is asked about steps; questions that are open stay.
    pub(super) fn end_interactive(&mut self) {
        self.interactive = false;
        self.restage_inside(self.graph.root());
    }

    /// A param has another value: lets and bound params that come from it are evaluated anew.
    pub(super) fn change_param(&mut self, binding: &BindingId, value: &Value) {
        self.params.insert(binding.clone(), value.clone());
        let stale = params::made_of(self.graph.plan(), binding);
        self.lets.retain(|id, _| !stale.contains(id));
    }
}

/// Whether the person at the terminal has approved it in this run: they were asked already.
fn has_just_approved(state: &UnitState) -> bool {
    let approval = state.answer(QuestionKind::Confirm);
    approval.is_some_and(|record| record.answer == Answer::Approved && record.from == "terminal")
}

/// What an answer makes of the phase of a unit at a failure; `None` where it is at none.
pub(super) fn after_verdict(state: &mut UnitState, answer: &Answer) -> Option<Phase> {
    let Phase::Failing(failure) = &state.phase else { return None };
    state.verdict = Some(Box::new(answer.clone()));
    Some(match answer {
        Answer::Retry => Phase::Guarding,
        _ => Phase::Failing(failure.clone()),
    })
}
