//! What has come to the loop: ends of work, signals, lines typed, requests of other terminals, times.
//!
//! Invariant: what has come meanwhile is taken in together, so that it shares one commit.

use std::time::{Duration, Instant};

use super::alerts;
use super::attempt::{self, Pending};
use super::local::LocalWorld;
use super::message::{Message, Messages};
use super::preview::Preview;
use super::secrets::hide_secrets;
use super::{Outcome, View, Wake, World};
use crate::exec::event::{StopReason, Timestamp};
use crate::exec::process::Control;

/// How often requests from other terminals are looked for.
const TICK: Duration = Duration::from_millis(150);

impl LocalWorld {
    /// Waits for something to come, up to a time, and takes it in.
    pub(super) fn wait_for_news(&mut self, until: Option<Timestamp>, view: View<'_>) -> Vec<Wake> {
        self.prompt(view);
        if self.ready.is_empty() {
            let until = self.look_at(until);
            if let Some(message) = self.messages().wait(until) {
                self.take(message, view);
            }
        }
        // What has come meanwhile shares one commit.
        self.take_in(view)
    }

    /// When there is something to do without news: at the given time, or at the next look at something.
    pub(in crate::exec) fn look_at(&mut self, until: Option<Timestamp>) -> Option<Instant> {
        let now = self.now();
        // A time beyond all times is none.
        let till = until.and_then(|until| Instant::now().checked_add(until.since(now)));
        let awaits = self.pending.values().filter_map(Pending::next_look).min();
        let tick = self.requests.as_ref().map(|_| self.requests_at);
        [till, awaits, tick, self.alerts.next_look()].into_iter().flatten().min()
    }

    /// What has come, without waiting for more.
    pub(in crate::exec) fn take_in(&mut self, view: View<'_>) -> Vec<Wake> {
        while let Some(message) = self.messages().next() {
            self.take(message, view);
        }
        attempt::look_again(self, view);
        alerts::look(self, view);
        let now = Instant::now();
        if self.requests_at <= now {
            self.requests_at = now + TICK;
            let taken = self.take_requests();
            self.ready.extend(taken);
        }
        std::mem::take(&mut self.ready)
    }

    /// What other terminals ask for.
    pub(super) fn take_requests(&mut self) -> Vec<Wake> {
        let mut taken = self.requests.as_mut().map_or_else(Vec::new, |requests| requests.take());
        for wake in &mut taken {
            hide_secrets(wake, &self.launcher.masker);
        }
        taken
    }

    /// Takes one message in, if one comes in time.
    pub(super) fn receive(&mut self, time: Duration, view: View<'_>) {
        if let Some(message) = self.messages().wait(Instant::now().checked_add(time)) {
            self.take(message, view);
        }
    }

    fn take(&mut self, message: Message, view: View<'_>) {
        match message {
            Message::Ran(ticket, report) => attempt::ran(self, ticket, *report, view),
            Message::RanJoined(ticket, index, report) => {
                super::joined::ran(self, ticket, index, *report, view);
            }
            Message::Checked(ticket, result) => {
                self.next_check();
                attempt::checked(self, ticket, result, view);
            }
            Message::Verified(ticket, mut answers) => {
                self.next_check();
                for answer in &mut answers {
                    answer.found = self.launcher.masker.mask(&answer.found).into_owned();
                }
                self.done(ticket, Outcome::Verified(answers));
            }
            Message::Cleaned(ticket, failure) => self.done(ticket, Outcome::Cleaned(failure)),
            Message::Undone(ticket, undone) => super::undo::done(self, ticket, undone),
            Message::Told(wake) => {
                self.alerts.open = self.alerts.open.saturating_sub(1);
                self.ready.push(*wake);
            }
            Message::Posted(wake) => self.ready.push(*wake),
            Message::Signal(signal) => self.take_signal(signal),
            Message::Typed(line, at) => {
                let (launcher, surroundings) = (&self.launcher, &self.surroundings);
                let preview = Preview { launcher, surroundings, view };
                self.ready.extend(self.person.typed((line, at), preview));
            }
        }
    }

    /// The first signal stops the run, the second ends it at once; Ctrl-Z lets all stand still.
    fn take_signal(&mut self, signal: i32) {
        if signal == signal_hook::consts::SIGTSTP {
            let began = Instant::now();
            self.controls.values().for_each(|control| control.send(Control::Suspend));
            let _ = signal_hook::low_level::emulate_default_handler(signal);
            self.controls.values().for_each(|control| control.send(Control::Resume));
            self.ready.push(Wake::StoodStill(began.elapsed()));
            return;
        }
        self.signals += 1;
        self.ready.push(match self.signals {
            1 => Wake::Stop(StopReason::Signal { signal }),
            _ => Wake::Force,
        });
    }

    fn messages(&self) -> &Messages {
        &self.crew.messages
    }
}
