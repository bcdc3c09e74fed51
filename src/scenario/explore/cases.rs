//! The cases: every way in which each step, goal and person can fail, pairs of those that last, and the
//! moments at which the machine may stop.

use super::Wanted;
use crate::exec::event::{Event, Stamped, Status};
use crate::exec::graph::{Graph, NodeIx};
use crate::ir::{
    Action, Assumption, Attempt, Fails, Given, NodeGiven, Part, Reply, Retry, RetryOn, Step,
};
use crate::scenario::play::{Play, Setting};
use crate::source::Span;
use crate::value::{Expr, Value};

/// What sort of thing goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An attempt that fails once.
    Once,
    /// Something that fails however often it is tried.
    Lasting,
    /// A person who says no, or nothing.
    People,
    /// Two things that last.
    Pair,
    /// The machine stops.
    Crash,
}

impl Kind {
    pub const ALL: &'static [Self] =
        &[Self::Once, Self::Lasting, Self::People, Self::Pair, Self::Crash];

    pub fn word(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Lasting => "lasting",
            Self::People => "people",
            Self::Pair => "pair",
            Self::Crash => "crash",
        }
    }
}

/// One thing that goes wrong, or two.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub kind: Kind,
    /// What goes wrong, as a scenario says it: `connect fails`; of a pair two.
    pub what: Vec<String>,
    pub(super) givens: Vec<Given>,
    /// The machine stops when so many events have been written.
    pub(super) cut: Option<u64>,
}

/// All cases that are wanted, and how many were too many.
pub(super) fn cases(setting: &Setting<'_>, whole: &Play, wanted: &Wanted) -> (Vec<Case>, usize) {
    let singles: Vec<Case> = nodes(setting.graph, whole);
    let is_wanted = |kind| wanted.kinds.contains(&kind);
    let (pairs, many_pairs) =
        if is_wanted(Kind::Pair) { pairs(&singles, wanted.pairs) } else { (Vec::new(), 0) };
    let (crashes, many_crashes) =
        if is_wanted(Kind::Crash) { crashes(whole, wanted.crashes) } else { (Vec::new(), 0) };
    let mut cases: Vec<Case> = singles.into_iter().filter(|case| is_wanted(case.kind)).collect();
    cases.extend(pairs);
    cases.extend(crashes);
    (cases, many_pairs + many_crashes)
}

fn nodes(graph: &Graph, whole: &Play) -> Vec<Case> {
    let mut found = Vec::new();
    for node in graph.nodes() {
        // What does not run when all goes well cannot fail.
        let ran = !matches!(
            whole.state.node(node).status,
            Status::Skipped | Status::Blocked | Status::NotRun
        );
        let mut building = Building { graph, node, found: &mut found };
        match graph.step(node) {
            Some(step) if ran => building.step(step, whole),
            None if ran => building.goal(),
            _ => {}
        }
    }
    found
}

struct Building<'b> {
    graph: &'b Graph,
    node: NodeIx,
    found: &'b mut Vec<Case>,
}

