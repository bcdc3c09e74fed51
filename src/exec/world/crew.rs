//! Threads that supervise a run's processes, and lead the run in turn.
//!
//! Whoever has seen a process end decides itself what follows from that, and goes on with what it has
//! begun: between two steps no other thread needs to wake up, which takes longer than most of what is
//! decided. The pattern is known as *leader/followers*. Knows no steps. Invariant: work that was handed
//! over is done by somebody, also where no thread can be had.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::message::Messages;
use super::pool;

/// The exit code of a Rust program whose only thread panics.
const PANICKED: i32 = 101;

/// How long an idle member waits for work before it goes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells the loop what came of work; short.
pub(in crate::exec) type Tell = Box<dyn FnOnce() + Send>;

/// Work that blocks.
pub(in crate::exec) type Work = Box<dyn FnOnce() -> Tell + Send>;

/// The work of a run's processes, and who is there to do it.
#[derive(Clone, Default)]
pub(in crate::exec) struct Crew {
    pub(in crate::exec) messages: Messages,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Default)]
struct State {
    /// Members do the work, not the threads that are there for everything.
    open: bool,
    waiting: VecDeque<Work>,
    /// Members that wait for work.
    idle: usize,
    /// Members that are on their way to it.
    coming: usize,
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew").finish_non_exhaustive()
    }
}

impl Crew {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has work done. Within a turn of the crew the first piece is left for who leads it.
    pub(in crate::exec) fn spawn(&self, work: Work) {
        let mut state = self.lock();
        if !state.open {
            drop(state);
            return pool::spawn(move || work()());
        }
        state.waiting.push_back(work);
        if state.waiting.len() > 1 && state.idle > 0 {
            self.shared.came.notify_one();
        }
    }

    /// From now on members do the work.
    pub(in crate::exec) fn open(&self) {
        self.lock().open = true;
    }

    /// Members that have nothing to do go.
    pub(in crate::exec) fn close(&self) {
        self.lock().open = false;
        self.shared.came.notify_all();
    }

    /// What the member that led does next.
    pub(in crate::exec) fn take(&self) -> Option<Work> {
        self.lock().waiting.pop_front()
    }

    /// Wakes members for all that waits but for so many pieces; says how many more are needed, which
    /// are to come.
    pub(in crate::exec) fn hand_out(&self, kept: usize) -> usize {
        let mut state = self.lock();
        let given = state.waiting.len().saturating_sub(kept);
        for _ in 0..state.idle.min(given) {
            self.shared.came.notify_one();
        }
        let needed = given.saturating_sub(state.idle + state.coming);
        state.coming += needed;
        needed
    }

    /// A member that was to come does not: what it would have done is done here.
    pub(in crate::exec) fn stand_in(&self) {
        let mut state = self.lock();
        state.coming = state.coming.saturating_sub(1);
        let work = state.waiting.pop_front();
        drop(state);
        if let Some(work) = work {
            work()();
        }
    }

    /// A member has come; its first work.
    pub(in crate::exec) fn arrive(&self) -> Option<Work> {
        let mut state = self.lock();
        state.coming = state.coming.saturating_sub(1);
        state.waiting.pop_front()
    }

    /// A member's next work; none where it is to go.
    pub(in crate::exec) fn wait(&self) -> Option<Work> {
        let mut state = self.lock();
        state.idle += 1;
        let none = |state: &mut State| state.waiting.is_empty() && state.open;
        let waited = self.shared.came.wait_timeout_while(state, PATIENCE, none);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.idle -= 1;
        state.waiting.pop_front()
    }
}

/// Held by each thread of a run. Where one panics the process ends, as one with a single thread would: the
/// other threads would wait for what they supervise. The guardian ends that.
pub(in crate::exec) struct PanicGuard;

impl PanicGuard {
    /// The thread ends without a panic.
    pub(in crate::exec) fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        std::process::exit(PANICKED);
    }
}
