//! Which findings are shown, in which order, and the line that counts them.

use crate::diagnostic::{Diagnostic, Severity};

/// The most findings that are shown to a person; the rest are counted.
pub const SHOWN: usize = 100;

/// What is shown of all findings.
pub(super) struct Selection<'a> {
    /// In the order of the text.
    pub(super) shown: Vec<&'a Diagnostic>,
    /// How many are left out.
    pub(super) more: usize,
}

impl Selection<'_> {
    /// The line that says how many are left out; `None` where none are.
    pub(super) fn rest(&self) -> Option<String> {
        (self.more > 0).then(|| format!("… and {} more\n", self.more))
    }
}

/// All findings in the order of the text, file by file.
pub(super) fn ordered(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut all: Vec<_> = diagnostics.iter().collect();
    all.sort_by(|a, b| place(a).cmp(&place(b)));
    all
}

fn place(diagnostic: &Diagnostic) -> impl Ord {
    (diagnostic.span(), diagnostic.code, diagnostic.message.as_str())
}

/// At most [`SHOWN`] findings; errors come before warnings where not all have room.
pub(super) fn select(diagnostics: &[Diagnostic]) -> Selection<'_> {
    let mut shown = ordered(diagnostics);
    let more = shown.len().saturating_sub(SHOWN);
    if more > 0 {
        shown.sort_by_key(|diagnostic| diagnostic.severity());
        shown.truncate(SHOWN);
        shown.sort_by(|a, b| place(a).cmp(&place(b)));
    }
    Selection { shown, more }
}

/// `3 errors, 1 warning`; empty where there is nothing to count.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    [(Severity::Error, "error"), (Severity::Warning, "warning")]
        .into_iter()
        .map(|(severity, word)| {
            let found = diagnostics.iter().filter(|d| d.severity() == severity).count();
            (found, word)
        })
        .filter(|(found, _)| *found > 0)
        .map(|(found, word)| format!("{found} {word}{}", if found == 1 { "" } else { "s" }))
        .collect::<Vec<_>>()
        .join(", ")
}
