//! What other threads tell the loop, and where it waits for that.
//!
//! A queue under a lock, not a channel of the usual kind: those look again and again before they
//! sleep, which takes processor time from the steps of a machine that is busy with them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Ticket, Undone, Wake};
use crate::exec::event::ProbeAnswer;
use crate::exec::probe::Unmet;
use crate::exec::process::ProcessReport;

/// What threads tell the loop.
#[derive(Debug)]
pub(super) enum Message {
    Ran(Ticket, Box<ProcessReport>),
    /// The member of a chain with this place in it.
    RanJoined(Ticket, usize, Box<ProcessReport>),
    Checked(Ticket, Result<(), Unmet>),
    Verified(Ticket, Vec<ProbeAnswer>),
    Cleaned(Ticket, Option<String>),
    Undone(Ticket, Undone),
    Signal(i32),
    /// What came of an alert.
    Told(Box<Wake>),
    /// What came of something else that has no ticket.
    Posted(Box<Wake>),
    /// A line that the person at the terminal typed, and when; `None`: they closed it.
    Typed(Option<String>, Instant),
}

#[derive(Debug, Default)]
struct Queue {
    messages: Mutex<VecDeque<Message>>,
    came: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the loop, from any thread.
#[derive(Debug, Clone)]
pub(super) struct MessageSender(Arc<Queue>);

impl MessageSender {
    /// Returns at once.
    pub(super) fn send(&self, message: Message) {
        self.0.lock().push_back(message);
        self.0.came.notify_one();
    }
}

/// The loop's end.
#[derive(Debug, Default)]
pub(super) struct Messages(Arc<Queue>);

impl Messages {
    pub(super) fn sender(&self) -> MessageSender {
        MessageSender(Arc::clone(&self.0))
    }

    /// One that has come.
    pub(super) fn next(&self) -> Option<Message> {
        self.0.lock().pop_front()
    }

    /// The next one; waits for it, for `time` at most (`None`: as long as it takes).
    pub(super) fn wait(&self, time: Option<Duration>) -> Option<Message> {
        // A time beyond all times is none.
        let until = time.and_then(|time| Instant::now().checked_add(time));
        let mut messages = self.0.lock();
        loop {
            if let Some(message) = messages.pop_front() {
                return Some(message);
            }
            messages = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return None,
                Some(left) => {
                    let waited = self.0.came.wait_timeout(messages, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.0.came.wait(messages).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}
