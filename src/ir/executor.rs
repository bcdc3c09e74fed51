//! Where attempts run: a step's own choice, and what each kind of place cannot keep of a plan.
//!
//! Plain data, so that the checker and the interpreter judge alike. Knows no cluster: how commands
//! get there is the interpreter's. Invariant: what is not said runs on this machine.

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, EdgeKind, Plan, Step};
use crate::value::{Expr, NodeId, StepId};

/// This machine.
pub const LOCAL: &str = "local";

/// A place where attempts can run.
#[derive(Debug)]
pub struct Executor {
    pub name: &'static str,
    /// What it cannot keep, with the reason in a user's words.
    pub cannot: &'static [(Demand, &'static str)],
}

/// All of them; each is one file of `exec/executor` besides its entry here.
pub const EXECUTORS: &[Executor] = &[
    Executor { name: LOCAL, cannot: &[] },
    Executor {
        name: "slurm",
        cannot: &[
            (Demand::Stream, "a pipe does not reach from one node of a cluster to another"),
            (Demand::Service, "other steps look for it on the machine that they are on"),
        ],
    },
];

/// The names of all executors.
pub const EXECUTOR_NAMES: &[&str] = &[LOCAL, "slurm"];

/// What a step asks of the place where it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// It is joined to another by `stdin from`.
    Stream,
    Service,
}

/// A step's `executor` clause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    pub executor: Arc<str>,
    /// What it wants there: `partition`, `cpus` and so on, by their words.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub options: IndexMap<Arc<str>, Expr>,
    /// Flags for the executor's own command, as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Expr>,
}

impl Placement {
    /// A choice without wants.
    pub fn of(executor: &str) -> Self {
        Self { executor: executor.into(), options: IndexMap::new(), flags: Vec::new() }
    }
}

/// An executor by its name.
pub fn executor(name: &str) -> Option<&'static Executor> {
    EXECUTORS.iter().find(|each| each.name == name)
}

/// Where a step's commands run, if `chosen` is what the run was given: what the step says counts
/// more, but that a run on this machine is one of this machine alone.
pub fn executor_of<'a>(step: &'a Step, chosen: Option<&'a str>) -> &'a str {
    match (&step.executor, chosen) {
        (_, Some(LOCAL)) => LOCAL,
        (Some(own), _) => &own.executor,
        (None, chosen) => chosen.unwrap_or(LOCAL),
    }
}

/// Whether a step has a command to run at all.
fn has_command(step: &Step) -> bool {
    let ways = std::iter::once(&step.attempt).chain(step.fallbacks.iter().map(|way| &way.attempt));
    ways.into_iter().any(|way| matches!(way.action, Action::Run(_)))
}

/// What steps ask that the place where they run cannot keep: the step, what, and why not.
pub fn misplaced<'p>(
    steps: impl IntoIterator<Item = (&'p StepId, &'p Step)> + Clone,
    chosen: Option<&str>,
) -> Vec<(&'p StepId, Demand, &'static str)> {
    let readers = steps.clone().into_iter().flat_map(|(_, step)| &step.edges);
    let written: std::collections::HashSet<&StepId> = readers
        .filter(|edge| edge.kind == EdgeKind::Stdin)
        .filter_map(|edge| match &edge.on {
            NodeId::Step(step) => Some(step),
            NodeId::Goal(_) => None,
        })
        .collect();
    let mut found = Vec::new();
    for (id, step) in steps {
        let place = executor(executor_of(step, chosen)).filter(|_| has_command(step));
        let reads = step.edges.iter().any(|edge| edge.kind == EdgeKind::Stdin);
        for (demand, why) in place.map_or(&[][..], |place| place.cannot) {
            let asked = match demand {
                Demand::Stream => reads || written.contains(id),
                Demand::Service => step.service.is_some(),
            };
            if asked {
                found.push((id, *demand, *why));
            }
        }
    }
    found
}

impl Plan {
    /// As [`misplaced`], of all steps.
    pub fn misplaced(&self, chosen: Option<&str>) -> Vec<(&StepId, Demand, &'static str)> {
        misplaced(&self.steps, chosen)
    }
}
