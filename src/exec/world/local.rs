//! The real world: processes on this machine, the wall clock, signals, people.
//!
//! Owns what is in flight outside of the run's state: threads, their controls, the prompt. All
//! that happens comes by one channel, so the loop sleeps until something does.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::alerts::{self, Alerts};
use super::attempt::{self, Pending};
use super::awaited::AwaitState;
use super::checks::Asking;
use super::crew::Crew;
use super::launch::Launcher;
use super::message::{Message, MessageSender};
use super::noted::{NotedInputs, Successes};
use super::person::Person;
use super::secrets;
use super::{AttemptOrder, Mailbox, Outcome, RealSurroundings, Screen, Ticket};
use super::{View, Wake, Work, World};
use crate::exec::event::{Stamped, Timestamp};
use crate::exec::executor::{Executor, Executors};
use crate::exec::graph::NodeIx;
use crate::exec::probe::{Probe, check_all};
use crate::exec::process::{Control, Controller};
use crate::exec::scope::Surroundings;
use crate::exec::state::UnitIx;

/// How long the end of a run waits for alerts that are under way.
const ALERTS: Duration = Duration::from_secs(20);

/// Requests that come from other processes: answers, cancels.
pub trait Requests: Send {
    /// What has come since the last call; costs next to nothing where nothing has.
    fn take(&mut self) -> Vec<Wake>;
}

/// Locks against other runs on this machine; each is given back when it is dropped.
pub trait MachineLocks: Send {
    /// Takes a lock if no other run has it.
    fn try_lock(&mut self, name: &str) -> Option<Box<dyn std::any::Any + Send>>;
}

/// Processes, files, signals and people as they are.
pub struct LocalWorld {
    pub(super) surroundings: RealSurroundings,
    pub(super) launcher: Launcher,
    pub(super) executors: Executors,
    pub(super) requests: Option<Box<dyn Requests>>,
    /// When they are looked for next.
    pub(super) requests_at: Instant,
    /// The number of the last event that has taken effect.
    happened: u64,
    machine_locks: Option<Box<dyn MachineLocks>>,
    pub(super) successes: Option<Box<dyn Successes>>,
    pub(super) noted: NotedInputs,
    held_locks: HashMap<UnitIx, Vec<Box<dyn std::any::Any + Send>>>,
    pub(super) person: Person,
    pub(super) agent: Option<String>,
    pub(super) sender: MessageSender,
    pub(super) crew: Crew,
    pub(super) controls: HashMap<Ticket, Controller>,
    pub(super) pending: BTreeMap<Ticket, Pending>,
    /// Checks that wait because enough are being asked.
    pub(super) queued: VecDeque<(Ticket, Vec<Probe>, Asking)>,
    pub(super) checks: usize,
    /// Wakes to hand out before anything is waited for.
    pub(in crate::exec) ready: Vec<Wake>,
    pub(super) signals: u32,
    /// Ends what is asked before the run.
    preflight: Controller,
    pub(super) alerts: Alerts,
}

impl std::fmt::Debug for LocalWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalWorld").field("pending", &self.pending.len()).finish_non_exhaustive()
    }
}

impl LocalWorld {
    pub fn new(
        surroundings: RealSurroundings,
        launcher: Launcher,
        requests: Option<Box<dyn Requests>>,
        interactive: bool,
    ) -> Self {
        let crew = Crew::default();
        let sender = crew.messages.sender();
        Self {
            surroundings,
            launcher,
            executors: Executors::new(crew.clone()),
            requests,
            requests_at: Instant::now(),
            happened: 0,
            machine_locks: None,
            successes: None,
            noted: NotedInputs::default(),
            held_locks: HashMap::new(),
            person: Person::new(interactive, sender.clone()),
            agent: None,
            sender,
            crew,
            controls: HashMap::new(),
            pending: BTreeMap::new(),
            queued: VecDeque::new(),
            checks: 0,
            ready: Vec::new(),
            signals: 0,
            preflight: Controller::new(),
            alerts: Alerts::default(),
        }
    }

    /// Gives it the machine's locks; without them `lock machine` holds within the run only.
    #[must_use]
    pub fn with_machine_locks(mut self, locks: Box<dyn MachineLocks>) -> Self {
        self.machine_locks = Some(locks);
        self
    }

    /// Another place for commands to run.
    #[must_use]
    pub fn with_executor(mut self, executor: Box<dyn Executor>) -> Self {
        self.executors.add(executor);
        self
    }

    /// Hands manual steps to a command, given as a line for `sh`.
    #[must_use]
    pub fn with_agent(mut self, command: Option<String>) -> Self {
        self.agent = command;
        self
    }

    /// Gives it what is known of earlier successes; without that no step is `unchanged`. What is
    /// found before an attempt is to be taken, and kept, by whoever sees the unit succeed.
    #[must_use]
    pub fn with_successes(mut self, successes: Box<dyn Successes>, noted: NotedInputs) -> Self {
        self.successes = Some(successes);
        self.noted = noted;
        self
    }

    /// By which what is asked before the run can be told to end.
    pub fn preflight_control(&self) -> Controller {
        self.preflight.clone()
    }

    /// Gives it what steps aside while a person is asked.
    #[must_use]
    pub fn with_screen(mut self, screen: Box<dyn Screen>) -> Self {
        self.person.set_screen(screen);
        self
    }

