//! What people say in a run: answers, notes, changed params; and manual steps that are handed to an
//! agent instead of a person.

use super::Drive;
use super::start::attempt_of;
use crate::exec::event::{Answer, AttemptEnd, Event, Failure, QuestionKind, Status};
use crate::exec::params;
use crate::exec::state::{Handed, Question, UnitIx, UnitState};
use crate::exec::world::{Wake, Work, World};
use crate::ir::Action;

impl<W: World> Drive<'_, W> {
    /// Takes what a person said, if it is about a question that is open.
    pub(super) fn take_answer(&mut self, wake: Wake) {
        let Wake::Answered { unit, answer, by, from, note, asked, said } = wake else { return };
        let Some(found) = self.state.find(&unit) else { return };
        let open = self.state.unit(found).and_then(UnitState::open_question);
        if open.is_none_or(|question| asked.is_some_and(|asked| asked != question.seq)) {
            return;
        }
        let all = answer == Answer::All;
        self.record(Event::Answered { unit, answer, by: by.clone(), from, note, said });
        // An agent that is at it has nothing left to do.
        self.to_stop.extend(self.units_in_flight.get(&found).copied());
        if all {
            self.run_all(&by, "all");
        }
    }

    pub(super) fn take_note(&mut self, wake: Wake) {
        match wake {
            Wake::Noted { unit, by, from, text, request } if self.state.find(&unit).is_some() => {
                self.record(Event::Noted { unit, by, from, text, request });
            }
            Wake::ParamChanged { binding, value, by } => {
                let stale = params::made_of(self.state.graph().plan(), &binding);
                self.values.forget(&stale);
                self.record(Event::ParamChanged { binding, value, by });
            }
            _ => {}
        }
    }

    /// Answers what is open of whether steps are to run.
    fn run_all(&mut self, by: &str, from: &str) {
        for (unit, _) in self.open_of(QuestionKind::Step) {
            self.answer_for(unit, Answer::Run, by, from);
        }
    }

    /// What an earlier process asked and this one does not: without interactive mode steps run, and
    /// fail, as the plan says; and manual steps go to the agent, if there is one.
    pub(super) fn take_over_questions(&mut self) {
        if !self.state.interactive {
            let by = self.options.user.clone();
            self.run_all(&by, "resume");
            for (unit, _) in self.open_of(QuestionKind::Failed) {
                self.answer_for(unit, Answer::FallBack, &by, "resume");
            }
        }
        for (unit, _) in self.open_of(QuestionKind::Manual) {
            self.hand_over(unit);
        }
    }

    fn open_of(&self, kind: QuestionKind) -> Vec<(UnitIx, Question)> {
        let open = self.state.open_questions().filter(|(_, question)| question.kind == kind);
        open.map(|(unit, question)| (unit, question.clone())).collect()
    }

    fn answer_for(&mut self, unit: UnitIx, answer: Answer, by: &str, from: &str) {
        let (unit, note) = (self.state.name(unit), String::new());
        let (by, from) = (by.to_owned(), from.to_owned());
        self.record(Event::Answered { unit, answer, by, from, note, said: None });
    }

    /// Gives a manual step to the agent, where there is one. What an agent had in hand when its
    /// process died is a person's to decide.
    pub(super) fn hand_over(&mut self, unit: UnitIx) {
        let fresh = self.state.unit(unit).is_some_and(|state| state.handed == Handed::No);
        if !self.options.agent || !fresh {
            return;
        }
        let name = self.state.name(unit);
        self.record(Event::HandedOver { unit: name });
        self.begin(Work::Agent { unit, log: self.state.seq });
    }

    /// The agent has ended: its answer is that of a person, but that it says nothing of a step that
    /// was stopped with the run.
    pub(super) fn take_agents_answer(&mut self, unit: UnitIx, end: AttemptEnd) {
        let handed = self.state.unit(unit).is_some_and(|state| state.handed == Handed::Now);
        let (answer, note) = match end {
            AttemptEnd::Succeeded { outputs } => (Answer::Done { outputs }, String::new()),
            AttemptEnd::Failed(Failure::Cancelled) => return,
            AttemptEnd::Failed(failure) => (Answer::Failed, format!("the agent: {failure}")),
        };
        if handed {
            let unit = self.state.name(unit);
            let (by, from) = ("agent".to_owned(), "--agent".to_owned());
            self.record(Event::Answered { unit, answer, by, from, note, said: None });
        }
    }

    /// Whether a person has said that a step is done, and its `verify` is to say so, too.
    pub(super) fn verifies_by_hand(&self, unit: UnitIx) -> bool {
        let (Some(step), Some(state)) = (self.state.graph().step(unit.node), self.state.unit(unit))
        else {
            return false;
        };
        let Some(attempt) = attempt_of(step, state.way) else { return false };
        let done = state.answer(QuestionKind::Manual).map(|record| &record.answer);
        matches!(attempt.action, Action::Manual(_))
            && matches!(done, Some(Answer::Done { .. }))
            && !step.verify_of(attempt).is_empty()
    }

    /// Where the run is being stopped nothing new is asked: the answer is kept, and the resume asks.
    pub(super) fn verify_by_hand(&mut self, unit: UnitIx) {
        if self.state.cancelling(unit.node) {
            return self.finish(unit, Status::Cancelled, Some(Failure::Cancelled), None);
        }
        self.begin(Work::VerifyByHand(unit));
    }

    /// What came of the `verify` of what a person has done.
    pub(super) fn end_by_hand(&mut self, unit: UnitIx, verified: Result<(), String>) {
        match verified {
            Ok(()) => self.succeed(unit),
            // It is decided anew, now that it is being stopped.
            Err(_) if self.state.cancelling(unit.node) => {}
            Err(why) => self.finish(unit, Status::Failed, Some(Failure::Verify { why }), None),
        }
    }

    /// A way's attempts are used up: as a person says, or else as the plan does.
    pub(super) fn give_up(&mut self, unit: UnitIx, state: &UnitState, failure: Failure) {
        let falls_back = self.goes_on(unit, state.way, &failure);
        let settled = matches!(failure, Failure::Said { .. } | Failure::Denied { .. });
        match state.verdict.as_deref() {
            None if self.state.interactive && !settled => {
                let text = format!("It has failed: {failure}. What next?");
                self.put_question(unit, QuestionKind::Failed, text, None);
            }
            Some(Answer::Skipped) => {
                let reason = self.skipped_by(unit);
                self.finish(unit, Status::Skipped, None, reason);
            }
            verdict if falls_back && verdict != Some(&Answer::Failed) => {
                let unit = self.state.name(unit);
                self.record(Event::WayUsedUp { unit });
            }
            _ => self.finish(unit, Status::Failed, Some(failure), None),
        }
    }

    /// Who said that a unit is to be skipped, if someone did.
    pub(super) fn skipped_by(&self, unit: UnitIx) -> Option<String> {
        let record = self.state.unit(unit)?.questions.last()?.answer.as_ref()?;
        let note = if record.note.is_empty() { "" } else { ": " };
        (record.answer == Answer::Skipped)
            .then(|| format!("skipped by {}{note}{}", record.by, record.note))
    }
}
