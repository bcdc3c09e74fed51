//! W0710: steps that stay as they are when their goal is rolled back.

use super::edit;
use super::lower::Lowered;
use super::pass::Pass;
use super::world::{GoalIx, StepIx};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Action, FailurePolicy, Step};

/// Reports each step under `on failure rollback` that changes something and cannot be undone.
pub(super) fn report(pass: &mut Pass<'_>, lowered: &Lowered) {
    for ix in pass.world.step_ids() {
        let decl = pass.world.step(ix);
        if decl.outline.damaged || !stays(&lowered.steps[ix]) {
            continue;
        }
        let rolled_back = pass
            .world
            .outwards(decl.goal)
            .map(|(goal, _)| goal)
            .find(|goal| lowered.goals[goal.at()].on_failure == FailurePolicy::Rollback);
        if let Some(goal) = rolled_back {
            let found = cannot(pass, ix, goal);
            pass.report(found);
        }
    }
}

/// What is safe to run twice comes to the same end again, and what says that it only reads has
/// nothing to undo.
fn stays(step: &Step) -> bool {
    let only_reads = !step.reads.is_empty() && step.writes.is_empty();
    matches!(step.attempt.action, Action::Run(_))
        && step.rollback.is_empty()
        && step.guards.snapshot.is_empty()
        && step.service.is_none()
        && !step.idempotent
        && !only_reads
}

fn cannot(pass: &Pass<'_>, ix: StepIx, goal: GoalIx) -> Diagnostic {
    let name = &pass.world.step(ix).outline.name;
    let message = format!("a rollback cannot undo `{}`", name.value);
    let label = "has neither `rollback` nor `snapshot`";
    let found = Diagnostic::new(Code::W0710, message, name.span, label);
    let mut around = pass.world.outwards(goal);
    let policy = around.find_map(|(_, decl)| edit::one(&decl.outline.clauses, "on failure"));
    match policy {
        Some(clause) => found.label(clause.span, "undoes what was started"),
        None => found,
    }
    .help("say how: `rollback { run \"…\" }` or `snapshot \"path\"`; or `idempotent`, if a new run makes it good")
}
