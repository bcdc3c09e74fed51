//! Writing and waiting for the disk in a thread of its own, so that the run goes on meanwhile.
//!
//! Invariant: after one error nothing is written any more; who asks later is told of that error.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::unwritten::Unwritten;
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
}

struct Order {
    hurry: bool,
    /// `None` once it was called.
    say: Option<SaySynced>,
}

impl Order {
    fn say(mut self, result: Result<u64, JournalError>) {
        if let Some(say) = self.say.take() {
            say(result);
        }
    }
}

impl Drop for Order {
    /// Whoever waits for it would wait for ever.
    fn drop(&mut self) {
        if let Some(say) = self.say.take() {
            say(Err(JournalError("the thread that writes it has ended".to_owned())));
        }
    }
}

impl Syncer {
    /// Fails where the system has no thread for it.
    pub(super) fn start(unwritten: &Arc<Unwritten>) -> std::io::Result<Self> {
        let (orders, ordered) = unbounded::<Order>();
        let (hurry, hurried) = bounded(1);
        let unwritten = Arc::clone(unwritten);
        let serve = move || serve(&ordered, &hurried, &unwritten);
        let thread = std::thread::Builder::new().name("sync".to_owned()).spawn(serve)?;
        Ok(Self { orders: Some(orders), hurry, thread: Some(thread) })
    }

    /// Writes all that waits and syncs it, then says what came of it.
    pub(super) fn sync(&self, hurry: bool, say: SaySynced) {
        let order = Order { hurry, say: Some(say) };
        if let Some(orders) = &self.orders {
            // What cannot be sent says so when it is dropped.
            let _ = orders.send(order);
        }
    }

    /// The sync under way gathers no more.
    pub(super) fn hurry(&self) {
        let _ = self.hurry.try_send(());
    }
}

fn serve(orders: &Receiver<Order>, hurried: &Receiver<()>, unwritten: &Unwritten) {
    for order in orders {
        if !order.hurry {
            // What is there is safe from the end of this process at once. An error comes again.
            let _ = unwritten.write();
            // What is left of an earlier order's hurry does no harm.
            let _ = hurried.recv_timeout(GATHER);
        }
        order.say(unwritten.sync());
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
