//! Findings as a log in SARIF 2.1.0, for code scanning services and editors.
//!
//! Knows that format's words and nothing of what is wrong. Invariant: the log is whole and valid
//! whatever was added; columns count characters (Unicode code points), as everywhere in goalc.

use serde_json::{Value, json};

use super::places::Places;
use super::select::ordered;
use crate::diagnostic::{CATALOGUE, Diagnostic, Entry, Fix, Severity, page};
use crate::source::{SourceMap, Span};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One run of `goalc check`, over any number of files.
#[derive(Debug, Clone, Default)]
pub struct Sarif {
    results: Vec<Value>,
    /// The names of files with findings, each once; a location names its place here.
    artifacts: Vec<String>,
    failures: Vec<Value>,
}

impl Sarif {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds all findings of one plan.
    pub fn add(&mut self, diagnostics: &[Diagnostic], sources: &SourceMap) {
        let mut places = Places::new(sources);
        for found in ordered(diagnostics) {
            let result = self.result(found, &mut places);
            self.results.push(result);
        }
    }

    /// Adds what has no place in a plan: a file that is not there, a `requires` that does not hold.
    pub fn fail(&mut self, message: &str) {
        self.failures.push(json!({ "level": "error", "message": { "text": message } }));
    }

    /// The whole log.
    pub fn finish(self) -> Value {
        let artifacts: Vec<Value> =
            self.artifacts.iter().map(|name| json!({ "location": { "uri": uri(name) } })).collect();
        let mut invocation = json!({ "executionSuccessful": self.failures.is_empty() });
        if !self.failures.is_empty() {
            invocation["toolExecutionNotifications"] = self.failures.into();
        }
        json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": driver() },
                "columnKind": "unicodeCodePoints",
                "invocations": [invocation],
                "artifacts": artifacts,
                "results": self.results,
            }],
        })
    }

    fn result(&mut self, found: &Diagnostic, places: &mut Places<'_>) -> Value {
        let help = found.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        let mut location = self.location(found.span(), places);
        let mut labels = found.labels.iter();
        if let Some(label) = labels.next().filter(|label| !label.text.is_empty()) {
            location["message"] = json!({ "text": label.text });
        }
        let mut result = json!({
            "ruleId": found.code.as_str(),
            "level": level(found.severity()),
            "message": { "text": format!("{}{help}", found.message) },
            "locations": [location],
        });
        if let Some(index) = CATALOGUE.iter().position(|entry| entry.code == found.code.as_str()) {
            result["ruleIndex"] = index.into();
        }
        let related: Vec<Value> = labels
            .enumerate()
            .map(|(at, label)| {
                let mut location = self.location(label.span, places);
                location["id"] = at.into();
                location["message"] = json!({ "text": label.text });
                location
            })
            .collect();
        if !related.is_empty() {
            result["relatedLocations"] = related.into();
        }
        if !found.fixes.is_empty() {
            result["fixes"] = json!([self.fix(found, places)]);
        }
        result
    }

    fn location(&mut self, span: Span, places: &mut Places<'_>) -> Value {
        let artifact = self.artifact(span, places);
        json!({ "physicalLocation": {
            "artifactLocation": artifact,
            "region": region(span, places),
        }})
    }

    /// All edits of a finding, by file.
    fn fix(&mut self, found: &Diagnostic, places: &mut Places<'_>) -> Value {
        let mut files: Vec<_> = found.fixes.iter().map(|fix| fix.span.file).collect();
        files.dedup();
        let changes: Vec<Value> = files
            .into_iter()
            .map(|file| {
                let here: Vec<&Fix> =
                    found.fixes.iter().filter(|fix| fix.span.file == file).collect();
                let place = here.first().map(|fix| fix.span).unwrap_or_default();
                let replacements: Vec<Value> =
                    here.into_iter().map(|fix| replacement(fix, places)).collect();
                json!({
                    "artifactLocation": self.artifact(place, places),
                    "replacements": replacements,
                })
            })
            .collect();
        let text = found.help.clone().unwrap_or_else(|| found.message.clone());
        json!({ "description": { "text": text }, "artifactChanges": changes })
    }

    fn artifact(&mut self, span: Span, places: &Places<'_>) -> Value {
        let name = places.file(span.file).map(|file| file.name.as_str()).unwrap_or_default();
        let known = self.artifacts.iter().position(|artifact| artifact == name);
        let index = known.unwrap_or_else(|| {
            self.artifacts.push(name.to_owned());
            self.artifacts.len() - 1
        });
        json!({ "uri": uri(name), "index": index })
    }
}

fn driver() -> Value {
    json!({
        "name": "goalc",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": CATALOGUE.iter().map(rule).collect::<Vec<_>>(),
    })
}

fn rule(entry: &Entry) -> Value {
    let severity = if entry.code.starts_with('W') { Severity::Warning } else { Severity::Error };
    json!({
        "id": entry.code,
        "shortDescription": { "text": entry.title },
        "fullDescription": { "text": entry.explanation },
        "help": { "text": entry.explanation, "markdown": page(entry) },
        "defaultConfiguration": { "level": level(severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn replacement(fix: &Fix, places: &mut Places<'_>) -> Value {
    let mut replacement = json!({ "deletedRegion": region(fix.span, places) });
    if !fix.text.is_empty() {
        replacement["insertedContent"] = json!({ "text": fix.text });
    }
    replacement
}

/// The end is the place right behind the last character, as SARIF has it too.
fn region(span: Span, places: &mut Places<'_>) -> Value {
    let (start, end) = places.range(span);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A path as a URI: absolute ones with their scheme; all but plain signs in their `%` form.
fn uri(path: &str) -> String {
    let escaped: String = path
        .bytes()
        .map(|byte| match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    if path.starts_with('/') { format!("file://{escaped}") } else { escaped }
}
