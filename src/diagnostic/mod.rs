//! Diagnostics as plain data, and the catalogue of their codes.
//!
//! A diagnostic says what is wrong in the user's words, where, why, and what to write instead.
//! Nothing here renders: colours, boxes and JSON are made in `render`.

mod catalogue;
mod sink;
mod suggest;
mod visible;

pub use catalogue::{CATALOGUE, Code, Entry, Severity, explain, page, reference};
pub use sink::Diagnostics;
pub use suggest::{Near, closest, nearest};
pub use visible::{hidden_name, is_hidden, shortened, visible};

use crate::source::Span;

/// A place with a remark. The first label of a diagnostic is its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// A certain mend: replaces what `span` covers by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    pub span: Span,
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    /// One sentence in the user's words, without a full stop.
    pub message: String,
    /// The primary place first, then related ones in the order in which they are read.
    pub labels: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
    /// Edits that mend it with certainty; all or none of them.
    pub fixes: Vec<Fix>,
    /// Advice that the project takes as an error.
    pub denied: bool,
}

impl Diagnostic {
    /// A finding at a place; `label` says what is at that place (may be empty).
    pub fn new(
        code: Code,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Self {
        let primary = Label { span, text: label.into() };
        Self {
            code,
            message: message.into(),
            labels: vec![primary],
            help: None,
            fixes: Vec::new(),
            denied: false,
        }
    }

    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds help only where there is some to give.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = self.help.or(help);
        self
    }

    #[must_use]
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix { span, text: text.into() });
        self
    }

    pub fn severity(&self) -> Severity {
        if self.denied { Severity::Error } else { self.code.severity() }
    }

    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }

    /// Whether it comes of what stands behind this place, where a block string opens that is not
    /// closed: that may be text. Characters that may stand in no text either are wrong all the same.
    pub fn may_be_text(&self, open: Span) -> bool {
        let places = self.labels.iter().map(|label| label.span);
        let mut places = places.chain(self.fixes.iter().map(|fix| fix.span));
        self.code != Code::E0105
            && places.any(|place| place.file == open.file && open.start < place.start)
    }

    /// Where it is: the first label's span.
    pub fn span(&self) -> Span {
        self.labels.first().map_or_else(Span::default, |label| label.span)
    }
}
