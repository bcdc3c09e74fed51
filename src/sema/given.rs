//! Outputs that a step can never give: what only looks writes nothing.

use super::edit;
use super::lower::Lowered;
use super::pass::Pass;
use crate::clause::Clause;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Action, OutputSource};

/// Reports each output of a step that waits by `await`, itself or by a fallback, and that comes from
/// no file.
pub(super) fn report(pass: &mut Pass<'_>, lowered: &Lowered) {
    let world = pass.world;
    for (ix, step) in world.step_ids().zip(lowered.steps.iter()) {
        let mut ways =
            std::iter::once(&step.attempt).chain(step.fallbacks.iter().map(|way| &way.attempt));
        if step.outputs.is_empty() || !ways.any(|way| matches!(way.action, Action::Await { .. })) {
            continue;
        }
        for clause in edit::all(&world.step(ix).outline.clauses, "output") {
            let Some(name) = clause.head_names().next() else { continue };
            let source = step.outputs.get(&*name.value).map(|spec| &spec.source);
            if source.is_some_and(|source| !matches!(source, OutputSource::File(_))) {
                pass.report(cannot(&name.value, clause));
            }
        }
    }
}

fn cannot(name: &str, clause: &Clause) -> Diagnostic {
    let message = format!("`await` can never give `{name}`: it runs nothing that could write it");
    let help = format!(
        "say which file it is in, as `output {name}: string from file \"PATH\"`, or let a step with `run` give it"
    );
    Diagnostic::new(Code::E0504, message, clause.span, "only `from file` goes with `await`")
        .help(help)
}
