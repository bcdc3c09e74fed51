//! A step and what belongs to it: action, edges, guards, attempts, recoveries, effects.

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::executor::Placement;
use super::plan::Cleanup;
use super::rare::Rare;
use crate::value::{BindingId, Expr, GoalId, NodeId, StepId, Type};

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub goal: GoalId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// The comment block above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<Arc<str>>,
    /// What the step means, as a hash that layout, comments, title and file do not change.
    pub fingerprint: String,
    /// Its own action, with its timeout, verification and environment.
    pub attempt: Attempt,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<Edge>,
    #[serde(default)]
    pub guards: Rare<Guards>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreach: Option<Box<Foreach>>,
    /// Keeps running while dependents need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Box<Service>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Rare<Vec<Fallback>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<StepFailure>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: Rare<IndexMap<Arc<str>, OutputSpec>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollback: Rare<Vec<Cleanup>>,
    /// A place to roll back to; its label, which may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Box<Expr>>,
    #[serde(default)]
    pub idempotent: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Rare<Vec<Expr>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Rare<Vec<Expr>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Box<Estimate>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Box<Limits>>,
    /// Where its commands run, where it says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor: Option<Box<Placement>>,
    /// Params and lets that it names but that not every step sees: secrets, and lets that look
    /// outside the plan or use outputs. As (variable, binding).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub exports: Rare<IndexMap<Arc<str>, BindingId>>,
}

/// One way to do a step: its action and what surrounds each try of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    pub action: Action,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Box<Expr>>,
    /// How long a process has between SIGTERM and SIGKILL; 10 seconds if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Box<Expr>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Box<Retry>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verify: Rare<Vec<Probe>>,
    #[serde(default)]
    pub environment: Rare<Environment>,
}

impl Step {
    /// What must hold after an attempt of this step: a fallback's own `verify` stands in for the step's.
    pub fn verify_of<'a>(&'a self, attempt: &'a Attempt) -> &'a [Probe] {
        if attempt.verify.is_empty() { &self.attempt.verify } else { &attempt.verify }
    }
}

/// A way to go when the attempts before it are used up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// Its name, or `fallback-1` and so on.
    pub name: Arc<str>,
    pub attempt: Attempt,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Run(Command),
    /// What a person must do.
    Manual(Expr),
    /// Waits until all probes hold, asking every so often (one second if not said).
    Await {
        probes: Vec<Probe>,
        every: Option<Box<Expr>>,
    },
}

/// A program to run, either by a shell or straight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    Script(Script),
    Arguments(Arguments),
}

/// A program and its arguments; the first is the program.
pub type Arguments = Vec<Argument>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Argument {
    /// One argument, whole, whatever it contains.
    One(Expr),
    /// One argument an item.
    Spread(Expr),
}

/// Text for a shell. It is constant: values arrive in the variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    pub text: String,
    /// What the text's rewritten `${…}` stand for, by variable.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub variables: Rare<IndexMap<Arc<str>, Expr>>,
}

/// Where a process runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<Arc<str>, Expr>,
    /// Relative to the folder of the file that it is written in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<Box<Expr>>,
    /// The shell's argv, to which the script's text is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<Vec<Expr>>,
}

/// What must have happened before a node may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    pub on: NodeId,
    pub kind: EdgeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeKind {
    /// It succeeded.
    Depends,
    /// It succeeded or was skipped: `d?`.
    DependsOptional,
    /// It ended, however.
    After,
    /// Its standard output is this step's input; both start together.
    Stdin,
    /// Item by item: instance *i* once its instance *i* succeeded.
    Item,
}

/// What is asked before the first attempt, in this order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Guards {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Expr>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<Probe>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Box<Confirm>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Lock>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub snapshot: Vec<Expr>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    pub question: Expr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Expr>,
    /// The answer when the timeout has passed.
    pub otherwise: Otherwise,
    /// `--yes` does not answer it.
    #[serde(default)]
    pub always: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    Approve,
    #[default]
    Deny,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    pub name: Arc<str>,
    pub scope: LockScope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockScope {
    /// One holder in the run.
    Exclusive,
    /// Any number of shared holders, or one exclusive one.
    Shared,
    /// One holder on this machine.
    Machine,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Use {
    pub resource: Arc<str>,
    pub amount: Expr,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts after the first.
    pub count: Expr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Expr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Expr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Box<Expr>>,
    #[serde(default)]
    pub jitter: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Box<Expr>>,
    /// Which failures are tried again; empty: all but `denied` and `cancelled`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<RetryOn>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetryOn {
    Exit(IntRange),
    Signal,
    Timeout,
    Verify,
    Output,
    Memory,
    Lost,
}

/// Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IntRange {
    pub from: i64,
    pub to: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepFailure {
    Stop,
    /// Its dependents are blocked, the rest goes on.
    Skip,
    Rollback,
    /// Dependents run as if it had succeeded.
    Ignore {
        because: Box<str>,
    },
    /// As the goal's `continue`, inherited from `defaults`.
    Continue,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Foreach {
    pub name: Arc<str>,
    pub items: Expr,
    /// In a pipeline by item: the `foreach` step whose instances these items are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<StepId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Expr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<Expr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerate: Option<Tolerance>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tolerance {
    Count(Expr),
    /// Of all instances; 20.0 is a fifth.
    Percent(f64),
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub ready: Vec<Probe>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    #[serde(rename = "type")]
    pub ty: Type,
    pub source: OutputSource,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutputSource {
    /// A line in the file `$GOAL_OUTPUT`.
    Lines,
    Stdout,
    File(Expr),
    /// A JSON pointer into standard output.
    Json(Expr),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Estimate {
    /// Shortest and longest; equal where one duration was given.
    Range(Expr, Expr),
    /// What `[effort]` in `goal.toml` says of a word, as it was when the plan was checked.
    Effort { word: String, length: crate::value::Value },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Expr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Expr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Expr>,
}

/// One condition that is asked of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// It must not hold.
    #[serde(default)]
    pub negated: bool,
    pub kind: ProbeKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeKind {
    File { path: Expr, nonempty: bool, contains: Option<Expr>, sha256: Option<Expr> },
    Dir { path: Expr, writable: bool },
    Command { name: Expr, version: Option<Expr> },
    Unchanged,
    Env { name: Expr },
    Tcp { address: Expr, within: Option<Expr> },
    Http { url: Expr, status: Option<Expr>, body: Option<Expr>, within: Option<Expr> },
    PortFree { port: Expr },
    Disk { path: Expr, at_least: Expr },
    Memory { at_least: Expr },
    Run(Command),
    Expr(Expr),
}
