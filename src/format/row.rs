//! Tokens between blocks: on one line where they fit, else broken behind commas, behind `&&` and
//! `||`, or inside their groups.
//!
//! Invariant: what is broken depends on the tokens, their widths and which groups were broken
//! before, so that formatting again breaks the same.

use super::flat::{self, WIDTH, brackets};
use super::printer::{Printer, STEP};
use super::spacing::{is_comma, is_logical, spaced, takes_trailing_comma, without_trailing_comma};
use crate::syntax::{Group, StringLiteral, Token, TokenKind, block_rows};

/// Where a line is too wide, groups wider than this are broken.
const WIDE_GROUP: usize = 40;

impl Printer<'_> {
    /// Tokens of a statement without blocks; `hang` indents the lines after the first, and
    /// `behind` columns follow the last.
    pub(super) fn pieces(&mut self, tokens: &[Token], hang: usize, behind: usize) {
        let breaks = if tokens.iter().any(is_comma) { is_comma } else { is_logical };
        self.lines(tokens, hang, behind, breaks);
    }

    /// Tokens on one line where they fit, else with a line's end behind each that `breaks`.
    fn lines(&mut self, tokens: &[Token], hang: usize, behind: usize, breaks: fn(&Token) -> bool) {
        let commented = tokens.windows(2).any(|pair| self.comment_between(pair));
        if !commented && self.fits_flat(tokens, behind) {
            return self.row(tokens, hang, false);
        }
        let mut left: Option<&Token> = None;
        for piece in tokens.split_inclusive(breaks) {
            if let (Some(left), Some(first)) = (left, piece.first()) {
                self.inner_comments(left.span.end as usize, first.span.start as usize, hang);
                self.newline(hang);
            }
            let wide = !self.fits_flat(piece, behind);
            self.row(piece, hang, wide);
            left = piece.last();
        }
    }

    fn fits_flat(&self, tokens: &[Token], behind: usize) -> bool {
        let width = flat::width(self.text, tokens);
        width.is_some_and(|width| self.column + width + behind <= WIDTH)
    }

    fn comment_between(&self, pair: &[Token]) -> bool {
        let [left, right] = pair else { return false };
        self.has_comment(left.span.end as usize..right.span.start as usize)
    }

    /// Tokens on one line, but for comments between them and groups that are broken.
    fn row(&mut self, tokens: &[Token], hang: usize, wide: bool) {
        let mut left: Option<&Token> = None;
        for token in tokens {
            if let Some(left) = left {
                let gap = left.span.end as usize..token.span.start as usize;
                if self.has_comment(gap.clone()) {
                    self.inner_comments(gap.start, gap.end, hang);
                    self.newline(hang);
                } else if spaced(left, token) {
                    self.push(" ");
                }
            }
            match &token.kind {
                TokenKind::Group(group) => self.group(left, token, group, wide),
                TokenKind::String(literal) => self.string(token, literal),
                _ => self.push(self.text.get(token.span.range()).unwrap_or_default()),
            }
            left = Some(token);
        }
    }

    fn group(&mut self, left: Option<&Token>, token: &Token, group: &Group, wide: bool) {
        let loose = takes_trailing_comma(left, token, group);
        let inner = if loose { without_trailing_comma(group) } else { &group.tokens };
        let (open, close) = brackets(group.delimiter);
        self.push(open);
        if self.is_broken(token, group) || (wide && self.is_wide(inner)) {
            self.broken(token, group, loose);
        } else {
            let hang = self.line_indent + STEP;
            self.row(inner, hang, wide);
        }
        self.push(close);
    }

    /// It stood over several lines, has comments between its tokens, or holds a block string.
    fn is_broken(&self, token: &Token, group: &Group) -> bool {
        let range = token.span.range();
        if self.same_line(range.start, range.end) || group.tokens.is_empty() {
            return self.has_comment(range);
        }
        let mut at = range.start;
        for inner in &group.tokens {
            let span = inner.span.range();
            let tall =
                matches!(inner.kind, TokenKind::String(_)) && !self.same_line(span.start, span.end);
            if tall || !self.same_line(at, span.start) {
                return true;
            }
            at = span.end;
        }
        !self.same_line(at, range.end)
    }

    fn is_wide(&self, tokens: &[Token]) -> bool {
        flat::width(self.text, tokens).is_none_or(|width| width > WIDE_GROUP)
    }

    /// One item a line, each with a comma, if there are commas at all.
    fn broken(&mut self, token: &Token, group: &Group, loose: bool) {
        let outer = self.line_indent;
        let indent = outer + STEP;
        let end = token.span.end.saturating_sub(1) as usize;
        let mut at = token.span.start as usize + 1;
        let commas = group.tokens.iter().any(is_comma);
        for item in group.tokens.split_inclusive(is_comma) {
            let start = item.first().map_or(at, |first| first.span.start as usize);
            self.inner_comments(at, start, indent);
            self.newline(indent);
            self.lines(item, indent + 2 * STEP, 1, is_logical);
            if commas && loose && item.last().is_some_and(|last| !is_comma(last)) {
                self.push(",");
            }
            at = item.last().map_or(at, |last| last.span.end as usize);
        }
        self.inner_comments(at, end, indent);
        self.newline(outer);
    }

    /// As it was written, but that a block string whose quotes stand alone is indented with its
    /// statement.
    fn string(&mut self, token: &Token, literal: &StringLiteral) {
        let written = self.text.get(token.span.range()).unwrap_or_default();
        let quotes = if literal.style.is_block() { 3 } else { 1 };
        let body = written.get(quotes..written.len().saturating_sub(quotes)).unwrap_or_default();
        let Some(rows) = block_rows(body).filter(|_| literal.style.is_block()) else {
            return self.push_lines(&written.replace("\r\n", "\n"));
        };
        let (outer, quote) = (self.line_indent, written.get(..quotes).unwrap_or_default());
        self.push(quote);
        for row in rows {
            self.newline(if row.is_empty() { 0 } else { outer + STEP });
            self.push(row);
        }
        self.newline(outer);
        self.push(quote);
    }
}
