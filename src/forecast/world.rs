//! A world in which all goes as expected, or as one simulation has it, and time passes at once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use indexmap::IndexMap;

use super::draws::{Draws, JITTER, Simulation, failure};
use crate::exec::event::{Answer, AttemptEnd, QuestionKind, Timestamp};
use crate::exec::graph::NodeIx;
use crate::exec::scope::Surroundings;
use crate::exec::state::{Question, UnitIx};
use crate::exec::world::{Account, AttemptOrder, Outcome, Ticket, Undone, View, Wake, Work, World};

/// Attempts take what is drawn and succeed where nothing else is drawn, `unless` does not hold,
/// people say yes at once and take the time of the step for what they do by hand.
pub(super) struct SimulatedWorld<'a> {
    now: Timestamp,
    surroundings: &'a dyn Surroundings,
    draws: &'a Draws,
    simulation: Simulation,
    /// Nodes whose `when` does not hold if that is not known, and whose `unless` does.
    skipping: &'a HashSet<NodeIx>,
    ends: BinaryHeap<Reverse<(Timestamp, Ticket)>>,
    outcomes: HashMap<Ticket, Outcome>,
    /// Services that are not ready yet.
    starting: HashSet<Ticket>,
}

impl<'a> SimulatedWorld<'a> {
    pub(super) fn new(
        surroundings: &'a dyn Surroundings,
        draws: &'a Draws,
        simulation: Simulation,
        skipping: &'a HashSet<NodeIx>,
    ) -> Self {
        Self {
            now: Timestamp(0),
            surroundings,
            draws,
            simulation,
            skipping,
            ends: BinaryHeap::new(),
            outcomes: HashMap::new(),
            starting: HashSet::new(),
        }
    }

    fn length(&self, order: &AttemptOrder) -> std::time::Duration {
        self.draws.length(self.simulation, order.unit, order.attempt)
    }

    /// The answers that have come by now.
    fn answers(&self, view: View<'_>) -> Vec<Wake> {
        view.state
            .open_questions()
            .filter(|(unit, question)| self.answered_at(*unit, question) <= self.now)
            .map(|(unit, question)| Wake::Answered {
                unit: view.state.name(unit),
                answer: match question.kind {
                    QuestionKind::Confirm => Answer::Approved,
                    QuestionKind::Step => Answer::Run,
                    QuestionKind::Failed => Answer::FallBack,
                    _ => Answer::Done { outputs: IndexMap::new() },
                },
                by: String::new(),
                from: "forecast".to_owned(),
                note: String::new(),
                asked: Some(question.seq),
                said: None,
            })
            .collect()
    }

    fn answered_at(&self, unit: UnitIx, question: &Question) -> Timestamp {
        match question.kind {
            QuestionKind::Manual => {
                question.asked.after(self.draws.length(self.simulation, unit, 1))
            }
            _ => question.asked,
        }
    }

    fn attempt(&self, order: &AttemptOrder) -> AttemptEnd {
        match self.draws.fails(self.simulation, order.unit, order.attempt) {
            Some(_) => AttemptEnd::Failed(failure()),
            None => AttemptEnd::Succeeded { outputs: IndexMap::new() },
        }
    }
}

impl World for SimulatedWorld<'_> {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn surroundings(&self) -> &dyn Surroundings {
        self.surroundings
    }

    fn begin(&mut self, ticket: Ticket, work: &Work, view: View<'_>) {
        let at_once = std::time::Duration::ZERO;
        let (length, outcome) = match work {
            Work::Attempt(order) => {
                if view.state.graph().is_service(order.unit.node) {
                    self.starting.insert(ticket);
                }
                let (end, account) = (self.attempt(order), Account::default());
                (self.length(order), Outcome::Attempt { end, account })
            }
            Work::Joined(orders) => {
                let lengths = orders.iter().map(|order| self.length(order));
                let succeeded = AttemptEnd::Succeeded { outputs: IndexMap::new() };
                let ends = orders.iter().map(|_| (succeeded.clone(), Account::default())).collect();
                (lengths.max().unwrap_or_default(), Outcome::Joined(ends))
            }
            Work::Unless(unit) => {
                let holds = self.skipping.contains(&unit.node);
                (at_once, Outcome::Checked(if holds { Ok(()) } else { Err(String::new()) }))
            }
            // A forecast has no agent.
            Work::Requires(_) | Work::VerifyByHand(_) | Work::Agent { .. } => {
                (at_once, Outcome::Checked(Ok(())))
            }
            Work::VerifyGoal(_) => (at_once, Outcome::Verified(Vec::new())),
            Work::Cleanup(_) => (at_once, Outcome::Cleaned(None)),
            Work::Snapshot { .. } | Work::Restore(_) | Work::Undo { .. } => {
                (at_once, Outcome::Undone(Undone::Done))
            }
        };
        self.ends.push(Reverse((self.now.after(length), ticket)));
        self.outcomes.insert(ticket, outcome);
    }

    /// Only a service is ever stopped here: no one needs it any more.
    fn stop(&mut self, ticket: Ticket, _force: bool) {
        self.starting.remove(&ticket);
        if self.outcomes.contains_key(&ticket) {
            self.ends.push(Reverse((self.now, ticket)));
        }
    }

    fn wait(&mut self, until: Option<Timestamp>, view: View<'_>) -> Vec<Wake> {
        let end = self.ends.peek().map(|Reverse((at, _))| *at);
        let open = view.state.open_questions();
        let answer = open.map(|(unit, question)| self.answered_at(unit, question)).min();
        let next = end.into_iter().chain(answer).chain(until).min();
        let Some(at) = next else { return Vec::new() };
        self.now = self.now.max(at);
        let mut wakes = self.answers(view);
        while let Some(Reverse((at, ticket))) = self.ends.peek().copied() {
            if at > self.now {
                break;
            }
            self.ends.pop();
            // A service is ready after its time, and ends when it is stopped.
            if self.starting.remove(&ticket) {
                wakes.push(Wake::Ready { ticket, outputs: IndexMap::new() });
                continue;
            }
            let outcome = self.outcomes.remove(&ticket);
            wakes.extend(outcome.map(|outcome| Wake::Done { ticket, outcome }));
        }
        wakes
    }

    fn draw(&mut self) -> f64 {
        JITTER
    }

    fn answers_questions(&self) -> bool {
        true
    }

    fn assumes(&self) -> bool {
        true
    }

    fn assumed(&self, node: NodeIx) -> bool {
        !self.skipping.contains(&node)
    }
}
