//! A world in which all goes as expected and time passes at once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::time::Duration;

use indexmap::IndexMap;

use crate::exec::event::{Answer, AttemptEnd, QuestionKind, Timestamp};
use crate::exec::scope::Surroundings;
use crate::exec::state::{Question, UnitIx};
use crate::exec::world::{Account, Outcome, Ticket, Undone, View, Wake, Work, World};

/// Attempts take their estimate and succeed, `unless` never holds, people say yes at once and take
/// the estimate for what they do by hand.
pub(super) struct SimulatedWorld<'a> {
    now: Timestamp,
    surroundings: &'a dyn Surroundings,
    /// By node; a goal's is never asked for.
    durations: Vec<Duration>,
    ends: BinaryHeap<Reverse<(Timestamp, Ticket)>>,
    outcomes: HashMap<Ticket, Outcome>,
    /// Services that are not ready yet.
    starting: HashSet<Ticket>,
}

impl<'a> SimulatedWorld<'a> {
    pub(super) fn new(surroundings: &'a dyn Surroundings, durations: Vec<Duration>) -> Self {
        Self {
            now: Timestamp(0),
            surroundings,
            durations,
            ends: BinaryHeap::new(),
            outcomes: HashMap::new(),
            starting: HashSet::new(),
        }
    }

    fn length(&self, node: usize) -> Duration {
        self.durations.get(node).copied().unwrap_or_default()
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
                    _ => Answer::Done { outputs: IndexMap::new() },
                },
                by: String::new(),
                from: "forecast".to_owned(),
                note: String::new(),
                asked: Some(question.seq),
            })
            .collect()
    }

    fn answered_at(&self, unit: UnitIx, question: &Question) -> Timestamp {
        let length = match question.kind {
            QuestionKind::Manual => self.durations.get(unit.node.at()).copied(),
            QuestionKind::Confirm | QuestionKind::InDoubt => None,
        };
        question.asked.after(length.unwrap_or_default())
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
        let (length, outcome) = match work {
            Work::Attempt(order) => {
                let end = AttemptEnd::Succeeded { outputs: IndexMap::new() };
                let length = self.length(order.unit.node.at());
                if view.state.graph().is_service(order.unit.node) {
                    self.starting.insert(ticket);
                }
                (length, Outcome::Attempt { end, account: Account::default() })
            }
            Work::Joined(orders) => {
                let lengths = orders.iter().map(|order| self.length(order.unit.node.at()));
                let succeeded = AttemptEnd::Succeeded { outputs: IndexMap::new() };
                let ends = orders.iter().map(|_| (succeeded.clone(), Account::default())).collect();
                (lengths.max().unwrap_or_default(), Outcome::Joined(ends))
            }
            Work::Unless(_) => (Duration::ZERO, Outcome::Checked(Err(String::new()))),
            Work::Requires(_) | Work::VerifyGoal(_) => (Duration::ZERO, Outcome::Checked(Ok(()))),
            Work::Cleanup(_) => (Duration::ZERO, Outcome::Cleaned(None)),
            Work::Snapshot { .. } | Work::Restore(_) | Work::Undo { .. } => {
                (Duration::ZERO, Outcome::Undone(Undone::Done))
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
            // A service is ready after its estimate, and ends when it is stopped.
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
        0.5
    }

    fn answers_questions(&self) -> bool {
        true
    }

    fn assumes(&self) -> bool {
        true
    }
}
