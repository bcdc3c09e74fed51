//! From offsets in the text that is being read to places in the file.
//!
//! A file's text is its own place; the text between `${` and `}` was written with escapes and
//! indentation, so its places lead through the string that holds it.

use super::StringLiteral;
use crate::source::{FileId, Span};

/// Where a text that is being read was written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    File(FileId),
    /// The text starts at this offset of the literal's own.
    Within(&'a StringLiteral, usize),
}

impl Place<'_> {
    pub(super) fn file(self) -> FileId {
        match self {
            Self::File(file) => file,
            Self::Within(literal, _) => literal.file,
        }
    }

    /// The offset in the file of one byte.
    pub(super) fn offset(self, at: usize) -> usize {
        match self {
            Self::File(_) => at,
            Self::Within(literal, base) => literal.origin(base + at),
        }
    }

    pub(super) fn span(self, start: usize, end: usize) -> Span {
        match self {
            Self::File(file) => Span::new(file, start, end),
            Self::Within(literal, base) => literal.span_of(base + start..base + end),
        }
    }

    /// Whether offsets and file offsets always run in step.
    pub(super) fn is_exact(self) -> bool {
        matches!(self, Self::File(_))
    }
}