    /// Hands over a way to tell the loop of signals; the command line installs the handlers.
    pub fn signal_sink(&self) -> impl Fn(i32) + Send + Sync + 'static {
        let sender = self.sender.clone();
        move |signal| sender.send(Message::Signal(signal))
    }

    /// As [`RunFiles::forget_after`](super::RunFiles), before anything of the run goes on.
    pub fn forget_after(&self, last: u64) {
        self.launcher.files.forget_after(last);
    }

    /// As [`RunFiles::remove_work`](super::RunFiles), once nothing of the run goes on.
    pub fn remove_work(&self, recorded: bool) {
        self.launcher.files.remove_work(recorded);
    }

    pub(super) fn done(&mut self, ticket: Ticket, outcome: Outcome) {
        self.pending.remove(&ticket);
        self.controls.remove(&ticket);
        secrets::learn(&self.launcher.masker, &outcome);
        self.ready.push(Wake::Done { ticket, outcome });
    }

    pub(super) fn control(&mut self, ticket: Ticket) -> Controller {
        self.controls.entry(ticket).or_default().clone()
    }

    pub(in crate::exec) fn crew(&self) -> Crew {
        self.crew.clone()
    }

    /// Asks the person at the terminal what is open.
    pub(in crate::exec) fn prompt(&mut self, view: View<'_>) {
        self.person.prompt(self.happened, view);
    }
}

impl World for LocalWorld {
    fn now(&mut self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn surroundings(&self) -> &dyn Surroundings {
        &self.surroundings
    }

    fn preflight(&mut self, goals: &[NodeIx], view: View<'_>) -> Vec<String> {
        let probes: Vec<Probe> =
            goals.iter().flat_map(|goal| self.goal_probes(*goal, view, false)).collect();
        let failures = check_all(&probes, &self.preflight).err().unwrap_or_default();
        failures.iter().map(|why| self.launcher.masker.mask(why).into_owned()).collect()
    }

    fn begin(&mut self, ticket: Ticket, work: &Work, view: View<'_>) {
        match work {
            Work::Unless(unit) => self.begin_checks(ticket, *unit, view, true),
            Work::Requires(unit) => self.begin_checks(ticket, *unit, view, false),
            Work::VerifyByHand(unit) => self.begin_verify_by_hand(ticket, *unit, view),
            Work::VerifyGoal(goal) => {
                let probes = self.goal_probes(*goal, view, true);
                self.pending.insert(ticket, Pending::Checks);
                self.ask_as(ticket, probes, Asking::Each);
            }
            Work::Cleanup(goal) => super::cleanup::begin(self, ticket, *goal, view),
            Work::Agent { unit, log } => super::agent::begin(self, ticket, *unit, *log, view),
            Work::Attempt(order) => attempt::begin(self, ticket, *order, view),
            Work::Joined(orders) => super::joined::begin(self, ticket, orders, view),
            Work::Snapshot { unit, number } => {
                super::undo::begin_snapshot(self, ticket, *unit, *number, view);
            }
            Work::Restore(unit) => super::undo::begin_restore(self, ticket, *unit, view),
            Work::Undo { node, log } => super::undo::begin(self, ticket, *node, *log, view),
        }
    }

    fn stop(&mut self, ticket: Ticket, force: bool) {
        // What is put back is put back whole, unless there is no time for it.
        if !force && matches!(self.pending.get(&ticket), Some(Pending::Restore)) {
            return;
        }
        let how = if force { Control::Kill } else { Control::Terminate };
        if let Some(control) = self.controls.get(&ticket) {
            control.send(how);
            self.executors.look();
        }
        if let Some(Pending::Await(AwaitState { stopped, next_look, .. })) =
            self.pending.get_mut(&ticket)
        {
            *stopped = true;
            *next_look = next_look.map(|_| Instant::now());
        }
    }

    fn take_over(&mut self, orders: &[AttemptOrder], view: View<'_>) {
        super::placed::take_over(self, orders, view);
    }

    fn wait(&mut self, until: Option<Timestamp>, view: View<'_>) -> Vec<Wake> {
        self.wait_for_news(until, view)
    }

    fn mailbox(&self) -> Option<Mailbox> {
        let sender = self.sender.clone();
        Some(Box::new(move |wake| sender.send(Message::Posted(Box::new(wake)))))
    }

    fn happened(&mut self, stamped: &Stamped, view: View<'_>) {
        self.happened = stamped.seq;
        alerts::happened(self, stamped, view);
    }

    fn settle_alerts(&mut self, view: View<'_>) -> Vec<Wake> {
        alerts::settle(self, view, ALERTS)
    }

    fn poll(&mut self) -> Vec<Wake> {
        self.take_requests()
    }

    fn hide(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.launcher.masker.mask(text) {
            *text = hidden;
        }
    }

    fn draw(&mut self) -> f64 {
        let mut bytes = [0_u8; 4];
        if getrandom::fill(&mut bytes).is_err() {
            return 1.0;
        }
        f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
    }

    fn take_machine_locks(&mut self, unit: UnitIx, names: &[Arc<str>]) -> Result<(), Arc<str>> {
        let Some(locks) = &mut self.machine_locks else { return Ok(()) };
        let mut held = Vec::with_capacity(names.len());
        for name in names {
            // All or none: what was taken before goes back with `held`.
            held.push(locks.try_lock(name).ok_or_else(|| Arc::clone(name))?);
        }
        self.held_locks.insert(unit, held);
        Ok(())
    }

    fn release_machine_locks(&mut self, unit: UnitIx) {
        self.held_locks.remove(&unit);
    }

    fn answers_questions(&self) -> bool {
        self.person.is_there()
    }
}
