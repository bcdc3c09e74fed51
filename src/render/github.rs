//! Findings as lines that GitHub's runners turn into annotations of the changed files.
//!
//! Knows the escaping of workflow commands. Invariant: one line a finding, whatever is in its text.

use super::places::Places;
use super::said;
use super::select::ordered;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::SourceMap;

/// `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message`, one line a finding.
/// Columns are left out where a finding goes over several lines: there they mean nothing.
pub fn github(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let mut places = Places::new(sources);
    ordered(diagnostics).into_iter().map(|found| line(found, &mut places)).collect()
}

/// The same for what has no place in a file.
pub fn github_message(title: &str, message: &str) -> String {
    format!("::error title={}::{}\n", property(title), data(message))
}

fn line(found: &Diagnostic, places: &mut Places<'_>) -> String {
    let span = found.span();
    let (start, end) = places.range(span);
    let mut properties: Vec<String> = Vec::new();
    if let Some(file) = places.file(span.file) {
        properties.push(format!("file={}", property(&file.name)));
        properties.push(format!("line={}", start.line));
        if start.line == end.line {
            properties.push(format!("col={}", start.column));
            properties.push(format!("endLine={}", end.line));
            properties.push(format!("endColumn={}", end.column));
        } else {
            properties.push(format!("endLine={}", end.line));
        }
    }
    let title = found
        .code
        .entry()
        .map_or_else(|| found.code.to_string(), |entry| format!("{}: {}", entry.code, entry.title));
    properties.push(format!("title={}", property(&title)));
    let help = found.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let word = match found.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("::{word} {}::{}\n", properties.join(","), data(&format!("{}{help}", found.message)))
}

/// Text behind `::`.
fn data(text: &str) -> String {
    said(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value: `:` and `,` would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
