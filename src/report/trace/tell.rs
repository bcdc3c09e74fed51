//! What each event does to a trace.
//!
//! Invariant: what has not ended, and what a crash cut off, ends with the last event and says so.

use super::{Attribute, Attributes, ROOT, Trace, Verdict};
use crate::exec::event::{AttemptEnd, Event, RunStatus, Status, Usage};
use crate::exec::{Stamped, Timestamp, Unit};
use crate::value::{GoalId, NodeId, StepId};

impl Trace<'_> {
    pub(super) fn take(&mut self, stamped: &Stamped) {
        let at = stamped.at;
        match &stamped.event {
            Event::RunStarted { .. } => {
                self.node(&NodeId::Goal(GoalId::root()), at);
            }
            Event::RunResumed { .. } => {
                self.cut_off(at);
                self.moment(ROOT, at, "resumed", Attributes::new());
            }
            Event::RunEnded { status, exit, reason } => {
                let why = reason.clone().unwrap_or_default();
                let verdict = match status {
                    RunStatus::Achieved if *exit == 0 => Verdict::Good,
                    RunStatus::Achieved | RunStatus::Failed => Verdict::Bad(why),
                    _ => Verdict::Unset,
                };
                let exit = Attribute::Int(i64::from(*exit));
                let status = Attribute::from(status.word());
                self.end(ROOT, at, verdict, vec![("goalc.status", status), ("goalc.exit", exit)]);
            }
            Event::StepEnded { step, status, reason, via, .. } => {
                let key = self.node(&NodeId::Step(step.clone()), at);
                let via = via.as_ref().map(|via| ("goalc.via", Attribute::from(&**via)));
                self.ended(&key, at, *status, reason.as_ref(), via.into_iter().collect());
            }
            Event::InstanceEnded { unit, status, failure, .. } => {
                let key = self.unit(unit, at);
                let why = failure.as_ref().map(ToString::to_string);
                self.ended(&key, at, *status, why.as_ref(), Attributes::new());
            }
            Event::GoalEnded { goal, status, reason } if !goal.is_root() => {
                let key = self.node(&NodeId::Goal(goal.clone()), at);
                self.ended(&key, at, *status, reason.as_ref(), Attributes::new());
            }
            Event::GoalOpened { goal, .. } => {
                self.node(&NodeId::Goal(goal.clone()), at);
            }
            event => {
                self.take_attempt(stamped);
                self.take_moment(event, at);
            }
        }
    }

    fn take_attempt(&mut self, stamped: &Stamped) {
        let at = stamped.at;
        match &stamped.event {
            Event::AttemptStarted { unit, attempt, way, .. } => {
                let parent = self.unit(unit, at);
                let key = format!("attempt {}", stamped.seq);
                let mut attributes: Attributes = vec![
                    ("goalc.kind", "attempt".into()),
                    ("goalc.attempt", Attribute::Int(i64::from(*attempt))),
                ];
                attributes.extend(self.fallback(unit, *way).map(|via| ("goalc.fallback", via)));
                let name = format!("{unit} attempt {attempt}");
                self.begin(&key, Some(parent), name, at, attributes);
                self.open.insert(unit.clone(), key);
            }
            Event::AttemptEnded { unit, end, usage, .. } => {
                let Some(key) = self.open.shift_remove(unit) else { return };
                let verdict = match end {
                    AttemptEnd::Succeeded { .. } => Verdict::Good,
                    AttemptEnd::Failed(why) => Verdict::Bad(why.to_string()),
                };
                self.end(&key, at, verdict, usage.map(used).unwrap_or_default());
            }
            _ => {}
        }
    }

    fn fallback(&self, unit: &Unit, way: u32) -> Option<Attribute> {
        let step = self.graph.step(self.graph.node_ix(&unit.node)?)?;
        let fallback = step.fallbacks.get(way.checked_sub(1)? as usize)?;
        Some(Attribute::from(&*fallback.name))
    }

    /// What a crash left open ended no later than the run was taken up again.
    fn cut_off(&mut self, at: Timestamp) {
        for (_, key) in std::mem::take(&mut self.open) {
            let why = "cut off when goalc ended".to_owned();
            self.end(&key, at, Verdict::Bad(why), vec![("goalc.in_doubt", Attribute::Bool(true))]);
        }
    }

    fn ended(
        &mut self,
        key: &str,
        at: Timestamp,
        status: Status,
        reason: Option<&String>,
        mut attributes: Attributes,
    ) {
        let why = reason.cloned().unwrap_or_default();
        let verdict = match status {
            Status::Succeeded => Verdict::Good,
            Status::Failed => Verdict::Bad(why.clone()),
            _ => Verdict::Unset,
        };
        attributes.push(("goalc.status", status.word().into()));
        if !why.is_empty() {
            attributes.push(("goalc.reason", why.into()));
        }
        self.end(key, at, verdict, attributes);
    }

    fn take_moment(&mut self, event: &Event, at: Timestamp) {
        let of_step = |step: &StepId| Unit { node: NodeId::Step(step.clone()), item: None };
        let of_goal =
            |goal: &crate::value::GoalId| Unit { node: NodeId::Goal(goal.clone()), item: None };
        let text = |name: &'static str, text: &str| (name, Attribute::from(text));
        let (unit, name, attributes): (Unit, _, Attributes) = match event {
            Event::Delayed { unit, length, .. } => {
                let delay = Attribute::Float(length.as_secs_f64());
                (unit.clone(), "retry", vec![("goalc.delay", delay)])
            }
            Event::WayUsedUp { unit } => (unit.clone(), "fallback", Vec::new()),
            Event::Asked { unit, question, .. } => {
                (unit.clone(), "question", vec![text("goalc.question", question)])
            }
            Event::Answered { unit, answer, by, from, note, .. } => {
                let said = text("goalc.answer", answer.word());
                let who =
                    [text("goalc.by", by), text("goalc.from", from), text("goalc.note", note)];
                (unit.clone(), "answer", std::iter::once(said).chain(who).collect())
            }
            Event::CheckpointReached { step, label } => {
                (of_step(step), "checkpoint", vec![text("goalc.label", label)])
            }
            Event::UndoStarted { step } => (of_step(step), "undo", Vec::new()),
            Event::UndoEnded { step, failure, .. } => {
                let why = failure.as_ref().map(|why| text("goalc.failure", why));
                (of_step(step), "undone", why.into_iter().collect())
            }
            Event::StopRequested { goal, .. } => (of_goal(goal), "stop", Vec::new()),
            Event::GoalVerified { goal, failure, .. } => {
                let why = failure.as_ref().map(|why| text("goalc.failure", why));
                (of_goal(goal), "verify", why.into_iter().collect())
            }
            Event::CleanupEnded { goal, failure } => {
                let why = failure.as_ref().map(|why| text("goalc.failure", why));
                (of_goal(goal), "cleanup", why.into_iter().collect())
            }
            Event::AlertSent { goal, on, text: said, failure, .. } => {
                let mut told = vec![text("goalc.alert", on), text("goalc.message", said)];
                told.extend(failure.as_ref().map(|why| text("goalc.failure", why)));
                (of_goal(goal), "alert", told)
            }
            _ => return,
        };
        let key = self.unit(&unit, at);
        self.moment(&key, at, name, attributes);
    }
}

fn used(usage: Usage) -> Attributes {
    let bytes = |bytes: u64| Attribute::Int(i64::try_from(bytes).unwrap_or(i64::MAX));
    vec![
        ("goalc.cpu", Attribute::Float(usage.cpu)),
        ("goalc.memory", bytes(usage.memory)),
        ("goalc.read", bytes(usage.read)),
        ("goalc.written", bytes(usage.written)),
    ]
}
