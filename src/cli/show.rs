//! `goalc show`: how a run stands.

use super::arguments::{ShowArguments, ShowFormat};
use super::exit::Failed;
use super::output;
use super::runs::{find, open_to_read};
use super::view::view;
use crate::report;

pub(super) fn show(arguments: &ShowArguments) -> Result<u8, Failed> {
    let found = find(open_to_read()?, arguments.run.as_deref())?;
    let view = view(&found.summary.id, &found.state, found.alive);
    match arguments.format {
        ShowFormat::Json => output::print_json(&view),
        ShowFormat::Text => output::print(&report::text(&view, output::colour_out())),
    }
    found.told()
}
