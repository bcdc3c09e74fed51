//! What events of a unit change: guards, questions, attempts, the ends of instances.

use std::sync::Arc;

use indexmap::IndexMap;

use super::interactive::after_verdict;
use super::{AnswerRecord, Handed, Phase, Question, RunState, UnitIx, UnitState};
use crate::exec::event::{Answer, AttemptEnd, Event, Failure, Status, Timestamp, Usage};
use crate::value::Value;

/// So many different notes of a unit's attempts are kept at hand; the journal has all.
const NOTES: usize = 8;

impl RunState {
    pub(super) fn apply_to_unit(&mut self, event: &Event, at: Timestamp) {
        let (Event::UnlessChecked { unit, .. }
        | Event::RequiresHeld { unit }
        | Event::Asked { unit, .. }
        | Event::Answered { unit, .. }
        | Event::Noted { unit, .. }
        | Event::HandedOver { unit }
        | Event::ConfirmNotNeeded { unit }
        | Event::DoubtCleared { unit }
        | Event::Doubted { unit }
        | Event::SnapshotStarted { unit, .. }
        | Event::SnapshotTaken { unit, .. }
        | Event::SnapshotFailed { unit, .. }
        | Event::RestoreStarted { unit, .. }
        | Event::RestoreEnded { unit, .. }
        | Event::AttemptStarted { unit, .. }
        | Event::AttemptEnded { unit, .. }
        | Event::Delayed { unit, .. }
        | Event::WayUsedUp { unit }
        | Event::InstanceEnded { unit, .. }) = event
        else {
            return;
        };
        let Some(unit) = self.find(unit) else { return };
        match event {
            Event::AttemptStarted { attempt, way, uses, .. } => {
                self.start_attempt(unit, (*attempt, *way), uses, at);
            }
            Event::AttemptEnded { end, usage, notes, .. } => {
                self.end_attempt(unit, end);
                self.account(unit, *usage, notes);
            }
            Event::SnapshotStarted { .. }
            | Event::SnapshotTaken { .. }
            | Event::SnapshotFailed { .. }
            | Event::RestoreStarted { .. }
            | Event::RestoreEnded { .. } => self.apply_snapshot(unit, event),
            Event::Noted { .. } | Event::HandedOver { .. } => self.apply_remark(unit, event, at),
            Event::InstanceEnded { status, failure, outputs, .. } => {
                self.end_instance(unit, *status, failure.as_ref(), outputs, at);
            }
            event => {
                let seq = self.seq;
                if let Some(state) = self.unit_mut(unit) {
                    change_unit(state, event, (seq, at));
                }
                if let Event::Delayed { until, .. } = event {
                    self.delay_joined(unit, *until);
                }
                if let Event::Answered { answer: Answer::All, .. } = event {
                    self.end_interactive();
                }
            }
        }
        self.restage(unit);
        if self.graph.is_service(unit.node) {
            self.restage_users(unit.node);
        }
    }

    pub(super) fn unit_mut(&mut self, unit: UnitIx) -> Option<&mut UnitState> {
        let node = self.nodes.get_mut(unit.node.at())?;
        match unit.item {
            None => Some(&mut node.unit),
            Some(item) => node.instances.get_mut(item as usize),
        }
    }

    fn start_attempt(
        &mut self,
        unit: UnitIx,
        (attempt, way): (u32, u32),
        uses: &IndexMap<Arc<str>, i64>,
        at: Timestamp,
    ) {
        let (standing, seq) = (self.standing, self.seq);
        let Some(state) = self.unit_mut(unit) else { return };
        if state.way != way || state.way_started.is_none() {
            state.way_started = Some((at, standing));
            state.failed_tries = 0;
        }
        state.attempts = attempt;
        state.start = seq;
        state.way = way;
        state.phase = Phase::Running;
        state.touched = true;
        state.saved.iter_mut().for_each(|saved| saved.outdated = false);
        state.doubted = false;
        state.verdict = None;
        state.started.get_or_insert(at);
        state.uses = uses.clone().into();
        let node = &mut self.nodes[unit.node.at()];
        node.started.get_or_insert(at);
        node.status = Status::Running;
        node.ready = None;
        self.hold(unit);
    }

