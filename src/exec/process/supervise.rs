//! One process from its start to the end of its tree, in one thread, waiting in one `poll`.
//!
//! Knows phases and times; signs of kinship and ways of output are other files'. Invariant: the
//! status of the process decides as soon as there is one; whatever is left of its tree is ended.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::Signal;

use super::control::{Listening, Order};
use super::leader::Leader;
use super::output::Output;
use super::proc::Seen;
use super::ready::{Source, has_input, ready};
use super::starved::Starvation;
use super::tree::Tree;
use super::{Controller, Ends, ProcessEnd, ProcessOrder, ProcessReport, Usage};

/// What goes on in the background may end by itself so long after the process.
const SETTLE: Duration = Duration::from_millis(300);

/// How long the end of the output is waited for when no process is left that should have it open,
/// and the longest grace for what was left in the background.
const PATIENCE: Duration = Duration::from_secs(2);

/// After SIGKILL, what is still there hangs in the system.
const HOPELESS: Duration = Duration::from_secs(5);

/// Between looks at memory.
const MEASURE: Duration = Duration::from_millis(250);

/// The shortest and longest time between looks at a tree that is ending.
const LOOK: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// Starts a process and stays with it until its whole tree is gone. Blocks; one thread a call.
pub fn supervise(order: &ProcessOrder, control: &Controller) -> ProcessReport {
    supervise_joined(order, Ends::default(), control)
}

/// As [`supervise`], with ends of pipes to other processes. They are closed here once the process
/// has them.
pub fn supervise_joined(order: &ProcessOrder, ends: Ends, control: &Controller) -> ProcessReport {
    let starvation = Starvation::watched(order.alone);
    let started = super::start::start(order, &ends, control);
    drop(ends);
    match started {
        Ok(started) => Supervision::new(order, started, starvation).run(),
        Err(end) => ProcessReport::not_started(end),
    }
}

/// A process that runs, and what is held of it.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) leader: Leader,
    pub(super) tree: Tree,
    pub(super) listening: Listening,
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: OwnedFd,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Running,
    /// The process has ended by itself; something else has not.
    Settling {
        until: Duration,
    },
    /// Told to end.
    Ending {
        kill_at: Duration,
    },
    Killing {
        give_up_at: Duration,
    },
    /// No process is left; the output's end is waited for.
    Draining {
        until: Duration,
    },
    Done,
}

#[derive(Debug)]
struct Supervision<'a> {
    order: &'a ProcessOrder,
    leader: Leader,
    tree: Tree,
    listening: Listening,
    output: Output<'a>,
    phase: Phase,
    began: Duration,
    /// Why it was ended, where it did not end by itself.
    verdict: Option<ProcessEnd>,
    notes: Vec<String>,
    survivors: usize,
    starvation: Starvation,
    /// Members that have had their SIGTERM.
    told: Vec<Seen>,
    look_at: Option<Duration>,
    pause: Duration,
}

impl<'a> Supervision<'a> {
    fn new(order: &'a ProcessOrder, started: Started, starvation: Starvation) -> Self {
        let began = started.listening.controller.clock();
        Self {
            order,
            leader: started.leader,
            tree: started.tree,
            output: Output::new(order, started.stdout, started.stderr),
            listening: started.listening,
            phase: Phase::Running,
            began,
            verdict: None,
            notes: Vec::new(),
            survivors: 0,
            starvation,
            told: Vec::new(),
            look_at: order.memory.map(|_| began + MEASURE),
            pause: LOOK.0,
        }
    }

    fn run(mut self) -> ProcessReport {
        self.obey();
        while self.phase != Phase::Done {
            let now = self.now();
            self.wait(now);
            let now = self.now();
            self.output.flush(now);
            self.advance(now);
        }
        self.report()
    }

    fn now(&self) -> Duration {
        self.listening.controller.clock()
    }

