//! Telling running processes to end or to stand still, from any thread, at once.
//!
//! Knows process groups, not what runs in them. Invariant: an order to end is never lost and never
//! taken back; the clock stands still from `Suspend` to `Resume`.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long standing still waits for the processes that are just being started.
const STARTING: Duration = Duration::from_secs(1);

/// What supervisors are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// SIGTERM to the whole tree, SIGKILL after the grace period.
    Terminate,
    /// SIGKILL to the whole tree, now.
    Kill,
    /// The tree stands still, and so do its timeouts.
    Suspend,
    /// It goes on.
    Resume,
}

/// How far an order to end goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    #[default]
    Run,
    Terminate,
    Kill,
}

/// Commands everything that was started with it or a clone of it. What is started later obeys
/// what was said before.
#[derive(Debug, Clone, Default)]
pub struct Controller {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    order: Order,
    began: Instant,
    suspended_at: Option<Instant>,
    suspended: Duration,
    listeners: Vec<Listener>,
    next: u64,
    /// Processes that may run already and have no group here yet.
    starting: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            order: Order::Run,
            began: Instant::now(),
            suspended_at: None,
            suspended: Duration::ZERO,
            listeners: Vec::new(),
            next: 0,
            starting: 0,
        }
    }
}

#[derive(Debug)]
struct Listener {
    id: u64,
    wake: Arc<OwnedFd>,
    group: Option<Pid>,
}

impl State {
    fn clock(&self) -> Duration {
        let now = self.suspended_at.unwrap_or_else(Instant::now);
        now.saturating_duration_since(self.began).saturating_sub(self.suspended)
    }

    fn resume(&mut self) {
        if let Some(since) = self.suspended_at.take() {
            self.suspended += since.elapsed();
        }
    }

    /// Signals groups from here, so that they stand still when `send` returns.
    fn signal(&self, signal: Signal) {
        for group in self.listeners.iter().filter_map(|listener| listener.group) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Controller {
    pub fn new() -> Self {
        Self::default()
    }

    /// Says it to all; returns at once, or with `Suspend` as soon as all stand still.
    pub fn send(&self, control: Control) {
        let mut state = self.lock();
        match control {
            Control::Terminate => state.order = state.order.max(Order::Terminate),
            Control::Kill => state.order = Order::Kill,
            Control::Suspend if state.order == Order::Run && state.suspended_at.is_none() => {
                state.suspended_at = Some(Instant::now());
                state = self.await_started(state);
                state.signal(Signal::STOP);
            }
            Control::Suspend => {}
            Control::Resume => state.signal(Signal::CONT),
        }
        if control != Control::Suspend {
            state.resume();
        }
        for listener in &state.listeners {
            let _ = rustix::io::write(&*listener.wake, &1_u64.to_ne_bytes());
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Waits for those that are just being started: once this process stands still itself, nobody
    /// would be left to stop them.
    fn await_started<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let some = |state: &mut State| state.starting > 0;
        let waited = self.shared.changed.wait_timeout_while(state, STARTING, some);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Whether it was told to end.
    pub fn is_stopped(&self) -> bool {
        self.order() > Order::Run
    }

    /// Whether it was told to end at once.
    pub fn is_killed(&self) -> bool {
        self.order() == Order::Kill
    }

    /// Whether a process runs that was started with it.
    pub fn has_started(&self) -> bool {
        self.lock().listeners.iter().any(|listener| listener.group.is_some())
    }

    /// Waits, but not longer than until it is told to end; says whether it was.
    pub fn wait(&self, length: Duration) -> bool {
        let state = self.lock();
        let running = |state: &mut State| state.order == Order::Run;
        let waited = self.shared.changed.wait_timeout_while(state, length, running);
        waited.unwrap_or_else(PoisonError::into_inner).0.order > Order::Run
    }

    pub(super) fn order(&self) -> Order {
        self.lock().order
    }

    /// Time since it was made, without the time that all stood still.
    pub fn clock(&self) -> Duration {
        self.lock().clock()
    }

    /// Hears of everything that is sent from now on.
    pub(super) fn listen(&self) -> rustix::io::Result<Listening> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        state.listeners.push(Listener { id, wake: Arc::clone(&wake), group: None });
        drop(state);
        Ok(Listening { controller: self.clone(), id, wake })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One supervisor's ear.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) controller: Controller,
    id: u64,
    pub(super) wake: Arc<OwnedFd>,
}

impl Listening {
    /// Starts something whose group it sets; not while all stand still.
    pub(super) fn starting<T>(&self, start: impl FnOnce() -> T) -> T {
        let state = self.controller.lock();
        let suspended = |state: &mut State| state.suspended_at.is_some();
        let waited = self.controller.shared.changed.wait_while(state, suspended);
        waited.unwrap_or_else(PoisonError::into_inner).starting += 1;
        let started = start();
        self.controller.lock().starting -= 1;
        self.controller.shared.changed.notify_all();
        started
    }

    /// The group to suspend, from now on; `None` once it is gone and its number may be another's.
    pub(super) fn set_group(&self, group: Option<Pid>) {
        let mut state = self.controller.lock();
        if let (Some(group), Some(_)) = (group, state.suspended_at) {
            let _ = kill_process_group(group, Signal::STOP);
        }
        let mine = state.listeners.iter_mut().find(|listener| listener.id == self.id);
        if let Some(listener) = mine {
            listener.group = group;
        }
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.controller.lock().suspended_at.is_some()
    }

    /// Forgets the wake-up, before the order is looked at.
    pub(super) fn hear(&self) -> Order {
        let _ = rustix::io::read(&*self.wake, &mut [0; 8]);
        self.controller.order()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.controller.lock().listeners.retain(|listener| listener.id != self.id);
    }
}
