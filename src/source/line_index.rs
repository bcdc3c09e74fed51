//! Where lines start, so that a place is found by binary search and not by reading from the top.

/// A place as people count it: both from 1, the column in characters (Unicode scalar values).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    pub line: usize,
    pub column: usize,
}

/// The byte offset at which each line starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let breaks = text.bytes().filter(|byte| *byte == b'\n').count();
        // As long as it must be: a text of line breaks alone has millions.
        let mut starts = Vec::with_capacity(breaks + 1);
        // A byte order mark is no part of the first line: editors do not count it as a column.
        let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        starts.push(u32::try_from(first).unwrap_or(0));
        let breaks = text.match_indices('\n');
        starts.extend(breaks.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)));
        Self { starts }
    }

    /// How many lines there are; an empty text has one.
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// The line, from 0, that holds a byte offset.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start as usize <= offset).saturating_sub(1)
    }

    /// The byte offset at which a line, from 0, starts; past the last line, `None`.
    pub fn start_of(&self, line: usize) -> Option<usize> {
        self.starts.get(line).map(|start| *start as usize)
    }

    /// The byte range of a line, from 0, without its line break.
    pub fn range_of(&self, text: &str, line: usize) -> std::ops::Range<usize> {
        let start = self.start_of(line).unwrap_or(text.len());
        let end = self.start_of(line + 1).unwrap_or(text.len());
        let body = text[start..end].trim_end_matches(['\n', '\r']);
        start..start + body.len()
    }

    /// Line and column, from 1. An offset past the end is taken as the end.
    pub fn position(&self, text: &str, offset: usize) -> LineColumn {
        let offset = text.floor_char_boundary(offset.min(text.len()));
        let line = self.line_of(offset);
        let start = self.start_of(line).unwrap_or(0).min(offset);
        LineColumn { line: line + 1, column: text[start..offset].chars().count() + 1 }
    }
}
