//! What a case comes to: how the run ends, by which fallbacks, and what it leaves behind.

use std::time::Duration;

use crate::exec::event::{RunStatus, Status, Timestamp};
use crate::exec::graph::NodeIx;
use crate::scenario::play::Play;

/// How bad an end is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It failed, and something is neither done nor undone.
    HalfDone,
    Failed,
    /// A person must decide.
    Waiting,
    /// Not as planned: by a fallback, later, or with a failure that is ignored.
    AchievedOtherwise,
    Achieved,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub class: Class,
    pub status: RunStatus,
    /// How long the run took.
    pub took: Duration,
    pub reason: Option<String>,
    /// Steps that a fallback did, as `connect via replica`.
    pub via: Vec<String>,
    /// Steps that could not run.
    pub blocked: Vec<String>,
    pub undone: Vec<String>,
    /// Steps that began, did not succeed, and were not undone.
    pub half_done: Vec<String>,
    /// Steps of which no one knows how far they came, or that a person must answer for.
    pub open: Vec<String>,
    /// Failed steps that the plan says to ignore.
    pub ignored: Vec<String>,
}

impl Outcome {
    pub(super) fn of(play: &Play) -> Self {
        let state = &play.state;
        let graph = state.graph();
        let names = |is: &dyn Fn(NodeIx, Status) -> bool| -> Vec<String> {
            let steps = graph.steps().filter(|node| is(*node, state.status(*node)));
            steps.map(|node| graph.id(node).to_string()).collect()
        };
        let via = graph.steps().filter_map(|node| {
            let via = state.node(node).via.as_ref()?;
            Some(format!("{} via {via}", graph.id(node)))
        });
        let half_done = |node: NodeIx, status: Status| {
            let unfinished =
                matches!(status, Status::Failed | Status::Cancelled | Status::UndoFailed);
            unfinished && !state.is_ignored(node) && touched(play, node)
        };
        let open = |_, status| matches!(status, Status::Waiting | Status::InDoubt);
        let end = state.ended.unwrap_or(state.last);
        let outcome = Self {
            class: Class::Achieved,
            status: play.end.status,
            took: end.since(Timestamp(0)),
            reason: play.end.reason.clone(),
            via: via.collect(),
            blocked: names(&|_, status| matches!(status, Status::Blocked | Status::NotRun)),
            undone: names(&|_, status| status == Status::Undone),
            half_done: names(&half_done),
            open: names(&open),
            ignored: names(&|node, status| status == Status::Failed && state.is_ignored(node)),
        };
        Self { class: outcome.class(play), ..outcome }
    }

    fn class(&self, play: &Play) -> Class {
        let tried_again = || {
            let graph = play.state.graph();
            graph.steps().any(|node| {
                let instances = play.state.node(node).items.as_ref().map_or(1, Vec::len);
                usize::try_from(play.state.attempts(node)).unwrap_or(usize::MAX) > instances
            })
        };
        match self.status {
            RunStatus::Achieved if play.end.exit != 0 => Class::AchievedOtherwise,
            RunStatus::Achieved if !self.via.is_empty() || !self.ignored.is_empty() => {
                Class::AchievedOtherwise
            }
            RunStatus::Achieved if tried_again() => Class::AchievedOtherwise,
            RunStatus::Achieved => Class::Achieved,
            RunStatus::Waiting => Class::Waiting,
            _ if !self.half_done.is_empty() => Class::HalfDone,
            _ => Class::Failed,
        }
    }
}

/// Whether a step that is no harm to do again, or was undone, left nothing behind.
fn touched(play: &Play, node: NodeIx) -> bool {
    let state = play.state.node(node);
    let idempotent = play.state.graph().step(node).is_some_and(|step| step.idempotent);
    !idempotent && std::iter::once(&state.unit).chain(&state.instances).any(|unit| unit.touched)
}
