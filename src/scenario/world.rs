//! A world that goes by a script, on a clock that jumps.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::time::Duration;

use super::script::{AS_ASSUMED, Script};
use super::tape::Planned;
use crate::exec::event::{
    Answer, AttemptEnd, Event, Failure, ProbeAnswer, QuestionKind, Stamped, StopReason, Timestamp,
};
use crate::exec::scope::Surroundings;
use crate::exec::state::{RunState, UnitIx};
use crate::exec::world::{
    Account, AttemptOrder, Outcome, Outputs, Ticket, Undone, View, Wake, Work, World,
};
use crate::ir::{Part, Reply};

/// In a row.
const MOST_IDLE: u32 = 100;

/// Ctrl-C.
const SIGINT: i32 = 2;

/// An answer that is on its way.
struct Coming {
    at: Timestamp,
    unit: UnitIx,
    asked: u64,
    kind: QuestionKind,
    reply: Reply,
    fails: bool,
}

pub(super) struct ScriptedWorld<'s> {
    now: Timestamp,
    surroundings: &'s dyn Surroundings,
    script: &'s Script<'s>,
    ends: BinaryHeap<Reverse<(Timestamp, Ticket)>>,
    outcomes: HashMap<Ticket, Outcome>,
    /// Services that are not ready yet, and what they give then.
    starting: HashMap<Ticket, Outputs>,
    coming: Vec<Coming>,
    /// When a person stops the run, each with its place in the scenario.
    stops: &'s [Planned],
    pub(super) stopped: HashSet<usize>,
    stop_due: bool,
    /// How often in a row nothing was left that could happen.
    idle: u32,
}

impl<'s> ScriptedWorld<'s> {
    pub(super) fn new(
        now: Timestamp,
        surroundings: &'s dyn Surroundings,
        script: &'s Script<'s>,
        stops: &'s [Planned],
        stopped: HashSet<usize>,
    ) -> Self {
        Self {
            now,
            surroundings,
            script,
            ends: BinaryHeap::new(),
            outcomes: HashMap::new(),
            starting: HashMap::new(),
            coming: Vec::new(),
            stops,
            stopped,
            stop_due: false,
            idle: 0,
        }
    }

    /// Takes up questions that were asked before the machine stopped.
    pub(super) fn take_up(&mut self, state: &RunState) {
        for (unit, question) in state.open_questions() {
            self.plan_answer(unit, question.seq, question.kind);
        }
    }

    fn plan_answer(&mut self, unit: UnitIx, asked: u64, kind: QuestionKind) {
        let by_hand = kind == QuestionKind::Manual;
        let in_doubt = kind == QuestionKind::InDoubt;
        let fits = |reply: Reply| match kind {
            QuestionKind::Confirm => {
                matches!(reply, Reply::Approved | Reply::Denied | Reply::Unanswered)
            }
            QuestionKind::Manual => matches!(reply, Reply::Done | Reply::Unanswered),
            _ => matches!(reply, Reply::Done | Reply::Rerun | Reply::Unanswered),
        };
        let said = self.script.said(unit.node, |given| {
            let reply = given.reply.filter(|reply| fits(*reply))?;
            Some((reply, given.after))
        });
        let fails = by_hand
            && self.script.said(unit.node, |given| given.fails.as_ref().map(|_| ())).is_some();
        let (reply, after) = match said {
            Some((reply, after)) => (reply, after),
            // Nobody guesses how far it came.
            None if in_doubt => return,
            None if by_hand => (Reply::Done, None),
            None => (Reply::Approved, None),
        };
        if reply == Reply::Unanswered {
            return;
        }
        let takes = || {
            let takes = self.script.said(unit.node, |given| given.takes);
            takes.unwrap_or_else(|| self.script.length(unit.node))
        };
        let after = after.unwrap_or_else(|| if by_hand { takes() } else { Duration::ZERO });
        self.coming.push(Coming { at: self.now.after(after), unit, asked, kind, reply, fails });
    }

