//! `goalc check`: all findings of all files, in one go.

use std::io::IsTerminal;

use super::arguments::{CheckArguments, CheckFormat};
use super::exit::{Failed, WRONG};
use super::load::{Aim, Loaded, Mounts, choose, load};
use super::output;
use crate::config::LintLevel;
use crate::diagnostic::{Diagnostic, Severity};
use crate::render::{self, RenderOptions};

pub(super) fn check(arguments: &CheckArguments) -> Result<u8, Failed> {
    let files = match arguments.files.as_slice() {
        [] => vec![choose(None)?],
        files => files.to_vec(),
    };
    let format = arguments.format.unwrap_or_default();
    let mut all = Vec::new();
    let mut worst = 0;
    for file in files {
        let loaded = match load(&file, Aim::Findings, Mounts::allowed(arguments.allow_outside)) {
            Ok(loaded) => loaded,
            Err(failed) => {
                worst = worst.max(failed.say());
                continue;
            }
        };
        let found = findings(&loaded);
        let errors = found.iter().any(Diagnostic::is_error);
        let denied = found.iter().any(|found| {
            arguments.deny.is_some() || loaded.config.lint(found.code) == LintLevel::Deny
        });
        worst = worst.max(u8::from(errors || denied) * WRONG);
        match format {
            CheckFormat::Json => all.extend(json(&found, &loaded)),
            CheckFormat::Short => output::print(&render::short(&found, &loaded.sources)),
            CheckFormat::Fancy => output::tell(&fancy(&found, &loaded)),
        }
        if found.is_empty() && format == CheckFormat::Fancy && std::io::stderr().is_terminal() {
            output::tell(&format!("{}: no problems\n", file.display()));
        }
    }
    if format == CheckFormat::Json {
        output::print_json(&serde_json::json!({ "diagnostics": all }));
    }
    Ok(worst)
}

/// What was found, in the order of the text, without advice that the project does not want.
pub(super) fn findings(loaded: &Loaded) -> Vec<Diagnostic> {
    let wanted = |found: &Diagnostic| {
        found.severity() == Severity::Error || loaded.config.lint(found.code) != LintLevel::Allow
    };
    loaded.diagnostics.clone().sorted().into_iter().filter(wanted).collect()
}

/// Findings as a person reads them.
pub(super) fn fancy(found: &[Diagnostic], loaded: &Loaded) -> String {
    let options =
        RenderOptions { colour: output::colour_err(), width: output::width(), unicode: true };
    render::fancy(found, &loaded.sources, options)
}

/// Findings as values for `{"diagnostics": […]}`.
pub(super) fn json(found: &[Diagnostic], loaded: &Loaded) -> Vec<serde_json::Value> {
    match render::json(found, &loaded.sources).get_mut("diagnostics").map(serde_json::Value::take) {
        Some(serde_json::Value::Array(found)) => found,
        _ => Vec::new(),
    }
}
