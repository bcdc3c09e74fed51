//! Reads of clauses by shape, and the edits that diagnostics offer.
//!
//! Only what several passes need before clauses are lowered: outputs, `foreach`, the shell.

use crate::clause::{Argument, Clause};
use crate::source::{SourceMap, Span, Spanned};
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

/// The edit that adds an edge to what holds these clauses: place and text. A new clause gets a
/// line of its own where the one that it is put before has one.
pub(super) fn add_edge(
    sources: &SourceMap,
    clauses: &[Clause],
    word: &'static str,
    name: &str,
) -> Option<(Span, String)> {
    if let Some(edge) = one(clauses, word).filter(|clause| !clause.damaged) {
        return Some((edge.span.at_end(), format!(", {name}")));
    }
    let first = clauses.iter().min_by_key(|clause| clause.span.start)?;
    let place = first.span.at_start();
    let before = text_before(sources, place);
    let indent = before.rsplit('\n').next().filter(|line| is_blank(line));
    let end = match indent {
        Some(indent) => format!("{}{indent}", line_break(before)),
        None => "; ".to_owned(),
    };
    Some((place, format!("{word} {name}{end}")))
}

/// The edit that takes a name out of an edge clause, and the clause where it holds no other: the
/// span to delete. `None` where a comment stands in it.
pub(super) fn remove_edge(sources: &SourceMap, clauses: &[Clause], name: Span) -> Option<Span> {
    let clause = clauses.iter().find(|clause| {
        clause.span.file == name.file
            && clause.span.start <= name.start
            && name.end <= clause.span.end
    })?;
    let names: Vec<Span> =
        clause.head.iter().filter_map(Argument::as_reference).map(|each| each.span).collect();
    let at = names.iter().position(|span| *span == name)?;
    let deleted = match (at.checked_sub(1).and_then(|at| names.get(at)), names.get(at + 1)) {
        (_, Some(next)) => name.at_start().to(next.at_start()),
        (Some(last), None) => last.at_end().to(name.at_end()),
        (None, None) => whole_statement(sources, clause.span),
    };
    (!sources.slice(deleted).contains('#')).then_some(deleted)
}

/// A clause with the `;` that parts it from its neighbour, or with its line where it is alone there.
fn whole_statement(sources: &SourceMap, clause: Span) -> Span {
    let before = text_before(sources, clause.at_start());
    let text = &*sources.file(clause.file).text;
    let behind = text.get(clause.end as usize..).unwrap_or_default();
    let spaces = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let far = spaces(behind);
    let rest = behind.get(far..).unwrap_or_default();
    let (from, to) = (clause.start as usize, clause.end as usize);
    let kept = before.trim_end_matches([' ', '\t']);
    if let Some(next) = rest.strip_prefix(';') {
        return Span::new(clause.file, from, to + far + 1 + spaces(next));
    }
    if let Some(kept) = kept.strip_suffix(';') {
        return Span::new(clause.file, kept.len(), to);
    }
    let line_end = ["\r\n", "\n"].into_iter().find(|end| rest.starts_with(end));
    match line_end {
        Some(end) if kept.is_empty() || kept.ends_with('\n') => {
            Span::new(clause.file, kept.len(), to + far + end.len())
        }
        _ => Span::new(clause.file, from, to + far),
    }
}

fn text_before(sources: &SourceMap, place: Span) -> &str {
    sources.file(place.file).text.get(..place.start as usize).unwrap_or_default()
}

fn is_blank(line: &str) -> bool {
    line.chars().all(|c| matches!(c, ' ' | '\t'))
}

/// How the lines before end: what a new one gets too.
fn line_break(before: &str) -> &'static str {
    match before.rfind('\n') {
        Some(at) if before[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}
