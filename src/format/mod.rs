//! Canonical text of a document: `goalc fmt`.
//!
//! Knows tokens and comments, not clauses; changes layout and nothing else: the formatted text has
//! the same tokens (but for a list's trailing comma), comments and string values, and formatting
//! it again changes nothing.

mod flat;
mod printer;
mod row;
mod spacing;

#[cfg(test)]
mod tests;

use crate::syntax::Document;
use printer::Printer;

/// The canonical text of a document in which nothing was found wrong; `text` is what it was read
/// from. Empty where there is neither statement nor comment.
pub fn format(document: &Document, text: &str) -> String {
    let mut printer = Printer::new(document, text);
    printer.body(&document.statements, 0, 0..text.len());
    printer.finish()
}
