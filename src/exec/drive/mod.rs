//! The loop that carries a run out.
//!
//! Decide what is due, write the events down, and only then let them take effect outside; wait;
//! repeat. All that it knows of the run is in [`RunState`]; what it keeps besides is only what is
//! in flight. Invariant: nothing is shown, begun or ended before its event is on disk, but for what can
//! be repeated, and what `progress checkpoints` lets be lost.

mod crew;
mod decide;
mod ending;
mod finish;
mod interactive;
mod joined;
mod outcome;
mod preflight;
mod service;
mod start;
mod time;
mod turns;
mod undo;
mod vain;
mod writing;

use outcome::units_of_work;
pub use start::attempt_of;
use turns::Turns;
use writing::Writing;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::event::{Event, RunStatus, Stamped, StopReason};
use super::graph::NodeIx;
use super::journal::{Journal, JournalError};
use super::scope::{Place, Values};
use super::state::{RunState, UnitIx};
use super::world::{
    AttemptOrder, Observer, ResourceLimits, Ticket, Undone, View, Wake, Work, World,
};
use crate::ir::Progress;

/// How the run answers by itself.
#[derive(Debug, Clone, Default)]
pub struct DriveOptions {
    /// Answers each confirm that is not marked `always`.
    pub yes: bool,
    /// Manual steps are handed to an agent.
    pub agent: bool,
    /// The run is only taken up to be ended: who cancels it.
    pub cancelled_by: Option<String>,
    /// Who is at the keyboard, for the record of answers.
    pub user: String,
    /// Where commands run of steps that do not say so themselves, in a run that begins.
    pub executor: Option<String>,
}

/// What a run came to in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    pub status: RunStatus,
    pub exit: u8,
    pub reason: Option<String>,
}

/// A run being carried out.
#[allow(clippy::struct_excessive_bools)] // facts of the loop that have nothing to do with each other
pub struct Drive<'a, W: World> {
    pub state: RunState,
    pub values: Values,
    pub world: W,
    pub options: DriveOptions,
    journal: &'a mut dyn Journal,
    observers: Vec<&'a mut dyn Observer>,
    writing: Writing,
    /// What to begin once what was recorded so far is on disk.
    to_begin: Vec<(Ticket, Work)>,
    /// What to end then.
    to_stop: BTreeSet<Ticket>,
    in_flight: BTreeMap<Ticket, Work>,
    units_in_flight: HashMap<UnitIx, Ticket>,
    /// The last lines of services that ended too early.
    tails: HashMap<NodeIx, Vec<String>>,
    /// Snapshots of members of chains that have ended while others are still taken.
    saved_joined: HashMap<UnitIx, (u64, Undone)>,
    last_ticket: u64,
    limits: ResourceLimits,
    turns: Turns,
    progress: Progress,
    force: bool,
    /// A unit could start but for a lock of this machine, which another run holds.
    machine_waits: bool,
    /// Open goals whose locks of this machine are held.
    locked_goals: BTreeSet<NodeIx>,
    /// Something that runs may have to be stopped, once the events are written.
    stop_due: bool,
}

impl<W: World> std::fmt::Debug for Drive<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drive")
            .field("state", &self.state)
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}

impl<'a, W: World> Drive<'a, W> {
    pub fn new(
        state: RunState,
        values: Values,
        world: W,
        options: DriveOptions,
        journal: &'a mut dyn Journal,
    ) -> Self {
        let root = state.graph().root();
        let progress = state.graph().goal(root).map(|goal| goal.progress).unwrap_or_default();
        Self {
            state,
            values,
            world,
            options,
            journal,
            observers: Vec::new(),
            writing: Writing::default(),
            to_begin: Vec::new(),
            to_stop: BTreeSet::new(),
            in_flight: BTreeMap::new(),
            units_in_flight: HashMap::new(),
            tails: HashMap::new(),
            saved_joined: HashMap::new(),
            last_ticket: 0,
            limits: ResourceLimits::new(),
            turns: Turns::default(),
            progress,
            force: false,
            machine_waits: false,
            locked_goals: BTreeSet::new(),
            stop_due: false,
        }
    }

