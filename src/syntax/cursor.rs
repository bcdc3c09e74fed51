//! Reads a statement's tokens from left to right.
//!
//! Knows single tokens; how they make an expression is known next door.

use super::{Expr, Mark, Token, TokenKind, expression};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};

/// A place in a row of tokens.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    tokens: &'a [Token],
    at: usize,
    /// The empty span behind the last token, for "something is missing here".
    end: Span,
}

impl<'a> Cursor<'a> {
    pub fn new(tokens: &'a [Token], end: Span) -> Self {
        Self { tokens, at: 0, end }
    }

    /// The token `ahead` places on; 0 is the next.
    pub fn peek(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + ahead)
    }

    /// The token that was taken last.
    pub fn last(&self) -> Option<&'a Token> {
        self.tokens.get(self.at.checked_sub(1)?)
    }

    /// Takes the next token.
    pub fn bump(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    pub fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Where the next token is, or where it would be.
    pub fn place(&self) -> Span {
        self.peek(0).map_or(self.end, |token| token.span)
    }

    /// The next token if it is a mark.
    pub fn peek_mark(&self) -> Option<Mark> {
        match self.peek(0)?.kind {
            TokenKind::Mark(mark) => Some(mark),
            _ => None,
        }
    }

    /// The next token if it is a name.
    pub fn peek_name(&self) -> Option<&'a str> {
        match &self.peek(0)?.kind {
            TokenKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Takes the next token if it is this mark.
    pub fn eat_mark(&mut self, mark: Mark) -> Option<Span> {
        self.peek_mark().filter(|next| *next == mark)?;
        self.bump().map(|token| token.span)
    }

    /// Takes the next token if it is this word.
    pub fn eat_word(&mut self, word: &str) -> Option<Span> {
        self.peek_name().filter(|next| *next == word)?;
        self.bump().map(|token| token.span)
    }

    /// Takes the next token if it is a name.
    pub fn name(&mut self) -> Option<Spanned<Box<str>>> {
        let name = self.peek_name()?;
        let token = self.bump()?;
        Some(Spanned::new(name.into(), token.span))
    }

    /// Reads an expression with all its operators; stops before what cannot carry it on.
    ///
    /// # Errors
    /// Says what is wrong (E0101) and where; the cursor stays where reading ended.
    pub fn expression(&mut self) -> Result<Expr, Diagnostic> {
        expression::expression(self)
    }

    /// Reads an expression without binary operators: a literal, string, name, call, list,
    /// `!operand`, or anything in parentheses.
    ///
    /// # Errors
    /// As [`Cursor::expression`].
    pub fn operand(&mut self) -> Result<Expr, Diagnostic> {
        expression::operand(self)
    }
}
