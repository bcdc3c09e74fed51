//! Scenarios in a file: their places, what is offered in them, and a way to play each.

use gen_lsp_types::{CodeLens, Command, DocumentSymbol, SymbolKind};

use super::capability;
use super::tree;
use super::view::View;
use crate::clause::Place;
use crate::sema::{Name, NameKind};
use crate::source::Span;
use crate::syntax::{Mark, Statement, TokenKind};

/// A scenario's name, where that stands, and the whole.
struct Found {
    name: String,
    place: Span,
    whole: Span,
}

fn scenarios(view: View<'_>) -> Vec<Found> {
    let document = view.document();
    let mut found = Vec::new();
    tree::walk(&document, &mut |stood| {
        let opens = stood.clause.is_some_and(|(spec, _)| spec.word == "scenario");
        let name = stood.statement.tokens.iter().find_map(|token| match &token.kind {
            TokenKind::String(text) => Some((text.text.to_string(), token.span)),
            _ => None,
        });
        if let (true, Place::File, Some((name, place))) = (opens, stood.place, name) {
            found.push(Found { name, place, whole: stood.statement.span });
        }
    });
    found
}

/// Each scenario, for the outline of its file.
#[allow(deprecated)] // a field must be there
pub(super) fn symbols(view: View<'_>) -> Vec<DocumentSymbol> {
    let symbol = |found: Found| DocumentSymbol {
        name: if found.name.is_empty() { "scenario".to_owned() } else { found.name },
        detail: Some("scenario".to_owned()),
        kind: SymbolKind::Event,
        tags: None,
        deprecated: None,
        range: view.range(found.whole),
        selection_range: view.range(found.place),
        children: None,
    };
    scenarios(view).into_iter().map(symbol).collect()
}

/// Above each scenario, a way to play it.
pub(super) fn lenses(view: View<'_>) -> Vec<CodeLens> {
    let uri = view.uri(&view.source().path).0;
    let lens = |found: Found| {
        let command = Command {
            title: "Test".to_owned(),
            command: capability::TEST.to_owned(),
            arguments: Some(vec![uri.clone().into(), found.name.into()]),
            ..Command::default()
        };
        CodeLens { range: view.range(found.place), command: Some(command), data: None }
    };
    scenarios(view).into_iter().map(lens).collect()
}

/// The step that a line is about: what stands behind its first word.
fn subject<'v>(view: View<'v>, statement: &Statement) -> Option<&'v Name> {
    let mut tokens = statement.tokens.iter().skip(1).map(|token| &token.kind);
    let mut path = Vec::new();
    while let Some(TokenKind::Name(part)) = tokens.next() {
        path.push(&**part);
        if tokens.next() != Some(&TokenKind::Mark(Mark::Dot)) {
            break;
        }
    }
    let index = &view.checked.index;
    let mut at = index.root()?;
    for part in path {
        at = index.held(at).find(|(_, name)| name.text == part).map(|(at, _)| at)?;
    }
    index.names.get(at)
}

/// The outputs and fallbacks of the step that a line is about.
pub(super) fn parts<'v>(view: View<'v>, statement: &Statement) -> Vec<&'v Name> {
    let index = &view.checked.index;
    let Some(step) = subject(view, statement) else { return Vec::new() };
    let at = index.names.iter().position(|name| std::ptr::eq(name, step));
    let held = at.into_iter().flat_map(|at| index.held(at)).map(|(_, name)| name);
    held.filter(|name| matches!(name.kind, NameKind::Output | NameKind::Fallback)).collect()
}
