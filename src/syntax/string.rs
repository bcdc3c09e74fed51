//! What a string literal means: dedent, then escapes.
//!
//! Invariant: `origins` lead every byte of the meant text back to where it was written.

use std::ops::Range;

use super::findings;
use super::place::Place;
use super::{Changes, StringLiteral, StringStyle};
use crate::diagnostic::Diagnostic;

/// Reads the text between the quotes, which stands at `body` of `source`.
pub(super) fn cook(
    source: &str,
    body: Range<usize>,
    style: StringStyle,
    place: Place<'_>,
) -> (StringLiteral, Vec<Diagnostic>) {
    let text = slice(source, body.clone());
    let escapes = style.interpolates() && text.contains('\\');
    if place.is_exact() && !style.is_block() && !escapes {
        let (start, file) = (to_u32(place.offset(body.start)), place.file());
        let literal =
            StringLiteral { text: text.into(), changes: None, start, file, style, closed: true };
        return (literal, Vec::new());
    }
    let mut cook = Cook {
        source,
        style,
        place,
        text: String::with_capacity(body.len()),
        origins: Vec::new(),
        protected: Vec::new(),
        findings: Vec::new(),
    };
    cook.mark(body.start);
    if style.is_block() {
        for line in block_lines(source, body) {
            cook.pieces(line);
        }
    } else {
        cook.pieces(body);
    }
    let start = cook.origins.first().map_or(0, |(_, file)| *file);
    let jumps = cook.origins.get(1..).unwrap_or_default().to_vec();
    let changes = Changes { jumps, protected: cook.protected };
    let literal = StringLiteral {
        text: cook.text.into_boxed_str(),
        changes: (!changes.is_empty()).then(|| Box::new(changes)),
        start,
        file: place.file(),
        style,
        closed: true,
    };
    (literal, cook.findings)
}

struct Cook<'a> {
    source: &'a str,
    style: StringStyle,
    place: Place<'a>,
    text: String,
    /// `(offset in text, offset in the file)` at each point from which on the two run in step; the
    /// first at text offset 0.
    origins: Vec<(u32, u32)>,
    protected: Vec<u32>,
    findings: Vec<Diagnostic>,
}

impl Cook<'_> {
    fn pieces(&mut self, range: Range<usize>) {
        if !self.style.interpolates() {
            return self.push(range);
        }
        let mut at = range.start;
        while let Some(offset) = slice(self.source, at..range.end).find('\\') {
            self.push(at..at + offset);
            at = self.escape(at + offset, range.end);
        }
        self.push(at..range.end);
    }

    /// Takes source text as it is.
    fn push(&mut self, range: Range<usize>) {
        let piece = slice(self.source, range.clone());
        if piece.is_empty() {
            return;
        }
        if self.place.is_exact() {
            self.mark(range.start);
            self.text.push_str(piece);
            return;
        }
        for (offset, char) in piece.char_indices() {
            self.mark(range.start + offset);
            self.text.push(char);
        }
    }

    /// From here on, text and file run in step from this source offset.
    fn mark(&mut self, at: usize) {
        let file = to_u32(self.place.offset(at));
        let text = to_u32(self.text.len());
        match self.origins.last_mut() {
            Some((from, to)) if file.checked_sub(*to) == text.checked_sub(*from) => {}
            Some(last) if last.0 == text => last.1 = file,
            _ => self.origins.push((text, file)),
        }
    }

    /// Takes the escape at `at`; gives the offset behind it.
    fn escape(&mut self, at: usize, end: usize) -> usize {
        let Some(char) = slice(self.source, at + 1..end).chars().next() else {
            return self.bad(at, end);
        };
        let behind = at + 1 + char.len_utf8();
        let meant = match char {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '\\' | '"' | '$' => char,
            'u' => return self.code_point(at, end),
            _ => return self.bad(at, behind),
        };
        if char == '$' {
            self.protected.push(to_u32(self.text.len()));
        }
        self.mark(at);
        self.text.push(meant);
        behind
    }

    fn code_point(&mut self, at: usize, end: usize) -> usize {
        let rest = slice(self.source, at + 2..end);
        let digits = rest.strip_prefix('{').map(|rest| {
            let length = rest.bytes().take(7).take_while(u8::is_ascii_hexdigit).count();
            rest.split_at(length)
        });
        let Some((digits, rest)) = digits else { return self.bad(at, at + 2) };
        let behind = at + 3 + digits.len() + usize::from(rest.starts_with('}'));
        let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        match code {
            Some(char) if rest.starts_with('}') && digits.len() <= 6 => {
                self.mark(at);
                self.text.push(char);
                behind
            }
            _ => self.bad(at, behind),
        }
    }

    fn bad(&mut self, at: usize, end: usize) -> usize {
        let escape = slice(self.source, at..end).trim_end_matches(['\r', '\n']);
        let place = self.place.span(at, at + escape.len());
        self.findings.push(findings::bad_escape(place, escape));
        self.push(at..end);
        end
    }
}

