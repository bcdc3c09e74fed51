//! Reading a text piece by piece.
//!
//! pest keeps what it has read until all of it is read, several times as large as the text; so
//! a large text is cut where no statement goes on, and long blocks are read from the outside in.
//! Invariant: the tree is that of the text as a whole.

use std::ops::Range;

use super::grammar::Rule;
use super::list::List;
use super::lower::Lower;
use super::read::pairs;
use super::{Block, Statement, Token, TokenKind};

/// A block of fewer bytes is read at once.
pub(super) const PIECE: usize = 32 << 10;

/// A block that is too long to be read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Long {
    /// The place of its `{`.
    open: usize,
    /// Of its `}`; the text's end where there is none.
    close: usize,
    closed: bool,
}

/// A block whose end has not been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    at: usize,
    /// Its last cut.
    cut: usize,
    /// What stands before its `{` is read in another way without it: the line above carries on, or
    /// a bracket was not closed.
    carried: bool,
}

/// Where a text may be cut, as the look ahead finds it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cuts {
    /// How much there is at least between two cuts.
    least: usize,
    /// Ascending; each in a long block, or in none.
    places: Vec<usize>,
    long: Vec<Long>,
    /// Outermost first.
    open: Vec<Open>,
    /// The last cut outside of all blocks.
    outside: usize,
}

impl Cuts {
    pub(super) fn new(least: usize) -> Self {
        Self { least, ..Self::default() }
    }

    /// Here no statement goes on, and another may start.
    pub(super) fn may_cut(&mut self, at: usize) {
        let last = self.open.last_mut().map_or(&mut self.outside, |open| &mut open.cut);
        if at - *last >= self.least {
            *last = at;
            self.places.push(at);
        }
    }

    /// The `{` of the block that was opened last and is still open.
    pub(super) fn innermost(&self) -> Option<usize> {
        self.open.last().map(|open| open.at)
    }

    pub(super) fn open(&mut self, at: usize, carried: bool) {
        self.open.push(Open { at, cut: at, carried });
    }

    /// `whole`: the statement that holds the block ends with it.
    pub(super) fn close(&mut self, at: usize, whole: bool) {
        let Some(open) = self.open.pop() else { return };
        self.ended(open, Long { open: open.at, close: at, closed: true }, whole);
    }

    /// The text ends here.
    pub(super) fn end(&mut self, at: usize) {
        while let Some(open) = self.open.pop() {
            self.ended(open, Long { open: open.at, close: at, closed: false }, true);
        }
        self.long.sort_by_key(|long| long.open);
    }

    fn ended(&mut self, open: Open, long: Long, whole: bool) {
        if whole && !open.carried && long.close - long.open >= self.least {
            self.long.push(long);
        } else {
            let inside = self.places.iter().rev().take_while(|cut| **cut > open.at).count();
            self.places.truncate(self.places.len() - inside);
            let inside = self.long.iter().rev().take_while(|long| long.open > open.at).count();
            self.long.truncate(self.long.len() - inside);
        }
    }
}

/// What comes next on the way through a text.
enum Next {
    Cut(usize),
    Block(Long),
    End,
}

/// The cuts and long blocks that are still ahead.
struct Way<'c> {
    cuts: &'c [usize],
    long: &'c [Long],
}

impl Way<'_> {
    fn next(&mut self, end: usize) -> Next {
        let (cut, long) = (self.cuts.first().copied(), self.long.first().copied());
        match (cut, long) {
            (Some(cut), _) if cut <= end && long.is_none_or(|long| cut <= long.open) => {
                self.cuts = self.cuts.get(1..).unwrap_or_default();
                Next::Cut(cut)
            }
            (_, Some(long)) if long.open < end => {
                self.long = self.long.get(1..).unwrap_or_default();
                Next::Block(long)
            }
            _ => Next::End,
        }
    }
}

/// Reads all of a text from an offset on.
pub(super) fn read<'a>(
    lower: &mut Lower<'a>,
    text: &'a str,
    cuts: &Cuts,
    from: usize,
) -> Vec<Statement> {
    let mut reading = Reading { lower, text, way: Way { cuts: &cuts.places, long: &cuts.long } };
    reading.list(from..text.len())
}

struct Reading<'r, 'a> {
    lower: &'r mut Lower<'a>,
    text: &'a str,
    way: Way<'r>,
}

impl Reading<'_, '_> {
    /// Recursion is bounded, as nesting is.
    fn list(&mut self, range: Range<usize>) -> Vec<Statement> {
        let mut list = List::new(range.start);
        let mut at = range.start;
        loop {
            match self.way.next(range.end) {
                Next::Cut(cut) => {
                    self.piece(at..cut, &mut list);
                    at = cut;
                }
                Next::Block(long) => {
                    self.long(at, long, &mut list);
                    at = long.close + usize::from(long.closed);
                }
                Next::End => {
                    self.piece(at..range.end, &mut list);
                    return list.statements;
                }
            }
        }
    }

    fn piece(&mut self, range: Range<usize>, list: &mut List) {
        let text = self.text;
        self.lower.base = range.start;
        let piece = text.get(range).unwrap_or_default();
        for pair in pairs(Rule::piece, piece).into_iter().flatten() {
            self.lower.listed(pair, list);
        }
    }

    /// Reads up to a long block, and the block: it belongs to the statement right before it, or
    /// stands alone.
    fn long(&mut self, from: usize, long: Long, list: &mut List) {
        let text = self.text;
        self.lower.base = from;
        let head = text.get(from..long.open).unwrap_or_default();
        let mut statement = None;
        for pair in pairs(Rule::piece, head).into_iter().flatten() {
            let end = self.lower.range(&pair).end;
            let between = text.get(end..long.open).unwrap_or_default();
            let is_head = between.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
            if pair.as_rule() == Rule::statement && is_head {
                statement = Some(self.lower.begin(pair, list));
            } else {
                self.lower.listed(pair, list);
            }
        }
        let mut statement =
            statement.unwrap_or_else(|| self.lower.begin_with_block(long.open, list));
        statement.tokens.push(self.block(long));
        self.lower.end(statement, list);
        list.doc.end = long.close + usize::from(long.closed);
    }

    fn block(&mut self, long: Long) -> Token {
        if !long.closed {
            let brace = self.lower.span(long.open, long.open + 1);
            self.lower.open_braces.push(brace);
        }
        let statements = self.list(long.open + 1..long.close);
        let block = Box::new(Block { statements, closed: long.closed });
        let span = self.lower.span(long.open, long.close + usize::from(long.closed));
        Token { kind: TokenKind::Block(block), span }
    }
}
