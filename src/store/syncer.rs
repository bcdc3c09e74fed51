//! Waiting for the disk in a thread of its own, so that the run goes on meanwhile.
//!
//! Invariant: after one error nothing is synced any more; who asks later is told of that error.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, unbounded};

use super::Store;
use crate::exec::JournalError;

type Say = Box<dyn FnOnce(Result<(), JournalError>) + Send>;

/// The thread, from the first use on.
#[derive(Debug)]
pub(super) struct Syncer {
    /// `None` only while it is being dropped.
    orders: Option<Sender<Say>>,
    thread: Option<JoinHandle<()>>,
    failed: Arc<Mutex<Option<JournalError>>>,
}

impl Syncer {
    /// Fails where the system has no thread for it.
    pub(super) fn start(store: &Store) -> std::io::Result<Self> {
        let (sender, orders) = unbounded::<Say>();
        let failed = Arc::new(Mutex::new(None));
        let (store, shared) = (store.clone(), Arc::clone(&failed));
        let thread = std::thread::Builder::new().name("sync".to_owned()).spawn(move || {
            for say in orders {
                let failed = || shared.lock().unwrap_or_else(PoisonError::into_inner);
                let before = failed().clone();
                let result = before.map_or_else(
                    || store.sync_log().map_err(|error| JournalError(error.to_string())),
                    Err,
                );
                *failed() = result.clone().err();
                say(result);
            }
        })?;
        Ok(Self { orders: Some(sender), thread: Some(thread), failed })
    }

    /// Syncs, then says what came of it.
    pub(super) fn sync(&self, say: Say) {
        let orders = self.orders.as_ref();
        if let Some(Err(unsent)) = orders.map(|orders| orders.send(say)) {
            unsent.0(Err(JournalError("the thread that syncs it has ended".to_owned())));
        }
    }

    /// What went wrong, if something did. Costs next to nothing.
    pub(super) fn error(&self) -> Option<JournalError> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Syncer {
    /// The thread shares the database, which must be closed when the journal is gone.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
