//! `# goalc: allow(W0703)` in the comment block above a statement: such advice about anything
//! inside it is not wanted.
//!
//! Errors cannot be allowed.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::{Document, Statement, TokenKind};

/// The place of a statement, and the codes that are not wanted in it.
#[derive(Debug)]
pub(super) struct Allowed {
    place: Span,
    codes: Vec<String>,
}

/// All that a file allows.
pub(super) fn read(document: &Document, text: &str) -> Vec<Allowed> {
    let mut found = Vec::new();
    if !text.contains("goalc: allow(") {
        return found;
    }
    let mut waiting: Vec<&Statement> = document.statements.iter().collect();
    while let Some(statement) = waiting.pop() {
        let lines = statement.doc.iter().filter_map(|line| text.get(line.range()));
        let codes: Vec<String> = lines.flat_map(codes).collect();
        if !codes.is_empty() {
            found.push(Allowed { place: statement.span, codes });
        }
        waiting.extend(statement.tokens.iter().flat_map(|token| match &token.kind {
            TokenKind::Block(block) => block.statements.as_slice(),
            _ => &[],
        }));
    }
    found
}

/// The codes of one comment line.
fn codes(line: &str) -> Vec<String> {
    let inside = line.trim().strip_prefix("goalc: allow(").and_then(|rest| rest.split(')').next());
    let codes = inside.into_iter().flat_map(|codes| codes.split(','));
    codes.map(|code| code.trim().to_owned()).collect()
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
