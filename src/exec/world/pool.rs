//! Threads for work that blocks: supervisors of processes, probes, the keyboard.
//!
//! A thread that is done waits a while for more, as starting one for each of many short steps
//! costs more than the steps. Invariant: work never waits for a thread; where none is idle and no
//! new one can be had, it is done by the caller: slower, but done.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

/// How long an idle thread waits for work before it ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Deep enough for probes and masks; many may be alive at once.
const STACK: usize = 512 * 1024;

type Work = Box<dyn FnOnce() + Send>;

struct Pool {
    sender: Sender<Work>,
    receiver: Receiver<Work>,
    /// Threads that wait for work and are promised to none.
    idle: AtomicUsize,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let (sender, receiver) = unbounded();
    Pool { sender, receiver, idle: AtomicUsize::new(0) }
});

/// Has work done by another thread.
pub(in crate::exec) fn spawn(work: impl FnOnce() + Send + 'static) {
    let pool = &*POOL;
    let promised =
        pool.idle.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
    if promised.is_ok() {
        // The pool lives as long as the process, and so does its channel.
        let _ = pool.sender.send(Box::new(work));
        return;
    }
    let slot = std::sync::Arc::new(Mutex::new(Some(work)));
    let theirs = std::sync::Arc::clone(&slot);
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
    let pool = &*POOL;
    loop {
        pool.idle.fetch_add(1, Ordering::AcqRel);
        if let Ok(work) = pool.receiver.recv_timeout(PATIENCE) {
            work();
            continue;
        }
        let idle =
            pool.idle.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
        if idle.is_ok() {
            return;
        }
        // Every idle thread is promised to work that is on its way: this one takes its share.
        if let Ok(work) = pool.receiver.recv() {
            work();
        }
    }
}
