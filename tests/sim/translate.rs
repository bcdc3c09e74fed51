//! goalc's events as what is seen of a run, and what the world says in goalc's terms.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use goalc::exec::event::{
    AlertWay, Answer, AttemptEnd, Event, Failure, QuestionKind, RunStatus, Stamped, StopReason,
    Unit,
};
use goalc::exec::world::Wake;
use goalc::value::{GoalId, NodeId, Value};

use super::plan::{Kind, Status, Step};
use super::trace::{End, From, Question, Run, Said, Seen, Unsaved, What, Why};
use super::tree::Tree;

/// An event as the model sees it.
pub(crate) fn of(stamped: &Stamped, tree: &Tree<'_>) -> Seen {
    let what = translate(&stamped.event, tree)
        .unwrap_or_else(|| What::Other(format!("{:?}", stamped.event)));
    Seen::Event { seq: stamped.seq, at: stamped.at.0, what }
}

fn translate(event: &Event, tree: &Tree<'_>) -> Option<What> {
    let node = |id: &dyn std::fmt::Display| tree.find(&id.to_string());
    Some(match event {
        Event::RunStarted { interactive, .. } => What::Started { interactive: *interactive },
        Event::RunResumed { retry_failed, changed, interactive, edits } => {
            let goals = edits.iter().flat_map(|edits| &edits.goals).map(|goal| node(goal));
            let changed = changed.iter().map(|step| node(step)).chain(goals);
            What::Resumed {
                retry_failed: *retry_failed,
                interactive: *interactive,
                changed: changed.collect::<Option<Vec<usize>>>()?,
            }
        }
        Event::RollbackRequested { since, .. } => What::RollBack(*since),
        Event::ItemsFixed { step, items, tolerated, parallel } => {
            let count = u32::try_from(items.len()).ok()?;
            What::Items(node(&step)?, count, *tolerated, *parallel)
        }
        Event::LetFixed { binding, value } if binding.as_str() == "w" => {
            What::LetOfParam(number(Some(value))?)
        }
        Event::ParamChanged { value, .. } => What::Param(number(Some(value))?),
        Event::LetFixed { binding, value } => {
            What::Let(binding.to_string().strip_prefix('v')?.parse().ok()?, number(Some(value))?)
        }
        Event::WhenDecided { node: of, holds } => What::When(node(of)?, *holds),
        Event::StepEnded { step, status, via, .. } => {
            let at = node(&step)?;
            let via = via.as_deref().and_then(|name| name.strip_prefix("fallback-"));
            let via = via.map(str::parse).transpose().ok()?;
            What::Ended { at: (at, None), status: ended(*status)?, via }
        }
        Event::GoalEnded { goal, status, .. } => {
            What::Ended { at: (node(&goal)?, None), status: ended(*status)?, via: None }
        }
        Event::ServiceReady { step, outputs } => {
            What::Ready(node(&step)?, number(outputs.get("o")))
        }
        Event::CheckpointReached { step, .. } => What::Checkpoint(node(&step)?),
        Event::GoalOpened { goal, .. } => What::Opened(node(&goal)?),
        Event::StopRequested { goal, why } => What::Stop(
            node(&goal)?,
            match why {
                StopReason::Failure { .. } => Why::Failure,
                StopReason::Signal { .. } | StopReason::Cancelled { .. } => Why::Signal,
                StopReason::Deadline => Why::Deadline,
                StopReason::Rollback { .. } => return None,
            },
        ),
        Event::UndoStarted { step } => What::Undoing(node(&step)?),
        Event::UndoEnded { step, failure, .. } => What::Undone(node(&step)?, failure.is_none()),
        Event::UndoStopped { step } => What::UndoStopped(node(&step)?),
        Event::GoalVerified { goal, failure, .. } => {
            What::Verified(node(&goal)?, failure.is_none())
        }
        Event::CleanupEnded { goal, failure } => What::Cleaned(node(&goal)?, failure.is_none()),
        Event::AlertSent { .. } | Event::Noted { .. } => What::Told,
        Event::RunEnded { status, exit, .. } => What::RunEnded(run(*status)?, *exit),
        other => return of_unit(other, tree),
    })
}

