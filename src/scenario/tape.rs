//! A journal in memory, in which the machine may stop.
//!
//! It stops right behind an event: what was to be written behind that is lost, and nothing of it has
//! begun. Invariant: what was written before is there afterwards.

use std::collections::VecDeque;

use crate::exec::event::{Event, Stamped, Status};
use crate::exec::graph::Graph;
use crate::exec::graph::NodeIx;
use crate::exec::journal::{Journal, JournalError};
use crate::value::NodeId;

/// A run with more events is given up: one that tries again a thousand million times, say.
const MOST_EVENTS: usize = 1_000_000;

const TOO_MANY: &str = "it has no end: more than 1,000,000 events";

/// A moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// A step or goal has ended.
    Ended(NodeIx),
    /// It has begun.
    Begun(NodeIx),
    /// So many events have been written.
    Written(u64),
}

impl Point {
    /// Whether this event is the moment.
    pub(super) fn is(self, graph: &Graph, stamped: &Stamped) -> bool {
        let named = |id: &NodeId, node| graph.node_ix(id) == Some(node);
        match (self, &stamped.event) {
            (Self::Written(seq), _) => stamped.seq >= seq,
            (Self::Ended(node), Event::StepEnded { step, status, .. }) => {
                has_run(*status) && graph.step_ix(step) == Some(node)
            }
            (Self::Ended(node), Event::GoalEnded { goal, status, .. }) => {
                has_run(*status) && graph.goal_ix(goal) == Some(node)
            }
            (Self::Begun(node), Event::GoalOpened { goal, .. }) => {
                graph.goal_ix(goal) == Some(node)
            }
            (Self::Begun(node), Event::AttemptStarted { unit, .. }) => named(&unit.node, node),
            _ => false,
        }
    }
}

/// Whether what ended so had begun.
fn has_run(status: Status) -> bool {
    !matches!(status, Status::Skipped | Status::Blocked | Status::NotRun)
}

/// A moment at which a scenario has something happen, with the place of its line.
pub(super) type Planned = (usize, Point);

/// The events of a run so far, and when the machine is still to stop.
pub(super) struct Tape<'g> {
    graph: &'g Graph,
    pub(super) events: Vec<Stamped>,
    pub(super) crashes: VecDeque<Planned>,
    /// The places in the scenario of the crashes that came.
    pub(super) crashed: Vec<usize>,
    stopped: bool,
    full: bool,
}

impl<'g> Tape<'g> {
    pub(super) fn new(graph: &'g Graph, crashes: VecDeque<Planned>) -> Self {
        Self {
            graph,
            events: Vec::new(),
            crashes,
            crashed: Vec::new(),
            stopped: false,
            full: false,
        }
    }

    /// Why it takes nothing more, though the machine has not stopped.
    pub(super) fn is_full(&self) -> Option<String> {
        self.full.then(|| TOO_MANY.to_owned())
    }

    /// Whether the machine has stopped; it runs again from here on.
    pub(super) fn take_stop(&mut self) -> bool {
        std::mem::take(&mut self.stopped)
    }
}

impl Journal for Tape<'_> {
    fn append(&mut self, events: &[Stamped], _durable: bool) -> Result<(), JournalError> {
        if self.events.len() > MOST_EVENTS {
            self.full = true;
            return Err(JournalError(TOO_MANY.to_owned()));
        }
        for event in events {
            self.events.push(event.clone());
            let comes = |(_, point): &Planned| point.is(self.graph, event);
            let Some(at) = self.crashes.iter().position(comes) else { continue };
            self.crashed.extend(self.crashes.remove(at).map(|(given, _)| given));
            self.stopped = true;
            return Err(JournalError("the machine has stopped".to_owned()));
        }
        Ok(())
    }
}
