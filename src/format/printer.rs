//! The text that grows: statements, blocks, blank lines and comments.
//!
//! Comments are taken from the document by position, each once, before the first token behind it.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::flat::{self, WIDTH};
use super::spacing::spaced;
use crate::source::LineIndex;
use crate::syntax::{Block, Comment, Document, Mark, Statement, Token, TokenKind, has_semicolon};

/// One level of indentation, in spaces.
pub(super) const STEP: usize = 2;

#[derive(Debug)]
pub(super) struct Printer<'a> {
    pub(super) text: &'a str,
    lines: LineIndex,
    comments: &'a [Comment],
    /// Comments before this one are printed.
    next: usize,
    out: String,
    /// How wide the current line is.
    pub(super) column: usize,
    /// How far the current line is indented.
    pub(super) line_indent: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(document: &'a Document, text: &'a str) -> Self {
        Self {
            text,
            lines: LineIndex::new(text),
            comments: &document.comments,
            next: 0,
            out: String::with_capacity(text.len() + text.len() / 8),
            column: 0,
            line_indent: 0,
        }
    }

    pub(super) fn finish(mut self) -> String {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }

    /// Text without a line break.
    pub(super) fn push(&mut self, piece: &str) {
        self.out.push_str(piece);
        self.column += piece.width();
    }

    /// Text as it is, over any number of lines.
    pub(super) fn push_lines(&mut self, piece: &str) {
        self.out.push_str(piece);
        match piece.rsplit_once('\n') {
            Some((_, last)) => self.column = last.width(),
            None => self.column += piece.width(),
        }
    }

    pub(super) fn newline(&mut self, indent: usize) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
        self.line_indent = indent;
    }

    pub(super) fn has_comment(&self, range: Range<usize>) -> bool {
        let first = self.comments.partition_point(|c| (c.span.start as usize) < range.start);
        self.comments.get(first).is_some_and(|c| (c.span.start as usize) < range.end)
    }

    pub(super) fn same_line(&self, start: usize, end: usize) -> bool {
        self.lines.line_of(start) == self.lines.line_of(end)
    }

    /// The statements and comments of `range`, each on a line of its own.
    pub(super) fn body(&mut self, statements: &[Statement], indent: usize, range: Range<usize>) {
        let mut at = range.start;
        let mut first = true;
        for (index, statement) in statements.iter().enumerate() {
            let span = statement.span.range();
            self.own_comments(span.start, indent, &mut at, &mut first);
            self.separate(at, span.start, &mut first);
            self.newline(indent);
            self.statement(statement, indent);
            let next = statements.get(index + 1).map(|next| next.span.start as usize);
            if next.is_some_and(|next| self.needs_semicolon(statement, next)) {
                self.push(";");
            }
            at = self.trailing_comments(span.end, next.unwrap_or(range.end));
        }
        self.own_comments(range.end, indent, &mut at, &mut first);
    }

    /// Comments on lines of their own, up to an offset.
    fn own_comments(&mut self, until: usize, indent: usize, at: &mut usize, first: &mut bool) {
        while let Some(range) = self.take_comment(until) {
            self.separate(*at, range.start, first);
            self.newline(indent);
            self.push(self.text.get(range.clone()).unwrap_or_default());
            *at = range.end;
        }
    }

    /// Comments that follow on the same line; gives where the last thing printed ends.
    pub(super) fn trailing_comments(&mut self, mut at: usize, until: usize) -> usize {
        while let Some(comment) = self.comments.get(self.next) {
            let range = comment.span.range();
            if range.start >= until || !self.same_line(at, range.start) {
                break;
            }
            self.next += 1;
            self.push(" ");
            self.push(self.text.get(range.clone()).unwrap_or_default());
            at = range.end;
        }
        at
    }

    /// All comments up to `until` inside of a statement: the first may trail what ends at `at`.
    pub(super) fn inner_comments(&mut self, at: usize, until: usize, indent: usize) {
        self.trailing_comments(at, until);
        while let Some(range) = self.take_comment(until) {
            self.newline(indent);
            self.push(self.text.get(range).unwrap_or_default());
        }
    }

    fn take_comment(&mut self, until: usize) -> Option<Range<usize>> {
        let range = self.comments.get(self.next)?.span.range();
        (range.start < until).then(|| {
            self.next += 1;
            range
        })
    }

    /// Keeps one of the blank lines between two things; none before the first.
    fn separate(&mut self, above: usize, below: usize, first: &mut bool) {
        let gap = self.text.get(above..below).unwrap_or_default();
        if !*first && gap.bytes().filter(|byte| *byte == b'\n').nth(1).is_some() {
            self.out.push('\n');
        }
        *first = false;
    }

    /// Without its `;`, this statement would carry on with the next, which starts at `next`.
    fn needs_semicolon(&self, statement: &Statement, next: usize) -> bool {
        let may_carry_on = match statement.tokens.last().map(|token| &token.kind) {
            Some(TokenKind::Name(name)) => &**name == "in",
            Some(TokenKind::Mark(mark)) => !matches!(mark, Mark::Question | Mark::Percent),
            _ => false,
        };
        let gap = statement.span.end as usize..next;
        may_carry_on && has_semicolon(self.text.get(gap).unwrap_or_default())
    }

    fn statement(&mut self, statement: &Statement, indent: usize) {
        let tokens = statement.tokens.as_slice();
        let mut at = 0;
        while let Some(rest) = tokens.get(at..).filter(|rest| !rest.is_empty()) {
            let is_block = |token: &Token| matches!(token.kind, TokenKind::Block(_));
            let length = rest.iter().position(is_block).unwrap_or(rest.len());
            let (segment, rest) = rest.split_at(length);
            let left = at.checked_sub(1).and_then(|before| tokens.get(before));
            self.join(left, segment.first(), indent);
            self.pieces(segment, indent + 2 * STEP, if rest.is_empty() { 0 } else { 2 });
            self.join(segment.last().or(left), rest.first(), indent);
            if let Some((Token { kind: TokenKind::Block(block), span }, rest)) = rest.split_first()
            {
                self.block(block, span.range(), rest, indent);
            }
            at += length + 1;
        }
    }

    /// What stands between two tokens of a statement, one of which is a block.
    fn join(&mut self, left: Option<&Token>, right: Option<&Token>, indent: usize) {
        let (Some(left), Some(right)) = (left, right) else { return };
        let gap = left.span.end as usize..right.span.start as usize;
        if self.has_comment(gap.clone()) {
            self.inner_comments(gap.start, gap.end, indent + 2 * STEP);
            self.newline(indent + 2 * STEP);
        } else if spaced(left, right) {
            self.push(" ");
        }
    }

    fn block(&mut self, block: &Block, range: Range<usize>, rest: &[Token], indent: usize) {
        let commented = self.has_comment(range.clone());
        let was_flat = self.same_line(range.start, range.end);
        if !commented && (was_flat || block.statements.is_empty()) {
            let line = flat::block(self.text, block);
            if let Some(line) = line.filter(|line| self.fits(line, rest)) {
                return self.push(&line);
            }
        }
        self.push("{");
        let end = range.end.saturating_sub(1);
        let first = block.statements.first().map_or(end, |first| first.span.start as usize);
        let start = self.trailing_comments(range.start + 1, first);
        self.body(&block.statements, indent + STEP, start..end);
        self.newline(indent);
        self.push("}");
    }

    /// The line and what follows it on the same line; of a block of several lines only its brace.
    fn fits(&self, line: &str, rest: &[Token]) -> bool {
        let tall = |token: &Token| {
            let range = token.span.range();
            let TokenKind::Block(block) = &token.kind else { return false };
            let bare = block.statements.is_empty() && !self.has_comment(range.clone());
            !bare && !self.same_line(range.start, range.end)
        };
        let length = rest.iter().position(tall).unwrap_or(rest.len());
        let brace = if length < rest.len() { 2 } else { 0 };
        let (same_line, _) = rest.split_at(length);
        let behind = flat::width(self.text, same_line);
        behind.is_some_and(|behind| {
            let space = usize::from(behind > 0);
            self.column + line.width() + space + behind + brace <= WIDTH
        })
    }
}
