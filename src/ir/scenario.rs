//! A scenario: what is assumed of a run of the plan, and what must come of it.
//!
//! No part of a plan, so that what is said of it has the places of its lines. Names are resolved and
//! values known; whether they can mean anything for the plan is the semantic pass's to say.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::RetryOn;
use crate::source::{Span, Spanned};
use crate::value::{BindingId, NodeId, Value};

/// `scenario "…" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: Spanned<String>,
    pub params: Vec<(BindingId, Value)>,
    /// The environment of the caller: nothing but this.
    pub env: IndexMap<String, String>,
    /// The files that there are, by their path in the plan's folder, with their texts.
    pub files: IndexMap<String, String>,
    /// Steps at once; where it is not said, what the plan says.
    pub jobs: Option<u32>,
    pub givens: Vec<Given>,
    pub expectations: Vec<Expectation>,
}

impl Scenario {
    pub fn new(name: Spanned<String>) -> Self {
        Self {
            name,
            params: Vec::new(),
            env: IndexMap::new(),
            files: IndexMap::new(),
            jobs: None,
            givens: Vec::new(),
            expectations: Vec::new(),
        }
    }
}

/// One line of what is assumed.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    pub span: Span,
    pub what: Assumption,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Assumption {
    Node(NodeGiven),
    /// The machine stops at a moment, and the run is resumed.
    Crash(Moment),
    /// A person stops the run by Ctrl-C at a moment.
    Stop(Moment),
}

/// Right after a step or goal has ended, or, `during`, right after it has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub node: NodeId,
    pub during: bool,
}

/// How a step or goal goes.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeGiven {
    pub node: NodeId,
    /// Only the attempts of this fallback.
    pub via: Option<Arc<str>>,
    /// Only the instance for this item.
    pub item: Option<Value>,
    pub fails: Option<Fails>,
    pub takes: Option<Duration>,
    pub gives: Option<(Arc<str>, Value)>,
    pub reply: Option<Reply>,
    /// How long after the question a person answers.
    pub after: Option<Duration>,
    /// Its `unless` holds.
    pub already_done: bool,
    /// What of it does not hold or work.
    pub broken: Option<Part>,
}

impl NodeGiven {
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            via: None,
            item: None,
            fails: None,
            takes: None,
            gives: None,
            reply: None,
            after: None,
            already_done: false,
            broken: None,
        }
    }
}

/// Attempts that fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fails {
    /// The first so many; `None`: all.
    pub times: Option<u32>,
    /// In which way; exit code 1 where it is not said.
    pub with: Option<RetryOn>,
}

/// What a person says when asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Approved,
    Denied,
    Unanswered,
    /// What is in doubt, or to be done by hand, is done.
    Done,
    /// What is in doubt is to run again.
    Rerun,
}

impl Reply {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Unanswered => "unanswered",
            Self::Done => "done",
            Self::Rerun => "rerun",
        }
    }
}

/// A part of a step or goal besides its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Requires,
    Verify,
    Rollback,
    Cleanup,
}

impl Part {
    /// The word of its clause.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requires => "requires",
            Self::Verify => "verify",
            Self::Rollback => "rollback",
            Self::Cleanup => "cleanup",
        }
    }
}

/// One line of what must come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    pub span: Span,
    pub what: Expected,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    Node(NodeExpected),
    /// A person was asked this.
    Asked(String),
    /// A person was not asked this; `None`: nothing at all.
    NotAsked(Option<String>),
}

/// How a step or goal must have gone; all of it at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeExpected {
    pub node: NodeId,
    pub end: Option<ExpectedEnd>,
    pub via: Option<Arc<str>>,
    pub attempts: Option<u32>,
    /// It began when this had ended.
    pub after: Option<NodeId>,
    /// It had ended when this began.
    pub before: Option<NodeId>,
    /// It had ended so long after the run's start.
    pub within: Option<Duration>,
}

impl NodeExpected {
    pub fn new(node: NodeId) -> Self {
        Self { node, end: None, via: None, attempts: None, after: None, before: None, within: None }
    }
}

/// How it stands in the end. A goal is `achieved` where a step has `succeeded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedEnd {
    Succeeded,
    Achieved,
    Failed,
    Skipped,
    Blocked,
    Cancelled,
    NotRun,
    Waiting,
    InDoubt,
    Undone,
}

impl ExpectedEnd {
    pub const ALL: &'static [Self] = &[
        Self::Succeeded,
        Self::Achieved,
        Self::Failed,
        Self::Skipped,
        Self::Blocked,
        Self::Cancelled,
        Self::NotRun,
        Self::Waiting,
        Self::InDoubt,
        Self::Undone,
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Achieved => "achieved",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
            Self::NotRun => "not-run",
            Self::Waiting => "waiting",
            Self::InDoubt => "in-doubt",
            Self::Undone => "undone",
        }
    }
}
