//! What is watched: the run as far as it has come, what is selected, what the person is about.
//!
//! Knows no keys and no screen. Invariant: what it shows of the run is a fold of the journal's
//! events, and nothing else.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::cli::live::{Board, harmless};
use crate::cli::logs::end_of;
use crate::cli::runs::Found;
use crate::cli::session::now;
use crate::cli::{answer, note};
use crate::exec::estimate;
use crate::exec::event::{Event, Stamped, Status};
use crate::exec::scope::Values;
use crate::exec::state::{RunState, UnitIx, UnitState};
use crate::exec::world::RealSurroundings;
use crate::store::{RunId, Store};

/// Instances of one step that are listed by themselves.
const INSTANCES: usize = 20;

/// Of a log's end so much is read.
const LOG_END: u64 = 256 * 1024;

/// What the keys mean now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Mode {
    #[default]
    List,
    /// A step's log, so many lines up from its end.
    Log {
        up: usize,
    },
    /// A note is being typed, to go with the next answer.
    Note(String),
    /// Whether the run is really to be stopped.
    Cancel,
    Help,
}

pub(super) struct Model {
    store: Store,
    pub(super) run: RunId,
    pub(super) board: Board,
    /// The log of each unit's last attempt.
    logs: HashMap<UnitIx, u64>,
    last: u64,
    /// A process carries the run out.
    pub(super) alive: bool,
    pub(super) selected: usize,
    pub(super) mode: Mode,
    /// Goes with the next answer.
    pub(super) note: String,
    /// What came of the last key.
    pub(super) said: String,
}

impl Model {
    pub(super) fn new(found: Found) -> Self {
        let root = found.record.plan_path.parent().map(std::path::Path::to_owned);
        // What estimates are made of needs nothing of the world's but for its folder.
        let world = RealSurroundings::new(root.unwrap_or_default(), []);
        let plan = found.state.graph().plan();
        let measured = found.store.measured(&found.record.plan_path, plan).unwrap_or_default();
        let expected = estimate::expected(&found.state, &Values::default(), &world, &measured);
        let lengths = expected.into_iter().map(|each| each.map(|each| each.length)).collect();
        let said = found.damage().unwrap_or_default();
        let mut model = Self {
            board: Board::new(found.state, lengths),
            store: found.store,
            run: found.summary.id,
            logs: HashMap::new(),
            last: found.events.last().map_or(0, |event| event.seq),
            alive: found.alive,
            selected: 0,
            mode: Mode::List,
            note: String::new(),
            said,
        };
        found.events.iter().for_each(|event| model.note_log(event));
        model.selected = model.first_of_interest();
        model
    }

    pub(super) fn state(&self) -> &RunState {
        self.board.state()
    }

    /// What is open or has failed is looked at first.
    fn first_of_interest(&self) -> usize {
        let units = self.units();
        let is = |wanted: &dyn Fn(Status) -> bool| {
            units.iter().position(|unit| wanted(self.status(*unit)))
        };
        is(&|status| matches!(status, Status::Waiting | Status::InDoubt))
            .or_else(|| is(&|status| status == Status::Failed))
            .or_else(|| is(&|status| status == Status::Running))
            .unwrap_or(0)
    }

    /// Takes in what the journal has got meanwhile.
    pub(super) fn look(&mut self) {
        match self.store.events_after(&self.run, self.last) {
            Ok(events) => {
                for event in &events {
                    self.board.apply(event);
                    self.note_log(event);
                    self.last = event.seq;
                }
            }
            Err(error) => self.said = error.to_string(),
        }
        let holder = self.store.folder().run(&self.run).holder();
        self.alive = holder.is_ok_and(|holder| holder.is_some());
        self.selected = self.selected.min(self.units().len().saturating_sub(1));
    }

    fn note_log(&mut self, stamped: &Stamped) {
        if let Event::AttemptStarted { unit, .. } = &stamped.event
            && let Some(unit) = self.board.state().find(unit)
        {
            self.logs.insert(unit, stamped.seq);
        }
    }

    /// What is listed: the steps in the plan's order, and instances that something is to be said of.
    pub(super) fn units(&self) -> Vec<UnitIx> {
        let state = self.state();
        let mut units = Vec::new();
        for node in state.graph().steps() {
            units.push(UnitIx::of(node));
            let instances = (0..).zip(&state.node(node).instances);
            let of_interest = |unit: &UnitState| {
                matches!(
                    unit.status(),
                    Status::Running | Status::Waiting | Status::Failed | Status::InDoubt
                )
            };
            let listed = instances.filter(|(_, unit)| of_interest(unit)).take(INSTANCES);
            units.extend(listed.map(|(item, _)| UnitIx { node, item: Some(item) }));
        }
        for goal in state.graph().nodes().filter(|node| !state.graph().is_step(*node)) {
            if state.node(goal).unit.open_question().is_some() {
                units.push(UnitIx::of(goal));
            }
        }
        units
    }