    pub fn observe(&mut self, observer: &'a mut dyn Observer) {
        self.observers.push(observer);
    }

    /// Writes a first event (`RunStarted` or `RunResumed`) and goes on until the run has ended or
    /// waits for a person.
    ///
    /// # Errors
    /// Where the journal cannot be written; processes have been ended by then.
    pub fn run(&mut self, first: Event) -> Result<RunEnd, JournalError> {
        self.open(first);
        let end = self.turn();
        if end.is_err() {
            self.end_everything();
        }
        end
    }

    fn open(&mut self, first: Event) {
        let undoes = matches!(first, Event::RollbackRequested { .. });
        let begins = matches!(first, Event::RunStarted { .. });
        let edited = match &first {
            Event::RunResumed { edits: Some(edits), .. } => edits.goals.clone(),
            _ => Vec::new(),
        };
        self.record(first);
        self.renew_open_goals(&edited);
        match self.options.executor.take().filter(|_| begins) {
            Some(name) => self.record(Event::ExecutorChosen { name }),
            None => self.follow_what_runs_elsewhere(begins),
        }
        self.limits = self.place(UnitIx::of(self.state.graph().root())).resource_limits();
        self.approve_what_is_open();
        if !undoes {
            self.take_over_questions();
        }
        if !undoes && !begins {
            // What was said before counts before anything starts.
            self.answers_have_come();
            if let Some(by) = self.options.cancelled_by.take() {
                self.stop_run(StopReason::Cancelled { by });
            }
        }
        self.pass_deadlines();
    }

    /// Decides all that follows from what is known; how the run ends in this process, where it does.
    fn advance(&mut self) -> Result<Option<RunEnd>, JournalError> {
        loop {
            self.settle();
            self.flush()?;
            self.stop_vain_waits();
            let Some(end) = self.end().filter(|_| !self.is_writing()) else { return Ok(None) };
            if end.status == RunStatus::Waiting && self.answers_have_come() {
                continue;
            }
            self.leave_services();
            self.settle_alerts();
            self.record(Event::RunEnded {
                status: end.status,
                exit: end.exit,
                reason: end.reason.clone(),
            });
            self.flush_all()?;
            return Ok(Some(end));
        }
    }

    fn turn(&mut self) -> Result<RunEnd, JournalError> {
        loop {
            if let Some(end) = self.advance()? {
                return Ok(end);
            }
            let until = self.next_time();
            let view = View { state: &self.state, values: &self.values };
            for wake in self.world.wait(until, view) {
                self.take(wake);
            }
            self.pass_time();
        }
    }

    /// Alerts under way are waited for a little, unless all is to end at once.
    fn settle_alerts(&mut self) {
        if self.force {
            return;
        }
        let view = View { state: &self.state, values: &self.values };
        for wake in self.world.settle_alerts(view) {
            self.take(wake);
        }
    }

    /// Looks a last time before the run is left waiting.
    fn answers_have_come(&mut self) -> bool {
        let before = self.state.seq;
        for wake in self.world.poll() {
            self.take(wake);
        }
        self.state.seq != before
    }

    /// Decides all that is due until nothing changes any more.
    fn settle(&mut self) {
        loop {
            let due: Vec<UnitIx> = self.state.agenda.deciding.iter().copied().collect();
            let before = self.state.seq;
            self.machine_waits = false;
            for unit in due {
                self.decide(unit);
            }
            if self.state.seq != before {
                continue;
            }
            self.start_attempts();
            if self.state.seq == before && !self.end_deadlock() {
                return;
            }
        }
    }

