//! What `graph --format json` prints: goals, steps and edges of a checked plan, as they are written.
//!
//! Knows nothing of drawings; they are made from this view alone.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ir::EdgeKind;

/// A plan as a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphView {
    /// The root goal's name.
    pub goal: String,
    /// The steps that decide how long the whole takes, in their order, as `run --dry-run` has them.
    /// Null where it cannot be told because a param has no value.
    pub critical_path: Option<Vec<String>>,
    /// All goals, each behind the one that holds it; the root comes first and its id is empty.
    pub goals: Vec<GraphGoal>,
    /// In the order of the text.
    pub steps: Vec<GraphStep>,
    /// All edges that are written in the plan.
    pub edges: Vec<GraphEdge>,
}

/// A goal; what it holds names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphGoal {
    /// As `database.replica`; the root's is empty.
    pub id: String,
    /// The goal around it; null for the root.
    pub parent: Option<String>,
    pub title: Option<Arc<str>>,
    /// It came from another file.
    pub mounted: bool,
    /// A person is asked before it begins.
    pub confirm: bool,
    /// It has a condition.
    pub when: bool,
}

/// A step and what there is to know of it at a glance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools)] // marks that have nothing to do with each other
pub struct GraphStep {
    pub id: String,
    /// The goal that holds it; empty for the root.
    pub goal: String,
    pub title: Option<Arc<str>>,
    /// What it does, in one line.
    pub action: String,
    /// It is on the critical path.
    pub critical: bool,
    /// Once for each item: the clause, as `shop in range(0, 8)`.
    pub foreach: Option<String>,
    pub service: bool,
    /// A person is asked before it begins.
    pub confirm: bool,
    /// A person does it.
    pub manual: bool,
    /// It waits until something holds.
    pub awaits: bool,
    /// It has a condition.
    pub when: bool,
    /// The names of its fallbacks.
    pub fallbacks: Vec<String>,
    /// It can be undone, by a `rollback` or from a `snapshot`.
    pub rollback: bool,
    pub checkpoint: bool,
}

/// `to` waits for `from`; both are steps or goals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphEdge {
    pub from: String,
    pub to: String,
    pub kind: EdgeKind,
    /// A `depends` that follows from others; drawings leave it out.
    pub implied: bool,
}
