//! Reading a text piece by piece.
//!
//! pest keeps what it has read until all of it is read, several times as large as the text; so
//! a large text is cut where no statement goes on, and long blocks are read from the outside in.
//! Invariant: the tree is that of the text as a whole.

use std::iter::Peekable;
use std::vec::IntoIter;

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
#[derive(Debug)]
struct Way {
    cuts: Peekable<IntoIter<usize>>,
    long: Peekable<IntoIter<Long>>,
}

impl Way {
    fn next(&mut self, end: usize) -> Next {
        let long = self.long.peek().copied();
        let is_next = |cut: &usize| *cut <= end && long.is_none_or(|long| *cut <= long.open);
        if let Some(cut) = self.cuts.next_if(is_next) {
            return Next::Cut(cut);
        }
        self.long.next_if(|long| long.open < end).map_or(Next::End, Next::Block)
    }
}

/// Reads all of a text from an offset on.
pub(super) fn read<'a>(
    lower: Lower<'a>,
    text: &'a str,
    cuts: Cuts,
    from: usize,
) -> (Vec<Statement>, Lower<'a>) {
    let mut pieces = Pieces::new(lower, text, cuts, from);
    while pieces.advance() != Moved::End || pieces.close() {}
    let statements = pieces.innermost.list.statements;
    (statements, pieces.lower)
}

/// What one piece was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// Statements, or none.
    On,
    /// Up to a long block, whose statements come next.
    In,
    /// Up to the end of the block, or of the text.
    End,
}

/// A block that is being read, or what stands outside of all.
#[derive(Debug)]
pub(super) struct Level {
    /// Up to here it has been read.
    at: usize,
    end: usize,
    pub(super) list: List,
    /// The statement that holds the block, as far as it stands before it.
    pub(super) head: Option<Statement>,
    long: Option<Long>,
}

/// A text on the way from piece to piece.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    pub(super) lower: Lower<'a>,
    text: &'a str,
    way: Way,
    pub(super) innermost: Level,
    /// The levels around, outermost first. Bounded, as nesting is.
    around: Vec<Level>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(lower: Lower<'a>, text: &'a str, cuts: Cuts, from: usize) -> Self {
        let way = Way {
            cuts: cuts.places.into_iter().peekable(),
            long: cuts.long.into_iter().peekable(),
        };
        let list = List::new(from);
        let innermost = Level { at: from, end: text.len(), list, head: None, long: None };
        Self { lower, text, way, innermost, around: Vec::new() }
    }

    /// Reads what comes next.
    pub(super) fn advance(&mut self) -> Moved {
        let end = self.innermost.end;
        match self.way.next(end) {
            Next::Cut(cut) => {
                self.piece(cut);
                Moved::On
            }
            Next::Block(long) => {
                self.open(long);
                Moved::In
            }
            Next::End => {
                self.piece(end);
                Moved::End
            }
        }
    }

    fn piece(&mut self, to: usize) {
        let text = self.text;
        let from = std::mem::replace(&mut self.innermost.at, to);
        self.lower.base = from;
        let piece = text.get(from..to).unwrap_or_default();
        for pair in pairs(Rule::piece, piece).into_iter().flatten() {
            self.lower.listed(pair, &mut self.innermost.list);
        }
    }

    /// Reads up to a long block, and goes in: it belongs to the statement right before it, or
    /// stands alone.
    fn open(&mut self, long: Long) {
        let text = self.text;
        let from = std::mem::replace(&mut self.innermost.at, long.open);
        let list = &mut self.innermost.list;
        self.lower.base = from;
        let before = text.get(from..long.open).unwrap_or_default();
        let mut head = None;
        for pair in pairs(Rule::piece, before).into_iter().flatten() {
            let end = self.lower.range(&pair).end;
            let between = text.get(end..long.open).unwrap_or_default();
            let is_head = between.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
            if pair.as_rule() == Rule::statement && is_head {
                head = Some(self.lower.begin(pair, list));
            } else {
                self.lower.listed(pair, list);
            }
        }
        let head = head.unwrap_or_else(|| self.lower.begin_with_block(long.open, list));
        if !long.closed {
            let brace = self.lower.span(long.open, long.open + 1);
            self.lower.open_braces.push(brace);
        }
        let at = long.open + 1;
        let (head, long, end) = (Some(head), Some(long), long.close);
        let inner = Level { at, end, list: List::new(at), head, long };
        self.around.push(std::mem::replace(&mut self.innermost, inner));
    }

    /// Goes out of a block that was read, and puts it where it belongs; `false`: the text has ended.
    pub(super) fn close(&mut self) -> bool {
        let Some(outer) = self.around.pop() else { return false };
        let inner = std::mem::replace(&mut self.innermost, outer);
        let Some(long) = inner.long else { return false };
        let end = long.close + usize::from(long.closed);
        let outer = &mut self.innermost;
        if let Some(mut head) = inner.head {
            head.tokens.push(block(&self.lower, long, inner.list.statements));
            self.lower.end(head, &mut outer.list);
        }
        outer.list.doc.end = end;
        outer.at = end;
        true
    }

    /// Takes the head of the block that was just gone into, with that block, empty, as its last token.
    pub(super) fn take_head(&mut self) -> Option<Statement> {
        let mut head = self.innermost.head.take()?;
        head.tokens.push(block(&self.lower, self.innermost.long?, Vec::new()));
        let (first, last) = (head.tokens.first()?.span, head.tokens.last()?.span);
        head.span = first.to(last);
        Some(head)
    }

    /// What was read around the block that is being read.
    pub(super) fn outer(&mut self) -> Option<&mut List> {
        Some(&mut self.around.last_mut()?.list)
    }
}

fn block(lower: &Lower<'_>, long: Long, statements: Vec<Statement>) -> Token {
    let block = Box::new(Block { statements, closed: long.closed });
    let span = lower.span(long.open, long.close + usize::from(long.closed));
    Token { kind: TokenKind::Block(block), span }
}
