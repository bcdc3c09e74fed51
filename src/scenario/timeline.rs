//! What happened in a play, a line each, with the time since its start.

use std::time::Duration;

use crate::exec::event::{AttemptEnd, Event, Stamped, StopReason, Timestamp};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub at: Duration,
    /// The step or goal, with the number of its instance; empty for the run itself.
    pub unit: String,
    pub text: String,
}

/// What a person would want to know of these events.
pub fn timeline(events: &[Stamped]) -> Vec<Line> {
    events.iter().filter_map(line).collect()
}

fn line(stamped: &Stamped) -> Option<Line> {
    let (unit, text) = match &stamped.event {
        Event::RunResumed { .. } => {
            (String::new(), "the machine stopped; the run is resumed".to_owned())
        }
        Event::AttemptStarted { unit, attempt: 1, .. } => (unit.to_string(), "started".to_owned()),
        Event::AttemptStarted { unit, attempt, way, .. } => {
            let way = if *way == 0 { String::new() } else { format!(", fallback {way}") };
            (unit.to_string(), format!("attempt {attempt}{way}"))
        }
        Event::AttemptEnded { unit, end: AttemptEnd::Failed(why), .. } => {
            (unit.to_string(), format!("attempt failed: {why}"))
        }
        Event::Asked { unit, question, .. } => (unit.to_string(), format!("asks: {question}")),
        Event::Answered { unit, answer, from, .. } => {
            let by = if from == "timeout" { " by its timeout" } else { "" };
            (unit.to_string(), format!("{}{by}", answer.word()))
        }
        Event::Doubted { unit } => (unit.to_string(), "in doubt".to_owned()),
        Event::InstanceEnded { unit, status, .. } => (unit.to_string(), status.to_string()),
        Event::StepEnded { step, status, reason, via, .. } => {
            let via = via.as_ref().map_or_else(String::new, |via| format!(" via {via}"));
            (step.to_string(), format!("{status}{via}{}", because(reason.as_ref())))
        }
        Event::GoalEnded { goal, status, reason } if !goal.is_root() => {
            (goal.to_string(), format!("{status}{}", because(reason.as_ref())))
        }
        Event::StopRequested { goal, why } => (goal.to_string(), stopping(why)),
        Event::UndoStarted { step } => (step.to_string(), "is being undone".to_owned()),
        Event::UndoEnded { step, failure: None, .. } => (step.to_string(), "undone".to_owned()),
        Event::UndoEnded { step, failure: Some(why), .. } => {
            (step.to_string(), format!("its undo failed: {why}"))
        }
        Event::GoalVerified { goal, failure: Some(why), .. } => {
            (goal.to_string(), format!("verify: {why}"))
        }
        Event::CleanupEnded { goal, failure: Some(why) } => {
            (goal.to_string(), format!("cleanup: {why}"))
        }
        Event::CheckpointReached { step, label } => {
            (step.to_string(), format!("checkpoint {label}"))
        }
        Event::RunEnded { status, reason, .. } => {
            (String::new(), format!("{status}{}", because(reason.as_ref())))
        }
        _ => return None,
    };
    Some(Line { at: stamped.at.since(Timestamp(0)), unit, text })
}

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

fn stopping(why: &StopReason) -> String {
    match why {
        StopReason::Failure { node } => format!("nothing new starts: `{node}` failed"),
        StopReason::Signal { .. } => "a person stops the run".to_owned(),
        StopReason::Deadline => "its deadline has passed".to_owned(),
        StopReason::Cancelled { .. } => "the run is cancelled".to_owned(),
        StopReason::Rollback { .. } => "the run is being undone".to_owned(),
    }
}
