//! The list that a pass reports into.

use super::{Diagnostic, Severity, shortened};
use crate::source::Span;

/// The longest text of a finding, in characters.
const LONGEST: usize = 1000;

/// No one reads more errors, or more advice, and each costs time and memory.
const MOST: usize = 10_000;

/// Findings of one compilation, in the order found until [`Diagnostics::sorted`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    /// Where block strings open that are not closed.
    unclosed: Vec<Span>,
}

impl Diagnostics {
    pub fn new() -> Self {
        Self::default()
    }

    /// A block string opens here and is not closed: what stands behind it in its file may be text,
    /// so from here on nothing is reported that comes of it.
    pub fn unclosed(&mut self, opened: Option<Span>) {
        self.unclosed.extend(opened);
    }

    pub fn report(&mut self, mut diagnostic: Diagnostic) {
        if self.unclosed.iter().any(|open| diagnostic.may_be_text(*open)) {
            return;
        }
        let count = if diagnostic.is_error() { &mut self.errors } else { &mut self.warnings };
        if *count >= MOST {
            return;
        }
        *count += 1;
        // What is quoted in it may be of any length.
        diagnostic.message = shortened(diagnostic.message, LONGEST);
        diagnostic.help = diagnostic.help.map(|help| shortened(help, LONGEST));
        for label in &mut diagnostic.labels {
            label.text = shortened(std::mem::take(&mut label.text), LONGEST);
        }
        self.found.push(diagnostic);
    }

    pub fn extend(&mut self, more: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in more {
            self.report(diagnostic);
        }
    }

    /// Keeps only the findings that `wanted` says.
    pub fn retain(&mut self, wanted: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(wanted);
        self.errors = self.count(Severity::Error);
        self.warnings = self.count(Severity::Warning);
    }

    /// There are so many errors that looking for more is of no use.
    pub fn is_full(&self) -> bool {
        self.errors >= MOST
    }

    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub fn count(&self, severity: Severity) -> usize {
        self.found.iter().filter(|d| d.severity() == severity).count()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// In the order of the text, file by file; equal findings at one place are kept once.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.found
            .sort_by(|a, b| (a.span(), a.code, &a.message).cmp(&(b.span(), b.code, &b.message)));
        self.found.dedup();
        self.found
    }
}
