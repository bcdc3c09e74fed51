//! What a scenario assumes, found by step and attempt; and which of it came up.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use indexmap::IndexMap;

use crate::exec::drive::attempt_of;
use crate::exec::event::{AttemptEnd, Failure};
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::process::signal_name;
use crate::exec::scope::{Place, Surroundings};
use crate::exec::state::UnitIx;
use crate::exec::world::{AttemptOrder, Outputs, View};
use crate::ir::{Assumption, Attempt, Fails, Given, NodeGiven, Part, RetryOn, Step};
use crate::value::{Type, Value};

/// What is said where a scenario says that something does not hold.
pub(super) const AS_ASSUMED: &str = "as the scenario assumes";

const SIGKILL: i32 = 9;

/// What a step gives of which nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsaid {
    /// The value of its type that says least.
    Empty,
    /// One by which as much runs as can: `true`, a list of one item.
    Full,
}

/// The assumptions about nodes.
pub(super) struct Script<'s> {
    givens: &'s [Given],
    by_node: HashMap<NodeIx, Vec<usize>>,
    /// How often each came up.
    used: Vec<Cell<u32>>,
    /// How long an attempt takes of which nothing is assumed.
    lengths: Vec<Duration>,
    unsaid: Unsaid,
}

impl<'s> Script<'s> {
    pub(super) fn new(
        graph: &Graph,
        givens: &'s [Given],
        lengths: Vec<Duration>,
        unsaid: Unsaid,
    ) -> Self {
        let mut by_node: HashMap<NodeIx, Vec<usize>> = HashMap::new();
        for (at, given) in givens.iter().enumerate() {
            if let Assumption::Node(given) = &given.what
                && let Some(node) = graph.node_ix(&given.node)
            {
                by_node.entry(node).or_default().push(at);
            }
        }
        let used = givens.iter().map(|_| Cell::new(0)).collect();
        Self { givens, by_node, used, lengths, unsaid }
    }

    /// How often the assumption at a place in the scenario came up.
    pub(super) fn used(&self, at: usize) -> u32 {
        self.used.get(at).map_or(0, Cell::get)
    }

    pub(super) fn length(&self, node: NodeIx) -> Duration {
        self.lengths.get(node.at()).copied().unwrap_or_default()
    }

