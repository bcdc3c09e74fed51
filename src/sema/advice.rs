//! Advice: what is allowed and most likely not meant.

use std::collections::HashSet;

use super::condition::Conditions;
use super::edit;
use super::graph::Graph;
use super::lower::Lowered;
use super::pass::Pass;
use super::world::{BindingIx, StepIx};
use crate::clause::Clause;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Action, Attempt, Step};
use crate::value::Value;

/// Reports all advice.
pub(super) fn advise(pass: &mut Pass<'_>, lowered: &Lowered, graph: &Graph) {
    if !names_are_unclear(pass) {
        unused(pass);
    }
    retries(pass, lowered);
    super::undo::report(pass, lowered);
    super::alike::report(pass);
    let conditions = Conditions::of(pass, lowered, graph);
    if graph.is_acyclic() {
        super::redundant::report(pass, lowered, graph);
        super::deadline::report(pass, lowered, graph);
        super::join::report(pass, graph, &conditions);
    }
    super::race::report(pass, lowered, graph, &conditions);
}

/// Whether a name may seem unused only because its use is what is wrong.
fn names_are_unclear(pass: &Pass<'_>) -> bool {
    let mut found = pass.diagnostics.iter();
    found.any(|found| {
        let code = found.code.as_str();
        code.starts_with("E01") || code.starts_with("E05") || matches!(code, "E0202" | "E0203")
    })
}

/// W0706: params and lets that nothing uses.
fn unused(pass: &mut Pass<'_>) {
    let mut used: HashSet<BindingIx> = pass.mentioned.clone();
    let records = pass.steps.iter().chain(&pass.goals).chain(pass.facts.iter().map(|f| &f.record));
    for record in records {
        used.extend(record.uses.bindings.iter().map(|used| used.what));
        used.extend(&record.uses.words);
    }
    for ix in pass.world.binding_ids() {
        let binding = pass.world.binding(ix);
        if used.contains(&ix) || pass.world.goal(binding.goal).outline.damaged {
            continue;
        }
        let (kind, name) = (binding.source.word(), &binding.name.value);
        let found = Diagnostic::new(
            Code::W0706,
            format!("the {kind} `{name}` is used nowhere"),
            binding.name.span,
            "never used",
        );
        pass.report(found.help(format!("take it out, or use it as `${{{name}}}`")));
    }
}

/// W0701: steps that are tried again and may not be safe to run twice.
fn retries(pass: &mut Pass<'_>, lowered: &Lowered) {
    for ix in pass.world.step_ids() {
        let step = &lowered.steps[ix];
        if pass.world.step(ix).outline.damaged || defaults_are_damaged(pass, ix) {
            continue;
        }
        if is_retried(step) && !step.idempotent {
            let found = retried(pass, ix);
            pass.report(found);
        }
    }
}

/// Whether the step's `retry` comes from a `defaults` that could not be read whole.
fn defaults_are_damaged(pass: &Pass<'_>, ix: StepIx) -> bool {
    let step = pass.world.step(ix);
    let damaged = |clause: &Clause| clause.damaged || clause.block.iter().any(|each| each.damaged);
    edit::one(&step.outline.clauses, "retry").is_none()
        && pass
            .world
            .outwards(step.goal)
            .any(|(_, goal)| edit::all(&goal.outline.clauses, "defaults").any(damaged))
}

/// Whether a command of it is tried again, be it a fallback's.
fn is_retried(step: &Step) -> bool {
    let again = |attempt: &Attempt| {
        let count = attempt.retry.as_ref().map(|retry| retry.count.as_literal());
        let runs = matches!(attempt.action, Action::Run(_));
        runs && count.is_some_and(|count| count != Some(&Value::Int(0)))
    };
    again(&step.attempt) || step.fallbacks.iter().any(|fallback| again(&fallback.attempt))
}

fn retried(pass: &Pass<'_>, ix: StepIx) -> Diagnostic {
    let step = pass.world.step(ix);
    let name = &step.outline.name.value;
    let message = format!("`{name}` is tried again, but is not said to be safe to run twice");
    let of_fallback =
        || step.outline.fallbacks.iter().find_map(|way| edit::one(&way.clauses, "retry"));
    let own = edit::one(&step.outline.clauses, "retry");
    let (place, label) = own.or_else(of_fallback).map_or_else(
        || (step.outline.name.span, "has `retry` from `defaults`"),
        |clause| (clause.span, "runs it again"),
    );
    let found = Diagnostic::new(Code::W0701, message, place, label);
    found.help("add `idempotent` if it is safe, or write `retry 0`")
}
