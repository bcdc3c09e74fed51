//! What ends attempts on a node besides themselves: a word in their folder, a signal to the job, the
//! folder out of reach.
//!
//! Knows which attempts are under way here. Invariant: what hangs in the file system hangs a thread
//! of its own, and never the one that ends commands.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::exec::executor::files::{AttemptFiles, Stop};
use crate::exec::process::{Control, Controller};

/// Between looks at the folders.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Clone)]
pub(super) struct Watch {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    attempts: Mutex<Attempts>,
    began: Instant,
    /// Milliseconds from `began` to the last time that the folders were reached.
    reached: AtomicU64,
}

#[derive(Debug, Default)]
struct Attempts {
    under_way: Vec<(u64, AttemptFiles, Controller)>,
    next: u64,
    /// The job itself was told to end.
    stopped: Option<Control>,
}

/// An attempt that is watched, as long as this lives.
#[derive(Debug)]
pub(super) struct Watched {
    shared: Arc<Shared>,
    number: u64,
}

impl Watch {
    pub(super) fn start(lease: Duration) -> Self {
        let attempts = Mutex::default();
        let shared = Arc::new(Shared { attempts, began: Instant::now(), reached: 0.into() });
        let watch = Self { shared };
        for work in [Self::look_for_words, Self::guard_lease] {
            let mine = watch.clone();
            // Without it, nothing but a signal ends an attempt early.
            let _ = std::thread::Builder::new().spawn(move || work(&mine, lease));
        }
        watch
    }

    pub(super) fn add(&self, files: AttemptFiles, control: Controller) -> Watched {
        let mut attempts = self.shared.lock();
        if let Some(how) = attempts.stopped {
            control.send(how);
        }
        let number = attempts.next;
        attempts.next += 1;
        attempts.under_way.push((number, files, control));
        Watched { shared: Arc::clone(&self.shared), number }
    }

    /// Whether the job was told to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.shared.lock().stopped.is_some()
    }

    /// The first signal ends commands politely, a second one at once.
    pub(super) fn end_all_on_signals(&self) {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP]) else {
            return;
        };
        let watch = self.clone();
        let _ = std::thread::Builder::new().spawn(move || {
            for (number, _) in signals.forever().enumerate() {
                watch.end_all(if number == 0 { Control::Terminate } else { Control::Kill });
            }
        });
    }

    fn end_all(&self, how: Control) {
        let mut attempts = self.shared.lock();
        attempts.stopped = Some(how);
        attempts.under_way.iter().for_each(|(_, _, control)| control.send(how));
    }

    fn look_for_words(&self, _: Duration) {
        loop {
            std::thread::sleep(LOOK);
            let attempts = self.shared.lock().under_way.clone();
            let mut reached = attempts.is_empty();
            for (_, files, control) in &attempts {
                reached |= files.folder().symlink_metadata().is_ok();
                match files.stop() {
                    Some(Stop::Politely) => control.send(Control::Terminate),
                    Some(Stop::AtOnce) => control.send(Control::Kill),
                    None => {}
                }
            }
            if reached {
                let since = u64::try_from(self.shared.began.elapsed().as_millis()).unwrap_or(0);
                self.shared.reached.store(since, Ordering::Release);
            }
        }
    }

    fn guard_lease(&self, lease: Duration) {
        loop {
            std::thread::sleep(LOOK);
            let reached = Duration::from_millis(self.shared.reached.load(Ordering::Acquire));
            if self.shared.began.elapsed().saturating_sub(reached) > lease {
                self.end_all(Control::Kill);
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.shared.lock().under_way.retain(|(number, ..)| *number != self.number);
    }
}
