//! Ways back that were edited since a run began, taken into the plan that it holds.
//!
//! Pure. Invariant: all else of that plan is as it was, its fingerprints too, so what else was edited is
//! still to be seen, and to be accepted or not.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::ir::{Binding, BindingKind, Plan, Step};
use crate::value::{BindingId, StepId};

/// Bindings that a script sees, by variable.
type Exports = IndexMap<Arc<str>, BindingId>;

/// Steps of both plans that are undone otherwise now.
pub fn edited(began: &Plan, now: &Plan) -> Vec<StepId> {
    let other = |(id, step): &(&StepId, &Step)| {
        now.steps.get(*id).is_some_and(|after| *after.rollback != *step.rollback)
    };
    began.steps.iter().filter(other).map(|(id, _)| id.clone()).collect()
}

/// The plan that a run began with, in which these steps are undone as they are now. Lets and params that
/// came with the edit come along, for the scripts may name them; those that the run has keep their values.
pub fn taken(began: &Plan, now: &Plan, steps: &[StepId]) -> Plan {
    let mut plan = began.clone();
    for (id, binding) in &now.bindings {
        if has_value(binding) && plan.goals.contains_key(&binding.goal) {
            plan.bindings.entry(id.clone()).or_insert_with(|| binding.clone());
        }
    }
    let known = plan.bindings.clone();
    let add = |to: &mut Exports, from: &Exports| {
        for (variable, id) in from.iter().filter(|(_, id)| known.contains_key(*id)) {
            to.entry(Arc::clone(variable)).or_insert_with(|| id.clone());
        }
    };
    for (id, goal) in &mut plan.goals {
        if let Some(after) = now.goals.get(id) {
            add(&mut goal.exports, &after.exports);
        }
    }
    for id in steps {
        let (Some(step), Some(after)) = (plan.steps.get_mut(id), now.steps.get(id)) else {
            continue;
        };
        let mut exports = (*step.exports).clone();
        add(&mut exports, &after.exports);
        step.exports = exports.into();
        step.rollback = after.rollback.clone();
    }
    plan
}

/// Whether it has a value without being given one.
fn has_value(binding: &Binding) -> bool {
    !matches!(binding.kind, BindingKind::Param { bound: None, default: None, .. })
}
