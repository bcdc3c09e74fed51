//! Semantic tokens: what each word of a text is, for colours.
//!
//! Invariant: tokens come in the order of the text, on one line each, and do not overlap.

use gen_lsp_types::{Range, SemanticToken, SemanticTokens};

use super::tree::{self, Stood};
use super::view::View;
use crate::clause::Role;
use crate::sema::NameKind;
use crate::source::Span;
use crate::syntax::{Token, TokenKind};
use crate::value::{Function, Literal};

/// The types of tokens; a token names its own by position.
pub(super) const TYPES: &[&str] = &[
    "comment",
    "keyword",
    "string",
    "number",
    "operator",
    "function",
    "type",
    "namespace",
    "method",
    "parameter",
    "variable",
    "property",
    "enumMember",
];

/// The position of a type.
fn of(word: &str) -> u32 {
    let at = TYPES.iter().position(|each| *each == word).unwrap_or_default();
    u32::try_from(at).unwrap_or_default()
}

/// The tokens of a file, or of the lines of a range.
pub(super) fn tokens(view: View<'_>, within: Option<Range>) -> SemanticTokens {
    let within = within.map(|range| view.span(range));
    let wanted = |span: Span| {
        within.is_none_or(|within| span.start <= within.end && within.start <= span.end)
    };
    let document = view.document();
    let mut found: Vec<(Span, u32, bool)> = Vec::new();
    let comments = document.comments.iter().map(|comment| comment.span);
    found.extend(comments.filter(|span| wanted(*span)).map(|span| (span, of("comment"), false)));
    let index = &view.checked.index;
    let declared =
        index.names.iter().filter(|name| name.place.file == view.file && wanted(name.place));
    found.extend(declared.map(|name| (name.place, of(name_type(name.kind)), true)));
    let mentions = index.mentions.iter();
    for mention in mentions.filter(|each| each.span.file == view.file && wanted(each.span)) {
        let name = index.names.get(mention.name);
        found.extend(name.map(|name| (mention.span, of(name_type(name.kind)), false)));
    }
    tree::walk(&document, &mut |stood| {
        if !wanted(stood.statement.span) {
            return;
        }
        let words = stood.clause.map_or(0, |(_, words)| words);
        let tokens = stood.statement.tokens.iter().enumerate();
        for (at, token) in tokens.filter(|(_, token)| wanted(token.span)) {
            if at < words && matches!(token.kind, TokenKind::Name(_)) {
                let probe = stood.clause.is_some_and(|(spec, _)| spec.role == Role::Probe);
                found.push((token.span, of(if probe { "function" } else { "keyword" }), false));
            } else {
                token_types(stood, token, view, &mut found);
            }
        }
    });
    // A name is what it was found to be, whatever it looks like.
    let mut names: Vec<(Span, u32, bool)> = without_overlaps(found);
    names.dedup_by_key(|(span, _, _)| *span);
    SemanticTokens { result_id: None, data: relative(view, &names) }
}

fn name_type(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Goal => "namespace",
        NameKind::Step | NameKind::Fallback => "method",
        NameKind::Param => "parameter",
        NameKind::Let | NameKind::Item => "variable",
        NameKind::Output | NameKind::Lock | NameKind::Resource => "property",
    }
}

fn token_types(
    stood: Stood<'_>,
    token: &Token,
    view: View<'_>,
    found: &mut Vec<(Span, u32, bool)>,
) {
    let text = view.checked.sources.slice(token.span);
    let kind = match &token.kind {
        TokenKind::Name(word) => word_type(stood, word, view, token.span),
        TokenKind::Literal(Literal::Bool(_)) => "enumMember",
        TokenKind::Literal(_) => "number",
        TokenKind::String(_) => "string",
        TokenKind::Mark(_) if !matches!(text, "," | ":" | ".") => "operator",
        TokenKind::Group(group) => {
            for inner in &group.tokens {
                token_types(stood, inner, view, found);
            }
            return;
        }
        TokenKind::Mark(_) | TokenKind::Block(_) | TokenKind::Bad => return,
    };
    found.push((token.span, of(kind), false));
}

fn word_type(stood: Stood<'_>, word: &str, view: View<'_>, span: Span) -> &'static str {
    let before = view.text().get(..span.range().start).unwrap_or_default().trim_end();
    let after = view.text().get(span.range().end..).unwrap_or_default();
    let option =
        stood.clause.is_some_and(|(spec, _)| spec.options.iter().any(|option| option.word == word));
    if after.starts_with('(') && Function::named(word).is_some() {
        "function"
    } else if option && !before.ends_with('.') {
        "keyword"
    } else if before.ends_with([':', '[', '|']) {
        "type"
    } else if before.ends_with('.') {
        "property"
    } else {
        "enumMember"
    }
}

/// In the order of the text; a string around names is cut, and what was found of a name first stays.
fn without_overlaps(found: Vec<(Span, u32, bool)>) -> Vec<(Span, u32, bool)> {
    let string = of("string");
    let (mut strings, mut others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, kind, _)| *kind == string);
    others.sort_by_key(|(span, _, _)| *span);
    others.dedup_by(|later, earlier| later.0.start < earlier.0.end);
    let mut cut = Vec::new();
    strings.sort_by_key(|(span, _, _)| *span);
    for (span, kind, _) in strings {
        let from = others.partition_point(|(other, _, _)| other.end <= span.start);
        let mut start = span.start;
        for (inner, _, _) in others.get(from..).unwrap_or_default() {
            if inner.start >= span.end {
                break;
            }
            if inner.start > start {
                cut.push((Span { start, end: inner.start, ..span }, kind, false));
            }
            start = start.max(inner.end);
        }
        if start < span.end {
            cut.push((Span { start, ..span }, kind, false));
        }
    }
    others.extend(cut);
    others.sort_by_key(|(span, _, _)| *span);
    others
}

/// Each token by its distance from the last, those over several lines cut at the lines' ends.
fn relative(view: View<'_>, tokens: &[(Span, u32, bool)]) -> Vec<SemanticToken> {
    let source = view.source();
    let mut data = Vec::with_capacity(tokens.len());
    let (mut line, mut start) = (0, 0);
    for (span, kind, declared) in tokens {
        let rows =
            source.lines().line_of(span.range().start)..=source.lines().line_of(span.range().end);
        for row in rows {
            let whole = source.lines().range_of(&source.text, row);
            let part = whole.start.max(span.range().start)..whole.end.min(span.range().end);
            if part.start >= part.end {
                continue;
            }
            let range = view.range(Span::new(span.file, part.start, part.end));
            let same = range.start.line == line;
            data.push(SemanticToken {
                delta_line: range.start.line - line,
                delta_start: range.start.character - if same { start } else { 0 },
                length: range.end.character - range.start.character,
                token_type: *kind,
                token_modifiers_bitset: u32::from(*declared),
            });
            (line, start) = (range.start.line, range.start.character);
        }
    }
    data
}