fn of_unit(event: &Event, tree: &Tree<'_>) -> Option<What> {
    let unit = |unit: &Unit| Some((tree.find(&unit.node.to_string())?, unit.item));
    Some(match event {
        Event::UnlessChecked { unit: of, holds, .. } => What::Unless(unit(of)?, *holds),
        Event::RequiresHeld { unit: of } => What::Requires(unit(of)?),
        Event::Asked { unit: of, kind, until, .. } => {
            let kind = match kind {
                QuestionKind::Confirm => Question::Confirm,
                QuestionKind::Manual => Question::Manual,
                QuestionKind::InDoubt => Question::InDoubt,
                QuestionKind::Step => Question::Step,
                QuestionKind::Failed => Question::Failed,
            };
            What::Asked(unit(of)?, kind, until.map(|until| until.0))
        }
        Event::Answered { unit: of, answer, from, .. } => {
            let said = match answer {
                Answer::Approved | Answer::Done { .. } => Said::Yes,
                Answer::Denied | Answer::Failed => Said::No,
                Answer::Rerun => Said::Rerun,
                Answer::Run => Said::Run,
                Answer::All => Said::All,
                Answer::Skipped => Said::Skip,
                Answer::Retry => Said::Retry,
                Answer::FallBack => Said::FallBack,
            };
            let from = match from.as_str() {
                "terminal" => From::Terminal,
                "timeout" => From::Timeout,
                "--agent" => From::Agent,
                _ => From::Call,
            };
            What::Answered(unit(of)?, said, from)
        }
        Event::HandedOver { unit: of } => What::HandedOver(unit(of)?),
        Event::ConfirmNotNeeded { unit: of } => What::NotNeeded(unit(of)?),
        Event::Doubted { unit: of } => What::Doubted(unit(of)?),
        Event::DoubtCleared { unit: of } => What::Cleared(unit(of)?),
        Event::AttemptStarted { unit: of, attempt, way, .. } => {
            What::Attempt { at: unit(of)?, attempt: *attempt, way: *way }
        }
        Event::AttemptEnded { unit: of, attempt, end, .. } => {
            let gave = match end {
                AttemptEnd::Succeeded { outputs } => number(outputs.get("o")),
                AttemptEnd::Failed(_) => None,
            };
            What::Tried { at: unit(of)?, attempt: *attempt, end: outcome(end)?, gave }
        }
        Event::Delayed { unit: of, length, until } => What::Delayed {
            at: unit(of)?,
            length: u64::try_from(length.as_millis()).ok()?,
            until: until.0,
        },
        Event::WayUsedUp { unit: of } => What::NextWay(unit(of)?),
        Event::SnapshotStarted { unit: of, .. } => What::Saving(unit(of)?),
        Event::SnapshotTaken { unit: of, .. } => What::Saved(unit(of)?, Ok(())),
        Event::SnapshotFailed { unit: of, failure } => {
            let stopped = *failure == Failure::Cancelled;
            let why = if stopped { Unsaved::Stopped } else { Unsaved::Failed };
            What::Saved(unit(of)?, Err(why))
        }
        Event::RestoreStarted { unit: of, status, .. } => {
            What::Restoring(unit(of)?, ended(*status)?)
        }
        Event::RestoreEnded { unit: of, failure } => What::Restored(unit(of)?, failure.is_none()),
        Event::InstanceEnded { unit: of, status, .. } => {
            What::Ended { at: unit(of)?, status: ended(*status)?, via: None }
        }
        _ => return None,
    })
}

fn number(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

fn outcome(end: &AttemptEnd) -> Option<End> {
    Some(match end {
        AttemptEnd::Succeeded { .. } => End::Succeeded,
        AttemptEnd::Failed(Failure::Cancelled) => End::Cancelled,
        AttemptEnd::Failed(failure) => End::Failed(match failure {
            Failure::Exit { code } => Kind::Exit(*code),
            Failure::Signal { .. } => Kind::Signal,
            Failure::Timeout { .. } => Kind::Timeout,
            Failure::Verify { .. } => Kind::Verify,
            Failure::Output { .. } => Kind::Output,
            Failure::Memory => Kind::Memory,
            Failure::CannotStart { .. } => Kind::CannotStart,
            Failure::Lost { .. } => Kind::Lost,
            Failure::Service { .. } => Kind::Service,
            _ => return None,
        }),
    })
}

fn ended(status: goalc::exec::event::Status) -> Option<Status> {
    use goalc::exec::event::Status as Theirs;
    Some(match status {
        Theirs::Succeeded => Status::Succeeded,
        Theirs::Failed => Status::Failed,
        Theirs::Skipped => Status::Skipped,
        Theirs::Blocked => Status::Blocked,
        Theirs::Cancelled => Status::Cancelled,
        Theirs::NotRun => Status::NotRun,
        Theirs::Undone => Status::Undone,
        Theirs::UndoFailed => Status::UndoFailed,
        _ => return None,
    })
}

pub(crate) fn run(status: RunStatus) -> Option<Run> {
    Some(match status {
        RunStatus::Achieved => Run::Achieved,
        RunStatus::Failed => Run::Failed,
        RunStatus::Waiting => Run::Waiting,
        RunStatus::Cancelled => Run::Cancelled,
        RunStatus::Undone => Run::Undone,
        RunStatus::Running => return None,
    })
}

/// The failure of an attempt that fails so.
pub(crate) fn failure(kind: Kind) -> Failure {
    let why = "so it is".to_owned();
    match kind {
        Kind::Exit(code) => Failure::Exit { code },
        Kind::Signal => Failure::Signal { signal: 11, name: "SIGSEGV".to_owned() },
        Kind::Timeout => Failure::Timeout { after: Duration::from_secs(1), waited: String::new() },
        Kind::Verify => Failure::Verify { why },
        Kind::Output => Failure::Output { why },
        Kind::Memory => Failure::Memory,
        Kind::CannotStart => Failure::CannotStart { why },
        Kind::Lost => Failure::Lost { why },
        Kind::Service => unreachable!("goalc says so itself"),
    }
}

/// An alert, or a note: nothing of the run changes by it.
pub(crate) fn told(count: u16) -> Wake {
    let (unit, text) = (Unit { node: NodeId::Goal(GoalId::root()), item: None }, "so".to_owned());
    if count.is_multiple_of(2) {
        let (by, from) = ("bob".to_owned(), "command".to_owned());
        return Wake::Noted { unit, by, from, text, request: None };
    }
    let on = "failure".to_owned();
    let (goal, way, failure) = (GoalId::root(), AlertWay::Log, None);
    Wake::Told { goal, on, unit: Some(unit), way, text, failure }
}

/// What a step gives, where it has an output.
pub(crate) fn gives(step: &Step, value: usize) -> IndexMap<Arc<str>, Value> {
    let value = Value::Int(i64::try_from(value).unwrap_or(i64::MAX));
    step.output.then(|| (Arc::from("o"), value)).into_iter().collect()
}
