//! The statements of a block as they come, and the comments above the next one.
//!
//! Knows offsets in the text only, so that it does not matter in how many pieces a block is read.

use std::ops::Range;

use super::Statement;

/// The statements of a block so far.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) statements: Vec<Statement>,
    pub(super) doc: DocBlock,
}

impl List {
    /// Of a block whose inside starts here.
    pub(super) fn new(at: usize) -> Self {
        Self { statements: Vec::new(), doc: DocBlock { end: at, ..DocBlock::default() } }
    }
}

/// The comment lines right above what comes next.
#[derive(Debug, Default)]
pub(super) struct DocBlock {
    lines: Vec<Range<usize>>,
    /// Where what came last ends.
    pub(super) end: usize,
}

impl DocBlock {
    pub(super) fn comment(&mut self, text: &str, range: Range<usize>) {
        let breaks = self.breaks(text, range.start);
        if breaks != 1 {
            self.lines.clear();
        }
        let above = text.get(..range.start).unwrap_or_default();
        let opens_text = breaks == 0 && above.trim_matches(['\u{FEFF}', ' ', '\t']).is_empty();
        let line = text.get(range.clone()).unwrap_or_default();
        if breaks > 0 || (opens_text && !line.starts_with("#!")) {
            self.lines.push(range.clone());
        }
        self.end = range.end;
    }

    pub(super) fn take(&mut self, text: &str, start: usize) -> Vec<Range<usize>> {
        let adjacent = self.breaks(text, start) == 1;
        let lines = std::mem::take(&mut self.lines);
        if adjacent { lines } else { Vec::new() }
    }

    /// Line breaks between what came last and `start`.
    fn breaks(&self, text: &str, start: usize) -> usize {
        text.get(self.end..start).unwrap_or_default().bytes().filter(|b| *b == b'\n').count()
    }
}
