//! The texts of events that say what the world was like, by which a secret could come into one.
//!
//! Knows where they are; which bytes are secret, and what is done about it, is the world's to say. Invariant:
//! every kind of event and failure is named here, so that a new one says which of its texts come from outside.

use super::event::{AttemptEnd, Event, Failure};

impl Event {
    /// Its texts for people that are not the plan's own words.
    pub fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::AttemptEnded { end, notes, .. } => {
                let failure = match end {
                    AttemptEnd::Failed(failure) => Some(failure),
                    AttemptEnd::Succeeded { .. } => None,
                };
                notes.iter_mut().chain(of(failure)).collect()
            }
            Self::SnapshotFailed { failure, .. } => failure.texts_mut(),
            Self::InstanceEnded { failure, .. } => of(failure.as_mut()),
            Self::RestoreStarted { failure, reason, .. }
            | Self::StepEnded { failure, reason, .. } => {
                reason.iter_mut().chain(of(failure.as_mut())).collect()
            }
            Self::RestoreEnded { failure: text, .. }
            | Self::UndoEnded { failure: text, .. }
            | Self::CleanupEnded { failure: text, .. }
            | Self::GoalEnded { reason: text, .. }
            | Self::RunEnded { reason: text, .. } => text.iter_mut().collect(),
            Self::GoalVerified { failure, probes, .. } => {
                let found = probes.iter_mut().map(|answer| &mut answer.found);
                failure.iter_mut().chain(found).collect()
            }
            Self::AlertSent { text, failure, .. } => {
                std::iter::once(text).chain(failure.as_mut()).collect()
            }
            Self::Asked { question: text, .. }
            | Self::Answered { note: text, .. }
            | Self::Noted { text, .. } => vec![text],
            Self::RunStarted { .. }
            | Self::RunResumed { .. }
            | Self::ExecutorChosen { .. }
            | Self::LetFixed { .. }
            | Self::WhenDecided { .. }
            | Self::ItemsFixed { .. }
            | Self::UnlessChecked { .. }
            | Self::RequiresHeld { .. }
            | Self::ParamChanged { .. }
            | Self::HandedOver { .. }
            | Self::ConfirmNotNeeded { .. }
            | Self::DoubtCleared { .. }
            | Self::Doubted { .. }
            | Self::SnapshotStarted { .. }
            | Self::SnapshotTaken { .. }
            | Self::AttemptStarted { .. }
            | Self::StoodStill { .. }
            | Self::Delayed { .. }
            | Self::WayUsedUp { .. }
            | Self::ServiceReady { .. }
            | Self::CheckpointReached { .. }
            | Self::GoalOpened { .. }
            | Self::StopRequested { .. }
            | Self::UndoStarted { .. }
            | Self::UndoStopped { .. }
            | Self::RollbackRequested { .. } => Vec::new(),
        }
    }
}

fn of(failure: Option<&mut Failure>) -> Vec<&mut String> {
    failure.map(Failure::texts_mut).unwrap_or_default()
}

impl Failure {
    fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Timeout { waited: text, .. }
            | Self::Verify { why: text }
            | Self::Output { why: text }
            | Self::Requires { why: text }
            | Self::CannotStart { why: text }
            | Self::Lost { why: text }
            | Self::Value { why: text }
            | Self::Snapshot { why: text }
            | Self::Said { note: text } => vec![text],
            Self::Service { why, tail, .. } => std::iter::once(why).chain(tail).collect(),
            Self::Exit { .. }
            | Self::Signal { .. }
            | Self::Memory
            | Self::Denied { .. }
            | Self::Cancelled
            | Self::Instances { .. } => Vec::new(),
        }
    }
}
