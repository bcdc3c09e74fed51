//! The plan as a whole: goals, bindings, resources, and what a goal holds.

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::step::{Action, Edge, Environment, Guards, Probe, Step};
use crate::value::{BindingId, Expr, GoalId, StepId, Type, Value};

/// The version of this format; a plan of a newer one is refused.
pub const FORMAT: u32 = 1;

/// A checked plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// See [`FORMAT`].
    pub format: u32,
    /// The root goal's name.
    pub name: String,
    /// The root (under the empty id) and all goals in it, each before those that it holds.
    pub goals: IndexMap<GoalId, Goal>,
    /// All steps in the order of the text.
    pub steps: IndexMap<StepId, Step>,
    /// All params and lets.
    pub bindings: IndexMap<BindingId, Binding>,
    /// Counted resources and how much there is of each.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub resources: IndexMap<Arc<str>, Expr>,
}

/// A goal: what it holds is found by the parent that goals and steps name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Goal {
    /// The goal around it; the root has none.
    pub parent: Option<GoalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// The comment block above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<Arc<str>>,
    /// What its own clauses mean, as a hash: what is in it, and where its steps run, have their own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// It came from another file: names outside of it are not seen inside.
    #[serde(skip_serializing_if = "is_false")]
    pub mounted: bool,
    /// The folder, relative to the plan's, in which a mounted file's steps run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Params and lets that each step inside sees in its environment, as (variable, binding).
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub exports: IndexMap<Arc<str>, BindingId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<Edge>,
    /// `when confirm lock uses` of a sub-goal, and its `requires`.
    pub guards: Guards,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verify: Vec<Probe>,
    /// Steps at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel: Option<Expr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Expr>,
    /// Its own or the inherited policy.
    pub on_failure: FailurePolicy,
    #[serde(skip_serializing_if = "Progress::is_realtime")]
    pub progress: Progress,
    pub environment: Environment,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cleanup: Vec<Cleanup>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
}

impl Goal {
    /// Says the shell of the scripts inside, where the goal itself says none.
    pub fn name_shell(&mut self, words: &[String]) {
        let words = words.iter().map(|word| Expr::Literal(Value::text(word)));
        self.environment.shell.get_or_insert_with(|| words.collect());
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_false(value: &bool) -> bool {
    !value
}

/// What happens to the rest when a step fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailurePolicy {
    /// Nothing new starts; what runs may end.
    #[default]
    Stop,
    /// Only what depends on the failure is blocked.
    Continue,
    /// Stop, then undo.
    Rollback,
}

/// When progress is made durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    #[default]
    Realtime,
    Checkpoints,
}

impl Progress {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    fn is_realtime(&self) -> bool {
        *self == Self::Realtime
    }
}

/// A param or let.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Binding {
    pub goal: GoalId,
    #[serde(rename = "type")]
    pub ty: Type,
    #[serde(flatten)]
    pub kind: BindingKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum BindingKind {
    Param {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<Expr>,
        /// A regular expression for the whole value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matches: Option<String>,
        /// The lowest and highest value allowed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<(Expr, Expr)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        help: Option<String>,
        /// Bound by the mount that brought the file in: not asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bound: Option<Expr>,
    },
    Let {
        value: Expr,
    },
}

/// What runs last, whatever happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cleanup {
    Run(Action),
    /// A pattern of paths in the plan's folder.
    Delete(Expr),
}

/// Who is told, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    pub on: Vec<AlertEvent>,
    pub actions: Vec<AlertAction>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlertEvent {
    Failure,
    Retry,
    Overrun,
    Waiting,
    Achieved,
    /// No output for so long.
    Silence(Expr),
    /// Percent of the machine's.
    Memory(f64),
    Cpu(f64),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlertAction {
    Run(Action),
    Webhook { url: Expr, headers: Vec<(Expr, Expr)> },
    Log,
}

impl Plan {
    /// The goals around a goal or step, from the innermost outwards.
    pub fn enclosing<'a>(
        &'a self,
        goal: &'a GoalId,
    ) -> impl Iterator<Item = (&'a GoalId, &'a Goal)> {
        let mut next = self.goals.get_key_value(goal);
        std::iter::from_fn(move || {
            let current = next?;
            next = current.1.parent.as_ref().and_then(|parent| self.goals.get_key_value(parent));
            Some(current)
        })
    }
}

/// Environment variables that goalc sets itself for a step or its rollback.
pub const OWN_VARIABLES: &[&str] = &[
    "GOAL_RUN",
    "GOAL_STEP",
    "GOAL_ATTEMPT",
    "GOAL_IDEMPOTENCY_KEY",
    "GOAL_OUTPUT",
    "GOAL_TMP",
    "GOAL_STATUS",
    "GOALC_STEP",
];