/// The pieces of a block string's source that are its text before escapes.
fn block_lines(source: &str, body: Range<usize>) -> Vec<Range<usize>> {
    let mut lines = lines_of(source, body.clone());
    if lines.len() < 2 {
        return vec![body];
    }
    let closes_alone = lines.pop_if(|last| is_blank(slice(source, last.clone()))).is_some();
    let indent = common_indent(source, lines.get(1..).unwrap_or_default());
    let mut pieces = Vec::with_capacity(lines.len() * 2);
    for (index, line) in lines.into_iter().enumerate() {
        if index > 0 {
            push_line(source, line, indent, &mut pieces);
        } else if !is_blank(slice(source, line.clone())) {
            push_line(source, line, 0, &mut pieces);
        }
    }
    if closes_alone {
        pieces.pop();
    }
    pieces
}

/// The lines of a block string's source between its quotes, without their common indent, before
/// escapes; `None` unless the quotes stand on lines without text.
pub fn block_rows(body: &str) -> Option<Vec<&str>> {
    let mut lines = lines_of(body, 0..body.len());
    let last = lines.pop().filter(|last| is_blank(slice(body, last.clone())))?;
    let first = lines.first().filter(|first| is_blank(slice(body, (*first).clone())))?.clone();
    let rows = lines.get(1..).filter(|_| first.end <= last.start)?;
    let indent = common_indent(body, rows);
    let row = |line: &Range<usize>| {
        let text = slice(body, line.clone());
        let content = text.len() - break_length(text);
        text.get(indent.min(content)..content).unwrap_or_default()
    };
    Some(rows.iter().map(row).collect())
}

/// One line without its indent and its line break, and then the line break without a CR.
fn push_line(source: &str, line: Range<usize>, indent: usize, pieces: &mut Vec<Range<usize>>) {
    let text = slice(source, line.clone());
    let content = text.len() - break_length(text);
    pieces.push(line.start + indent.min(content)..line.start + content);
    pieces.push(line.start + content.max(text.len().saturating_sub(1))..line.end);
}

/// Each line with its line break.
fn lines_of(source: &str, body: Range<usize>) -> Vec<Range<usize>> {
    let mut at = body.start;
    let mut lines = Vec::new();
    for line in slice(source, body.clone()).split_inclusive('\n') {
        lines.push(at..at + line.len());
        at += line.len();
    }
    if lines.is_empty() || slice(source, body).ends_with('\n') {
        lines.push(at..at);
    }
    lines
}

/// How many bytes of white space all lines start with that hold more than white space.
fn common_indent(source: &str, lines: &[Range<usize>]) -> usize {
    let mut texts = lines.iter().map(|line| slice(source, line.clone())).filter(|t| !is_blank(t));
    let Some(first) = texts.next() else { return usize::MAX };
    let indent = first.len() - first.trim_start_matches([' ', '\t']).len();
    let indent = first.get(..indent).unwrap_or_default();
    texts.fold(indent.len(), |common, text| {
        let same = indent.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        common.min(same)
    })
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

fn break_length(line: &str) -> usize {
    if line.ends_with("\r\n") { 2 } else { usize::from(line.ends_with('\n')) }
}

fn slice(source: &str, range: Range<usize>) -> &str {
    source.get(range).unwrap_or_default()
}

fn to_u32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
