//! Reading a text statement by statement, without a tree of the whole.
//!
//! The tree of a large plan takes several times the room of what is made of it. Only a text in which
//! nothing is wrong is read so; what is wrong with another one may change what stands before it.

use std::collections::VecDeque;

use super::lower::Lower;
use super::pieces::{Moved, PIECE, Pieces};
use super::place::Place;
use super::read::{LARGEST, start_of};
use super::scan::scan;
use super::{Statement, Token, TokenKind, characters};
use crate::source::FileId;

/// Something is wrong with a text: it must be read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSound;

/// A text that is being read.
#[derive(Debug)]
pub struct Stream<'a> {
    file: FileId,
    pieces: Pieces<'a>,
    /// What was read and not taken yet.
    ready: VecDeque<Coming>,
    sound: bool,
    ended: bool,
}

/// What comes next in a block, or outside of all.
#[derive(Debug)]
pub enum Coming {
    /// A statement, whole.
    Statement(Statement),
    /// One whose last token is a block that is still to be read: what stands in it comes next, up to
    /// its end.
    Open(Statement),
    /// The end of the block, or of the text.
    End,
}

impl<'a> Stream<'a> {
    /// A text that may be read so.
    ///
    /// # Errors
    /// Where a look ahead finds something wrong; it does not find all.
    pub fn new(file: FileId, text: &'a str) -> Result<Self, NotSound> {
        Self::by(PIECE, file, text)
    }

    /// The same in pieces of this length.
    pub(super) fn by(piece: usize, file: FileId, text: &'a str) -> Result<Self, NotSound> {
        if text.len() > LARGEST || !characters::check(file, text).is_empty() {
            return Err(NotSound);
        }
        let scan = scan(text, piece);
        if scan.excess.is_some() || !scan.holes.is_empty() {
            return Err(NotSound);
        }
        let lower = Lower::new(text, Place::File(file), &[]);
        let pieces = Pieces::new(lower, text, scan.cuts, start_of(text));
        Ok(Self { file, pieces, ready: VecDeque::new(), sound: true, ended: false })
    }

    pub fn file(&self) -> FileId {
        self.file
    }

    /// What was made of the text, if nothing wrong was found in it.
    ///
    /// # Errors
    /// Where something was: from there on nothing came, and what had come may have been read wrongly.
    pub fn vouch<T>(&self, made: T) -> Result<T, NotSound> {
        if self.sound { Ok(made) } else { Err(NotSound) }
    }

    /// Reads on, as far as something comes.
    pub fn read_on(&mut self) -> Coming {
        while self.sound {
            match self.ready.pop_front() {
                Some(coming) => return coming,
                None if self.ended => break,
                None => self.advance(),
            }
        }
        Coming::End
    }

    /// Reads all that stands in the block of a statement that came with it open. Recursion is bounded, as
    /// nesting is.
    pub fn complete(&mut self, statement: &mut Statement) {
        let mut statements = Vec::new();
        loop {
            match self.read_on() {
                Coming::Statement(inner) => statements.push(inner),
                Coming::Open(mut inner) => {
                    self.complete(&mut inner);
                    statements.push(inner);
                }
                Coming::End => break,
            }
        }
        if let Some(Token { kind: TokenKind::Block(block), .. }) = statement.tokens.last_mut() {
            block.statements = statements;
        }
    }

    fn advance(&mut self) {
        match self.pieces.advance() {
            // What comes next may carry the last one on.
            Moved::On => self.take(1),
            Moved::In => self.open(),
            Moved::End => {
                self.take(0);
                self.ready.push_back(Coming::End);
                self.ended = !self.pieces.close();
            }
        }
        let lower = &mut self.pieces.lower;
        lower.comments.clear();
        self.sound &= lower.findings.is_empty() && lower.is_sound();
    }

    /// Takes what was read, but for the last few.
    fn take(&mut self, left: usize) {
        let statements = &mut self.pieces.innermost.list.statements;
        let whole = statements.len().saturating_sub(left);
        self.ready.extend(statements.drain(..whole).map(Coming::Statement));
    }

    fn open(&mut self) {
        let Some(head) = self.pieces.take_head() else { return };
        let outer = self.pieces.outer().map(|list| std::mem::take(&mut list.statements));
        let outer = outer.unwrap_or_default();
        self.sound &= self.pieces.lower.stands_alone(outer.last(), &head);
        self.ready.extend(outer.into_iter().map(Coming::Statement));
        self.ready.push_back(Coming::Open(head));
    }
}
