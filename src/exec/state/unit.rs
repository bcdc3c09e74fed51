//! A unit: a step, an instance of a `foreach` step, or a goal, on its way through its guards and
//! attempts.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Stage;
use crate::exec::event::{Answer, Failure, QuestionKind, Status, Timestamp, Usage};
use crate::ir::Rare;
use crate::value::Value;

/// Where a unit stands between events.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Phase {
    /// Guards are being asked, or it waits for a slot.
    #[default]
    Guarding,
    /// A person is asked.
    Asking,
    /// An attempt is in flight.
    Running,
    /// An attempt was in flight when the process died, or when its node did.
    InDoubt,
    /// The last attempt succeeded; the unit's end is due.
    Succeeding,
    /// The last attempt failed; what next is not decided yet.
    Failing(Box<Failure>),
    /// The next attempt waits for its time.
    Delayed(Timestamp),
    /// The paths of its `snapshot` are being saved.
    Snapshotting,
    /// They are being put back, before it ends so.
    Restoring(Box<End>),
    /// It is to end so.
    Ending(Box<End>),
    Ended(Status),
}

/// How a unit is about to end.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    pub status: Status,
    pub failure: Option<Failure>,
    pub reason: Option<String>,
}

/// What was saved before a unit's first attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Names its folder; and those with what changes of the plan named besides, in their order.
    pub ids: Vec<String>,
    /// The plan has changed since: it may name more now.
    pub outdated: bool,
    /// All of it is as it was saved.
    pub put_back: bool,
    /// Why this process could not put it back.
    pub failure: Option<String>,
}

/// A question to a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The number of the event that asked it: an answer to one question is none to the next.
    pub seq: u64,
    pub kind: QuestionKind,
    pub text: String,
    pub asked: Timestamp,
    /// When it answers itself.
    pub until: Option<Timestamp>,
    pub answer: Option<AnswerRecord>,
}

/// Who answered what, when, from where.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRecord {
    pub answer: Answer,
    pub by: String,
    pub from: String,
    pub note: String,
    pub at: Timestamp,
}

/// Who wrote what down about a unit, when, from where.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    pub by: String,
    pub from: String,
    pub text: String,
    pub at: Timestamp,
}

/// Whether a manual step is in the hands of an agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Handed {
    #[default]
    No,
    /// An agent of this process is at it.
    Now,
    /// An agent was at it when the process died: what it did, no one knows.
    Lost,
    /// The agent has answered.
    Over,
}

#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // facts that do not exclude each other
pub struct UnitState {
    /// Where the agenda has it; kept so that it can be moved.
    pub(super) placed: Stage,
    pub phase: Phase,
    /// Whether its `unless` held.
    pub unless: Option<bool>,
    pub requires_held: bool,
    pub confirm_not_needed: bool,
    /// All questions so far, the last one last.
    pub questions: Rare<Vec<Question>>,
    /// Attempts started, those of fallbacks too.
    pub attempts: u32,
    /// Attempts of earlier goes at it, before a resume started it over.
    pub attempts_before: u32,
    /// The number of the event that started the last one.
    pub start: u64,
    /// Attempts that were lost with the place where they ran.
    pub losses: u32,
    /// 0: its own action; k: its k-th fallback.
    pub way: u32,
    /// Attempts of this way that failed.
    pub failed_tries: u32,
    /// When this way's first attempt started, and how long the run had stood still by then.
    pub way_started: Option<(Timestamp, std::time::Duration)>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub last_failure: Option<Box<Failure>>,
    /// What the attempt in flight holds of each resource.
    pub uses: Rare<IndexMap<Arc<str>, i64>>,
    pub outputs: Rare<IndexMap<Arc<str>, Value>>,
    /// What its attempts have used so far; `None` before the first process has ended.
    pub usage: Option<Usage>,
    /// What else is to be said of its attempts.
    pub notes: Rare<Vec<String>>,
    /// What people wrote down about it.
    pub remarks: Rare<Vec<Remark>>,
    /// What a person said of the failure that it stands at.
    pub verdict: Option<Box<Answer>>,
    pub handed: Handed,
    pub saved: Option<Box<Saved>>,
    /// It has its slot and locks while snapshots of steps are taken that it is joined to.
    pub(super) held_for_joined: bool,
    /// It was started, and what it did was not undone.
    pub touched: bool,
    /// Its last attempt was in flight when the process died.
    pub doubted: bool,
}

