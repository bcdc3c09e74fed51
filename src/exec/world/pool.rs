//! Threads for work that blocks: supervisors of processes, probes, the keyboard.
//!
//! A thread that is done waits a while for more, as starting one for each of many short steps
//! costs more than the steps. Invariant: work never waits for a thread; where none is idle and no
//! new one can be had, it is done by the caller: slower, but done.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an idle thread waits for work before it ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Deep enough for probes and masks; many may be alive at once.
const STACK: usize = 512 * 1024;

type Work = Box<dyn FnOnce() + Send>;

/// Idle threads sleep under a lock, as [`Messages`](super::message::Messages) do, for the same reason.
struct Pool {
    state: Mutex<State>,
    came: Condvar,
}

struct State {
    waiting: VecDeque<Work>,
    /// Threads that wait for work.
    idle: usize,
}

static POOL: Pool =
    Pool { state: Mutex::new(State { waiting: VecDeque::new(), idle: 0 }), came: Condvar::new() };

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has work done by another thread.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) {
    let mut state = POOL.lock();
    // Each that waits is promised to an idle thread.
    if state.idle > state.waiting.len() {
        state.waiting.push_back(Box::new(work));
        drop(state);
        return POOL.came.notify_one();
    }
    drop(state);
    let slot = Arc::new(Mutex::new(Some(work)));
    let theirs = Arc::clone(&slot);
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        take_and_run(&theirs);
        serve();
    });
    if thread.is_err() {
        take_and_run(&slot);
    }
}

fn take_and_run<F: FnOnce()>(work: &Mutex<Option<F>>) {
    let taken = work.lock().ok().and_then(|mut work| work.take());
    if let Some(work) = taken {
        work();
    }
}

/// Does work until none has come for a while.
fn serve() {
    while let Some(work) = next() {
        work();
    }
}

fn next() -> Option<Work> {
    let mut state = POOL.lock();
    state.idle += 1;
    let none = |state: &mut State| state.waiting.is_empty();
    let waited = POOL.came.wait_timeout_while(state, PATIENCE, none);
    let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
    state.idle -= 1;
    state.waiting.pop_front()
}
