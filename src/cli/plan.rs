//! `goalc compile`, and the checked plan for the commands that need one.

use std::path::Path;
use std::sync::Arc;

use super::arguments::CompileArguments;
use super::disk::write_result;
use super::exit::{Failed, WRONG};
use super::findings::{fancy, findings, hint, json as as_json};
use super::load::{Aim, Loaded, Mounts, Texts, choose, load_for};
use super::output;
use crate::ir::Plan;

pub(super) fn compile(arguments: &CompileArguments) -> Result<u8, Failed> {
    let (loaded, plan) =
        checked(arguments.file.as_deref(), Mounts::allowed(arguments.allow_outside), false)?;
    match &arguments.output {
        None => output::print_json(&*plan),
        Some(path) => write_result(path, &output::json_text(&*plan), loaded.files())?,
    }
    Ok(0)
}

/// The checked plan of a file. Where it has errors they are printed, as JSON if `json`.
pub(super) fn checked(
    file: Option<&Path>,
    mounts: Mounts,
    json: bool,
) -> Result<(Loaded, Arc<Plan>), Failed> {
    checked_for(file, None, mounts, json)
}

/// As [`checked`], for a run with this executor.
pub(super) fn checked_for(
    file: Option<&Path>,
    executor: Option<&str>,
    mounts: Mounts,
    json: bool,
) -> Result<(Loaded, Arc<Plan>), Failed> {
    let file = choose(file)?;
    let mut loaded = load_for(&file, (Aim::Plan, executor), mounts, &Texts::new())?;
    if let Some(plan) = loaded.plan.take()
        && !loaded.diagnostics.has_errors()
    {
        return Ok((loaded, Arc::new(plan)));
    }
    let mut found = findings(&loaded, false);
    found.retain(crate::diagnostic::Diagnostic::is_error);
    if json {
        output::print_json(&serde_json::json!({ "diagnostics": as_json(&found, &loaded) }));
    }
    output::tell(&fancy(&found, &loaded));
    output::tell(&hint(&found, found.len()));
    Err(Failed::said(WRONG))
}