    /// The answers that have come by now.
    fn answers(&mut self, view: View<'_>) -> Vec<Wake> {
        let now = self.now;
        let (come, coming) =
            std::mem::take(&mut self.coming).into_iter().partition(|each| each.at <= now);
        self.coming = coming;
        let come: Vec<Coming> = come;
        come.into_iter().map(|each| self.answer(&each, view)).collect()
    }

    fn answer(&self, coming: &Coming, view: View<'_>) -> Wake {
        let answer = match coming.reply {
            _ if coming.fails => Answer::Failed,
            Reply::Denied => Answer::Denied,
            Reply::Rerun => Answer::Rerun,
            Reply::Done => {
                Answer::Done { outputs: self.script.outputs_without_attempt(coming.unit, view) }
            }
            Reply::Approved | Reply::Unanswered => match coming.kind {
                QuestionKind::Step => Answer::Run,
                QuestionKind::Failed => Answer::FallBack,
                _ => Answer::Approved,
            },
        };
        Wake::Answered {
            unit: view.state.name(coming.unit),
            answer,
            by: "a person".to_owned(),
            from: "scenario".to_owned(),
            note: String::new(),
            asked: Some(coming.asked),
            said: None,
        }
    }

    fn attempt(&self, order: AttemptOrder, view: View<'_>) -> (Duration, AttemptEnd) {
        self.script.attempt(order, view, self.surroundings)
    }

    /// Steps that are joined end together: all well, or none.
    fn joined(&self, orders: &[AttemptOrder], view: View<'_>) -> (Duration, Outcome) {
        let all: Vec<_> = orders.iter().map(|order| self.attempt(*order, view)).collect();
        let failed = |(_, end): &&(Duration, AttemptEnd)| matches!(end, AttemptEnd::Failed(_));
        let first = all.iter().filter(failed).map(|(length, _)| *length).min();
        let length = first.or_else(|| all.iter().map(|(length, _)| *length).max());
        let cancelled = AttemptEnd::Failed(Failure::Cancelled);
        let end = |(length, end): (Duration, AttemptEnd)| match (&end, first) {
            (AttemptEnd::Failed(_), Some(first)) if length > first => cancelled.clone(),
            (AttemptEnd::Succeeded { .. }, Some(_)) => cancelled.clone(),
            _ => end,
        };
        let ends = all.into_iter().map(|each| (end(each), Account::default())).collect();
        (length.unwrap_or_default(), Outcome::Joined(ends))
    }

    fn undone(&self, node: crate::exec::graph::NodeIx) -> Outcome {
        Outcome::Undone(if self.script.is_broken(node, Part::Rollback) {
            Undone::Failed(AS_ASSUMED.to_owned())
        } else {
            Undone::Done
        })
    }

    fn outcome(&mut self, ticket: Ticket, work: &Work, view: View<'_>) -> (Duration, Outcome) {
        let at_once = Duration::ZERO;
        let broken = |node, part| {
            let broken = self.script.is_broken(node, part);
            if broken { Err(AS_ASSUMED.to_owned()) } else { Ok(()) }
        };
        match work {
            Work::Attempt(order) => {
                let (length, end) = self.attempt(*order, view);
                if let AttemptEnd::Succeeded { outputs } = &end
                    && view.state.graph().is_service(order.unit.node)
                {
                    self.starting.insert(ticket, outputs.clone());
                }
                (length, Outcome::Attempt { end, account: Account::default() })
            }
            Work::Joined(orders) => self.joined(orders, view),
            Work::Unless(unit) => {
                let done = self.script.said(unit.node, |given| given.already_done.then_some(()));
                let outputs = || self.script.outputs_without_attempt(*unit, view);
                let outcome = match done {
                    Some(()) => Outcome::Already(outputs()),
                    None => Outcome::Checked(Err(String::new())),
                };
                (at_once, outcome)
            }
            Work::Requires(unit) => (at_once, Outcome::Checked(broken(unit.node, Part::Requires))),
            Work::VerifyByHand(unit) => {
                (at_once, Outcome::Checked(broken(unit.node, Part::Verify)))
            }
            Work::Agent { .. } => (at_once, Outcome::Checked(Ok(()))),
            Work::VerifyGoal(goal) => {
                let answer = broken(*goal, Part::Verify).err();
                let answer = answer.map(|found| ProbeAnswer { holds: false, found });
                (at_once, Outcome::Verified(answer.into_iter().collect()))
            }
            Work::Cleanup(goal) => (at_once, Outcome::Cleaned(broken(*goal, Part::Cleanup).err())),
            Work::Snapshot { .. } => (at_once, Outcome::Undone(Undone::Done)),
            Work::Restore(unit) => (at_once, self.undone(unit.node)),
            Work::Undo { node, .. } => (at_once, self.undone(*node)),
        }
    }
}

