//! A text that is open in the editor, its changes, and positions in it.
//!
//! Invariant: offsets lie on character boundaries, whatever position the editor names.

use std::sync::Arc;

use gen_lsp_types::{Position, Range, TextDocumentContentChangeEvent, Uri};

use crate::source::LineIndex;

/// What a position's `character` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    Utf8,
    #[default]
    Utf16,
}

#[derive(Debug)]
pub(super) struct Document {
    /// As the editor wrote it.
    pub(super) uri: Uri,
    pub(super) version: i32,
    pub(super) text: Arc<str>,
}

impl Document {
    pub(super) fn change(&mut self, change: TextDocumentContentChangeEvent, encoding: Encoding) {
        match change {
            TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                self.text = whole.text.into();
            }
            TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                let lines = LineIndex::new(&self.text);
                let start = offset(&self.text, &lines, part.range.start, encoding);
                let end = offset(&self.text, &lines, part.range.end, encoding).max(start);
                let mut text = String::with_capacity(self.text.len() + part.text.len());
                text.push_str(self.text.get(..start).unwrap_or_default());
                text.push_str(&part.text);
                text.push_str(self.text.get(end..).unwrap_or_default());
                self.text = text.into();
            }
        }
    }
}

/// The offset of a position; what lies past a line's end is taken as its end.
pub(super) fn offset(text: &str, lines: &LineIndex, at: Position, encoding: Encoding) -> usize {
    let line = usize::try_from(at.line).unwrap_or(usize::MAX);
    if lines.start_of(line).is_none() {
        return text.len();
    }
    let range = lines.range_of(text, line);
    let row = text.get(range.clone()).unwrap_or_default();
    let wanted = usize::try_from(at.character).unwrap_or(usize::MAX);
    let within = match encoding {
        Encoding::Utf8 => row.floor_char_boundary(wanted.min(row.len())),
        Encoding::Utf16 => {
            let mut units = 0;
            let past = |(_, letter): &(usize, char)| {
                units += letter.len_utf16();
                units > wanted
            };
            row.char_indices().find(past).map_or(row.len(), |(at, _)| at)
        }
    };
    range.start + within
}

/// The position of an offset.
pub(super) fn position(text: &str, lines: &LineIndex, at: usize, encoding: Encoding) -> Position {
    let at = text.floor_char_boundary(at.min(text.len()));
    let line = lines.line_of(at);
    let start = lines.start_of(line).unwrap_or(0).min(at);
    let row = text.get(start..at).unwrap_or_default();
    let character = match encoding {
        Encoding::Utf8 => row.len(),
        Encoding::Utf16 => row.chars().map(char::len_utf16).sum(),
    };
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Position { line: number(line), character: number(character) }
}

/// The range of some bytes.
pub(super) fn range(
    text: &str,
    lines: &LineIndex,
    bytes: std::ops::Range<usize>,
    encoding: Encoding,
) -> Range {
    Range {
        start: position(text, lines, bytes.start, encoding),
        end: position(text, lines, bytes.end, encoding),
    }
}
