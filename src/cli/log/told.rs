//! What an event is to a log: its level, whom it is about, and one sentence.
//!
//! Pure. Invariant: each event has a record, and what failed in the end, and only that, is an error.

use crate::config::LogLevel;
use crate::exec::event::{AttemptEnd, Event, RunStatus, Status, StopReason, Unit};
use crate::exec::state::RunState;
use crate::report::length;
use crate::value::{GoalId, NodeId, StepId};

/// An event, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) level: LogLevel,
    /// A step or one of its instances; `None` where it is about a goal or the run.
    pub(super) step: Option<String>,
    pub(super) attempt: Option<u32>,
    pub(super) message: String,
}

/// With the state that the event led to.
pub(super) fn told(event: &Event, state: &RunState) -> Told {
    let (level, message) = of_run(event)
        .or_else(|| of_attempt(event))
        .or_else(|| of_person(event))
        .or_else(|| of_end(event, state))
        .or_else(|| of_undo(event))
        .unwrap_or_else(|| (LogLevel::Debug, of_guard(event)));
    let (step, attempt) = subject(event);
    Told { level, step, attempt, message }
}

fn subject(event: &Event) -> (Option<String>, Option<u32>) {
    let of_unit = |unit: &Unit| match unit.node {
        NodeId::Step(_) => Some(unit.to_string()),
        NodeId::Goal(_) => None,
    };
    match event {
        Event::AttemptStarted { unit, attempt, .. } | Event::AttemptEnded { unit, attempt, .. } => {
            (of_unit(unit), Some(*attempt))
        }
        Event::WhenDecided { node: NodeId::Step(step), .. }
        | Event::ItemsFixed { step, .. }
        | Event::ServiceReady { step, .. }
        | Event::StepEnded { step, .. }
        | Event::CheckpointReached { step, .. }
        | Event::UndoStarted { step }
        | Event::UndoEnded { step, .. }
        | Event::UndoStopped { step } => (Some(step.to_string()), None),
        Event::AlertSent { unit: Some(unit), .. }
        | Event::UnlessChecked { unit, .. }
        | Event::RequiresHeld { unit }
        | Event::Asked { unit, .. }
        | Event::Answered { unit, .. }
        | Event::Noted { unit, .. }
        | Event::HandedOver { unit }
        | Event::ConfirmNotNeeded { unit }
        | Event::DoubtCleared { unit }
        | Event::SnapshotStarted { unit, .. }
        | Event::SnapshotTaken { unit, .. }
        | Event::SnapshotFailed { unit, .. }
        | Event::RestoreStarted { unit, .. }
        | Event::RestoreEnded { unit, .. }
        | Event::Delayed { unit, .. }
        | Event::WayUsedUp { unit }
        | Event::InstanceEnded { unit, .. } => (of_unit(unit), None),
        _ => (None, None),
    }
}

type Record = (LogLevel, String);

fn info(message: impl Into<String>) -> Record {
    (LogLevel::Info, message.into())
}

fn warn(message: impl Into<String>) -> Record {
    (LogLevel::Warn, message.into())
}

fn error(message: impl Into<String>) -> Record {
    (LogLevel::Error, message.into())
}

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |why| format!(": {why}"))
}

fn goal_name(goal: &GoalId) -> String {
    if goal.is_root() { "the goal".to_owned() } else { format!("goal `{goal}`") }
}

/// The run and its goals.
fn of_run(event: &Event) -> Option<Record> {
    Some(match event {
        Event::RunStarted { .. } => info("the run began"),
        Event::RunResumed { .. } => info("the run was taken up again"),
        Event::RunEnded { status, exit, reason } => {
            let message =
                format!("the run ended: {status}, exit code {exit}{}", because(reason.as_ref()));
            match status {
                RunStatus::Cancelled => warn(message),
                RunStatus::Waiting => info(message),
                _ if *exit == 0 => info(message),
                _ => error(message),
            }
        }
        Event::GoalOpened { goal, .. } => info(format!("{} began", goal_name(goal))),
        Event::StopRequested { goal, why } => {
            let why = match why {
                StopReason::Failure { node } => format!("`{node}` failed"),
                StopReason::Signal { signal } => format!("signal {signal}"),
                StopReason::Deadline => "its deadline has passed".to_owned(),
                StopReason::Cancelled { by } => format!("cancelled by {by}"),
                StopReason::Rollback { by } => format!("rolled back by {by}"),
            };
            warn(format!("{} is being stopped: {why}", goal_name(goal)))
        }
        Event::StoodStill { length: stood } => {
            info(format!("all stood still for {}, by Ctrl-Z", length(*stood)))
        }
        Event::AlertSent { on, text, failure: None, .. } => warn(format!("alert on {on}: {text}")),
        Event::AlertSent { on, text, failure: Some(why), .. } => {
            warn(format!("alert on {on} was not delivered: {why} (it said: {text})"))
        }
        _ => return None,
    })
}

