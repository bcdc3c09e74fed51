//! `${…}` in strings: as expressions of a template, or as references in a script.
//!
//! Whether a string is the one or the other depends on where it stands, which is not known here.

use std::ops::Range;

use super::place::Place;
use super::read::read_fragment;
use super::words::{name_length, normal};
use super::{
    Cursor, Expr, ExprKind, StringLiteral, StringStyle, TemplatePart, Token, TokenKind, findings,
};
use crate::diagnostic::Diagnostic;
use crate::source::Spanned;

/// A `${name}` or `${a.b}` in a script; every other `${…}` is the shell's.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptReference {
    /// Its bytes in the literal's text, from `$` to `}`.
    pub range: Range<usize>,
    pub parts: Vec<Spanned<Box<str>>>,
}

/// A `${name(…)}` in a script: a call, which no shell can expand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptCall<'t> {
    /// Its bytes in the literal's text, from `$` to `}`.
    pub range: Range<usize>,
    pub function: &'t str,
    /// The call itself.
    pub written: &'t str,
}

/// The parts of a template; one text where the style does not interpolate.
///
/// # Errors
/// All that is wrong in its `${…}` (E0101, E0103), each at its own place.
pub fn template(literal: &StringLiteral) -> Result<Vec<TemplatePart>, Vec<Diagnostic>> {
    let (mut parts, mut findings) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(start) = next_dollar(literal, at).filter(|_| literal.style.interpolates()) {
        push_text(&mut parts, &literal.text[at..start]);
        let Some(end) = closing_brace(&literal.text, start + 2) else {
            findings.push(findings::unclosed_interpolation(literal.span_of(start..start + 2)));
            at = literal.text.len();
            break;
        };
        match value(literal, start + 2..end) {
            Ok(expr) => parts.push(TemplatePart::Value(expr)),
            Err(mut more) => findings.append(&mut more),
        }
        at = end + 1;
    }
    push_text(&mut parts, &literal.text[at..]);
    if findings.is_empty() { Ok(parts) } else { Err(findings) }
}

/// The references in a script, in their order; none where the style does not interpolate.
/// `$$` and a `$` behind a backslash are the shell's own.
pub fn script_references(literal: &StringLiteral) -> Vec<ScriptReference> {
    let mut references = Vec::new();
    if !literal.style.interpolates() {
        return references;
    }
    let mut at = 0;
    while let Some(start) = next_dollar(literal, at) {
        at = start + 2;
        if is_shells_own(&literal.text, start) {
            continue;
        }
        if let Some(reference) = reference(literal, start) {
            at = reference.range.end;
            references.push(reference);
        }
    }
    references
}

/// The calls in a script, in their order; none where the style does not interpolate.
pub fn script_calls(literal: &StringLiteral) -> Vec<ScriptCall<'_>> {
    let mut calls = Vec::new();
    let mut at = 0;
    while let Some(start) = next_dollar(literal, at).filter(|_| literal.style.interpolates()) {
        at = start + 2;
        if !is_shells_own(&literal.text, start) {
            calls.extend(call(literal, start));
        }
    }
    calls
}

/// So many letters of a call in a script are looked at.
const LONGEST_CALL: usize = 1000;

fn call(literal: &StringLiteral, start: usize) -> Option<ScriptCall<'_>> {
    let inside = literal.text.get(start + 2..)?;
    let (function, behind) = inside.split_at_checked(name_length(inside))?;
    if function.is_empty() || !behind.starts_with('(') {
        return None;
    }
    // On its line, as nobody writes it otherwise: a script may be long, and hold many.
    let line = literal.text.get(start + 2..)?.split('\n').next()?;
    let line = line.char_indices().nth(LONGEST_CALL).map_or(line, |(end, _)| &line[..end]);
    let end = start + 2 + closing_brace(line, 0)?;
    let written = literal.text.get(start + 2..end)?;
    Some(ScriptCall { range: start..end + 1, function, written })
}

/// Where the next `${` stands that was not written `\${`.
fn next_dollar(literal: &StringLiteral, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let start = at + literal.text.get(at..)?.find("${")?;
        if !literal.is_protected(start) {
            return Some(start);
        }
        at = start + 2;
    }
}

fn push_text(parts: &mut Vec<TemplatePart>, text: &str) {
    if !text.is_empty() || parts.is_empty() {
        parts.push(TemplatePart::Text(text.to_owned()));
    }
}

/// The `}` that closes what was opened before `from`; braces in strings do not count.
fn closing_brace(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = from;
    loop {
        match *bytes.get(at)? {
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            b'{' => depth += 1,
            quote @ (b'\'' | b'"') => {
                let close = bytes.get(at + 1..)?.iter().position(|byte| *byte == quote);
                at += close.map_or(0, |length| length + 1);
            }
            _ => {}
        }
        at += 1;
    }
}

fn value(literal: &StringLiteral, range: Range<usize>) -> Result<Expr, Vec<Diagnostic>> {
    if let Some(name) = plain_name(literal, &range) {
        return Ok(name);
    }
    let text = literal.text.get(range.clone()).unwrap_or_default();
    let tokens = read_fragment(text, Place::Within(literal, range.start))?;
    if let Some(string) = tokens.iter().find_map(double_quoted) {
        return Err(vec![findings::double_quotes_inside(string)]);
    }
    let end = literal.span_of(range.end..range.end + 1).at_start();
    let mut cursor = Cursor::new(&tokens, end);
    let expr = cursor.expression().map_err(|finding| vec![finding])?;
    match cursor.peek(0) {
        Some(rest) => Err(vec![findings::leftover(rest.span)]),
        None => Ok(expr),
    }
}

/// `${name}` and `${a.b}`, which are by far the most: they need no grammar.
fn plain_name(literal: &StringLiteral, range: &Range<usize>) -> Option<Expr> {
    let word = literal.text.get(range.clone())?;
    let found = reference(literal, range.start.checked_sub(2)?)?;
    let whole = found.range.end == range.end + 1 && !matches!(word, "true" | "false" | "in");
    let span = literal.span_of(range.clone());
    whole.then_some(Expr { kind: ExprKind::Name(found.parts.into()), span })
}

/// The first string among these tokens that is not written `'…'`.
fn double_quoted(token: &Token) -> Option<crate::source::Span> {
    match &token.kind {
        TokenKind::String(inner) if inner.style != StringStyle::Single => Some(token.span),
        TokenKind::Group(group) => group.tokens.iter().find_map(double_quoted),
        _ => None,
    }
}

fn is_shells_own(script: &str, dollar: usize) -> bool {
    let before = script.as_bytes().get(..dollar).unwrap_or_default();
    let odd = |byte: u8| before.iter().rev().take_while(|b| **b == byte).count() % 2 == 1;
    odd(b'\\') || odd(b'$')
}

fn reference(literal: &StringLiteral, start: usize) -> Option<ScriptReference> {
    let mut parts = Vec::new();
    let mut at = start + 2;
    loop {
        let rest = literal.text.get(at..)?;
        let length = name_length(rest);
        let name = rest.get(..length).filter(|name| !name.is_empty())?;
        parts.push(Spanned::new(normal(name), literal.span_of(at..at + length)));
        at += length;
        match literal.text.as_bytes().get(at)? {
            b'.' => at += 1,
            b'}' => return Some(ScriptReference { range: start..at + 1, parts }),
            _ => return None,
        }
    }
}