impl World for ScriptedWorld<'_> {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn surroundings(&self) -> &dyn Surroundings {
        self.surroundings
    }

    fn begin(&mut self, ticket: Ticket, work: &Work, view: View<'_>) {
        let (length, outcome) = self.outcome(ticket, work, view);
        self.ends.push(Reverse((self.now.after(length), ticket)));
        self.outcomes.insert(ticket, outcome);
    }

    fn stop(&mut self, ticket: Ticket, _force: bool) {
        let cancelled = || AttemptEnd::Failed(Failure::Cancelled);
        self.starting.remove(&ticket);
        match self.outcomes.get_mut(&ticket) {
            Some(Outcome::Attempt { end, .. }) => *end = cancelled(),
            Some(Outcome::Joined(ends)) => {
                for (end, _) in ends {
                    *end = cancelled();
                }
            }
            Some(_) => {}
            None => return,
        }
        self.ends.push(Reverse((self.now, ticket)));
    }

    fn wait(&mut self, until: Option<Timestamp>, view: View<'_>) -> Vec<Wake> {
        if std::mem::take(&mut self.stop_due) {
            return vec![Wake::Stop(StopReason::Signal { signal: SIGINT })];
        }
        let end = self.ends.peek().map(|Reverse((at, _))| *at);
        let answer = self.coming.iter().map(|coming| coming.at).min();
        let Some(at) = end.into_iter().chain(answer).chain(until).min() else {
            // The loop looks again where it may; that it does so for ever would be a fault of it.
            self.idle += 1;
            let stuck = self.idle > MOST_IDLE;
            let stop = || Wake::Stop(StopReason::Cancelled { by: "goalc".to_owned() });
            return stuck.then(stop).into_iter().collect();
        };
        self.idle = 0;
        self.now = self.now.max(at);
        let mut wakes = self.answers(view);
        while let Some(Reverse((at, ticket))) = self.ends.peek().copied() {
            if at > self.now {
                break;
            }
            self.ends.pop();
            // A service is ready after its time, and ends when it is stopped.
            if let Some(outputs) = self.starting.remove(&ticket) {
                wakes.push(Wake::Ready { ticket, outputs });
                continue;
            }
            let outcome = self.outcomes.remove(&ticket);
            wakes.extend(outcome.map(|outcome| Wake::Done { ticket, outcome }));
        }
        wakes
    }

    fn happened(&mut self, stamped: &Stamped, view: View<'_>) {
        match &stamped.event {
            Event::Asked { unit, kind, .. } => {
                if let Some(unit) = view.state.find(unit) {
                    self.plan_answer(unit, stamped.seq, *kind);
                }
            }
            Event::Answered { unit, .. } => {
                let unit = view.state.find(unit);
                self.coming.retain(|coming| Some(coming.unit) != unit);
            }
            _ => {}
        }
        for (given, point) in self.stops {
            if point.is(view.state.graph(), stamped) && self.stopped.insert(*given) {
                self.stop_due = true;
            }
        }
    }

    /// The middle of what jitter may draw.
    fn draw(&mut self) -> f64 {
        0.5
    }

    fn answers_questions(&self) -> bool {
        !self.coming.is_empty() || self.stop_due
    }
}
