//! Whether what a scenario expects has come of it; where it has not, what came instead.

use std::time::Duration;

use super::play::Play;
use crate::diagnostic::{Code, Diagnostic};
use crate::exec::event::{Event, RunStatus, Stamped, Status, Timestamp};
use crate::exec::graph::NodeIx;
use crate::ir::{Expected, ExpectedEnd, NodeExpected, Scenario};
use crate::value::{NodeId, duration_text};

/// Questions that are listed where another one was expected.
const MOST_LISTED: usize = 5;

/// A finding for each expectation that does not hold.
pub fn judge(scenario: &Scenario, play: &Play) -> Vec<Diagnostic> {
    let judge = Judge { play };
    let found = scenario.expectations.iter().filter_map(|expectation| {
        let (wanted, label) = match &expectation.what {
            Expected::Node(expected) => judge.node(expected),
            Expected::Asked(question) => judge.asked(question),
            Expected::NotAsked(question) => judge.not_asked(question.as_deref()),
        }?;
        Some(Diagnostic::new(Code::E0903, wanted, expectation.span, label))
    });
    found.collect()
}

/// What is said of a scenario whose run could not be played.
pub fn unplayed(scenario: &Scenario, why: &str) -> Diagnostic {
    let message = format!("this scenario cannot be played: {why}");
    Diagnostic::new(Code::E0903, message, scenario.name.span, "given up")
}

/// What was expected and is not so, and what is so instead.
type Wrong = (String, String);

struct Judge<'p> {
    play: &'p Play,
}

fn name(node: &NodeId) -> String {
    match node {
        NodeId::Goal(goal) if goal.is_root() => "the goal".to_owned(),
        node => format!("`{node}`"),
    }
}

impl<'q> Judge<'q> {
    fn ix(&self, node: &NodeId) -> Option<NodeIx> {
        self.play.state.graph().node_ix(node)
    }

    fn node(&self, expected: &NodeExpected) -> Option<Wrong> {
        let node = self.ix(&expected.node)?;
        let name = name(&expected.node);
        let first = self.end(node, expected, &name);
        let first = first.or_else(|| self.via(node, expected, &name));
        let first = first.or_else(|| self.attempts(expected, &name));
        first.or_else(|| self.order(expected, &name)).or_else(|| self.within(node, expected, &name))
    }

    fn end(&self, node: NodeIx, expected: &NodeExpected, name: &str) -> Option<Wrong> {
        let end = expected.end?;
        if self.is_so(node, end) {
            return None;
        }
        let wanted = match end {
            ExpectedEnd::Succeeded => format!("{name} did not succeed"),
            ExpectedEnd::Achieved => format!("{name} was not achieved"),
            ExpectedEnd::Failed => format!("{name} did not fail"),
            ExpectedEnd::NotRun => format!("{name} was not left out"),
            end => format!("{name} is not {}", end.word()),
        };
        Some((wanted, self.how(node)))
    }

    fn is_so(&self, node: NodeIx, end: ExpectedEnd) -> bool {
        if node == self.play.state.graph().root() {
            let run = match end {
                ExpectedEnd::Achieved => RunStatus::Achieved,
                ExpectedEnd::Failed => RunStatus::Failed,
                ExpectedEnd::Waiting => RunStatus::Waiting,
                ExpectedEnd::Cancelled => RunStatus::Cancelled,
                ExpectedEnd::Undone => return self.play.state.node(node).status == Status::Undone,
                _ => return false,
            };
            return self.play.end.status == run;
        }
        let status = match end {
            ExpectedEnd::Succeeded | ExpectedEnd::Achieved => Status::Succeeded,
            ExpectedEnd::Failed => Status::Failed,
            ExpectedEnd::Skipped => Status::Skipped,
            ExpectedEnd::Blocked => Status::Blocked,
            ExpectedEnd::Cancelled => Status::Cancelled,
            ExpectedEnd::NotRun => Status::NotRun,
            ExpectedEnd::Waiting => Status::Waiting,
            ExpectedEnd::InDoubt => Status::InDoubt,
            ExpectedEnd::Undone => Status::Undone,
        };
        self.play.state.status(node) == status
    }

    /// How a node stands, in a few words.
    fn how(&self, node: NodeIx) -> String {
        let state = self.play.state.node(node);
        if node == self.play.state.graph().root() {
            let reason = self.play.end.reason.as_ref();
            let because = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            return format!("it is {}{because}", self.play.end.status);
        }
        let via = state.via.as_ref().map_or_else(String::new, |via| format!(" via `{via}`"));
        let reason = state.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        format!("it is {}{via}{reason}", self.play.state.status(node))
    }

