//! Waiting for the disk in a thread of its own, so that the run goes on meanwhile.
//!
//! Invariant: after one error nothing is synced any more; who asks later is told of that error.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::Store;
use crate::exec::{JournalError, SaySynced};

/// How long a sync without hurry gathers what else is written.
const GATHER: Duration = Duration::from_millis(3);

/// The thread, from the first use on.
#[derive(Debug)]
pub(super) struct Syncer {
    /// `None` only while it is being dropped.
    orders: Option<Sender<Order>>,
    hurry: Sender<()>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

struct Order {
    hurry: bool,
    say: SaySynced,
}

#[derive(Debug, Default)]
struct Shared {
    /// The number of the last event that was written.
    written: AtomicU64,
    failed: Mutex<Option<JournalError>>,
}

impl Shared {
    fn error(&self) -> Option<JournalError> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Up to which event all is on disk then.
    fn sync(&self, store: &Store) -> Result<u64, JournalError> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        let written = self.written.load(Ordering::Acquire);
        let result = store.sync_log().map_err(|error| JournalError(error.to_string()));
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = result.clone().err();
        result.map(|()| written)
    }
}

impl Syncer {
    /// Fails where the system has no thread for it.
    pub(super) fn start(store: &Store) -> std::io::Result<Self> {
        let (orders, ordered) = unbounded::<Order>();
        let (hurry, hurried) = bounded(1);
        let shared = Arc::new(Shared::default());
        let (store, theirs) = (store.clone(), Arc::clone(&shared));
        let serve = move || serve(&ordered, &hurried, &theirs, &store);
        let thread = std::thread::Builder::new().name("sync".to_owned()).spawn(serve)?;
        Ok(Self { orders: Some(orders), hurry, thread: Some(thread), shared })
    }

    /// Events up to this one have been written.
    pub(super) fn has_written(&self, last: u64) {
        self.shared.written.store(last, Ordering::Release);
    }

    /// Syncs, then says what came of it.
    pub(super) fn sync(&self, hurry: bool, say: SaySynced) {
        let orders = self.orders.as_ref();
        if let Some(Err(unsent)) = orders.map(|orders| orders.send(Order { hurry, say })) {
            let why = "the thread that syncs it has ended".to_owned();
            (unsent.0.say)(Err(JournalError(why)));
        }
    }

    /// The sync under way gathers no more.
    pub(super) fn hurry(&self) {
        let _ = self.hurry.try_send(());
    }

    /// What went wrong, if something did. Costs next to nothing.
    pub(super) fn error(&self) -> Option<JournalError> {
        self.shared.error()
    }
}

fn serve(orders: &Receiver<Order>, hurried: &Receiver<()>, shared: &Shared, store: &Store) {
    for order in orders {
        // What is left of an earlier order's hurry does no harm.
        if !order.hurry {
            let _ = hurried.recv_timeout(GATHER);
        }
        (order.say)(shared.sync(store));
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