impl UnitState {
    /// As if nothing had happened to it. An approval is kept, for nobody is asked twice, and so is what a
    /// person has done and a stop kept from being verified; what was saved before the first attempt, for a later failure goes back to that; and what an undo of
    /// what it did would take.
    pub(super) fn anew(&mut self) -> Self {
        let mut questions = std::mem::take(&mut self.questions).into_inner();
        let stopped = matches!(self.phase, Phase::Ended(Status::Cancelled));
        let done = |question: &Question, answer: &Answer| {
            let manual = question.kind == QuestionKind::Manual && stopped;
            manual && matches!(answer, Answer::Done { .. })
        };
        questions.retain(|question| {
            let answer = question.answer.as_ref().map(|record| &record.answer);
            answer.is_some_and(|answer| *answer == Answer::Approved || done(question, answer))
        });
        let given =
            |question: &Question| match question.answer.as_ref().map(|record| &record.answer) {
                Some(Answer::Done { outputs }) => Some(outputs.clone()),
                _ => None,
            };
        let outputs = questions.iter().find_map(given).unwrap_or_default();
        Self {
            questions: questions.into(),
            outputs: outputs.into(),
            remarks: std::mem::take(&mut self.remarks),
            saved: self.saved.take().filter(|saved| !saved.put_back),
            touched: self.touched,
            uses: std::mem::take(&mut self.uses),
            attempts_before: self.tried(),
            ..Self::default()
        }
    }

    /// All attempts at it in this run, those before a resume started it over too.
    pub fn tried(&self) -> u32 {
        self.attempts.saturating_add(self.attempts_before)
    }

    /// How far its last attempt came is not known.
    pub(super) fn doubt(&mut self) {
        self.phase = Phase::InDoubt;
        self.doubted = true;
        self.unless = None;
    }

    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::Failing(_) if self.asks_of_failure() => Status::Waiting,
            Phase::Asking if self.handed == Handed::Now => Status::Running,
            Phase::Ended(status) => *status,
            Phase::Running
            | Phase::Succeeding
            | Phase::Failing(_)
            | Phase::Snapshotting
            | Phase::Restoring(_)
            | Phase::Ending(_) => Status::Running,
            Phase::Asking | Phase::Delayed(_) => Status::Waiting,
            Phase::InDoubt => Status::InDoubt,
            Phase::Guarding => Status::Pending,
        }
    }

    /// Whether a person, or an agent, has said what came of what is done by hand: that counts,
    /// whatever has happened meanwhile.
    pub(super) fn is_done_by_hand(&self) -> bool {
        let said = |record: &AnswerRecord| record.answer != Answer::Skipped;
        self.answer(QuestionKind::Manual).is_some_and(said)
    }

    /// Whether a person is asked what becomes of its failure.
    pub fn asks_of_failure(&self) -> bool {
        self.open_question().is_some_and(|question| question.kind == QuestionKind::Failed)
    }

    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// The last question, if it is of this kind.
    pub fn question(&self, kind: QuestionKind) -> Option<&Question> {
        self.questions.iter().rev().find(|question| question.kind == kind)
    }

    /// The answer to the last question of this kind.
    pub fn answer(&self, kind: QuestionKind) -> Option<&AnswerRecord> {
        self.question(kind)?.answer.as_ref()
    }

    /// The question that a person has yet to answer; what has ended, or is about to, asks nothing
    /// any more.
    pub fn open_question(&self) -> Option<&Question> {
        let ends = matches!(self.phase, Phase::Restoring(_) | Phase::Ending(_));
        let last = self.questions.last().filter(|_| !ends && !self.is_ended());
        last.filter(|question| question.answer.is_none())
    }
}