    fn via(&self, node: NodeIx, expected: &NodeExpected, name: &str) -> Option<Wrong> {
        let wanted = expected.via.as_ref()?;
        if self.play.state.node(node).via.as_ref() == Some(wanted) {
            return None;
        }
        Some((format!("`{wanted}` did not do {name}"), self.how(node)))
    }

    fn attempts(&self, expected: &NodeExpected, name: &str) -> Option<Wrong> {
        let wanted = expected.attempts?;
        let made = self.events().filter(|stamped| began(&stamped.event, &expected.node)).count();
        if made == wanted as usize {
            return None;
        }
        Some((
            format!("{name} was not done in {}", times(wanted as usize)),
            format!("it took {made}"),
        ))
    }

    fn events(&self) -> impl Iterator<Item = &Stamped> {
        self.play.events.iter()
    }

    fn began(&self, node: &NodeId) -> Option<&Stamped> {
        self.events().find(|stamped| began(&stamped.event, node) || asked(&stamped.event, node))
    }

    fn ended(&self, node: &NodeId) -> Option<&Stamped> {
        self.play.events.iter().rev().find(|stamped| match &stamped.event {
            Event::StepEnded { step, .. } => NodeId::Step(step.clone()) == *node,
            Event::GoalEnded { goal, .. } => NodeId::Goal(goal.clone()) == *node,
            _ => false,
        })
    }

    fn order(&self, expected: &NodeExpected, own: &str) -> Option<Wrong> {
        let after = expected.after.as_ref().map(|other| (other, "after"));
        let before = expected.before.as_ref().map(|other| (other, "before"));
        after.into_iter().chain(before).find_map(|(other, word)| {
            let (first, second) = match word {
                "after" => (other, &expected.node),
                _ => (&expected.node, other),
            };
            let wanted = format!("{own} did not come {word} {}", name(other));
            let Some(ended) = self.ended(first) else {
                return Some((wanted, format!("{} did not end", name(first))));
            };
            let Some(began) = self.began(second) else {
                return Some((wanted, format!("{} did not begin", name(second))));
            };
            (began.seq < ended.seq).then(|| {
                let (began, ended) = (clock(began.at), clock(ended.at));
                let label =
                    format!("{} began at {began}, {} ended at {ended}", name(second), name(first));
                (wanted, label)
            })
        })
    }

    fn within(&self, node: NodeIx, expected: &NodeExpected, name: &str) -> Option<Wrong> {
        let within = expected.within?;
        let wanted = format!("{name} did not end within {}", duration_text(within));
        let ended = if node == self.play.state.graph().root() {
            self.play.state.ended
        } else {
            self.ended(&expected.node).map(|stamped| stamped.at)
        };
        let Some(at) = ended else { return Some((wanted, "it did not end".to_owned())) };
        let took = at.since(Timestamp(0));
        (took > within).then(|| (wanted, format!("it ended after {}", duration_text(took))))
    }

    fn questions(&self) -> Vec<&'q str> {
        let question = |stamped: &'q Stamped| match &stamped.event {
            Event::Asked { question, .. } => Some(question.as_str()),
            _ => None,
        };
        self.play.events.iter().filter_map(question).collect()
    }

    fn asked(&self, wanted: &str) -> Option<Wrong> {
        let questions = self.questions();
        if questions.contains(&wanted) {
            return None;
        }
        Some(("nobody was asked this".to_owned(), listed(&questions)))
    }

    fn not_asked(&self, question: Option<&str>) -> Option<Wrong> {
        let questions = self.questions();
        let wrong = match question {
            Some(question) => questions.contains(&question),
            None => !questions.is_empty(),
        };
        let what = if question.is_some() { "this" } else { "something" };
        wrong.then(|| (format!("a person was asked {what}"), listed(&questions)))
    }
}

fn began(event: &Event, node: &NodeId) -> bool {
    match event {
        Event::AttemptStarted { unit, .. } => unit.node == *node,
        Event::GoalOpened { goal, .. } => NodeId::Goal(goal.clone()) == *node,
        _ => false,
    }
}

/// What is done by hand begins when it is asked for.
fn asked(event: &Event, node: &NodeId) -> bool {
    use crate::exec::event::QuestionKind::Manual;
    matches!(event, Event::Asked { unit, kind: Manual, .. } if unit.node == *node)
}

fn times(count: usize) -> String {
    if count == 1 { "one attempt".to_owned() } else { format!("{count} attempts") }
}

fn clock(at: Timestamp) -> String {
    let since: Duration = at.since(Timestamp(0));
    duration_text(since)
}

fn listed(questions: &[&str]) -> String {
    if questions.is_empty() {
        return "nothing was asked".to_owned();
    }
    let quoted: Vec<String> =
        questions.iter().take(MOST_LISTED).map(|question| format!("\"{question}\"")).collect();
    let more = if questions.len() > MOST_LISTED { ", …" } else { "" };
    format!("asked: {}{more}", quoted.join(", "))
}