    /// The first assumption about a node that says something; it has come up.
    pub(super) fn said<T>(
        &self,
        node: NodeIx,
        say: impl Fn(&'s NodeGiven) -> Option<T>,
    ) -> Option<T> {
        let (at, said) = self.of(node).find_map(|(at, given)| Some((at, say(given)?)))?;
        self.note(at);
        Some(said)
    }

    /// Whether a part of a node is assumed not to hold.
    pub(super) fn is_broken(&self, node: NodeIx, part: Part) -> bool {
        self.said(node, |given| (given.broken == Some(part)).then_some(())).is_some()
    }

    fn of(&self, node: NodeIx) -> impl Iterator<Item = (usize, &'s NodeGiven)> {
        let places = self.by_node.get(&node).into_iter().flatten();
        places.filter_map(|at| match &self.givens.get(*at)?.what {
            Assumption::Node(given) => Some((*at, given)),
            _ => None,
        })
    }

    fn note(&self, at: usize) {
        if let Some(used) = self.used.get(at) {
            used.set(used.get().saturating_add(1));
        }
    }

    /// How an attempt goes: after how long, and how it ends.
    pub(super) fn attempt(
        &self,
        order: AttemptOrder,
        view: View<'_>,
        world: &dyn Surroundings,
    ) -> (Duration, AttemptEnd) {
        let graph = view.state.graph();
        let node = order.unit.node;
        let found = graph.step(node).and_then(|step| Some((step, attempt_of(step, order.way)?)));
        let Some((step, attempt)) = found else {
            return (Duration::ZERO, AttemptEnd::Failed(Failure::Cancelled));
        };
        let turn = Turn::new(order, step, view);
        let takes = self.matching(node, &turn, |given| given.takes);
        let length = takes.unwrap_or_else(|| self.length(node));
        let timeout = timeout(attempt, order.unit, view, world);
        if let Some(fails) = self.failure(node, &turn) {
            let (length, failure) = failure(fails.with.as_ref(), length, timeout);
            return (length, AttemptEnd::Failed(failure));
        }
        if let Some(after) = timeout.filter(|timeout| length > *timeout) {
            return (after, AttemptEnd::Failed(Failure::Timeout { after, waited: String::new() }));
        }
        if self.is_broken(node, Part::Verify) {
            let why = AS_ASSUMED.to_owned();
            return (length, AttemptEnd::Failed(Failure::Verify { why }));
        }
        (length, AttemptEnd::Succeeded { outputs: self.outputs(step, node, &turn) })
    }

    /// The first matching assumption that says something; it has come up.
    fn matching<T>(
        &self,
        node: NodeIx,
        turn: &Turn<'_>,
        say: impl Fn(&'s NodeGiven) -> Option<T>,
    ) -> Option<T> {
        let matching = self.of(node).filter(|(_, given)| turn.is_meant(given));
        let (at, said) = matching.into_iter().find_map(|(at, given)| Some((at, say(given)?)))?;
        self.note(at);
        Some(said)
    }

    /// How an attempt is assumed to fail.
    fn failure(&self, node: NodeIx, turn: &Turn<'_>) -> Option<&'s Fails> {
        self.matching(node, turn, |given| {
            let fails = given.fails.as_ref()?;
            let number = if given.via.is_some() { turn.of_way } else { turn.attempt };
            fails.times.is_none_or(|times| number <= times).then_some(fails)
        })
    }

    /// What a step gives: as assumed, or else nothing of its type.
    fn outputs(&self, step: &Step, node: NodeIx, turn: &Turn<'_>) -> Outputs {
        let given = |name: &str| {
            self.matching(node, turn, |given| match &given.gives {
                Some((output, value)) if **output == *name => Some(value.clone()),
                _ => None,
            })
        };
        let value = |name: &str, ty: &Type| given(name).unwrap_or_else(|| self.unsaid.value(ty));
        step.outputs
            .iter()
            .map(|(name, spec)| (std::sync::Arc::clone(name), value(name, &spec.ty)))
            .collect::<IndexMap<_, _>>()
    }

    /// What a step gives without an attempt: it is done by hand, or already.
    pub(super) fn outputs_without_attempt(&self, unit: UnitIx, view: View<'_>) -> Outputs {
        let Some(step) = view.state.graph().step(unit.node) else { return Outputs::new() };
        let order = AttemptOrder { unit, attempt: 1, way: 0, log: 0 };
        self.outputs(step, unit.node, &Turn::new(order, step, view))
    }
}

/// Which attempt it is, as assumptions tell attempts apart.
struct Turn<'a> {
    attempt: u32,
    /// Its number among the attempts of its fallback.
    of_way: u32,
    fallback: Option<&'a str>,
    item: Option<&'a Value>,
}

impl<'a> Turn<'a> {
    fn new(order: AttemptOrder, step: &'a Step, view: View<'a>) -> Self {
        let fallback = order.way.checked_sub(1).and_then(|at| step.fallbacks.get(at as usize));
        let failed = view.state.unit(order.unit).map_or(0, |unit| unit.failed_tries);
        Self {
            attempt: order.attempt,
            of_way: failed + 1,
            fallback: fallback.map(|fallback| &*fallback.name),
            item: view.state.item(order.unit),
        }
    }

    fn is_meant(&self, given: &NodeGiven) -> bool {
        let way = given.via.as_deref().is_none_or(|via| self.fallback == Some(via));
        way && given.item.as_ref().is_none_or(|item| self.item == Some(item))
    }
}

fn timeout(
    attempt: &Attempt,
    unit: UnitIx,
    view: View<'_>,
    world: &dyn Surroundings,
) -> Option<Duration> {
    let graph = view.state.graph();
    let goal = graph.parent(unit.node).unwrap_or_else(|| graph.root());
    let place =
        Place { state: view.state, values: view.values, world, goal, unit: Some(unit), own: None };
    place.duration(attempt.timeout.as_ref()?).ok()
}

/// A failure as assumed, and after how long it comes.
fn failure(
    with: Option<&RetryOn>,
    length: Duration,
    timeout: Option<Duration>,
) -> (Duration, Failure) {
    let why = AS_ASSUMED.to_owned();
    let failure = match with {
        None => Failure::Exit { code: 1 },
        Some(RetryOn::Exit(range)) => {
            Failure::Exit { code: i32::try_from(range.from).unwrap_or(1) }
        }
        Some(RetryOn::Signal) => Failure::Signal { signal: SIGKILL, name: signal_name(SIGKILL) },
        Some(RetryOn::Timeout) => {
            let after = timeout.unwrap_or(length);
            return (after, Failure::Timeout { after, waited: String::new() });
        }
        Some(RetryOn::Verify) => Failure::Verify { why },
        Some(RetryOn::Output) => Failure::Output { why },
        Some(RetryOn::Memory) => Failure::Memory,
        Some(RetryOn::Lost) => Failure::Lost { why },
    };
    let length = timeout.map_or(length, |timeout| length.min(timeout));
    (length, failure)
}

impl Unsaid {
    fn value(self, ty: &Type) -> Value {
        match (self, ty) {
            (Self::Full, Type::Bool) => Value::Bool(true),
            (Self::Full, Type::Int) => Value::Int(1),
            (Self::Full, Type::List(item)) => Value::List(vec![self.value(item)]),
            _ => empty(ty),
        }
    }
}

/// The value of a type that says least.
fn empty(ty: &Type) -> Value {
    match ty {
        Type::Int => Value::Int(0),
        Type::Number => Value::Number(0.0),
        Type::Bool => Value::Bool(false),
        Type::Duration => Value::duration(Duration::ZERO),
        Type::Size => Value::size(0),
        Type::Secret => Value::secret(String::new()),
        Type::List(_) => Value::List(Vec::new()),
        Type::OneOf(words) => Value::text(words.first().map_or("", String::as_str)),
        Type::String | Type::Path | Type::Any => Value::text(""),
    }
}