    /// Makes an event count; it takes effect outside with the next flush.
    fn record(&mut self, event: Event) {
        for (binding, value) in self.values.take_fixed() {
            self.stamp(Event::LetFixed { binding, value });
        }
        self.stamp(event);
    }

    /// What of an event quotes the world, be it a folder that is not there, may quote a secret: whatever says
    /// it, here it passes before anything is made of it.
    fn stamp(&mut self, mut event: Event) {
        event.texts_mut().into_iter().for_each(|text| self.world.hide(text));
        let need = self.need(&event);
        let at = self.world.now().max(self.state.last);
        let stamped = Stamped { seq: self.state.seq + 1, at, event };
        self.state.apply(&stamped);
        self.stop_due |= undo::may_stop_others(&stamped.event);
        self.writing.record(stamped, need);
    }

    /// Begins work once what was recorded so far is in the journal.
    fn begin(&mut self, work: Work) {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.units_in_flight.extend(units_of_work(&work).into_iter().map(|unit| (unit, ticket)));
        self.in_flight.insert(ticket, work.clone());
        self.to_begin.push((ticket, work));
    }

    /// Takes up attempts that an earlier process of the run has left to themselves.
    fn follow_what_runs_elsewhere(&mut self, begins: bool) {
        if begins {
            return;
        }
        let order = |unit: UnitIx| {
            let state = self.state.unit(unit)?;
            Some(AttemptOrder { unit, attempt: state.attempts, way: state.way, log: state.start })
        };
        let orders: Vec<AttemptOrder> =
            self.state.running_elsewhere().into_iter().filter_map(order).collect();
        let view = View { state: &self.state, values: &self.values };
        self.world.take_over(&orders, view);
        for order in orders {
            self.begin(Work::Attempt(order));
        }
    }

    fn is_in_flight(&self, unit: UnitIx) -> bool {
        self.units_in_flight.contains_key(&unit)
    }

    fn place(&self, unit: UnitIx) -> Place<'_> {
        let graph = self.state.graph();
        let goal = if graph.is_step(unit.node) {
            graph.parent(unit.node).unwrap_or_else(|| graph.root())
        } else {
            unit.node
        };
        Place {
            state: &self.state,
            values: &self.values,
            world: self.world.surroundings(),
            goal,
            unit: Some(unit),
            own: None,
        }
    }

    fn take(&mut self, wake: Wake) {
        match wake {
            Wake::Done { ticket, outcome } => self.take_outcome(ticket, outcome),
            wake @ Wake::Answered { .. } => self.take_answer(wake),
            wake @ (Wake::Noted { .. } | Wake::ParamChanged { .. }) => self.take_note(wake),
            Wake::Told { goal, on, unit, way, text, failure } => {
                self.record(Event::AlertSent { goal, on, unit, way, text, failure });
            }
            Wake::Ready { ticket, outputs } => self.take_ready(ticket, outputs),
            Wake::Synced(result) => self.writing.take_synced(result),
            Wake::StoodStill(length) => self.record(Event::StoodStill { length }),
            Wake::Stop(why) => self.stop_run(why),
            Wake::Force => {
                self.force = true;
                self.stop_all(true);
            }
        }
    }

    /// Ends all that is in flight.
    fn stop_all(&mut self, force: bool) {
        self.in_flight.keys().for_each(|ticket| self.world.stop(*ticket, force));
    }

    fn goal_id(&self, goal: NodeIx) -> crate::value::GoalId {
        self.state.graph().goal_id(goal).cloned().unwrap_or_else(crate::value::GoalId::root)
    }

    /// Stops the whole run: nothing new starts, and what runs is ended. What has ended stays so.
    fn stop_run(&mut self, why: StopReason) {
        let root = self.state.graph().root();
        if !self.state.node(root).status.is_end() {
            self.stop_goal(root, why);
        }
    }

    fn stop_goal(&mut self, goal: NodeIx, why: StopReason) {
        let id = self.goal_id(goal);
        self.record(Event::StopRequested { goal: id, why });
    }
}
