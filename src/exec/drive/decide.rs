//! Decisions that take no slot: each one becomes an event, or work that will bring one.

use super::Drive;
use super::start::attempt_of;
use crate::exec::event::{Answer, Event, Failure, QuestionKind, Status, Timestamp};
use crate::exec::recovery::RetryPolicy;
use crate::exec::schedule;
use crate::exec::state::{Decision, Stage, UnitIx, UnitState};
use crate::exec::world::{Work, World};
use crate::ir::{Action, Confirm, Foreach, Tolerance};
use crate::value::{EvalError, Expr, Value};

impl<W: World> Drive<'_, W> {
    /// Carries out the decision that is due for a unit, unless its work is in flight.
    pub(super) fn decide(&mut self, unit: UnitIx) {
        let Stage::Decide(decision) = self.state.stage(unit) else { return };
        if self.is_in_flight(unit) {
            if matches!(decision, Decision::StopAttempt | Decision::LoseService) {
                self.stop_attempt(unit);
            }
            return;
        }
        match decision {
            Decision::EndUnstarted(status) => self.end_unstarted(unit, status),
            Decision::When => self.decide_when(unit),
            Decision::FixItems => self.fix_items(unit),
            Decision::CheckUnless => self.begin(Work::Unless(unit)),
            Decision::CheckRequires => self.begin(Work::Requires(unit)),
            Decision::Ask(kind) => self.ask(unit, kind),
            Decision::Succeed if self.verifies_by_hand(unit) => self.verify_by_hand(unit),
            Decision::Succeed => self.succeed(unit),
            Decision::Deny => self.deny(unit),
            Decision::SaidFailed => self.said_failed(unit),
            Decision::OpenGoal => self.open_goal(unit),
            Decision::Recover => self.recover(unit),
            Decision::ResolveDoubt => self.clear_doubt(unit),
            Decision::EndForeach => self.end_foreach(unit.node),
            Decision::CloseGoal => self.close_goal(unit.node),
            Decision::End => self.end_as_decided(unit),
            Decision::Cancel => {
                self.finish(unit, Status::Cancelled, Some(Failure::Cancelled), None);
            }
            Decision::LoseService => self.lose_service(unit),
            Decision::StopAttempt => {}
        }
    }

    fn decide_when(&mut self, unit: UnitIx) {
        let guards = schedule::guards_of(self.state.graph(), unit.node);
        let Some(when) = guards.and_then(|guards| guards.when.clone()) else { return };
        match self.condition(unit, &when) {
            Ok(holds) => {
                let node = self.state.graph().id(unit.node);
                self.record(Event::WhenDecided { node, holds });
            }
            Err(why) => self.fail_value(unit, "when", &why),
        }
    }

    /// A condition's truth; in a forecast, what is not known yet is as the forecast takes it.
    fn condition(&self, unit: UnitIx, expr: &Expr) -> Result<bool, EvalError> {
        match self.place(unit).truth(expr) {
            Err(EvalError::Unknown(_)) if self.world.assumes() => Ok(self.world.assumed(unit.node)),
            other => other,
        }
    }

    pub(super) fn fail_value(&mut self, unit: UnitIx, what: &str, why: &EvalError) {
        let failure = Failure::Value { why: format!("{what}: {why}") };
        self.finish(unit, Status::Failed, Some(failure), None);
    }

    pub(super) fn fail_requires(&mut self, unit: UnitIx, why: String) {
        self.finish(unit, Status::Failed, Some(Failure::Requires { why }), None);
    }

    fn fix_items(&mut self, unit: UnitIx) {
        let step = self.state.graph().step(unit.node);
        let Some(foreach) = step.and_then(|step| step.foreach.clone()) else { return };
        let fixed = self.items(unit, &foreach).and_then(|items| {
            let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
            let tolerated = self.tolerated(unit, foreach.tolerate.as_ref(), count)?;
            let parallel =
                foreach.parallel.as_ref().map(|n| self.place(unit).count(n)).transpose()?;
            Ok((items, tolerated, parallel.map(|n| n.max(1))))
        });
        match fixed {
            Ok((items, tolerated, parallel)) => {
                let Some(step) = self.state.graph().step_id(unit.node).cloned() else { return };
                self.record(Event::ItemsFixed { step, items, tolerated, parallel });
            }
            Err(why) => self.fail_value(unit, "foreach", &why),
        }
    }

    fn items(&self, unit: UnitIx, foreach: &Foreach) -> Result<Vec<Value>, EvalError> {
        if let Some(source) = foreach.of.as_ref().and_then(|id| self.state.graph().step_ix(id)) {
            if let Some(items) = self.state.node(source).items.clone() {
                return Ok(items);
            }
            // One that is not of this run has fixed none.
            let step = self.state.graph().step(source);
            if let Some(theirs) = step.and_then(|step| step.foreach.as_ref()) {
                return self.items(UnitIx::of(source), theirs);
            }
        }
        let items = match self.place(unit).value(&foreach.items) {
            Ok(Value::List(items)) => items,
            Ok(other) => {
                return Err(EvalError::failed(format!(
                    "a list is needed, and this is {}",
                    other.kind()
                )));
            }
            Err(EvalError::Unknown(what)) if self.world.assumes() => {
                vec![Value::text(format!("<{what}>"))]
            }
            Err(why) => return Err(why),
        };
        let Some(batch) = &foreach.batch else { return Ok(items) };
        let size = self.place(unit).count(batch)?.max(1) as usize;
        Ok(items.chunks(size).map(|chunk| Value::List(chunk.to_vec())).collect())
    }

    fn tolerated(
        &self,
        unit: UnitIx,
        tolerance: Option<&Tolerance>,
        all: u32,
    ) -> Result<u32, EvalError> {
        match tolerance {
            None => Ok(0),
            Some(Tolerance::Count(count)) => self.place(unit).count(count),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0..=all
            Some(Tolerance::Percent(percent)) => {
                Ok((f64::from(all) * percent / 100.0).floor() as u32)
            }
        }
    }

    fn ask(&mut self, unit: UnitIx, kind: QuestionKind) {
        match kind {
            QuestionKind::Confirm => self.ask_confirm(unit),
            QuestionKind::Manual => self.ask_manual(unit),
            QuestionKind::InDoubt => {
                let lost = self.state.unit(unit).and_then(|state| state.last_failure.as_deref());
                let how = match lost.filter(|failure| matches!(failure, Failure::Lost { .. })) {
                    Some(lost) => format!("How far it came is not known ({lost})."),
                    None => "It was running when goalc was ended.".to_owned(),
                };
                let graph = self.state.graph();
                let others = graph.joined(unit.node).iter().filter(|other| **other != unit.node);
                let others: Vec<String> =
                    others.map(|other| format!("`{}`", graph.id(*other))).collect();
                let with = if others.is_empty() {
                    String::new()
                } else {
                    format!(" (with {}, which it is joined to)", others.join(", "))
                };
                let question =
                    format!("{how} Is it{with} done, is it to run again, or has it failed?");
                self.put_question(unit, kind, question, None);
            }
            QuestionKind::Step | QuestionKind::Failed => {
                self.put_question(unit, kind, "Is it to run?".to_owned(), None);
            }
        }
    }

    fn ask_confirm(&mut self, unit: UnitIx) {
        let guards = schedule::guards_of(self.state.graph(), unit.node);
        let Some(confirm) = guards.and_then(|guards| guards.confirm.clone()) else { return };
        let needed = confirm.when.as_ref().map_or(Ok(true), |when| self.condition(unit, when));
        match needed {
            Ok(true) => self.put_confirm(unit, &confirm),
            Ok(false) => {
                let unit = self.state.name(unit);
                self.record(Event::ConfirmNotNeeded { unit });
            }
            Err(why) => self.fail_value(unit, "confirm", &why),
        }
    }

    fn put_confirm(&mut self, unit: UnitIx, confirm: &Confirm) {
        let timeout =
            confirm.timeout.as_ref().map(|timeout| self.place(unit).duration(timeout)).transpose();
        let (question, timeout) = match (self.question_text(unit, &confirm.question), timeout) {
            (Ok(question), Ok(timeout)) => (question, timeout),
            (Err(why), _) | (_, Err(why)) => return self.fail_value(unit, "confirm", &why),
        };
        let until = timeout.map(|timeout| self.world.now().after(timeout));
        self.put_question(unit, QuestionKind::Confirm, question, until);
        self.approve(unit, confirm);
    }

    /// As `--yes` says, where it was given.
    fn approve(&mut self, unit: UnitIx, confirm: &Confirm) {
        if !self.options.yes || confirm.always {
            return;
        }
        let by = self.options.user.clone();
        let unit = self.state.name(unit);
        let (from, note) = ("--yes".to_owned(), String::new());
        self.record(Event::Answered { unit, answer: Answer::Approved, by, from, note, said: None });
    }

    /// `--yes` answers what an earlier process asked, too; but what a person has said of it since
    /// counts first.
    pub(super) fn approve_what_is_open(&mut self) {
        if !self.options.yes || self.state.open_questions().next().is_none() {
            return;
        }
        self.answers_have_come();
        let open: Vec<UnitIx> = self
            .state
            .open_questions()
            .filter(|(_, question)| question.kind == QuestionKind::Confirm)
            .map(|(unit, _)| unit)
            .collect();
        for unit in open {
            let guards = schedule::guards_of(self.state.graph(), unit.node);
            if let Some(confirm) = guards.and_then(|guards| guards.confirm.clone()) {
                self.approve(unit, &confirm);
            }
        }
    }

    fn ask_manual(&mut self, unit: UnitIx) {
        let way = self.state.unit(unit).map_or(0, |state| state.way);
        let step = self.state.graph().step(unit.node);
        let attempt = step.and_then(|step| attempt_of(step, way));
        let Some(Action::Manual(text)) = attempt.map(|attempt| attempt.action.clone()) else {
            return;
        };
        match self.question_text(unit, &text) {
            Ok(text) => {
                self.put_question(unit, QuestionKind::Manual, text, None);
                self.hand_over(unit);
            }
            Err(why) => self.fail_value(unit, "manual", &why),
        }
    }

    /// A question's text: secrets as `***`, and in a forecast what is not known yet as `…`.
    fn question_text(&self, unit: UnitIx, expr: &Expr) -> Result<String, EvalError> {
        let place = self.place(unit);
        let parts = if let Expr::Template(parts) = expr {
            parts.as_slice()
        } else {
            std::slice::from_ref(expr)
        };
        let text = |part| match place.value(part) {
            Ok(value) if value.is_secret() => Ok("***".to_owned()),
            Ok(value) => Ok(value.to_text()),
            Err(EvalError::Unknown(_)) if self.world.assumes() => Ok("…".to_owned()),
            Err(why) => Err(why),
        };
        parts.iter().map(text).collect()
    }

    pub(super) fn put_question(
        &mut self,
        unit: UnitIx,
        kind: QuestionKind,
        question: String,
        until: Option<Timestamp>,
    ) {
        let unit = self.state.name(unit);
        self.record(Event::Asked { unit, kind, question, until });
    }

    fn deny(&mut self, unit: UnitIx) {
        let by = self.answer_by(unit, QuestionKind::Confirm);
        self.finish(unit, Status::Failed, Some(Failure::Denied { by }), None);
    }

    fn answer_by(&self, unit: UnitIx, kind: QuestionKind) -> String {
        let record = self.state.unit(unit).and_then(|state| state.answer(kind));
        match record {
            Some(record) if record.from == "timeout" => "nobody within its timeout".to_owned(),
            Some(record) => record.by.clone(),
            None => String::new(),
        }
    }

    fn said_failed(&mut self, unit: UnitIx) {
        let note = self
            .state
            .unit(unit)
            .and_then(|state| state.questions.last()?.answer.as_ref())
            .map(|record| record.note.clone())
            .unwrap_or_default();
        self.finish(unit, Status::Failed, Some(Failure::Said { note }), None);
    }

    fn clear_doubt(&mut self, unit: UnitIx) {
        let unit = self.state.name(unit);
        self.record(Event::DoubtCleared { unit });
    }

    /// After a failed attempt: another try, the next fallback, or the end.
    fn recover(&mut self, unit: UnitIx) {
        if !self.state.graph().joined(unit.node).is_empty() {
            return self.recover_joined(unit);
        }
        let Some(state) = self.state.unit(unit).cloned() else { return };
        let Some(failure) = state.last_failure.clone() else { return };
        if *failure == Failure::Cancelled || self.state.cancelling(unit.node) {
            let reason = self.why_stopped(unit.node);
            let reason = reason.filter(|_| self.waits_in_vain(unit));
            let reason = reason.map(|why| format!("nothing can follow it any more: {why}"));
            return self.finish(unit, Status::Cancelled, Some(*failure), reason);
        }
        // A service that was ready and died is not tried again: others may be in its middle.
        if self.state.node(unit.node).ready.is_some() {
            return self.finish(unit, Status::Failed, Some(*failure), None);
        }
        if state.verdict.is_some() {
            return self.give_up(unit, &state, *failure);
        }
        match self.next_delay(unit, &state, &failure) {
            Ok(Some(length)) => {
                let until = self.world.now().after(length);
                let unit = self.state.name(unit);
                self.record(Event::Delayed { unit, length, until });
            }
            Ok(None) if is_in_doubt(&state, &failure) => {
                let unit = self.state.name(unit);
                self.record(Event::Doubted { unit });
            }
            Ok(None) => self.give_up(unit, &state, *failure),
            Err(why) => self.fail_value(unit, "retry", &why),
        }
    }

    /// Whether a fallback comes after a failure that is not tried again.
    pub(super) fn goes_on(&self, unit: UnitIx, way: u32, failure: &Failure) -> bool {
        let step = self.state.graph().step(unit.node);
        step.is_some_and(|step| (way as usize) < step.fallbacks.len())
            && !matches!(
                failure,
                Failure::Said { .. } | Failure::Service { .. } | Failure::Snapshot { .. }
            )
    }

    pub(super) fn next_delay(
        &mut self,
        unit: UnitIx,
        state: &UnitState,
        failure: &Failure,
    ) -> Result<Option<std::time::Duration>, EvalError> {
        let graph = std::sync::Arc::clone(self.state.graph());
        let attempt =
            graph.step(unit.node).and_then(|step| super::start::attempt_of(step, state.way));
        let Some(retry) = attempt.and_then(|attempt| attempt.retry.as_ref()) else {
            return Ok(None);
        };
        let policy = RetryPolicy::new(&self.place(unit), retry)?;
        let (began, stood) = state.way_started.unwrap_or_default();
        let stood = self.state.standing.saturating_sub(stood);
        let elapsed = self.world.now().since(began).saturating_sub(stood);
        let draw = if policy.jitter { self.world.draw() } else { 1.0 };
        Ok(policy.next(state.failed_tries, failure, elapsed, draw))
    }
}

/// So often is a step run again by itself whose attempts are lost: it may be what ends its nodes.
const MOST_LOSSES: u32 = 3;

/// Whether what is left of a step is not known, so that it is not just a failure.
fn is_in_doubt(state: &UnitState, failure: &Failure) -> bool {
    matches!(failure, Failure::Lost { .. }) && state.losses <= MOST_LOSSES
}
