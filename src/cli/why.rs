//! `goalc why`: what a step waits for, or why it did not run.

use super::answer::{run_and_step, unit_named};
use super::arguments::{ShowFormat, WhyArguments};
use super::exit::Failed;
use super::output;
use super::runs::{Found, find, open_to_read};
use super::session::now;
use crate::exec::RunStatus;
use crate::exec::graph::NodeIx;
use crate::exec::scope::{Place, Values};
use crate::exec::state::UnitIx;
use crate::exec::world::RealSurroundings;
use crate::report::{self, BecauseView, WhyView};

pub(super) fn why(arguments: &WhyArguments) -> Result<u8, Failed> {
    let (run, step) = run_and_step(&arguments.which)?;
    let found = find(open_to_read()?, run)?;
    let unit = unit_named(&found, step)?;
    let view = view(&found, unit);
    match arguments.format {
        ShowFormat::Json => output::print_json(&view),
        ShowFormat::Text => {
            output::print(&report::why_text(&view));
            output::tell(&standing(&found, unit.node));
        }
    }
    found.told()
}

fn view(found: &Found, unit: UnitIx) -> WhyView {
    let state = &found.state;
    // Only amounts of resources are evaluated, which need nothing of the world's.
    let surroundings = RealSurroundings::new(std::path::PathBuf::from("/"), []);
    let values = Values::default();
    let goal = state.graph().parent(unit.node).unwrap_or_else(|| state.graph().root());
    let place =
        Place { state, values: &values, world: &surroundings, goal, unit: Some(unit), own: None };
    let (name, now) = (state.name(unit), now());
    let causes = crate::exec::why::why(state, unit, place);
    let status = match (unit.item, state.unit(unit)) {
        (Some(_), Some(instance)) => instance.status(),
        _ => state.status(unit.node),
    };
    WhyView {
        run: found.summary.id.to_string(),
        step: name.to_string(),
        status,
        because: causes.iter().map(|(of, cause)| BecauseView::new(of, cause, now)).collect(),
    }
}

/// That nobody carries the run out, where something is still to be done.
fn standing(found: &Found, node: NodeIx) -> String {
    let over = found.state.node(node).status.is_end();
    let run = &found.summary.id;
    match found.state.status {
        _ if over || found.alive => String::new(),
        RunStatus::Waiting => format!("run {run} waits; to go on: goalc resume {run}\n"),
        _ => format!("no process carries run {run} out; to go on: goalc resume {run}\n"),
    }
}