    /// Sleeps until something happens or is due, and takes in what happened.
    fn wait(&mut self, now: Duration) {
        let timeout = self.due().map(|due| due.saturating_sub(now));
        let timeout = if self.listening.is_suspended() { None } else { timeout };
        for what in ready(&self.listening, &self.leader, &self.output, timeout) {
            match what {
                Source::Stream(which) => {
                    let settling = matches!(self.phase, Phase::Settling { .. });
                    // Another process that is just being started has the pipe open for a moment:
                    // its end may come later than that of all that wrote to it.
                    if !self.output.read(which, now) && settling && self.output.at_end() {
                        self.look_at = Some(now);
                    }
                }
                Source::Leader => self.leader_ended(),
                Source::Control => self.obey(),
            }
        }
    }

    /// The next moment at which something is to be done.
    fn due(&self) -> Option<Duration> {
        let phase = match self.phase {
            Phase::Running => self.order.timeout.map(|timeout| self.began.saturating_add(timeout)),
            Phase::Settling { until } | Phase::Draining { until } => Some(until),
            Phase::Ending { kill_at } => Some(kill_at),
            Phase::Killing { give_up_at } => Some(give_up_at),
            Phase::Done => Some(Duration::ZERO),
        };
        [phase, self.look_at, self.output.flush_at()].into_iter().flatten().min()
    }

    fn leader_ended(&mut self) {
        self.leader.reap();
        // What it wrote before it ended is there to be read at once.
        for which in 0..2 {
            let more = |this: &mut Self| {
                has_input(&this.output, which) && this.output.read(which, Duration::ZERO)
            };
            // What is left in the background may write for ever.
            let _ = (0..FULL_PIPE).find(|_| !more(self));
        }
        self.look_at = Some(Duration::ZERO);
    }

    fn obey(&mut self) {
        let order = self.listening.hear();
        let now = self.now();
        match (order, self.phase) {
            (Order::Terminate, Phase::Running) => {
                self.end(Some(ProcessEnd::Stopped), now, self.order.grace);
            }
            (Order::Terminate, Phase::Settling { .. }) => self.end(None, now, PATIENCE),
            (Order::Kill, Phase::Running | Phase::Settling { .. } | Phase::Ending { .. }) => {
                self.judge(ProcessEnd::Stopped);
                self.kill(now);
            }
            (Order::Kill, Phase::Draining { .. }) => self.close(),
            _ => {}
        }
    }

    /// Says why it is ended, unless it has ended by itself or something else was first.
    fn judge(&mut self, verdict: ProcessEnd) {
        if self.leader.exit.is_none() {
            self.verdict.get_or_insert(verdict);
        }
    }

    fn advance(&mut self, now: Duration) {
        let looks = self.look_at.is_some_and(|at| at <= now);
        match self.phase {
            Phase::Running if self.leader.exit.is_some() => self.ended_by_itself(now),
            Phase::Running => self.watch(now, looks),
            Phase::Settling { until } => {
                if self.output.at_end() && (looks && !self.tree.is_left()) {
                    self.phase = Phase::Done;
                } else if until <= now {
                    self.end_leftovers(now);
                } else if looks {
                    self.look_again(now);
                }
            }
            Phase::Ending { kill_at } if kill_at <= now => self.kill(now),
            Phase::Ending { .. } if looks => self.tell_members(now),
            Phase::Killing { give_up_at } if looks || give_up_at <= now => {
                self.kill_members(now, give_up_at);
            }
            Phase::Draining { until } if until <= now || self.output.at_end() => self.close(),
            _ => {}
        }
    }

    fn watch(&mut self, now: Duration, looks: bool) {
        let timeout = self.order.timeout.map(|timeout| self.began.saturating_add(timeout));
        if timeout.is_some_and(|at| at <= now) {
            self.end(Some(ProcessEnd::TimedOut), now, self.order.grace);
        } else if let Some(limit) = self.order.memory.filter(|_| looks) {
            self.look_at = Some(now + MEASURE);
            if self.tree.memory() > limit {
                self.judge(ProcessEnd::OutOfMemory);
                self.kill(now);
            }
        }
    }

    fn ended_by_itself(&mut self, now: Duration) {
        let left = self.tree.is_left();
        self.listening.set_group(None);
        if !left && self.output.at_end() {
            self.phase = Phase::Done;
        } else {
            self.phase = Phase::Settling { until: now + SETTLE };
            self.pause = LOOK.0;
            self.look_again(now);
        }
    }

