//! Playing a run through: as it is expected, as one simulation has it, or with other branches.
//!
//! Invariant: each play begins from nothing and leaves nothing; the same play gives the same end.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::Options;
use super::draws::{Draws, Simulation};
use super::world::SimulatedWorld;
use crate::exec::drive::{Drive, DriveOptions, RunEnd};
use crate::exec::event::{Event, Stamped, Status, Timestamp};
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::journal::{Journal, JournalError};
use crate::exec::scope::{Surroundings, Values};
use crate::exec::state::{RunState, UnitState};

/// Nothing that is forecast is kept.
struct NoJournal;

impl Journal for NoJournal {
    fn append(&mut self, _events: &[Stamped], _durable: bool) -> Result<(), JournalError> {
        Ok(())
    }
}

/// All that plays of one run have in common.
#[derive(Clone, Copy)]
pub(super) struct Setup<'a> {
    pub(super) graph: &'a Arc<Graph>,
    pub(super) order: &'a [u32],
    pub(super) surroundings: &'a dyn Surroundings,
    pub(super) options: &'a Options,
    pub(super) draws: &'a Draws,
}

/// A run that was played to its end.
pub(super) struct Played {
    pub(super) state: RunState,
    pub(super) values: Values,
    pub(super) end: RunEnd,
}

impl Setup<'_> {
    /// Plays a run; `skipping` are the conditions that turn out the other way.
    pub(super) fn play(
        &self,
        simulation: Simulation,
        skipping: &HashSet<NodeIx>,
    ) -> Result<Played, String> {
        let options = self.options;
        let mut state = RunState::new(Arc::clone(self.graph), self.order.to_vec());
        state.params.clone_from(&options.params);
        let secrets: HashMap<_, _> = options.secrets.clone();
        let world = SimulatedWorld::new(self.surroundings, self.draws, simulation, skipping);
        let mut journal = NoJournal;
        let settings = DriveOptions::default();
        let mut drive = Drive::new(state, Values::new(secrets), world, settings, &mut journal);
        let first = Event::RunStarted {
            params: options.params.clone(),
            jobs: options.jobs,
            keep_going: options.keep_going,
            left_out: options.left_out.clone(),
            skipped: options.skipped.clone(),
            allow_outside: false,
            interactive: options.interactive && simulation.is_none(),
        };
        let end = drive.run(first).map_err(|error| error.to_string())?;
        Ok(Played { state: drive.state, values: drive.values, end })
    }
}

impl Played {
    pub(super) fn ran(&self, node: NodeIx) -> bool {
        self.state.node(node).status == Status::Succeeded
    }

    pub(super) fn left_out(&self, node: NodeIx) -> bool {
        self.state.node(node).status == Status::NotRun
    }

    /// When a step starts and ends; where it does not run, when that is known.
    pub(super) fn span(&self, node: NodeIx) -> (Duration, Duration) {
        let node = self.state.node(node);
        let end = since_start(node.ended.unwrap_or(Timestamp(0)));
        let units = std::iter::once(&node.unit).chain(&node.instances);
        // What is done by hand begins when it is asked for.
        let by_hand = units.filter_map(asked_for).min();
        (node.started.map(since_start).or(by_hand).unwrap_or(end), end)
    }

    /// When the last step has ended.
    pub(super) fn makespan(&self) -> Duration {
        let steps = self.state.graph().steps().filter(|node| !self.left_out(*node));
        steps.map(|node| self.span(node).1).max().unwrap_or_default()
    }
}

/// When what is done by hand was asked for.
pub(super) fn asked_for(unit: &UnitState) -> Option<Duration> {
    let manual = crate::exec::event::QuestionKind::Manual;
    let mut asked = unit.questions.iter().filter(|question| question.kind == manual);
    asked.next().map(|question| since_start(question.asked))
}

pub(super) fn since_start(at: Timestamp) -> Duration {
    at.since(Timestamp(0))
}