impl Building<'_> {
    fn add(&mut self, kind: Kind, what: &str, change: impl FnOnce(&mut NodeGiven)) {
        let id = self.graph.id(self.node);
        let name = if self.node == self.graph.root() { "goal".to_owned() } else { id.to_string() };
        let mut given = NodeGiven::new(id);
        change(&mut given);
        let given = Given { span: Span::default(), what: Assumption::Node(given) };
        let what = vec![format!("{name} {what}")];
        self.found.push(Case { kind, what, givens: vec![given], cut: None });
    }

    fn fails(&mut self, kind: Kind, what: &str, times: Option<u32>, with: Option<RetryOn>) {
        self.add(kind, what, |given| given.fails = Some(Fails { times, with }));
    }

    fn step(&mut self, step: &Step, whole: &Play) {
        if matches!(step.attempt.action, Action::Manual(_)) {
            self.fails(Kind::People, "fails", None, None);
            self.add(Kind::People, "unanswered", |given| given.reply = Some(Reply::Unanswered));
        } else {
            self.attempts(step, whole);
        }
        if step.guards.confirm.is_some() {
            self.people();
        }
        if !step.guards.requires.is_empty() {
            self.breaks(Part::Requires);
        }
    }

    fn attempts(&mut self, step: &Step, whole: &Play) {
        self.fails(Kind::Once, "fails once", Some(1), None);
        if !step.fallbacks.is_empty()
            && let Some(own) = attempts_of(&step.attempt).filter(|own| *own > 1)
        {
            self.fails(Kind::Lasting, &format!("fails {own} times"), Some(own), None);
        }
        self.fails(Kind::Lasting, "fails", None, None);
        let mut ways = std::iter::once(&step.attempt)
            .chain(step.fallbacks.iter().map(|fallback| &fallback.attempt));
        if ways.clone().any(|way| way.timeout.is_some()) {
            self.fails(Kind::Lasting, "fails with timeout", None, Some(RetryOn::Timeout));
        }
        if ways.clone().any(|way| !way.verify.is_empty()) {
            self.fails(Kind::Lasting, "fails with verify", None, Some(RetryOn::Verify));
        }
        if !step.outputs.is_empty() {
            self.fails(Kind::Lasting, "fails with output", None, Some(RetryOn::Output));
        }
        // Only where the plan tells failures apart does it matter how else it ends.
        let picky = |retry: &Retry| !retry.on.is_empty();
        if ways.any(|way| way.retry.as_deref().is_some_and(picky)) {
            self.fails(Kind::Lasting, "fails with signal", None, Some(RetryOn::Signal));
            self.fails(Kind::Lasting, "fails with memory", None, Some(RetryOn::Memory));
        }
        let items = whole.state.node(self.node).items.as_ref();
        if let Some(item) = items.filter(|items| items.len() > 1).and_then(|items| items.first()) {
            let what = format!("fails for {}", Expr::Literal(item.clone()));
            let item = item.clone();
            self.add(Kind::Lasting, &what, |given| {
                given.item = Some(item);
                given.fails = Some(Fails { times: None, with: None });
            });
        }
    }

    fn goal(&mut self) {
        let Some(goal) = self.graph.goal(self.node) else { return };
        if goal.guards.confirm.is_some() {
            self.people();
        }
        if !goal.verify.is_empty() {
            self.breaks(Part::Verify);
        }
        if !goal.cleanup.is_empty() {
            self.breaks(Part::Cleanup);
        }
    }

    fn people(&mut self) {
        for reply in [Reply::Denied, Reply::Unanswered] {
            self.add(Kind::People, reply.word(), |given| given.reply = Some(reply));
        }
    }

    fn breaks(&mut self, part: Part) {
        let what = format!("{} fails", part.word());
        self.add(Kind::Lasting, &what, |given| given.broken = Some(part));
    }
}

/// How many attempts a way makes at most, where the plan says it.
fn attempts_of(attempt: &Attempt) -> Option<u32> {
    match attempt.retry.as_ref().map(|retry| &retry.count) {
        None => Some(1),
        Some(Expr::Literal(Value::Int(more))) => u32::try_from(more.checked_add(1)?).ok(),
        Some(_) => None,
    }
}

/// Pairs of two nodes of which something lasts, or a person says no; those of neighbours in the plan first.
fn pairs(singles: &[Case], most: usize) -> (Vec<Case>, usize) {
    let lasting: Vec<&Case> =
        singles.iter().filter(|case| matches!(case.kind, Kind::Lasting | Kind::People)).collect();
    let all = lasting.len() * lasting.len().saturating_sub(1) / 2;
    let mut found = Vec::new();
    let (mut distance, mut tried) = (1, 0_usize);
    while distance < lasting.len() && found.len() < most {
        for (one, other) in lasting.iter().zip(lasting.iter().skip(distance)) {
            tried += 1;
            if found.len() < most && node_of(one) != node_of(other) {
                let what = [one.what.clone(), other.what.clone()].concat();
                let givens = [one.givens.clone(), other.givens.clone()].concat();
                found.push(Case { kind: Kind::Pair, what, givens, cut: None });
            }
        }
        distance += 1;
    }
    (found, all.saturating_sub(tried))
}

fn node_of(case: &Case) -> Option<&crate::value::NodeId> {
    case.givens.first().and_then(|given| match &given.what {
        Assumption::Node(given) => Some(&given.node),
        _ => None,
    })
}

/// A stop of the machine behind each event of a run in which all goes well.
fn crashes(whole: &Play, most: usize) -> (Vec<Case>, usize) {
    let last = whole.events.len().saturating_sub(1);
    let moments = whole.events.iter().take(last);
    let found: Vec<Case> = moments.take(most).map(crash).collect();
    let left_out = last.saturating_sub(found.len());
    (found, left_out)
}

fn crash(behind: &Stamped) -> Case {
    let moment = match &behind.event {
        Event::AttemptStarted { unit, .. } => format!("while {unit} runs"),
        Event::StepEnded { step, .. } => format!("after {step}"),
        Event::Asked { unit, .. } => format!("while {unit} asks"),
        Event::RunStarted { .. } => "at the start".to_owned(),
        Event::GoalEnded { goal, .. } if !goal.is_root() => format!("after {goal}"),
        _ => format!("behind event {}", behind.seq),
    };
    let what = vec![format!("crash {moment}")];
    Case { kind: Kind::Crash, what, givens: Vec::new(), cut: Some(behind.seq) }
}
