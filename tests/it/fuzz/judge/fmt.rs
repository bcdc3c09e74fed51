//! Formatting is at rest after one time, and changes neither what a plan means nor what is found.

use goalc::diagnostic::Diagnostics;
use goalc::format::format;
use goalc::sema;
use goalc::source::FileId;
use goalc::syntax;

use super::plan::{analyzed, with};
use super::text;

pub fn fmt(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Some(once) = formatted(text) else { return };
    let again = formatted(&once).unwrap_or_else(|| panic!("broken by formatting:\n{once}"));
    assert_eq!(again, once, "not at rest");
    assert_eq!(analyzed(&once), analyzed(text), "another plan:\n{once}");
    assert_eq!(found(&once), found(text), "other findings:\n{once}");
}

fn formatted(text: &str) -> Option<String> {
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(FileId(0), text, &mut diagnostics);
    (!diagnostics.has_errors()).then(|| format(&document, text))
}

/// The codes of all that is wrong, in no order.
fn found(text: &str) -> Vec<String> {
    let ((), _, found) = with(text, sema::check);
    let mut codes: Vec<_> = found.iter().map(|each| each.code.to_string()).collect();
    codes.sort();
    codes
}
