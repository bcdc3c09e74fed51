//! The lines of one or more texts that a finding is about, as they are shown.
//!
//! Owns the way from places in the texts to places in what is shown, so that miette only draws:
//! it is never given a whole text, in which it would count lines from the top. Invariant: every
//! mark lies in one section and not behind a line's last character.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::line::ShownLine;
use super::places;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, LineColumn, SourceFile, SourceMap};

/// The most labels of one finding that are shown.
pub(super) const LABELS: usize = 6;

/// A label over more lines than this is drawn at its first line only.
const LINES: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Excerpt {
    text: String,
    sections: Vec<Section>,
    pub(super) marks: Vec<Mark>,
    /// How wide the widest line number and its frame are.
    pub(super) gutter: usize,
}

/// Neighbouring lines of one file.
#[derive(Debug)]
struct Section {
    name: String,
    /// Lines of the file, from 0.
    lines: Range<usize>,
    /// Bytes of the excerpt.
    bytes: Range<usize>,
}

/// A label where it is shown.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// Bytes of the excerpt.
    pub(super) bytes: Range<usize>,
    pub(super) text: String,
    pub(super) primary: bool,
    /// Its start in the file.
    origin: LineColumn,
}

/// A label in its file, fitted to the text.
struct Place<'a> {
    id: FileId,
    file: &'a SourceFile,
    bytes: Range<usize>,
    lines: Range<usize>,
    text: &'a str,
    primary: bool,
}

impl Excerpt {
    /// What is shown of a finding's first [`LABELS`] labels in lines of at most `columns`.
    pub(super) fn new(found: &Diagnostic, sources: &SourceMap, columns: usize) -> Self {
        let places = places_of(found, sources);
        let last = places.iter().map(|place| place.lines.end + 1).max().unwrap_or(1);
        let gutter = last.to_string().len() + 4 + many_lines(&places);
        let mut excerpt = Self { gutter, ..Self::default() };
        for (id, lines) in sections(&places) {
            let here: Vec<_> = places.iter().filter(|p| p.id == id).collect();
            excerpt.add(&here, lines, columns.saturating_sub(gutter).max(20));
        }
        excerpt.marks.sort_by_key(|mark| (mark.bytes.start, mark.bytes.end));
        excerpt
    }

    fn add(&mut self, places: &[&Place<'_>], lines: Range<usize>, columns: usize) {
        let Some(first) = places.first() else { return };
        let start = self.text.len();
        let mut begun: Vec<(usize, usize)> = Vec::new();
        for line in lines.clone() {
            let from = self.text.len();
            let range = first.file.lines().range_of(&first.file.text, line);
            let shown = self.show(first.file, &range, places, line, columns);
            for (index, place) in places.iter().enumerate() {
                if place.lines.start == line {
                    let at = from + shown.position(place.bytes.start.saturating_sub(range.start));
                    begun.push((index, at));
                }
                if place.lines.end == line + 1 {
                    let end = place.bytes.end.clamp(range.start, range.end.max(range.start));
                    let end = from + shown.position(end - range.start);
                    let at = begun.iter().find(|(of, _)| *of == index).map_or(end, |(_, at)| *at);
                    self.mark(place, at..end.max(at));
                }
            }
        }
        self.sections.push(Section {
            name: super::said(&first.file.name),
            lines,
            bytes: start..self.text.len(),
        });
    }

    /// Adds a line's text.
    fn show(
        &mut self,
        file: &SourceFile,
        range: &Range<usize>,
        places: &[&Place<'_>],
        line: usize,
        columns: usize,
    ) -> ShownLine {
        let text = file.text.get(range.clone()).unwrap_or_default();
        let marked = places.iter().filter(|place| place.lines.start == line);
        let anchor = marked.map(|place| place.bytes.start.saturating_sub(range.start)).min();
        let shown = ShownLine::new(text, anchor.unwrap_or(0), columns);
        self.text.push_str(&shown.text);
        if anchor.is_some() && shown.text.is_empty() {
            // An empty line has no place for a mark.
            self.text.push(' ');
        }
        self.text.push('\n');
        shown
    }

    fn mark(&mut self, place: &Place<'_>, bytes: Range<usize>) {
        self.marks.push(Mark {
            bytes,
            text: place.text.to_owned(),
            primary: place.primary,
            origin: place.file.lines().position(&place.file.text, place.bytes.start),
        });
    }

    /// The shown text of the line that holds a byte of the excerpt, up to that byte.
    pub(super) fn before(&self, byte: usize) -> &str {
        let text = self.text.get(..byte).unwrap_or_default();
        text.rsplit('\n').next().unwrap_or_default()
    }

    pub(super) fn slice(&self, bytes: Range<usize>) -> &str {
        self.text.get(bytes).unwrap_or_default()
    }
}

impl SourceCode for Excerpt {
    /// With context: the whole section. Without: the place that miette writes into the frame.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let bytes = span.offset()..span.offset() + span.len();
        let section = self
            .sections
            .iter()
            .find(|section| section.bytes.start <= bytes.start && bytes.end <= section.bytes.end)
            .ok_or(MietteError::OutOfBounds)?;
        let mark = self.marks.iter().find(|mark| mark.bytes == bytes).filter(|_| before == 0);
        let (line, column, bytes) = match mark {
            Some(mark) => (mark.origin.line - 1, mark.origin.column - 1, bytes),
            None => (section.lines.start, 0, section.bytes.clone()),
        };
        let data = self.text.as_bytes().get(bytes.clone()).ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            section.name.clone(),
            data,
            bytes.into(),
            line,
            column,
            section.lines.len(),
        )))
    }
}

