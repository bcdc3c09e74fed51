//! What other threads tell the loop, and where it waits for that.
//!
//! A queue under a lock, not a channel of the usual kind: those look again and again before they
//! sleep, which takes processor time from the steps of a machine that is busy with them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

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
    state: Mutex<State>,
    /// For the leader, where it waits.
    came: Condvar,
    /// For whoever keeps the time.
    due: Condvar,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Message>,
    /// Somebody leads, and looks again before that ends.
    led: bool,
    /// The leader waits for a message.
    waits: bool,
    /// When there is something to do without one.
    look_at: Option<Instant>,
    /// When whoever keeps the time wakes up by itself.
    wakes_at: Option<Instant>,
    /// Nobody is to lead any more.
    over: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the loop, from any thread.
#[derive(Debug, Clone)]
pub(super) struct MessageSender(Arc<Queue>);

impl MessageSender {
    /// Returns at once.
    pub(super) fn send(&self, message: Message) {
        let mut state = self.0.lock();
        state.messages.push_back(message);
        if state.waits {
            self.0.came.notify_one();
        } else if !state.led {
            self.0.due.notify_one();
        }
    }
}

/// The loop's end.
#[derive(Debug, Clone, Default)]
pub(in crate::exec) struct Messages(Arc<Queue>);

impl Messages {
    pub(super) fn sender(&self) -> MessageSender {
        MessageSender(Arc::clone(&self.0))
    }

    /// One that has come.
    pub(super) fn next(&self) -> Option<Message> {
        self.0.lock().messages.pop_front()
    }

    /// The next one; waits for it, up to a time at most (`None`: as long as it takes).
    pub(super) fn wait(&self, until: Option<Instant>) -> Option<Message> {
        let mut state = self.0.lock();
        state.waits = true;
        let found = loop {
            if let Some(message) = state.messages.pop_front() {
                break Some(message);
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                break None;
            }
            state = sleep(&self.0.came, state, until);
        };
        state.waits = false;
        found
    }

    /// Makes the caller the leader, unless somebody is.
    pub(in crate::exec) fn try_lead(&self) -> bool {
        let mut state = self.0.lock();
        !std::mem::replace(&mut state.led, true)
    }

    /// Nobody leads any more, and there is something to do at `look_at`. Not where a message has come:
    /// then the caller goes on.
    pub(in crate::exec) fn try_leave(&self, look_at: Option<Instant>) -> bool {
        let mut state = self.0.lock();
        if !state.messages.is_empty() {
            return false;
        }
        state.led = false;
        state.look_at = look_at;
        if look_at.is_some_and(|at| state.wakes_at.is_none_or(|wakes_at| at < wakes_at)) {
            self.0.due.notify_one();
        }
        true
    }

    /// Waits until there is something to do that nobody does, and leads then; not any more once all is
    /// over. For one thread.
    pub(in crate::exec) fn lead_when_due(&self) -> bool {
        let mut state = self.0.lock();
        loop {
            if state.over {
                return false;
            }
            let due = state.look_at.is_some_and(|at| at <= Instant::now());
            if !state.led && (due || !state.messages.is_empty()) {
                state.led = true;
                return true;
            }
            state.wakes_at = state.look_at.filter(|_| !state.led);
            let until = state.wakes_at;
            state = sleep(&self.0.due, state, until);
            state.wakes_at = Some(Instant::now());
        }
    }

    /// The leader has been the last one.
    pub(in crate::exec) fn end(&self) {
        self.0.lock().over = true;
        self.0.due.notify_one();
    }
}

fn sleep<'a>(
    on: &Condvar,
    state: MutexGuard<'a, State>,
    until: Option<Instant>,
) -> MutexGuard<'a, State> {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    match left {
        Some(left) => on.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
        None => on.wait(state).unwrap_or_else(PoisonError::into_inner),
    }
}
