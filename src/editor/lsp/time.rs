//! How long steps take: as they were measured, and as a dry-run has them.
//!
//! Knows no clock and no store: the host brings both. Invariant: nothing is told of a plan that is
//! wrong, or whose params have no values yet.

use super::Times;
use super::view::View;
use crate::exec::estimate::Source;
use crate::forecast::ForecastStep;
use crate::report::length;
use crate::sema::{Name, NameKind};

/// A step of the forecast.
fn step<'t>(times: &'t Times, name: &Name) -> Option<&'t ForecastStep> {
    let steps = (name.kind == NameKind::Step).then_some(&times.forecast.as_ref()?.steps)?;
    steps.iter().find(|step| step.id.as_str() == name.path)
}

/// For whoever reads about a step: what it took, and when its turn is.
pub(super) fn page(view: View<'_>, name: &Name) -> Option<String> {
    let times = view.times()?;
    let mut lines = Vec::new();
    let known = times.measured.iter().find(|(id, _)| id.as_str() == name.path);
    if let Some((_, history)) = known.filter(|_| name.kind == NameKind::Step) {
        lines.extend(history.median().map(|median| {
            let runs = if history.runs == 1 { "run" } else { "runs" };
            format!("Took {} in the last {} {runs}", length(median), history.runs)
        }));
    }
    if let Some(step) = step(&times, name) {
        lines.push(if step.skipped { "Skipped in a dry-run".to_owned() } else { turn(step) });
    }
    (!lines.is_empty()).then(|| lines.join("\n\n"))
}

fn turn(step: &ForecastStep) -> String {
    let how = match step.source {
        Source::History { .. } => "",
        Source::Estimate => ", as estimated",
        Source::Guess => ", as nothing is known of it",
    };
    let slack = if step.critical { "on the critical path".to_owned() } else { slack_text(step) };
    format!("In a dry-run from {} to {}{how}; {slack}", length(step.start), length(step.end))
}

fn slack_text(step: &ForecastStep) -> String {
    format!("slack {}", length(step.slack))
}

/// Behind a step's name: how much later it may end, or that it is critical.
pub(super) fn hint(times: &Times, name: &Name) -> Option<String> {
    let step = step(times, name).filter(|step| !step.skipped)?;
    Some(if step.critical { "critical".to_owned() } else { slack_text(step) })
}
