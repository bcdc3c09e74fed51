//! From spans to file names, lines and columns, without counting one line again and again.

use crate::source::{FileId, LineColumn, SourceFile, SourceMap, Span};

/// Finds places; fast where they are asked for in the order of the text.
pub(super) struct Places<'a> {
    sources: &'a SourceMap,
    /// The last place, from which the next one on the same line is counted on.
    last: Option<(FileId, usize, LineColumn)>,
}

impl<'a> Places<'a> {
    pub(super) fn new(sources: &'a SourceMap) -> Self {
        Self { sources, last: None }
    }

    /// The file of a span; `None` where the map does not hold it.
    pub(super) fn file(&self, id: FileId) -> Option<&'a SourceFile> {
        file(self.sources, id)
    }

    /// Where a span starts and ends.
    pub(super) fn range(&mut self, span: Span) -> (LineColumn, LineColumn) {
        (self.find(span.file, span.start as usize), self.find(span.file, span.end as usize))
    }

    fn find(&mut self, id: FileId, offset: usize) -> LineColumn {
        let Some(file) = self.file(id) else { return LineColumn { line: 1, column: 1 } };
        let offset = file.text.floor_char_boundary(offset.min(file.text.len()));
        let line = file.lines().line_of(offset);
        let (from, column) = match self.last {
            Some((of, at, place)) if of == id && place.line == line + 1 && at <= offset => {
                (at, place.column)
            }
            _ => (file.lines().start_of(line).unwrap_or(0), 1),
        };
        let passed = file.text.get(from..offset).map_or(0, |text| text.chars().count());
        let place = LineColumn { line: line + 1, column: column + passed };
        self.last = Some((id, offset, place));
        place
    }
}

/// The file of an id; `None` where the map does not hold it.
pub(super) fn file(sources: &SourceMap, id: FileId) -> Option<&SourceFile> {
    sources.files().find(|(of, _)| *of == id).map(|(_, file)| file)
}
