//! Which neighbours stand without a space between.
//!
//! Invariant: what stands together reads back as the same two tokens.

use crate::syntax::{Delimiter, Group, Mark, Token, TokenKind};

/// Whether a space stands between two tokens that are neighbours on a line.
pub(super) fn spaced(left: &Token, right: &Token) -> bool {
    !(hugs_left(left, right) || hugs_right(left, right))
}

/// `right` stands close to what is left of it.
fn hugs_left(left: &Token, right: &Token) -> bool {
    match &right.kind {
        TokenKind::Mark(Mark::Comma | Mark::Question) => true,
        TokenKind::Mark(Mark::Colon | Mark::Range) => !is_mark(left),
        TokenKind::Mark(Mark::Dot | Mark::Percent) => is_word(left),
        TokenKind::Group(group) => is_word(left) && opens_call(left, right, group),
        _ => false,
    }
}

/// `left` stands close to what is right of it.
fn hugs_right(left: &Token, right: &Token) -> bool {
    match left.kind {
        TokenKind::Mark(Mark::Range | Mark::Spread) => !is_mark(right),
        TokenKind::Mark(Mark::Not) => !is_mark(right) || right.kind == TokenKind::Mark(Mark::Not),
        TokenKind::Mark(Mark::Dot) => is_word(right),
        _ => false,
    }
}

/// `f(x)` is a call and `f (x)` is none, so what was written stays.
fn opens_call(left: &Token, right: &Token, group: &Group) -> bool {
    group.delimiter == Delimiter::Paren && left.span.end == right.span.start
}

/// A list or the arguments of a call: a comma behind the last item means nothing.
pub(super) fn takes_trailing_comma(left: Option<&Token>, right: &Token, group: &Group) -> bool {
    group.delimiter == Delimiter::Bracket
        || left.is_some_and(|left| is_word(left) && opens_call(left, right, group))
}

/// The tokens of a group without the comma behind its last item.
pub(super) fn without_trailing_comma(group: &Group) -> &[Token] {
    match group.tokens.as_slice() {
        [rest @ .., last] if is_comma(last) && rest.last().is_some_and(|t| !is_comma(t)) => rest,
        tokens => tokens,
    }
}

pub(super) fn is_comma(token: &Token) -> bool {
    token.kind == TokenKind::Mark(Mark::Comma)
}

pub(super) fn is_logical(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Mark(Mark::And | Mark::Or))
}

fn is_mark(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Mark(_))
}

fn is_word(token: &Token) -> bool {
    use crate::value::Literal;
    matches!(token.kind, TokenKind::Name(_) | TokenKind::Literal(Literal::Bool(_)))
}
