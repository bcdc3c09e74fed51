//! Steps that are to run on a cluster and ask what no cluster keeps: pipes, services.
//!
//! What a place cannot keep is the plan's to know (`ir`); where it is written is said here.

use super::edit;
use super::lower::Lowered;
use super::pass::Pass;
use super::world::StepIx;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Demand, executor_of, misplaced};
use crate::source::Span;

/// Reports each demand that the place where its step runs cannot keep; `chosen`: what steps run on
/// that do not say so themselves.
pub(super) fn report(pass: &mut Pass<'_>, lowered: &Lowered, chosen: Option<&str>) {
    let world = pass.world;
    let steps = world.steps.iter().map(|step| &step.id).zip(lowered.steps.iter());
    for (id, demand, why) in misplaced(steps, chosen) {
        let Some(ix) = world.step_ids().find(|ix| world.step(*ix).id == *id) else { continue };
        let place = executor_of(&lowered.steps[ix], chosen);
        let diagnostic = cannot(pass, ix, demand, place, why);
        pass.report(diagnostic);
    }
}

fn cannot(pass: &Pass<'_>, ix: StepIx, demand: Demand, place: &str, why: &str) -> Diagnostic {
    let step = pass.world.step(ix);
    let outline = step.outline;
    let clause = |word: &'static str| edit::one(&outline.clauses, word).map(|found| found.span);
    let (what, span): (&str, Option<Span>) = match demand {
        Demand::Stream => ("pipes", clause("stdin")),
        Demand::Service => ("services", edit::one(&outline.clauses, "service").map(|it| it.word)),
    };
    let span = span.unwrap_or(outline.name.span);
    let message = format!("`{}` runs on `{place}`, which keeps no {what}", step.id);
    let found = Diagnostic::new(Code::E0507, message, span, why.to_owned());
    let found = match clause("executor") {
        Some(own) => found.label(own, "it is to run there"),
        None => found,
    };
    let help = match demand {
        Demand::Stream => {
            "write `executor local` in both steps, or let one write a file that the other reads"
        }
        Demand::Service => "write `executor local` in it",
    };
    found.help(help)
}
