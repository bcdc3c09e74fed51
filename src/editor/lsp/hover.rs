//! What stands under the cursor: a name with what it is, or a word with its documentation.

use gen_lsp_types::{Hover, MarkupContent, MarkupKind};

use super::time;
use super::tree::{self, Stood};
use super::view::View;
use crate::clause::{ClauseSpec, argument_lines, as_sentence, stands, usage};
use crate::sema::{Index, Name, NameKind};
use crate::source::Span;
use crate::syntax::{Token, TokenKind};
use crate::value::Function;

/// Of the name or the word at an offset.
pub(super) fn hover(view: View<'_>, offset: usize) -> Option<Hover> {
    let index = &view.checked.index;
    if let Some((at, span)) = index.at(view.file, offset) {
        let found = index.names.get(at)?;
        let mut page = name(index, found);
        if let Some(times) = time::page(view, found) {
            page += &format!("\n\n{times}");
        }
        return Some(shown(view, page, span));
    }
    let document = view.document();
    let spot = tree::spot(&document, view.text(), offset);
    let stood = spot.stood?;
    let token = token_at(&stood.statement.tokens, offset)?;
    let text = view.checked.sources.slice(token.span);
    let page = word(stood, token, text).or_else(|| function(text))?;
    Some(shown(view, page, token.span))
}

fn shown(view: View<'_>, value: String, span: Span) -> Hover {
    let contents = MarkupContent { kind: MarkupKind::Markdown, value };
    Hover { contents: contents.into(), range: Some(view.range(span)) }
}

/// The token at an offset, also in groups.
pub(super) fn token_at(tokens: &[Token], offset: usize) -> Option<&Token> {
    let holds =
        |token: &&Token| token.span.range().start <= offset && offset <= token.span.range().end;
    let named = |token: &&Token| matches!(token.kind, TokenKind::Name(_));
    let touching = tokens.iter().filter(holds);
    let token = touching.clone().find(named).or_else(|| touching.clone().next())?;
    match &token.kind {
        TokenKind::Group(group) => token_at(&group.tokens, offset),
        _ => Some(token),
    }
}

/// A clause's documentation: at its word, and at the words of its options.
fn word(stood: Stood<'_>, token: &Token, text: &str) -> Option<String> {
    let (spec, words) = stood.clause?;
    let own = stood.statement.tokens.iter().take(words).any(|each| each.span == token.span);
    let option = spec.options.iter().any(|option| option.word == text);
    (matches!(token.kind, TokenKind::Name(_)) && (own || option)).then(|| clause(spec))
}

/// All about a clause.
pub(super) fn clause(spec: &ClauseSpec) -> String {
    let mut page = format!("```goal\n{}\n```\n\n{}.\n\n", usage(spec), as_sentence(spec.summary));
    page += &format!("{}\n\n{}\n", stands(spec), spec.documentation);
    for line in argument_lines(spec) {
        page += &format!("\n- {line}");
    }
    page += &format!("\n\n```goal\n{}\n```", spec.example.trim_end());
    page
}

fn function(word: &str) -> Option<String> {
    let function = Function::named(word)?;
    Some(format!("```goal\n{}\n```\n\n{}.", function.usage(), function.summary()))
}

/// All about a name.
pub(super) fn name(index: &Index, name: &Name) -> String {
    let mut page = format!("```goal\n{}\n```", declared(name));
    for text in name.title.iter().chain(&name.doc) {
        page += &format!("\n\n{}", text.trim());
    }
    if name.kind == NameKind::Step || name.kind == NameKind::Goal {
        let waits = name.edges.iter().filter_map(|(to, _)| index.names.get(*to));
        let waits: Vec<_> = waits.map(|to| format!("`{}`", to.path)).collect();
        if !waits.is_empty() {
            page += &format!("\n\nWaits for {}", waits.join(", "));
        }
    }
    if let Some(attempts) = name.attempts {
        page += &format!("\n\nUp to {attempts} attempts");
    }
    page
}

fn declared(name: &Name) -> String {
    let shown = match name.kind {
        NameKind::Step | NameKind::Goal | NameKind::Output => &name.path,
        _ => &name.text,
    };
    let ty = name.ty.as_ref().map(|ty| format!(": {ty}")).unwrap_or_default();
    format!("{} {shown}{ty}", name.kind.word())
}
