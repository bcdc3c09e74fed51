//! Which params and lets arrive in whose environment.
//!
//! All that is plain is seen by every step inside a goal. Secrets, and lets that look outside or
//! need a step, only by the steps that name them: least is shown, and nothing is evaluated in vain.

use std::collections::HashSet;

use super::lower::Lowered;
use super::pass::Pass;
use super::world::{BindingIx, StepIx, variable_name};

/// Fills in the exports of goals and steps. `known`: lets by which steps may be named as words.
pub(super) fn export(pass: &Pass<'_>, lowered: &mut Lowered, known: &HashSet<(StepIx, BindingIx)>) {
    for (ix, facts) in pass.world.binding_ids().zip(&pass.facts) {
        let binding = pass.world.binding(ix);
        if facts.is_public() {
            let variable = variable_name(&binding.name.value).into();
            lowered.goals[binding.goal.at()].exports.insert(variable, binding.id.clone());
        }
    }
    for ix in pass.world.step_ids() {
        for named in exported(pass, ix, known) {
            let binding = pass.world.binding(named);
            let variable = variable_name(&binding.name.value).into();
            lowered.steps[ix].exports.insert(variable, binding.id.clone());
        }
    }
}

/// What a step alone sees, in the order of declaration.
fn exported(pass: &Pass<'_>, step: StepIx, known: &HashSet<(StepIx, BindingIx)>) -> Vec<BindingIx> {
    let record = &pass.steps[step.at()];
    let mut named: Vec<BindingIx> = record
        .uses
        .words
        .union(&record.uses.expanded)
        .copied()
        .filter(|ix| {
            let facts = pass.facts(*ix);
            !facts.is_public()
                && (facts.needs.is_empty()
                    || record.uses.expanded.contains(ix)
                    || known.contains(&(step, *ix)))
        })
        .collect();
    named.sort_unstable();
    named
}