fn places_of<'a>(found: &'a Diagnostic, sources: &'a SourceMap) -> Vec<Place<'a>> {
    let labels = found.labels.iter().take(LABELS).enumerate();
    labels
        .filter_map(|(index, label)| {
            let file = places::file(sources, label.span.file)?;
            let (bytes, lines) = fitted(file, label.span.range());
            let id = label.span.file;
            Some(Place { id, file, bytes, lines, text: &label.text, primary: index == 0 })
        })
        .collect()
}

/// A byte range fitted to the text, and the lines that it touches.
fn fitted(file: &SourceFile, range: Range<usize>) -> (Range<usize>, Range<usize>) {
    let text = &file.text;
    let start = text.floor_char_boundary(range.start.min(text.len()));
    let end = text.ceil_char_boundary(range.end.clamp(start, text.len()));
    let first = file.lines().line_of(start);
    // The last character's line: a range that ends with a line break ends on that line.
    let last = file.lines().line_of(end.saturating_sub(1).max(start));
    if last - first >= LINES {
        let line = file.lines().range_of(text, first);
        return (start..line.end.max(start), first..first + 1);
    }
    (start..end, first..last + 1)
}

/// The columns that marks over several lines take beside the text.
fn many_lines(places: &[Place<'_>]) -> usize {
    let many = places.iter().filter(|place| place.lines.len() > 1).count();
    if many == 0 { 0 } else { many + 3 }
}

/// The lines to show, with one line around each label: the first label's file first, then the
/// others in the order in which they are named.
fn sections(places: &[Place<'_>]) -> Vec<(FileId, Range<usize>)> {
    let mut files: Vec<FileId> = Vec::new();
    for place in places {
        if !files.contains(&place.id) {
            files.push(place.id);
        }
    }
    files.into_iter().flat_map(|id| sections_of(places, id)).collect()
}

fn sections_of(places: &[Place<'_>], id: FileId) -> Vec<(FileId, Range<usize>)> {
    let mut wanted: Vec<_> =
        places.iter().filter(|place| place.id == id).map(surroundings).collect();
    wanted.sort_by_key(|lines| lines.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for lines in wanted {
        match joined.last_mut() {
            // One line left out would take as much room as it does itself.
            Some(last) if lines.start <= last.end + 1 => last.end = last.end.max(lines.end),
            _ => joined.push(lines),
        }
    }
    joined.into_iter().map(|lines| (id, lines)).collect()
}

fn surroundings(place: &Place<'_>) -> Range<usize> {
    let text = &place.file.text;
    let count = place.file.lines().line_count();
    // What follows the last line break is no line to show, unless it is marked.
    let shown = if text.ends_with('\n') { count - 1 } else { count };
    let end = (place.lines.end + 1).min(shown).max(place.lines.end);
    place.lines.start.saturating_sub(1)..end
}