    fn end_leftovers(&mut self, now: Duration) {
        if self.tree.members().is_empty() {
            return self.drain(now);
        }
        self.notes.push("it left a background process, which was ended".to_owned());
        self.end(None, now, self.order.grace.min(PATIENCE));
    }

    fn end(&mut self, verdict: Option<ProcessEnd>, now: Duration, grace: Duration) {
        if let Some(verdict) = verdict {
            self.judge(verdict);
        }
        self.phase = Phase::Ending { kill_at: now.saturating_add(grace) };
        self.pause = LOOK.0;
        self.tell_members(now);
    }

    /// SIGTERM to members that have not had it. What a process that heeds it starts to clean up
    /// behind itself is left alone until the grace is over or that process has ended.
    fn tell_members(&mut self, now: Duration) {
        let members = self.members();
        if members.is_empty() && self.leader.exit.is_some() {
            return self.drain(now);
        }
        let first = self.told.is_empty();
        if first {
            self.tree.signal(&members, &[Signal::TERM, Signal::CONT]);
        }
        for new in members {
            let due = first || self.leader.exit.is_some();
            if due && !self.told.contains(&new) {
                if !first {
                    new.signal(&[Signal::TERM, Signal::CONT]);
                }
                self.told.push(new);
            }
        }
        self.look_again(now);
    }

    fn kill(&mut self, now: Duration) {
        let give_up_at = now + HOPELESS;
        self.phase = Phase::Killing { give_up_at };
        self.pause = LOOK.0;
        self.kill_members(now, give_up_at);
    }

    /// Freezes what is there before it is killed, so that nothing can start something new.
    fn kill_members(&mut self, now: Duration, give_up_at: Duration) {
        let members = self.members();
        self.tree.signal(&members, &[Signal::STOP]);
        let members = self.tree.members();
        self.tree.signal(&members, &[Signal::KILL]);
        if members.is_empty() && self.leader.exit.is_some() {
            self.drain(now);
        } else if give_up_at <= now {
            self.survivors = members.len();
            self.notes.push("some of its processes did not end even after SIGKILL".to_owned());
            self.drain(now);
        } else {
            self.look_again(now);
        }
    }

    fn members(&mut self) -> Vec<Seen> {
        if self.leader.exit.is_some() {
            self.tree.group_is_left();
        }
        self.tree.members()
    }

    fn look_again(&mut self, now: Duration) {
        self.look_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LOOK.1);
    }

    fn drain(&mut self, now: Duration) {
        self.look_at = None;
        self.phase = if self.output.at_end() {
            Phase::Done
        } else {
            Phase::Draining { until: now + PATIENCE }
        };
    }

    fn close(&mut self) {
        if !self.output.at_end() {
            self.notes.push("its output was still held open by another process".to_owned());
        }
        self.phase = Phase::Done;
    }

    fn report(mut self) -> ProcessReport {
        let remains = self.output.finish();
        self.notes.extend(remains.note);
        let (end, usage) = match self.leader.exit {
            Some(exit) => (exit.end, exit.usage),
            None => (ProcessEnd::Signalled(Signal::KILL.as_raw()), Usage::default()),
        };
        let usage = usage.and(self.tree.used_by_orphans());
        let over = self.order.memory.is_some_and(|limit| usage.peak_memory > limit);
        let starved = self.verdict.is_none() && self.starvation.ended(&end);
        if starved {
            let what = if self.order.alone { "a process of it" } else { "processes meanwhile" };
            self.notes.push(format!("the system ended {what}, as memory had run out"));
        }
        let verdict = self.verdict.or((over || starved).then_some(ProcessEnd::OutOfMemory));
        ProcessReport {
            end: verdict.unwrap_or(end),
            stdout: remains.stdout,
            tail: remains.tail,
            notes: self.notes,
            survivors: self.survivors,
            limit: None,
            usage,
        }
    }
}

/// So many pieces are more than a pipe holds.
const FULL_PIPE: usize = 32;
