//! The look ahead before parsing: unclosed strings, nesting, and how much there is.
//!
//! It finds strings and brackets exactly as the grammar does, without a tree. What it finds
//! unclosed it bounds, so that one forgotten quote costs one statement and not the file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::StringStyle;
use super::bounds::{WIDEST, close_of, indent_of, is_first_on_line, style_at};
use super::lengths::{Lengths, STRING};
use super::pieces::Cuts;

/// Brackets may stand this deep in one another.
pub(super) const DEEPEST: usize = 256;
/// After so many unclosed block strings the next one runs to the text's end.
const MOST_RECOVERIES: usize = 16;

/// A string that is not closed, and where it is taken to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) range: Range<usize>,
    pub(super) style: StringStyle,
    /// It swallowed braces, so which of the others belong together is a guess.
    pub(super) hides_braces: bool,
}

/// Why a text is not parsed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    /// The offset of the bracket that is too deep.
    Depth(usize),
    Tokens,
    /// The offset of the statement that is too long.
    Statement(usize),
}

/// What the look ahead found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// In the order of the text.
    pub(super) holes: Vec<Hole>,
    pub(super) excess: Option<Excess>,
    pub(super) cuts: Cuts,
    pub(super) parts: Vec<Part>,
}

/// Where the statements of a block can be parted: a line's start at which none goes on, or the
/// block's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) at: usize,
    /// The block's `{`; none outside of all blocks.
    pub(super) block: Option<usize>,
}

impl Scan {
    /// The text with its unclosed strings filled with U+0001: as long, and with all closed.
    pub(super) fn mend<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.holes.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut mended = String::with_capacity(text.len());
        for hole in &self.holes {
            mended.push_str(text.get(mended.len()..hole.range.start).unwrap_or_default());
            mended.extend(std::iter::repeat_n('\u{1}', hole.range.len()));
        }
        mended.push_str(text.get(mended.len()..).unwrap_or_default());
        Cow::Owned(mended)
    }
}

/// Looks through a text; `piece`: how long pieces are at least.
pub(super) fn scan(text: &str, piece: usize) -> Scan {
    scan_near(text, piece, 0..0)
}

/// The same, and notes where statements may be parted in a range.
pub(super) fn scan_near(text: &str, piece: usize, near: Range<usize>) -> Scan {
    let mut forced = BTreeMap::new();
    loop {
        let mut scanner = Scanner::new(text, &forced, piece, near.clone());
        scanner.run();
        let Some(open) = scanner.open else {
            let innermost = scanner.cuts.innermost();
            scanner.part(text.len(), innermost);
            scanner.cuts.end(text.len());
            return Scan {
                holes: scanner.holes,
                excess: scanner.excess,
                cuts: scanner.cuts,
                parts: scanner.parts,
            };
        };
        let (start, end) = scanner.culprit(open, forced.len() >= MOST_RECOVERIES);
        forced.insert(start, end);
    }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Open brackets, outermost first.
    stack: Vec<u8>,
    /// Braces that were opened on this line and are still open.
    line_braces: usize,
    lengths: Lengths,
    /// Block strings that are known to be unclosed, with their ends.
    forced: &'a BTreeMap<usize, usize>,
    /// Closed block strings.
    blocks: Vec<Range<usize>>,
    holes: Vec<Hole>,
    excess: Option<Excess>,
    /// Where a block string opens that runs to the text's end.
    open: Option<usize>,
    cuts: Cuts,
    /// The last token may carry its statement over the line's end.
    carries: bool,
    /// No token has come on this line.
    fresh: bool,
    /// Where parts are noted.
    near: Range<usize>,
    /// Ascending.
    parts: Vec<Part>,
}

