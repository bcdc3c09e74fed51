//! Names: a Unicode letter or `_`, then letters, digits, `_` and `-`, in NFC.
//!
//! The grammar takes every character beyond ASCII for a part of a word; here it is told apart.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::lower::Lower;
use super::{Token, TokenKind, characters, findings};
use crate::source::Span;
use crate::value::Literal;

/// Takes a word apart into names and what is none.
pub(super) fn push_words(into: &mut Lower<'_>, word: &str, start: usize, tokens: &mut Vec<Token>) {
    let mut at = 0;
    while let Some(rest) = word.get(at..).filter(|rest| !rest.is_empty()) {
        let length = name_length(rest);
        let kind = if length > 0 { name(&rest[..length]) } else { TokenKind::Bad };
        let length = if length > 0 { length } else { bad_length(rest) };
        let place = into.span(start + at, start + at + length);
        if matches!(kind, TokenKind::Bad) {
            report(into, &rest[..length], place);
        }
        tokens.push(Token { kind, span: place });
        at += length;
    }
}

/// A name as it is compared: in NFC.
pub(super) fn normal(name: &str) -> Box<str> {
    if name.is_ascii() || is_nfc_quick(name.chars()) == IsNormalized::Yes {
        return name.into();
    }
    name.nfc().collect::<String>().into_boxed_str()
}

fn name(text: &str) -> TokenKind {
    match text {
        "true" => TokenKind::Literal(Literal::Bool(true)),
        "false" => TokenKind::Literal(Literal::Bool(false)),
        _ => TokenKind::Name(normal(text)),
    }
}

/// Whether a text is a name, and nothing else.
pub fn is_name(text: &str) -> bool {
    let value = matches!(text, "true" | "false" | "in");
    !text.is_empty() && !value && name_length(text) == text.len() && *normal(text) == *text
}

/// How many bytes from the start are a name; 0 where none starts.
pub(super) fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return text.len();
    }
    if !text.starts_with(is_start) {
        return 0;
    }
    let end = text.find(|char| !is_continue(char)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_end_matches('-').len()
}

/// How many bytes from the start are in no name.
fn bad_length(text: &str) -> usize {
    let invisible = text.starts_with(characters::is_invisible);
    let starts_other = |char| is_start(char) || characters::is_invisible(char) != invisible;
    let first = text.chars().next().map_or(0, char::len_utf8);
    let rest = text.get(first..).unwrap_or_default();
    first + rest.find(starts_other).unwrap_or(rest.len())
}

fn is_start(char: char) -> bool {
    char == '_' || unicode_ident::is_xid_start(char)
}

/// Joiners are letters by the standard, but a name that holds one looks like one that does not.
fn is_continue(char: char) -> bool {
    let joins = matches!(char, '\u{200C}' | '\u{200D}');
    char == '-' || (unicode_ident::is_xid_continue(char) && !joins)
}

/// Invisible characters were reported when the bare text was looked at, but for joiners, which are
/// fine in strings and comments.
fn report(into: &mut Lower<'_>, text: &str, place: Span) {
    let joiner = text.chars().find(|char| matches!(char, '\u{200C}' | '\u{200D}'));
    if let Some(joiner) = joiner {
        into.unreadable(|| findings::deceptive(place, joiner));
    } else if text.chars().any(characters::is_invisible) {
        into.damage();
    } else {
        into.unreadable(|| findings::unexpected(place, text));
    }
}
