//! A run as a trace: spans for the run, its goals, steps, instances and attempts.
//!
//! Made from events alone. Knows no wire format but in `otlp`. Invariant: the same events give the
//! same ids, so that what is sent twice is there once.

mod otlp;
mod tell;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use crate::exec::graph::{Graph, NodeIx};
use crate::exec::{Stamped, Timestamp, Unit};
use crate::value::NodeId;

/// What is known of a span, by name.
pub(super) type Attributes = Vec<(&'static str, Attribute)>;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Attribute {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// How what a span stands for ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Verdict {
    #[default]
    Unset,
    Good,
    Bad(String),
}

/// Something that happened in a span.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moment {
    at: Timestamp,
    name: &'static str,
    attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span {
    parent: Option<String>,
    name: String,
    start: Timestamp,
    end: Option<Timestamp>,
    attributes: Attributes,
    moments: Vec<Moment>,
    verdict: Verdict,
}

/// The spans of a run, by keys that are stable.
#[derive(Debug)]
pub struct Trace<'a> {
    run: &'a str,
    graph: &'a Graph,
    spans: IndexMap<String, Span>,
    /// Attempts that have not ended, by unit.
    open: IndexMap<Unit, String>,
    last: Timestamp,
}

/// The key of the run's own span, which is the root goal's too.
const ROOT: &str = "run";

impl<'a> Trace<'a> {
    pub fn new(run: &'a str, graph: &'a Graph, events: &[Stamped]) -> Self {
        let mut trace = Self {
            run,
            graph,
            spans: IndexMap::new(),
            open: IndexMap::new(),
            last: events.last().map(|last| last.at).unwrap_or_default(),
        };
        for stamped in events {
            trace.take(stamped);
        }
        trace
    }

    /// The key of a unit's span, which is made where it is not there.
    fn unit(&mut self, unit: &Unit, at: Timestamp) -> String {
        let step = self.node(&unit.node, at);
        if unit.item.is_none() {
            return step;
        }
        let name = unit.to_string();
        let key = format!("item {name}");
        let kind = "instance";
        self.begin(&key, Some(step), name, at, vec![("goalc.kind", kind.into())]);
        key
    }

    fn node(&mut self, node: &NodeId, at: Timestamp) -> String {
        let found = self.graph.node_ix(node);
        let (key, kind, name) = match node {
            NodeId::Goal(goal) if goal.is_root() => {
                (ROOT.to_owned(), "run", self.graph.plan().name.clone())
            }
            NodeId::Goal(goal) => (format!("goal {goal}"), "goal", goal.to_string()),
            NodeId::Step(step) => (format!("step {step}"), "step", step.to_string()),
        };
        if self.spans.contains_key(&key) {
            return key;
        }
        let parent = found.and_then(|node| self.graph.parent(node));
        let parent = parent.map(|parent| self.node(&self.graph.id(parent), at));
        let mut attributes: Attributes = vec![("goalc.kind", kind.into())];
        if key == ROOT {
            attributes.push(("goalc.run", self.run.into()));
            attributes.push(("cicd.pipeline.name", name.clone().into()));
            attributes.push(("cicd.pipeline.run.id", self.run.into()));
        } else {
            attributes.push(("goalc.path", name.clone().into()));
        }
        attributes.extend(found.and_then(|node| self.title(node)).map(|t| ("goalc.title", t)));
        self.begin(&key, parent, name, at, attributes);
        key
    }

    fn title(&self, node: NodeIx) -> Option<Attribute> {
        let step = self.graph.step(node).and_then(|step| step.title.clone());
        let goal = || self.graph.goal(node).and_then(|goal| goal.title.clone());
        step.or_else(goal).map(|title| title.to_string().into())
    }

    fn begin(
        &mut self,
        key: &str,
        parent: Option<String>,
        name: String,
        start: Timestamp,
        attributes: Attributes,
    ) {
        let verdict = Verdict::Unset;
        let moments = Vec::new();
        let span = Span { parent, name, start, end: None, attributes, moments, verdict };
        self.spans.entry(key.to_owned()).or_insert(span);
    }

    fn end(&mut self, key: &str, at: Timestamp, verdict: Verdict, attributes: Attributes) {
        let Some(span) = self.spans.get_mut(key) else { return };
        span.end = Some(at);
        span.verdict = verdict;
        for (name, value) in attributes {
            span.attributes.retain(|(known, _)| *known != name);
            span.attributes.push((name, value));
        }
    }

    fn moment(&mut self, key: &str, at: Timestamp, name: &'static str, attributes: Attributes) {
        if let Some(span) = self.spans.get_mut(key) {
            span.moments.push(Moment { at, name, attributes });
        }
    }

    /// So many first bytes of a digest of the run and a key, in hexadecimal.
    fn id(&self, key: &str, bytes: usize) -> String {
        let digest = Sha256::digest(format!("{}\n{key}", self.run).as_bytes());
        let mut digits = hex::encode(digest);
        digits.truncate(2 * bytes);
        digits
    }
}