impl<'a> Scanner<'a> {
    fn new(
        text: &'a str,
        forced: &'a BTreeMap<usize, usize>,
        piece: usize,
        near: Range<usize>,
    ) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            stack: Vec::new(),
            line_braces: 0,
            lengths: Lengths::default(),
            forced,
            blocks: Vec::new(),
            holes: Vec::new(),
            excess: None,
            open: None,
            cuts: Cuts::new(piece),
            carries: false,
            fresh: true,
            near,
            parts: Vec::new(),
        }
    }

    fn run(&mut self) {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            self.step(byte);
            self.excess = self.excess.or_else(|| self.lengths.excess());
            if self.excess.is_some() || self.open.is_some() {
                return;
            }
        }
        self.lengths.end();
        self.excess = self.lengths.excess();
    }

    fn step(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'\n' => self.line_break(),
            b'#' => {
                self.at = self.line_end(self.at);
                self.lengths.count(1);
            }
            _ => {
                self.token(byte);
                self.lengths.count(1);
                self.fresh = false;
            }
        }
    }

    fn line_break(&mut self) {
        self.line_braces = 0;
        self.lengths.count(usize::from(!self.fresh));
        self.fresh = true;
        self.at += 1;
        if !self.carries && !self.in_group() {
            self.cuts.may_cut(self.at);
            self.lengths.begin(self.at);
            let innermost = self.cuts.innermost();
            self.part(self.at, innermost);
        }
    }

    fn part(&mut self, at: usize, block: Option<usize>) {
        if self.near.contains(&at) {
            self.parts.push(Part { at, block });
        }
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'"' | b'\'' => self.string(byte),
            b'(' | b'[' | b'{' | b')' | b']' | b'}' | b';' => self.bracket(byte),
            _ if is_word(byte) => {
                let length = self.rest().iter().position(|byte| !is_word(*byte));
                self.at += length.unwrap_or(self.rest().len());
            }
            _ => self.at += 1,
        }
        // Commas and operators do; that other signs do not matters to nobody.
        self.carries = byte.is_ascii_punctuation()
            && !matches!(
                byte,
                b'"' | b'\'' | b'(' | b'[' | b'{' | b')' | b']' | b'}' | b';' | b'_'
            );
    }

    fn bracket(&mut self, byte: u8) {
        let forgotten = self.in_group();
        if matches!(byte, b'{' | b'}' | b';') {
            while self.in_group() {
                self.stack.pop();
            }
        }
        match byte {
            b'(' | b'[' => self.push(byte),
            b'{' => {
                let carried = forgotten || (self.carries && self.fresh);
                self.cuts.open(self.at, carried);
                self.lengths.open(self.at, carried);
                self.push(byte);
                self.line_braces += 1;
            }
            b')' | b']' if self.in_group() => {
                self.stack.pop();
            }
            b'}' => {
                self.stack.pop();
                self.line_braces = self.line_braces.saturating_sub(1);
                let block = self.cuts.innermost();
                self.part(self.at, block);
                let ends = self.ends_statement(self.at + 1);
                self.cuts.close(self.at, ends);
                self.lengths.close(self.at, ends);
            }
            _ => {}
        }
        self.at += 1;
        if byte == b';' {
            self.cuts.may_cut(self.at);
            self.lengths.begin(self.at);
        }
    }

    fn in_group(&self) -> bool {
        self.stack.last().is_some_and(|open| *open != b'{')
    }

    fn push(&mut self, byte: u8) {
        self.stack.push(byte);
        if self.stack.len() > DEEPEST {
            self.excess = Some(Excess::Depth(self.at));
        }
    }

    fn string(&mut self, quote: u8) {
        self.lengths.count(STRING - 1);
        let start = self.at;
        let style = style_at(self.rest());
        if let Some(end) = self.forced.get(&start) {
            self.hole(start..*end, style);
            return;
        }
        let open = if style.is_block() { 3 } else { 1 };
        match close_of(self.bytes, start + open, quote, style) {
            Some(end) => {
                if style.is_block() {
                    self.blocks.push(start..end);
                }
                self.at = end;
            }
            None if style.is_block() => self.open = Some(start),
            None => {
                let end = self.plain_end(start);
                self.hole(start..end, style);
            }
        }
    }

    fn hole(&mut self, range: Range<usize>, style: StringStyle) {
        self.at = range.end;
        let hidden = self.bytes.get(range.clone()).unwrap_or_default();
        let hides_braces = style.is_block() || hidden.iter().any(|b| matches!(b, b'{' | b'}'));
        self.holes.push(Hole { range, style, hides_braces });
    }

    /// An unclosed string ends with its line, but gives back the `}` that close what this line
    /// opened.
    fn plain_end(&self, start: usize) -> usize {
        let line = self.text.get(start..self.line_end(start)).unwrap_or_default();
        let mut kept = line.trim_end();
        for _ in 0..self.line_braces {
            let Some(shorter) = kept.strip_suffix('}') else { break };
            kept = shorter.trim_end();
        }
        start + kept.len().max(1)
    }

    /// Which block string was not closed, when one runs to the end: quotes pair up, so the one at
    /// fault may be an earlier one, closed by the opening of the next. Such a one holds a line
    /// that stands out to the left, and is closed behind other text at a line's end.
    fn culprit(&self, open: usize, give_up: bool) -> (usize, usize) {
        let whole = self.text.trim_end().len().max(open + 3);
        if give_up {
            return (open, whole);
        }
        let earlier = self.blocks.iter().find_map(|block| {
            let closer = block.end - 3;
            let opens_another = self.ends_line(block.end) && !is_first_on_line(self.text, closer);
            let end = opens_another.then(|| self.outdent(block.start, closer))??;
            Some((block.start, end))
        });
        earlier.unwrap_or_else(|| (open, self.outdent(open, self.text.len()).unwrap_or(whole)))
    }

    /// The end of the text above the first line, behind the one of `start`, that is not indented
    /// deeper than that one.
    fn outdent(&self, start: usize, limit: usize) -> Option<usize> {
        let least = indent_of(self.text, start);
        let first = self.line_end(start) + 1;
        let mut at = first;
        for line in self.text.get(first..limit)?.split_inclusive('\n') {
            let blank = line.trim().is_empty();
            if !blank && line.len() - line.trim_start_matches([' ', '\t']).len() <= least {
                return Some(self.text.get(..at)?.trim_end().len().max(start + 3));
            }
            at += line.len();
        }
        None
    }

    /// Nothing but a little white space follows on this line.
    fn ends_line(&self, at: usize) -> bool {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let next = rest.iter().take(WIDEST).find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        next.is_none_or(|byte| *byte == b'\n')
    }

    /// Nothing follows on this line that belongs to the statement.
    fn ends_statement(&self, at: usize) -> bool {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match rest.get(blanks..).unwrap_or_default() {
            [] | [b'\n' | b'}' | b';' | b'#', ..] | [b'\r', b'\n', ..] => true,
            [_, ..] => false,
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        from + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || byte >= 0x80
}
