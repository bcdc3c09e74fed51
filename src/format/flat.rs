//! Tokens on one line, for what fits there.
//!
//! Gives up early, so that asking whether something fits costs no more than a line.

use unicode_width::UnicodeWidthStr;

use super::spacing::{spaced, takes_trailing_comma, without_trailing_comma};
use crate::syntax::{Block, Delimiter, Token, TokenKind};

/// Lines are at most this wide where that can be had, in columns.
pub(super) const WIDTH: usize = 100;
/// More bytes than this are taken for too wide without a look at them.
const MOST_BYTES: usize = 8 * WIDTH;

/// The tokens on one line; `None` where they are surely too wide.
pub(super) fn flat(text: &str, tokens: &[Token]) -> Option<String> {
    let mut line = Flat { text, out: String::new() };
    line.tokens(tokens)?;
    Some(line.out)
}

/// How wide the tokens are on one line; `None` where that is surely too wide. A block string
/// counts as its opening quotes.
pub(super) fn width(text: &str, tokens: &[Token]) -> Option<usize> {
    flat(text, tokens).map(|line| line.width()).filter(|width| *width <= WIDTH)
}

/// `{ a; b }`
pub(super) fn block(text: &str, block: &Block) -> Option<String> {
    let mut line = Flat { text, out: String::new() };
    line.block(block)?;
    Some(line.out)
}

struct Flat<'a> {
    text: &'a str,
    out: String,
}

impl Flat<'_> {
    fn push(&mut self, piece: &str) -> Option<()> {
        self.out.push_str(piece);
        (self.out.len() <= MOST_BYTES).then_some(())
    }

    fn tokens(&mut self, tokens: &[Token]) -> Option<()> {
        let mut left: Option<&Token> = None;
        for token in tokens {
            if left.is_some_and(|left| spaced(left, token)) {
                self.push(" ")?;
            }
            self.token(left, token)?;
            left = Some(token);
        }
        Some(())
    }

    fn token(&mut self, left: Option<&Token>, token: &Token) -> Option<()> {
        let written = self.text.get(token.span.range()).unwrap_or_default();
        match &token.kind {
            TokenKind::Group(group) => {
                let inner = if takes_trailing_comma(left, token, group) {
                    without_trailing_comma(group)
                } else {
                    &group.tokens
                };
                let (open, close) = brackets(group.delimiter);
                self.push(open)?;
                self.tokens(inner)?;
                self.push(close)
            }
            TokenKind::Block(block) => self.block(block),
            TokenKind::String(_) if written.contains('\n') => {
                self.push(written.get(..3).unwrap_or_default())
            }
            _ => self.push(written),
        }
    }

    fn block(&mut self, block: &Block) -> Option<()> {
        if block.statements.is_empty() {
            return self.push("{}");
        }
        self.push("{ ")?;
        for (index, statement) in block.statements.iter().enumerate() {
            if index > 0 {
                self.push("; ")?;
            }
            self.tokens(&statement.tokens)?;
        }
        self.push(" }")
    }
}

pub(super) fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Paren => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
    }
}
