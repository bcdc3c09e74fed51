//! A run on this machine, led by whichever thread has seen something happen.
//!
//! The thread that calls keeps the time and takes in what other threads say; the crew's members
//! supervise processes, and each leads on behind the end of what it supervised. Invariant: one thread
//! leads at a time, and what comes while none does is noticed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};
use std::time::Instant;

use super::{Drive, RunEnd};
use crate::exec::event::Event;
use crate::exec::journal::JournalError;
use crate::exec::world::{Crew, CrewWork, LocalWorld, PanicGuard, View};

/// Deep enough for all that is decided; many may be there at once.
const STACK: usize = 2 * 1024 * 1024;

type End = Result<RunEnd, JournalError>;

/// What comes after a turn.
enum Next {
    /// Another one, at once.
    Turn,
    /// When something has come; or at this time, if there is one.
    LookAt(Option<Instant>),
    End(End),
}

/// What the threads of a run share.
struct Led<'d, 'a> {
    crew: Crew,
    /// Whoever leads has it.
    drive: Mutex<&'d mut Drive<'a, LocalWorld>>,
    end: Mutex<Option<End>>,
}

impl Drive<'_, LocalWorld> {
    /// As [`Self::run`], with a crew.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_with_crew(&mut self, first: Event) -> End {
        let crew = self.world.crew();
        crew.open();
        self.open(first);
        let led = Led { crew, drive: Mutex::new(self), end: Mutex::new(None) };
        std::thread::scope(|scope| led.keep_time(scope));
        let end = led.end.into_inner().unwrap_or_else(PoisonError::into_inner);
        end.unwrap_or_else(|| Err(JournalError("the run was left before its end".to_owned())))
    }

    /// Takes in what has come and decides what follows.
    fn lead_on(&mut self) -> Next {
        let view = View { state: &self.state, values: &self.values };
        for wake in self.world.take_in(view) {
            self.take(wake);
        }
        self.pass_time();
        match self.advance() {
            Ok(None) => {}
            Ok(Some(end)) => return Next::End(Ok(end)),
            Err(error) => return Next::End(Err(error)),
        }
        let view = View { state: &self.state, values: &self.values };
        self.world.prompt(view);
        if !self.world.ready.is_empty() {
            return Next::Turn;
        }
        let until = self.next_time();
        Next::LookAt(self.world.look_at(until))
    }
}

impl Led<'_, '_> {
    /// Leads when something is due that no member has seen, until the run has ended here.
    fn keep_time<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let panics = PanicGuard;
        if self.crew.messages.try_lead() {
            self.lead(scope, false);
        }
        while self.crew.messages.lead_when_due() {
            self.lead(scope, false);
        }
        if matches!(*lock(&self.end), Some(Err(_))) {
            lock(&self.drive).tell_all_to_end();
            // Of what was begun and has no member yet the end is told by one, too.
            self.hand_out(scope, 0);
            lock(&self.drive).await_ends();
        }
        self.crew.close();
        panics.disarm();
    }

    /// Supervises one process after the other.
    fn serve<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let panics = PanicGuard;
        let mut next = self.crew.arrive();
        while let Some(work) = next.take().or_else(|| self.crew.wait()) {
            let tell = work();
            let leads = self.crew.messages.try_lead();
            tell();
            if leads {
                next = self.lead(scope, true);
            }
        }
        panics.disarm();
    }

    /// Leads until nothing is left to decide; what a member does next.
    fn lead<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        member: bool,
    ) -> Option<CrewWork> {
        loop {
            let next = lock(&self.drive).lead_on();
            match next {
                Next::Turn => {}
                Next::LookAt(at) => {
                    self.hand_out(scope, usize::from(member));
                    if self.crew.messages.try_leave(at) {
                        break;
                    }
                }
                Next::End(end) => {
                    *lock(&self.end) = Some(end);
                    self.crew.messages.end();
                    break;
                }
            }
            // What was kept waits no longer than for one turn.
            self.hand_out(scope, 0);
        }
        if member { self.crew.take() } else { None }
    }

    /// Finds members for all that waits but for so many pieces.
    fn hand_out<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, kept: usize) {
        for _ in 0..self.crew.hand_out(kept) {
            let thread = Builder::new().stack_size(STACK);
            if thread.spawn_scoped(scope, || self.serve(scope)).is_err() {
                self.crew.stand_in();
            }
        }
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
