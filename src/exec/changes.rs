//! What an edited plan changes in a run: steps and goals that mean something else, values that are defined
//! otherwise, params that the run does not have yet.
//!
//! Pure: compares two plans, and knows nothing of how far the run is. Invariant: what is in neither list
//! means the same in both plans.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::graph::{Graph, NodeIx};
use super::params::made_by;
use crate::ir::{Binding, BindingKind, Goal, Plan};
use crate::value::{BindingId, Expr, GoalId, StepId, Value};

/// What is otherwise in the plan as it is now than in the one that the run holds.
#[derive(Debug, Default)]
pub struct Changes {
    /// Steps that mean something else, and all that depend on what does.
    pub steps: Vec<StepId>,
    /// Goals whose own clauses mean something else; what is in them is told for itself.
    pub goals: Vec<GoalId>,
    /// Steps that are no longer in the plan.
    pub removed: Vec<StepId>,
    /// Lets and params that a mount binds: they are defined otherwise, or what they are made of is.
    pub lets: Vec<BindingId>,
    /// Params to be given that the run does not have, or not of this type.
    pub params: Vec<BindingId>,
}

/// What an edited plan changed besides steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Edits {
    /// Goals whose own clauses mean something else: whether they are done, and whether they are achieved,
    /// is decided anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<GoalId>,
    /// Lets and bound params that are defined otherwise: they are evaluated anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lets: Vec<BindingId>,
    /// Params that the run did not have; a secret is `***`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub params: IndexMap<BindingId, Value>,
}

impl Changes {
    /// What `now` changes in a run that began with `began`.
    pub fn between(began: &Plan, now: &Plan) -> Self {
        let params = new_params(began, now);
        let goals = goals(began, now);
        Self {
            steps: steps(began, now, &goals),
            goals,
            removed: began
                .steps
                .keys()
                .filter(|id| !now.steps.contains_key(*id))
                .cloned()
                .collect(),
            lets: redefined(began, now, &params),
            params,
        }
    }
}

fn goals(began: &Plan, now: &Plan) -> Vec<GoalId> {
    let changed = |(id, goal): &(&GoalId, &Goal)| {
        began.goals.get(*id).is_some_and(|before| !means_the_same(before, goal))
    };
    now.goals.iter().filter(changed).map(|(id, _)| id.clone()).collect()
}

fn means_the_same(before: &Goal, goal: &Goal) -> bool {
    // Plans of older versions have no fingerprints of goals: their clauses are compared as they stand.
    if before.fingerprint.is_empty() || goal.fingerprint.is_empty() {
        let own = |goal: &Goal| {
            let Goal { edges, guards, verify, deadline, cleanup, .. } = goal.clone();
            (edges, guards, verify, deadline, cleanup)
        };
        return own(before) == own(goal);
    }
    before.fingerprint == goal.fingerprint
}

fn steps(began: &Plan, now: &Plan, goals: &[GoalId]) -> Vec<StepId> {
    let graph = Graph::new(Arc::new(now.clone()));
    let mut open: Vec<_> = graph
        .steps()
        .filter(|node| {
            let (Some(id), Some(step)) = (graph.step_id(*node), graph.step(*node)) else {
                return false;
            };
            began.steps.get(id).is_none_or(|before| before.fingerprint != step.fingerprint)
        })
        .collect();
    let mut found: BTreeSet<NodeIx> = open.iter().copied().collect();
    open.extend(goals.iter().filter_map(|id| graph.goal_ix(id)));
    while let Some(node) = open.pop() {
        let goals: Vec<_> = graph.enclosing(node).collect();
        let sources = std::iter::once(node).chain(goals);
        let next = sources.flat_map(|source| graph.outgoing(source).to_vec());
        let next = next.flat_map(|node| std::iter::once(node).chain(graph.descendants(node)));
        open.extend(next.collect::<Vec<_>>().into_iter().filter(|node| found.insert(*node)));
    }
    found.into_iter().filter_map(|node| graph.step_id(node).cloned()).collect()
}

/// Whether a param is given from outside, and not by a mount.
pub fn is_given(binding: &Binding) -> bool {
    matches!(binding.kind, BindingKind::Param { bound: None, .. })
}

fn new_params(began: &Plan, now: &Plan) -> Vec<BindingId> {
    let had = |id: &BindingId, binding: &Binding| {
        let before = began.bindings.get(id);
        before.is_some_and(|before| is_given(before) && before.ty == binding.ty)
    };
    let given = now.bindings.iter().filter(|(_, binding)| is_given(binding));
    given.filter(|(id, binding)| !had(id, binding)).map(|(id, _)| id.clone()).collect()
}

fn redefined(began: &Plan, now: &Plan, params: &[BindingId]) -> Vec<BindingId> {
    let made = || now.bindings.iter().filter_map(|(id, binding)| Some((id, made_by(binding)?)));
    let mut users: HashMap<&BindingId, Vec<&BindingId>> = HashMap::new();
    for (id, value) in made() {
        value.walk(&mut |expr| {
            if let Expr::Binding(used) = expr
                && let Some((used, _)) = now.bindings.get_key_value(used)
            {
                users.entry(used).or_default().push(id);
            }
        });
    }
    let other = made().map(|(id, _)| id).filter(|id| !is_same(began, now, id));
    let mut open: Vec<&BindingId> = other.collect();
    let mut found: HashSet<&BindingId> = open.iter().copied().collect();
    open.extend(params);
    while let Some(id) = open.pop() {
        let users = users.get(id).into_iter().flatten().copied();
        open.extend(users.filter(|user| found.insert(user)).collect::<Vec<_>>());
    }
    made().map(|(id, _)| id).filter(|id| found.contains(id)).cloned().collect()
}

/// Whether something is defined as it was, where it was, whatever it is made of.
fn is_same(began: &Plan, now: &Plan, id: &BindingId) -> bool {
    let (Some(before), Some(after)) = (began.bindings.get(id), now.bindings.get(id)) else {
        return false;
    };
    before.ty == after.ty
        && made_by(before) == made_by(after)
        && is_given(before) == is_given(after)
        && folder(began, before) == folder(now, after)
}

/// Where the files are that a definition names: those of a mounted file are beside it.
fn folder<'p>(plan: &'p Plan, binding: &'p Binding) -> Option<&'p str> {
    plan.enclosing(&binding.goal).find_map(|(_, goal)| goal.folder.as_deref())
}
