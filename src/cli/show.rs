//! `goalc show`: how a run stands.

use super::answer;
use super::arguments::{ShowArguments, ShowFormat};
use super::exit::Failed;
use super::output;
use super::runs::{Found, find, open_to_read};
use super::session::now;
use super::view::view;
use crate::report::{self, RunView};
use crate::store::RequestKind;

pub(super) fn show(arguments: &ShowArguments) -> Result<u8, Failed> {
    let found = find(open_to_read()?, arguments.run.as_deref())?;
    let mut view = view(&found.summary.id, &found.state, found.alive);
    if !found.alive {
        note_answers(&found, &mut view);
    }
    match arguments.format {
        ShowFormat::Json => output::print_json(&view),
        ShowFormat::Text => {
            let now = found.alive.then(now);
            output::print(&report::text(&view, now, output::colour_out()));
        }
    }
    found.told()
}

/// What people have said since the run was left, which counts once it goes on.
fn note_answers(found: &Found, view: &mut RunView) {
    let inbox = found.store.inbox(&found.summary.id);
    // What cannot be read now is said when the run goes on.
    let posted = inbox.and_then(|mut inbox| inbox.poll()).unwrap_or_default();
    let requests = posted.into_iter().map(|posted| posted.request);
    // Notes are told of already.
    for request in requests.filter(|request| request.kind != RequestKind::Note) {
        let Some(unit) = request.unit.as_ref().and_then(|unit| found.state.find(unit)) else {
            continue;
        };
        let said = answer::past(request.kind);
        let of = unit.item.map_or_else(String::new, |_| found.state.label(unit) + ": ");
        let note = if request.note.is_empty() { "" } else { ": " }.to_owned() + &request.note;
        let id = found.state.graph().id(unit.node).to_string();
        if let Some(step) = view.steps.iter_mut().find(|step| step.id == id) {
            step.notes.push(format!("{of}{said} by {}, once the run goes on{note}", request.by));
        }
    }
}