    pub(super) fn status(&self, unit: UnitIx) -> Status {
        let state = self.state();
        match unit.item {
            None => state.status(unit.node),
            Some(_) => state.unit(unit).map(UnitState::status).unwrap_or_default(),
        }
    }

    pub(super) fn chosen(&self) -> Option<UnitIx> {
        self.units().get(self.selected).copied()
    }

    /// The end of what the unit's last attempt has written; or why there is nothing to see.
    pub(super) fn log(&self, unit: UnitIx) -> Vec<String> {
        let Some(seq) = self.logs.get(&unit) else {
            return vec!["it has not run".to_owned()];
        };
        let path = self.store.folder().run(&self.run).logs().join(format!("{seq}.log"));
        match end_of(&path, LOG_END) {
            Ok(text) => text.lines().map(|line| harmless(line, false)).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                vec!["it has written nothing".to_owned()]
            }
            Err(error) => vec![format!("its log cannot be read: {error}")],
        }
    }

    /// Leaves an answer for who carries the run out.
    pub(super) fn answer(&mut self, command: &str) {
        let Some(unit) = self.chosen() else { return };
        let name = self.state().name(unit);
        let outputs = self.state().graph().step(unit.node).map(|step| &step.outputs);
        if let Some(output) = outputs.and_then(|all| all.keys().next())
            && command == "done"
        {
            self.said =
                format!("give its outputs by goalc done {} {name} --output {output}=…", self.run);
            return;
        }
        let note = std::mem::take(&mut self.note);
        let answer = (unit, command, IndexMap::new(), note.as_str());
        self.said = match answer::post(&self.store, &self.run, self.board.state(), answer) {
            Ok(kind) if self.alive => format!("{name}: {}", answer::past(kind)),
            Ok(kind) => {
                format!("{name}: {}; to go on: goalc resume {}", answer::past(kind), self.run)
            }
            Err(why) => {
                self.note = note;
                why.message().unwrap_or_default().to_owned()
            }
        };
    }

    /// A note goes with the answer to what the step asks, or else is kept by itself.
    pub(super) fn take_note(&mut self, text: String) {
        let Some(unit) = self.chosen() else { return };
        let asks = self.state().unit(unit).is_some_and(|unit| unit.open_question().is_some());
        if asks || text.trim().is_empty() {
            self.note = text;
            return;
        }
        let name = self.state().name(unit);
        let kept = note::keep(&self.store, &self.run, self.alive, name.clone(), text.trim());
        self.said = match kept {
            Ok(()) => format!("{name}: noted"),
            Err(why) => why.message().unwrap_or_default().to_owned(),
        };
    }

    pub(super) fn cancel(&mut self) {
        self.said = if self.alive {
            match answer::post_cancel(&self.store, &self.run) {
                Ok(()) => "the run is asked to stop".to_owned(),
                Err(why) => why.message().unwrap_or_default().to_owned(),
            }
        } else {
            "no process carries the run out: there is nothing to stop".to_owned()
        };
    }

    /// How long a unit has run, or ran.
    pub(super) fn took(&self, unit: UnitIx) -> Option<std::time::Duration> {
        let state = self.state();
        let (started, ended) = match unit.item {
            None => (state.node(unit.node).started, state.node(unit.node).ended),
            Some(_) => state.unit(unit).map(|unit| (unit.started, unit.ended))?,
        };
        let started = started.or(state.unit(unit)?.started)?;
        let end = ended.unwrap_or_else(|| if self.alive { now() } else { state.last });
        Some(end.since(started))
    }

    /// What is to be said of a unit in one line.
    pub(super) fn about(&self, unit: UnitIx) -> String {
        let state = self.state();
        let Some(found) = state.unit(unit) else { return String::new() };
        if let Some(question) = found.open_question() {
            return question.text.clone();
        }
        let node = state.node(unit.node);
        let reason = node.reason.clone().filter(|_| unit.item.is_none());
        let via = node.via.as_ref().map(|via| format!("by its fallback `{via}`"));
        let failure = found.last_failure.as_ref().filter(|_| !found.is_ended() || via.is_none());
        reason
            .or(via.filter(|_| unit.item.is_none()))
            .or_else(|| failure.map(|why| format!("last: {why}")))
            .unwrap_or_default()
    }
}