fn of_attempt(event: &Event) -> Option<Record> {
    Some(match event {
        Event::AttemptStarted { attempt, way: 0, .. } => info(format!("attempt {attempt} began")),
        Event::AttemptStarted { attempt, way, .. } => {
            warn(format!("attempt {attempt} began, of its fallback {way}"))
        }
        Event::AttemptEnded { attempt, end: AttemptEnd::Succeeded { .. }, .. } => {
            info(format!("attempt {attempt} succeeded"))
        }
        // Whether the step has failed is told by its end.
        Event::AttemptEnded { attempt, end: AttemptEnd::Failed(why), .. } => {
            warn(format!("attempt {attempt} failed: {why}"))
        }
        Event::Delayed { length: wait, .. } => {
            warn(format!("it is tried again in {}", length(*wait)))
        }
        Event::WayUsedUp { .. } => warn("its next fallback is due"),
        Event::ServiceReady { .. } => info("the service is ready"),
        _ => return None,
    })
}

fn of_person(event: &Event) -> Option<Record> {
    Some(match event {
        Event::Asked { question, .. } => info(format!("a person is asked: {question}")),
        Event::Answered { answer, by, from, note, .. } => {
            let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            info(format!("{}{by} ({from}){note}", answer.word()))
        }
        Event::Noted { by, text, .. } => info(format!("note by {by}: {text}")),
        Event::ParamChanged { binding, by, .. } => {
            warn(format!("param `{binding}` was changed by {by}"))
        }
        Event::HandedOver { .. } => info("an agent was given it"),
        Event::RollbackRequested { by, .. } => warn(format!("a rollback was asked for by {by}")),
        _ => return None,
    })
}

/// How a unit or a goal ended.
fn ended(status: Status, reason: Option<&String>, tolerated: bool) -> Record {
    let but = if tolerated { ", which is tolerated" } else { "" };
    let message = format!("{status}{but}{}", because(reason));
    match status {
        Status::Failed if tolerated => warn(message),
        Status::Failed => error(message),
        Status::Blocked | Status::Cancelled => warn(message),
        _ => info(message),
    }
}

fn of_end(event: &Event, state: &RunState) -> Option<Record> {
    let ignored =
        |step: &StepId| state.graph().step_ix(step).is_some_and(|node| state.is_ignored(node));
    Some(match event {
        Event::StepEnded { step, status, reason, via, .. } => {
            let via = via.as_ref().map(|via| format!("by its fallback `{via}`"));
            ended(*status, via.as_ref().or(reason.as_ref()), ignored(step))
        }
        Event::InstanceEnded { unit, status, failure, .. } => {
            let node = state.graph().node_ix(&unit.node);
            let tolerated = node.is_some_and(|node| !state.is_past_tolerance(node));
            ended(*status, failure.as_ref().map(ToString::to_string).as_ref(), tolerated)
        }
        Event::GoalEnded { goal, status, reason } => {
            let (level, message) = ended(*status, reason.as_ref(), false);
            (level, format!("{}: {message}", goal_name(goal)))
        }
        Event::GoalVerified { goal, failure, .. } => match failure {
            None => info(format!("the verify of {} holds", goal_name(goal))),
            Some(why) => error(format!("the verify of {} does not hold: {why}", goal_name(goal))),
        },
        Event::CleanupEnded { goal, failure } => match failure {
            None => info(format!("the cleanup of {} is done", goal_name(goal))),
            Some(why) => error(format!("the cleanup of {} failed: {why}", goal_name(goal))),
        },
        Event::CheckpointReached { label, .. } if label.is_empty() => info("checkpoint"),
        Event::CheckpointReached { label, .. } => info(format!("checkpoint: {label}")),
        _ => return None,
    })
}

fn of_undo(event: &Event) -> Option<Record> {
    Some(match event {
        Event::UndoStarted { .. } => info("its undo began"),
        Event::UndoEnded { failure: None, .. } => info("it is undone"),
        Event::UndoEnded { failure: Some(why), .. } => error(format!("its undo failed: {why}")),
        Event::UndoStopped { .. } => warn("its undo was stopped with the run"),
        Event::SnapshotFailed { failure, .. } => {
            error(format!("its snapshot cannot be taken: {failure}"))
        }
        Event::RestoreEnded { failure: None, .. } => info("its snapshot is put back"),
        Event::RestoreEnded { failure: Some(why), .. } => {
            error(format!("its snapshot is not put back: {why}"))
        }
        _ => return None,
    })
}

/// What decides whether something runs.
fn of_guard(event: &Event) -> String {
    let holds = |what: &str, holds: bool| {
        format!("{what} {}", if holds { "holds" } else { "does not hold" })
    };
    match event {
        Event::LetFixed { binding, .. } => format!("`{binding}` has its value"),
        Event::WhenDecided { node: NodeId::Goal(goal), holds: answer } => {
            holds(&format!("the `when` of {}", goal_name(goal)), *answer)
        }
        Event::WhenDecided { holds: answer, .. } => holds("its `when`", *answer),
        Event::ItemsFixed { items, .. } => match items.len() {
            1 => "it has 1 item".to_owned(),
            many => format!("it has {many} items"),
        },
        Event::UnlessChecked { holds: answer, .. } => holds("its `unless`", *answer),
        Event::RequiresHeld { .. } => "its `requires` holds".to_owned(),
        Event::ConfirmNotNeeded { .. } => "nobody needs to be asked".to_owned(),
        Event::DoubtCleared { .. } => "it may run again after a crash".to_owned(),
        Event::SnapshotStarted { .. } => "its snapshot is being taken".to_owned(),
        Event::SnapshotTaken { .. } => "its snapshot is taken".to_owned(),
        Event::RestoreStarted { .. } => "its snapshot is being put back".to_owned(),
        _ => "something happened".to_owned(),
    }
}
