//! Literals that start with a digit or a sign.

use super::lower::Lower;
use super::{TokenKind, findings};
use crate::value::{Literal, LiteralError, is_too_fine, parse_number};

/// The literal, or `Bad` where there is none; that is reported.
pub(super) fn lower(into: &mut Lower<'_>, text: &str, start: usize) -> TokenKind {
    let place = into.span(start, start + text.len());
    match parse_number(text) {
        Ok(Literal::Duration(_)) if is_too_fine(text) => {
            into.report(findings::too_fine(place, text));
        }
        Ok(literal) => return TokenKind::Literal(literal),
        Err(_) if is_below_zero(text) => into.report(findings::negative(place, text)),
        Err(_) if text.get(1..).is_some_and(|rest| rest.contains('-')) => {
            into.report(findings::bad_literal(place, text, LiteralError::Malformed));
        }
        Err(error) => into.report(findings::bad_literal(place, text, error)),
    }
    TokenKind::Bad
}

/// A sign before what takes none: a duration, size or percentage.
fn is_below_zero(text: &str) -> bool {
    let positive = text.strip_prefix('-').map(parse_number);
    matches!(positive, Some(Ok(Literal::Duration(_) | Literal::Size(_) | Literal::Percent(_))))
}
