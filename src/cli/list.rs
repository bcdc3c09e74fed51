//! `goalc list`: what a plan has in it, or which plans a folder has.

use std::path::{Path, PathBuf};

use super::arguments::{ListArguments, ShowFormat};
use super::exit::Failed;
use super::load::{Aim, Mounts, here, load};
use super::output;
use super::plan::checked;
use crate::diagnostic::Diagnostic;
use crate::report::{self, ListView, ListedPlan};

pub(super) fn list(arguments: &ListArguments) -> Result<u8, Failed> {
    let mounts = Mounts::allowed(arguments.allow_outside);
    let several = match &arguments.file {
        Some(_) => Vec::new(),
        None => here()?,
    };
    let view = if several.len() > 1 {
        folder(&several, mounts)
    } else {
        let json = arguments.format == ShowFormat::Json;
        let (_, plan) = checked(arguments.file.as_deref(), mounts, json)?;
        ListView::of(&plan)
    };
    match arguments.format {
        ShowFormat::Text => output::print(&report::list_text(&view, output::colour_out())),
        ShowFormat::Json => output::print_json(&view),
    }
    Ok(0)
}

fn folder(files: &[PathBuf], mounts: Mounts) -> ListView {
    let plans = files.iter().map(|file| listed(file, mounts)).collect();
    ListView { plans, ..ListView::default() }
}

/// A plan of the folder; one that is wrong is listed, and that it is wrong is said.
fn listed(file: &Path, mounts: Mounts) -> ListedPlan {
    let nothing = ListedPlan { file: file.display().to_string(), ..ListedPlan::default() };
    let Ok(loaded) = load(file, Aim::Plan, mounts) else {
        return ListedPlan { errors: 1, ..nothing };
    };
    let errors = super::findings::findings(&loaded, false);
    let errors = errors.iter().filter(|found| Diagnostic::is_error(found)).count();
    let Some(plan) = loaded.plan.filter(|_| errors == 0) else {
        return ListedPlan { errors: errors.max(1), ..nothing };
    };
    let ListView { goal, title, doc, .. } = ListView::of(&plan);
    ListedPlan { goal, title, doc, ..nothing }
}
