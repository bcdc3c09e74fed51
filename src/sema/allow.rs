//! `# goalc: allow(W0703)` in the comment block above a statement: such advice about anything
//! inside it is not wanted.
//!
//! Errors cannot be allowed, and a code that there is not is reported: it would allow nothing.

use crate::diagnostic::{CATALOGUE, Code, Diagnostic, Diagnostics, nearest};
use crate::source::Span;
use crate::syntax::{Document, Statement, TokenKind};

/// The place of a statement, and the codes that are not wanted in it.
#[derive(Debug)]
pub(super) struct Allowed {
    place: Span,
    codes: Vec<String>,
}

/// All that a file allows. Reports what cannot be allowed.
pub(super) fn read(document: &Document, text: &str, diagnostics: &mut Diagnostics) -> Vec<Allowed> {
    let mut reading = Reading::new(text, diagnostics);
    document.statements.iter().for_each(|statement| reading.statement(statement));
    reading.found
}

/// Reads what is allowed from statement to statement.
pub(super) struct Reading<'a> {
    text: &'a str,
    /// Something may be allowed.
    any: bool,
    diagnostics: &'a mut Diagnostics,
    pub(super) found: Vec<Allowed>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(text: &'a str, diagnostics: &'a mut Diagnostics) -> Self {
        Self { text, any: text.contains("goalc: allow("), diagnostics, found: Vec::new() }
    }

    /// Of one statement and those in its blocks.
    pub(super) fn statement(&mut self, statement: &Statement) {
        if !self.any {
            return;
        }
        let mut waiting = vec![statement];
        while let Some(statement) = waiting.pop() {
            let codes = statement.doc.iter().flat_map(|line| codes(*line, self.text));
            let codes: Vec<_> = codes.collect();
            self.diagnostics
                .extend(codes.iter().filter_map(|(code, place)| cannot_be(code, *place)));
            if !codes.is_empty() {
                let codes = codes.into_iter().map(|(code, _)| code.to_owned()).collect();
                self.found.push(Allowed { place: statement.span, codes });
            }
            waiting.extend(statement.tokens.iter().flat_map(|token| match &token.kind {
                TokenKind::Block(block) => block.statements.as_slice(),
                _ => &[],
            }));
        }
    }
}

/// The codes of one comment line, with their places.
fn codes(line: Span, text: &str) -> Vec<(&str, Span)> {
    let written = text.get(line.range()).unwrap_or_default();
    let inside = written.trim().strip_prefix("goalc: allow(");
    let Some(inside) = inside.and_then(|rest| rest.split(')').next()) else { return Vec::new() };
    let mut at = line.start as usize + written.find('(').map_or(0, |open| open + 1);
    let mut found = Vec::new();
    for part in inside.split(',') {
        let code = part.trim();
        let start = at + (part.len() - part.trim_start().len());
        found.push((code, Span::new(line.file, start, start + code.len())));
        at += part.len() + 1;
    }
    found
}

/// W0717: what is no code of advice.
fn cannot_be(code: &str, place: Span) -> Option<Diagnostic> {
    match CATALOGUE.iter().find(|entry| entry.code == code) {
        Some(entry) if entry.code.starts_with('W') => None,
        Some(_) => {
            let message = format!("`{code}` is an error: it cannot be allowed");
            let found = Diagnostic::new(Code::W0717, message, place, "not advice");
            Some(found.help("take it out of `allow`, and mend what it reports"))
        }
        None => {
            let message = format!("there is no advice `{code}` to allow");
            let found = Diagnostic::new(Code::W0717, message, place, "not a code");
            let known = CATALOGUE.iter().map(|entry| entry.code).filter(|c| c.starts_with('W'));
            Some(match nearest(code, known) {
                Some(near) => found.meant(place, near),
                None => found.help("`goalc explain` lists the codes; advice starts with `W`"),
            })
        }
    }
}

/// Takes out the advice that is allowed where it stands.
pub(super) fn apply(allowed: &[Allowed], diagnostics: &mut Diagnostics) {
    if allowed.is_empty() {
        return;
    }
    let is_allowed = |found: &Diagnostic| {
        let at = found.span();
        allowed.iter().any(|each| {
            each.place.file == at.file
                && each.place.start <= at.start
                && at.end <= each.place.end
                && each.codes.iter().any(|code| code == found.code.as_str())
        })
    };
    diagnostics.retain(|found| found.is_error() || !is_allowed(found));
}
