//! How a run stands, followed event by event, beside what it is expected to take.
//!
//! The same fold as everywhere; what is shown is derived from it. Owns no terminal and no journal.

use std::time::Duration;

use crate::exec::Timestamp;
use crate::exec::event::{Stamped, Status};
use crate::exec::graph::NodeIx;
use crate::exec::state::{Handed, Omission, Phase, RunState, Undo, UnitIx};
use crate::exec::world::readable;
use crate::forecast::{GUESS, remaining::remaining};

/// Between two looks at how long the rest takes; it is asked of the whole plan.
const ASKED: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Board {
    state: RunState,
    /// Of each node; `None` where nothing is known.
    expected: Vec<Option<Duration>>,
    /// As [`Self::expected`], with a guess for what is not known.
    guessed: Vec<Duration>,
    /// How long the rest took when it was last asked, and when that was.
    left: Option<(Timestamp, Duration)>,
}

/// A unit that something goes on with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) unit: UnitIx,
    pub(crate) name: String,
    pub(crate) doing: Doing,
    pub(crate) attempt: u32,
    pub(crate) elapsed: Duration,
    pub(crate) expected: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Doing {
    Runs,
    Serves,
    /// The next attempt starts after so long; why the last one failed.
    Delayed(Duration, String),
    /// A person is asked.
    Asks(String),
    Saves,
    PutsBack,
    Undoes,
}

/// How many of the plan's steps stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) all: usize,
    pub(crate) ended: usize,
    pub(crate) failed: usize,
    pub(crate) startable: usize,
    pub(crate) running: usize,
    pub(crate) asking: usize,
}

impl Board {
    pub(crate) fn new(state: RunState, expected: Vec<Option<Duration>>) -> Self {
        let guessed = expected.iter().map(|each| each.unwrap_or(GUESS)).collect();
        Self { state, expected, guessed, left: None }
    }

    pub(crate) fn state(&self) -> &RunState {
        &self.state
    }

    pub(crate) fn apply(&mut self, stamped: &Stamped) {
        self.state.apply(stamped);
    }

    /// What goes on now, in the order in which it began.
    pub(crate) fn rows(&self, now: Timestamp) -> Vec<Row> {
        let agenda = &self.state.agenda;
        let delayed = agenda.delayed.iter().map(|(_, unit)| unit);
        let units = agenda.running.iter().chain(delayed).chain(&agenda.asking);
        let mut rows: Vec<Row> = units.filter_map(|unit| self.row(*unit, now)).collect();
        rows.extend(self.serving(now));
        rows.extend(self.undone(now));
        rows.sort_by_key(|row| {
            (matches!(row.doing, Doing::Serves), std::cmp::Reverse(row.elapsed))
        });
        rows
    }

    fn row(&self, unit: UnitIx, now: Timestamp) -> Option<Row> {
        let state = self.state.unit(unit)?;
        let node = self.state.node(unit.node);
        let since = |at: Option<Timestamp>| at.map(|at| now.since(at)).unwrap_or_default();
        let question = state.open_question();
        let doing = match &state.phase {
            Phase::Delayed(until) => {
                let why = state.last_failure.as_ref().map(ToString::to_string);
                Doing::Delayed(until.since(now), why.unwrap_or_default())
            }
            Phase::Asking if state.handed == Handed::Now => Doing::Runs,
            Phase::Failing(_) if state.asks_of_failure() => Doing::Asks(question?.text.clone()),
            Phase::Asking | Phase::InDoubt => Doing::Asks(question?.text.clone()),
            Phase::Snapshotting => Doing::Saves,
            Phase::Restoring(_) => Doing::PutsBack,
            _ if node.ready.is_some() => Doing::Serves,
            _ => Doing::Runs,
        };
        let began = match doing {
            Doing::Asks(_) => question.map(|question| question.asked),
            _ => state.started,
        };
        Some(Row {
            unit,
            name: readable(&self.state.label(unit)),
            doing,
            attempt: state.attempts,
            elapsed: since(began),
            expected: self.expected.get(unit.node.at()).copied().flatten(),
        })
    }

    fn serving(&self, now: Timestamp) -> Vec<Row> {
        let serves = |node: &NodeIx| {
            let state = self.state.node(*node);
            state.ready.is_some() && !state.status.is_end()
        };
        let nodes = self.state.graph().steps().filter(serves);
        nodes.filter_map(|node| self.row(UnitIx::of(node), now)).collect()
    }

    fn undone(&self, now: Timestamp) -> Vec<Row> {
        let running = |node: &NodeIx| matches!(self.state.node(*node).undo, Undo::Running);
        let graph = self.state.graph();
        let rolling = graph.nodes().any(|node| self.state.node(node).rolling.is_some());
        let nodes = graph.steps().filter(|_| rolling).filter(running);
        nodes
            .map(|node| Row {
                unit: UnitIx::of(node),
                name: graph.id(node).to_string(),
                doing: Doing::Undoes,
                attempt: 1,
                elapsed: now.since(self.state.last),
                expected: None,
            })
            .collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        let graph = self.state.graph();
        let mut counts = Counts {
            startable: self.state.agenda.startable.len(),
            running: self.state.agenda.running.len(),
            asking: self.state.agenda.asking.len(),
            ..Counts::default()
        };
        for node in graph.steps() {
            let state = self.state.node(node);
            if state.omission == Some(Omission::LeftOut) {
                continue;
            }
            counts.all += 1;
            counts.ended += usize::from(state.status.is_end());
            counts.failed += usize::from(state.status == Status::Failed);
        }
        counts
    }

    /// How long the run has gone on.
    pub(crate) fn elapsed(&self, now: Timestamp) -> Duration {
        self.state.started.map(|at| now.since(at)).unwrap_or_default()
    }

    /// How long the rest takes, if all goes as expected and people answer at once; `None` where
    /// nothing is known of any step that is left.
    pub(crate) fn left(&mut self, now: Timestamp) -> Option<Duration> {
        let open = |node: &NodeIx| !self.state.node(*node).status.is_end();
        let known = |node: NodeIx| self.expected.get(node.at()).is_some_and(Option::is_some);
        if !self.state.graph().steps().filter(open).any(known) {
            return None;
        }
        let (asked, left) = match self.left {
            Some((asked, left)) if now.since(asked) < ASKED => (asked, left),
            _ => {
                let left = remaining(&self.state, &self.guessed, now);
                *self.left.insert((now, left))
            }
        };
        Some(left.saturating_sub(now.since(asked)))
    }
}
