//! What is expected and can never be.

use super::super::gather;
use super::super::graph::Graph;
use super::super::world::Node;
use super::givens::no_fallback;
use super::{Known, crashes, shown};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Action, Expectation, Expected, ExpectedEnd, NodeExpected, Scenario, Step};
use crate::source::Span;
use crate::value::NodeId;

pub(super) fn check(
    known: &Known<'_>,
    graph: &Graph,
    scenario: &Scenario,
    found: &mut Vec<Diagnostic>,
) {
    let crashes = crashes(scenario);
    let mut ends: Vec<(&NodeId, ExpectedEnd, Span)> = Vec::new();
    for Expectation { span, what } in &scenario.expectations {
        match what {
            Expected::Node(expected) => {
                let line = Line { expected, span: *span, known, graph, crashes };
                found.extend(line.findings());
                let Some(end) = expected.end else { continue };
                let other =
                    ends.iter().find(|(node, other, _)| **node == expected.node && *other != end);
                found.extend(other.map(|(_, _, first)| contradiction(expected, *span, *first)));
                ends.push((&expected.node, end, *span));
            }
            Expected::Asked(_) if !crashes && !asks(known) => {
                let message = "nobody is ever asked anything in this plan";
                let finding = Diagnostic::new(Code::E0902, message, *span, "cannot be");
                found.push(finding.help("it has no `confirm` and no `manual` step"));
            }
            Expected::Asked(_) | Expected::NotAsked(_) => {}
        }
    }
}

fn contradiction(expected: &NodeExpected, second: Span, first: Span) -> Diagnostic {
    let message = format!("`{}` cannot end in two ways", shown(&expected.node));
    Diagnostic::new(Code::E0902, message, second, "another end")
        .label(first, "one end")
        .help("keep one of them, or make two scenarios of it")
}

fn asks(known: &Known<'_>) -> bool {
    let by_hand = |step: &Step| matches!(step.attempt.action, Action::Manual(_));
    let lowered = known.lowered;
    lowered.steps.iter().any(|step| step.guards.confirm.is_some() || by_hand(step))
        || lowered.goals.iter().any(|goal| goal.guards.confirm.is_some())
}

/// One `expect` of a step or goal.
struct Line<'a> {
    expected: &'a NodeExpected,
    span: Span,
    known: &'a Known<'a>,
    graph: &'a Graph,
    crashes: bool,
}

impl Line<'_> {
    fn cannot(&self, message: String, label: &str) -> Diagnostic {
        Diagnostic::new(Code::E0902, message, self.span, label)
    }

    fn findings(&self) -> Vec<Diagnostic> {
        let name = shown(&self.expected.node);
        let mut found: Vec<Diagnostic> = match self.known.step(&self.expected.node) {
            Some(step) => self.of_step(step, &name),
            None => self.of_goal(&name),
        };
        if self.expected.end == Some(ExpectedEnd::InDoubt) && !self.crashes {
            let message = format!("`{name}` is in doubt only after a crash");
            let help = format!("add `given crash during {name}`");
            found.push(self.cannot(message, "cannot be").help(help));
        }
        found.extend(self.order());
        found
    }

    fn of_goal(&self, name: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if self.expected.end == Some(ExpectedEnd::Succeeded) {
            let message = format!("a goal is achieved where a step has succeeded: `{name}`");
            found.push(
                self.cannot(message, "a goal").help(format!("write `expect {name} achieved`")),
            );
        }
        if self.expected.via.is_some() || self.expected.attempts.is_some() {
            let message = format!("`{name}` is a goal: only steps have fallbacks and attempts");
            found.push(self.cannot(message, "a goal").help("name a step in it"));
        }
        found
    }

    fn of_step(&self, step: &Step, name: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if self.expected.end == Some(ExpectedEnd::Achieved) {
            let message = format!("a step has succeeded where a goal is achieved: `{name}`");
            let help = format!("write `expect {name} succeeded`");
            found.push(self.cannot(message, "a step").help(help));
        }
        let via = self.expected.via.as_ref();
        found.extend(via.and_then(|via| no_fallback(Code::E0902, step, via, name, self.span)));
        let most =
            gather::attempts_at_most(step).filter(|_| !self.crashes && step.foreach.is_none());
        if let (Some(most), Some(wanted)) = (most, self.expected.attempts)
            && i64::from(wanted) > most
        {
            let message = format!("`{name}` makes at most {most} of {wanted} attempts");
            found.push(self.cannot(message, "too many").help(format!("expect {most} or fewer")));
        }
        let undoes = !step.rollback.is_empty() || !step.guards.snapshot.is_empty();
        if self.expected.end == Some(ExpectedEnd::Undone) && !undoes {
            let message = format!("`{name}` cannot be undone: it has no `rollback`");
            let help = "give it a `rollback` or a `snapshot`";
            found.push(self.cannot(message, "cannot be").help(help));
        }
        found
    }

    /// What waits for another cannot come before it.
    fn order(&self) -> Vec<Diagnostic> {
        let own = &self.expected.node;
        let pairs =
            [(self.expected.after.as_ref(), "after"), (self.expected.before.as_ref(), "before")];
        let said = pairs.into_iter().filter_map(|(other, word)| Some((other?, word)));
        said.filter_map(|(other, word)| {
            let (first, second) = if word == "after" { (other, own) } else { (own, other) };
            let never = first == second || self.waits(first, second);
            never.then(|| {
                let message = format!("`{}` cannot come {word} `{}`", shown(own), shown(other));
                let label = if first == second { "the same" } else { "it waits for it" };
                self.cannot(message, label).help("turn them round, or take the line out")
            })
        })
        .collect()
    }

    /// Whether one node starts only when another has ended.
    fn waits(&self, one: &NodeId, other: &NodeId) -> bool {
        let nodes = &self.known.nodes;
        let (Some(one), Some(other)) = (nodes.get(one), nodes.get(other)) else { return false };
        let start = match one {
            Node::Step(ix) => self.graph.step(*ix),
            Node::Goal(ix) => self.graph.start(*ix),
        };
        self.graph.waits(start, self.graph.target(*other))
    }
}
