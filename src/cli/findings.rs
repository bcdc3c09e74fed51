//! What a check found, printed in each format; several plans make one result.
//!
//! Knows no plans. Invariant: with JSON and SARIF standard output is one value, whatever happens.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::arguments::CheckFormat;
use super::exit::messages;
use super::load::Loaded;
use super::output;
use crate::config::LintLevel;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::render::{self, RenderOptions, Sarif};

/// What was found, in the order of the text, without advice that the project does not want; what
/// it denies, or all advice if `deny`, counts as an error.
pub(super) fn findings(loaded: &Loaded, deny: bool) -> Vec<Diagnostic> {
    let mut found = loaded.diagnostics.clone().sorted();
    judge(&mut found, loaded, deny);
    found
}

/// Takes out advice that the project does not want, and makes errors of what it denies, or of all
/// advice if `deny`.
pub(super) fn judge(found: &mut Vec<Diagnostic>, loaded: &Loaded, deny: bool) {
    let level = |found: &Diagnostic| loaded.config.lint(found.code);
    found.retain(|each| each.is_error() || level(each) != LintLevel::Allow);
    for each in found {
        each.denied =
            each.severity() == Severity::Warning && (deny || level(each) == LintLevel::Deny);
    }
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

/// The line that says how many of `all` findings `check --fix` can mend; empty for none.
pub(super) fn hint<'d>(found: impl IntoIterator<Item = &'d Diagnostic>, all: usize) -> String {
    let mended = found.into_iter().filter(|each| !each.fixes.is_empty()).count();
    let what = match (mended, all) {
        (0, _) => return String::new(),
        (1, 1) => "this".to_owned(),
        (2, 2) => "both of these".to_owned(),
        (mended, all) if mended == all => format!("all {all} of these"),
        (mended, _) => format!("{mended} of these"),
    };
    format!("`goalc check --fix` can mend {what}\n")
}

fn once(found: &Diagnostic, loaded: &Loaded) -> Once {
    let span = found.span();
    let path = loaded.sources.file(span.file).path.clone();
    let (message, help) = (found.message.clone(), found.help.clone());
    (path, (span.start, span.end), found.is_error(), found.code, message, help)
}

/// The findings of all plans of one call, as they come.
#[derive(Debug)]
pub(super) struct Told {
    format: CheckFormat,
    json: Vec<serde_json::Value>,
    sarif: Sarif,
    /// For the line at the end.
    found: Vec<Diagnostic>,
    /// What was told, as several plans may mount one file.
    once: HashSet<Once>,
}

/// What makes two findings one: file, place, severity, code, message and help.
type Once = (PathBuf, (u32, u32), bool, Code, String, Option<String>);

impl Told {
    pub(super) fn new(format: CheckFormat) -> Self {
        Self {
            format,
            json: Vec::new(),
            sarif: Sarif::new(),
            found: Vec::new(),
            once: HashSet::new(),
        }
    }

    /// Tells what was found in one plan, and was not in those before it.
    pub(super) fn plan(&mut self, file: &Path, mut found: Vec<Diagnostic>, loaded: &Loaded) {
        let sound = found.is_empty();
        found.retain(|each| self.once.insert(once(each, loaded)));
        match self.format {
            CheckFormat::Json => self.json.extend(json(&found, loaded)),
            CheckFormat::Sarif => self.sarif.add(&found, &loaded.sources),
            CheckFormat::Short => output::print(&render::short(&found, &loaded.sources)),
            CheckFormat::Github => output::print(&render::github(&found, &loaded.sources)),
            CheckFormat::Fancy => output::tell(&fancy(&found, loaded)),
        }
        if sound && self.format == CheckFormat::Fancy && std::io::stderr().is_terminal() {
            output::tell(&format!("{}: no problems\n", file.display()));
        }
        self.found.extend(found);
    }

    /// Shows what was mended: the result for people; programs read their format alone.
    pub(super) fn diff(&self, diff: &str) {
        match self.format {
            CheckFormat::Fancy | CheckFormat::Short => output::print(diff),
            _ => output::tell(diff),
        }
    }

    /// A file that could not be checked at all, which standard error says too.
    fn unchecked(&mut self, message: &str) {
        match self.format {
            CheckFormat::Sarif => self.sarif.fail(message),
            CheckFormat::Github => output::print(&render::github_message("goalc", message)),
            _ => (),
        }
    }

    /// What does not hold outside of the plans' texts.
    pub(super) fn refused(&mut self, messages: &[String]) {
        for message in messages {
            output::complain(message);
            self.refuse(message);
        }
    }

    /// In the output's own form, what has no place in a file. People are told elsewhere.
    pub(super) fn refuse(&mut self, message: &str) {
        self.unchecked(message);
        self.json.extend(messages([message]));
    }

    /// Tells what can be told only when all is known.
    pub(super) fn end(self) {
        match self.format {
            CheckFormat::Json => {
                output::print_json(&serde_json::json!({ "diagnostics": self.json }));
            }
            CheckFormat::Sarif => output::print_json(&self.sarif.finish()),
            CheckFormat::Github => (),
            CheckFormat::Fancy | CheckFormat::Short => {
                output::tell(&hint(&self.found, self.found.len()));
            }
        }
    }
}