    fn end_attempt(&mut self, unit: UnitIx, end: &AttemptEnd) {
        let was_running = self.unit(unit).is_some_and(|state| state.phase == Phase::Running);
        if was_running {
            self.let_go(unit);
        }
        // A member of a chain that was stopped did not fail.
        let stopped = *end == AttemptEnd::Failed(Failure::Cancelled)
            && !self.graph.joined(unit.node).is_empty();
        let Some(state) = self.unit_mut(unit) else { return };
        match end {
            AttemptEnd::Succeeded { outputs } => {
                state.outputs = outputs.clone().into();
                state.phase = Phase::Succeeding;
            }
            AttemptEnd::Failed(failure) => {
                state.losses += u32::from(matches!(failure, Failure::Lost { .. }));
                state.failed_tries += u32::from(!stopped);
                state.last_failure = Some(Box::new(failure.clone()));
                state.phase = Phase::Failing(Box::new(failure.clone()));
            }
        }
    }

    fn account(&mut self, unit: UnitIx, usage: Option<Usage>, notes: &[String]) {
        let Some(state) = self.unit_mut(unit) else { return };
        state.usage = usage.map(|used| state.usage.unwrap_or_default().and(used)).or(state.usage);
        for note in notes {
            if !state.notes.contains(note) && state.notes.len() < NOTES {
                state.notes.push(note.clone());
            }
        }
    }

    fn end_instance(
        &mut self,
        unit: UnitIx,
        status: Status,
        failure: Option<&Failure>,
        outputs: &IndexMap<Arc<str>, Value>,
        at: Timestamp,
    ) {
        let Some(state) = self.unit_mut(unit) else { return };
        state.phase = Phase::Ended(status);
        state.ended = Some(at);
        state.last_failure = failure.cloned().map(Box::new).or(state.last_failure.take());
        state.outputs = outputs.clone().into();
        let was_past = self.is_past_tolerance(unit.node);
        let node = &mut self.nodes[unit.node.at()];
        node.instances_open = node.instances_open.saturating_sub(1);
        node.instances_failed += u32::from(status == Status::Failed);
        self.restage(UnitIx::of(unit.node));
        if !was_past && self.is_past_tolerance(unit.node) {
            self.restage_instances(unit.node);
        }
        for next in self.graph.outgoing(unit.node).to_vec() {
            self.restage(UnitIx { node: next, item: unit.item });
        }
    }
}

/// Events that change nothing but the unit's own record.
fn change_unit(state: &mut UnitState, event: &Event, (seq, at): (u64, Timestamp)) {
    match event {
        Event::UnlessChecked { holds, outputs, .. } => {
            state.unless = Some(*holds);
            if *holds {
                state.outputs = outputs.clone().into();
            }
        }
        Event::RequiresHeld { .. } => state.requires_held = true,
        Event::ConfirmNotNeeded { .. } => state.confirm_not_needed = true,
        Event::DoubtCleared { .. } => state.phase = Phase::Guarding,
        Event::Doubted { .. } => state.doubt(),
        Event::Delayed { until, .. } => state.phase = Phase::Delayed(*until),
        Event::WayUsedUp { .. } => {
            state.way += 1;
            state.failed_tries = 0;
            state.way_started = None;
            state.phase = Phase::Guarding;
        }
        Event::Asked { kind, question, until, .. } => {
            state.phase = match std::mem::take(&mut state.phase) {
                kept @ (Phase::InDoubt | Phase::Failing(_)) => kept,
                _ => Phase::Asking,
            };
            state.questions.push(Question {
                seq,
                kind: *kind,
                text: question.clone(),
                asked: at,
                until: *until,
                answer: None,
            });
        }
        Event::Answered { answer, by, from, note, said, .. } => {
            take_answer(
                state,
                answer,
                AnswerRecord {
                    answer: answer.clone(),
                    by: by.clone(),
                    from: from.clone(),
                    note: note.clone(),
                    at: said.unwrap_or(at),
                },
            );
        }
        _ => {}
    }
}

fn take_answer(state: &mut UnitState, answer: &Answer, record: AnswerRecord) {
    if let Some(question) = state.questions.last_mut() {
        question.answer.get_or_insert(record);
    }
    if let Answer::Done { outputs } = answer {
        state.outputs = outputs.clone().into();
        state.touched = true;
    }
    if state.handed != Handed::No {
        state.handed = Handed::Over;
    }
    if let Some(phase) = after_verdict(state, answer) {
        state.phase = phase;
        return;
    }
    state.phase = match (&state.phase, answer) {
        (Phase::InDoubt, Answer::Done { .. } | Answer::Failed | Answer::Denied) => Phase::InDoubt,
        _ => Phase::Guarding,
    };
}
