//! Reads of clauses by shape, and the edits that diagnostics offer.
//!
//! Only what several passes need before clauses are lowered: outputs, `foreach`, the shell.

use crate::clause::{Argument, Clause};
use crate::source::{Span, Spanned};
use crate::syntax::{self, ExprKind};
use crate::value::Type;

/// All arguments of a clause, those of its head first.
fn arguments(clause: &Clause) -> impl Iterator<Item = &Argument> {
    clause.head.iter().chain(clause.options.iter().flat_map(|option| &option.arguments))
}

/// The clauses of one word.
pub(super) fn all<'a>(
    clauses: &'a [Clause],
    word: &'static str,
) -> impl Iterator<Item = &'a Clause> {
    clauses.iter().filter(move |clause| clause.spec.word == word)
}

/// The first clause of a word.
pub(super) fn one<'a>(clauses: &'a [Clause], word: &'static str) -> Option<&'a Clause> {
    all(clauses, word).next()
}

pub(super) fn first_name(clause: &Clause) -> Option<&Spanned<Box<str>>> {
    arguments(clause).find_map(|argument| match argument {
        Argument::Name(name) => Some(name),
        _ => None,
    })
}

pub(super) fn first_type(clause: &Clause) -> Option<&Spanned<Type>> {
    arguments(clause).find_map(|argument| match argument {
        Argument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The expression that a `foreach` goes over.
pub(super) fn foreach_items(clause: &Clause) -> Option<&syntax::Expr> {
    clause.option_expr("in").or_else(|| {
        clause.head.iter().find_map(|argument| match argument {
            Argument::Expr(expr) => Some(expr),
            _ => None,
        })
    })
}

/// The words of a `shell` clause that are plain text, in order; `None` for those that are not.
pub(super) fn shell_words(clause: &Clause) -> Vec<Option<&str>> {
    arguments(clause)
        .map(|argument| match argument {
            Argument::Text(text) => Some(&*text.value.text),
            Argument::Expr(syntax::Expr { kind: ExprKind::String(text), .. }) => {
                (!text.style.interpolates() || !text.text.contains("${")).then_some(&*text.text)
            }
            _ => None,
        })
        .collect()
}

/// The edit that adds an edge to what holds these clauses: place and text.
pub(super) fn add_edge(
    clauses: &[Clause],
    word: &'static str,
    name: &str,
) -> Option<(Span, String)> {
    if let Some(edge) = one(clauses, word).filter(|clause| !clause.damaged) {
        return Some((edge.span.at_end(), format!(", {name}")));
    }
    let first = clauses.iter().min_by_key(|clause| clause.span.start)?;
    Some((first.span.at_start(), format!("{word} {name}; ")))
}
