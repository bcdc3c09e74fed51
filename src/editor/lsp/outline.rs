//! A file's shape: its names as a tree, what can be folded, what is shown between the lines.

use gen_lsp_types::{
    CodeLens, Command, DocumentSymbol, FoldingRange, FoldingRangeKind, InlayHint, Position, Range,
};

use super::capability;
use super::name::kind;
use super::view::View;
use super::{scenario, time, tree};
use crate::sema::{Name, NameKind};

/// The names that a file declares, as a tree.
pub(super) fn symbols(view: View<'_>) -> Vec<DocumentSymbol> {
    let names = &view.checked.index.names;
    let mut held: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
    let mut top = Vec::new();
    for (at, name) in names.iter().enumerate().filter(|(_, name)| name.whole.file == view.file) {
        let outer = name
            .inside
            .filter(|outer| names.get(*outer).is_some_and(|o| o.place.file == view.file));
        match outer.and_then(|outer| held.get_mut(outer)) {
            Some(held) => held.push(at),
            None => top.push(at),
        }
    }
    let names = top.iter().filter_map(|at| symbol(view, &held, *at));
    names.chain(scenario::symbols(view)).collect()
}

fn symbol(view: View<'_>, held: &[Vec<usize>], at: usize) -> Option<DocumentSymbol> {
    let name: &Name = view.checked.index.names.get(at)?;
    let mut own = held.get(at)?.clone();
    own.sort_by_key(|at| view.checked.index.names.get(*at).map(|name| name.place));
    let children: Vec<_> = own.into_iter().filter_map(|at| symbol(view, held, at)).collect();
    Some(DocumentSymbol {
        name: name.text.clone(),
        detail: name.title.as_ref().map(ToString::to_string).or_else(|| name.ty.clone()),
        kind: kind(name.kind)?,
        range: view.range(name.whole.to(name.place)),
        selection_range: view.range(name.place),
        children: (!children.is_empty()).then_some(children),
        ..blank_symbol(view, name)
    })
}

#[allow(deprecated)] // the field must be there
fn blank_symbol(view: View<'_>, name: &Name) -> DocumentSymbol {
    DocumentSymbol {
        name: String::new(),
        detail: None,
        kind: gen_lsp_types::SymbolKind::Module,
        tags: None,
        deprecated: None,
        range: view.range(name.whole),
        selection_range: view.range(name.place),
        children: None,
    }
}

/// Blocks, strings over several lines, and comments in a row.
pub(super) fn folds(view: View<'_>) -> Vec<FoldingRange> {
    let document = view.document();
    let lines = view.source().lines();
    let line = |offset: usize| u32::try_from(lines.line_of(offset)).unwrap_or(u32::MAX);
    let fold = |start: u32, end: u32, kind: Option<FoldingRangeKind>| FoldingRange {
        start_line: start,
        end_line: end,
        kind,
        ..FoldingRange::default()
    };
    let mut folds = Vec::new();
    tree::walk(&document, &mut |stood| {
        for token in &stood.statement.tokens {
            let (first, last) = (line(token.span.range().start), line(token.span.range().end));
            // The line of what closes it stays.
            if last > first + 1 {
                folds.push(fold(first, last - 1, None));
            }
        }
    });
    let mut row: Option<(u32, u32)> = None;
    let comments = document.comments.iter().map(|comment| line(comment.span.range().start));
    for at in comments.map(Some).chain([None]) {
        row = match (row, at) {
            (Some((first, last)), Some(at)) if at == last + 1 => Some((first, at)),
            (was, at) => {
                let long = was.filter(|(first, last)| last > first);
                let kind = Some(FoldingRangeKind::Comment);
                folds.extend(long.map(|(first, last)| fold(first, last, kind)));
                at.map(|at| (at, at))
            }
        };
    }
    folds.sort_by_key(|fold| (fold.start_line, fold.end_line));
    folds
}

/// Behind a step's name, how often it is tried at most, and how much later it may end.
pub(super) fn hints(view: View<'_>, within: Range) -> Vec<InlayHint> {
    let asked = view.span(within);
    let names = view.checked.index.names.iter().filter(|name| {
        name.place.file == view.file
            && name.place.start <= asked.end
            && asked.start <= name.place.end
    });
    let times = view.times();
    let hinted = names.filter_map(|name| {
        let attempts = name.attempts.map(|most| format!("up to {most} attempts"));
        let slack = times.as_ref().and_then(|times| time::hint(times, name));
        let told: Vec<_> = attempts.into_iter().chain(slack).collect();
        (!told.is_empty()).then(|| (name, told.join(", ")))
    });
    hinted
        .map(|(name, told)| InlayHint {
            position: view.range(name.place).end,
            label: told.into(),
            kind: None,
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        })
        .collect()
}

/// Above the file's goal, its dry-run; above each scenario, a way to play it.
pub(super) fn lenses(view: View<'_>) -> Vec<CodeLens> {
    let names = view.checked.index.names.iter();
    let mut roots =
        names.filter(|name| name.kind == NameKind::Goal && name.place.file == view.file);
    let root = roots.find(|name| name.inside.is_none());
    let range = root.map_or_else(
        || Range { start: Position::default(), end: Position::default() },
        |name| view.range(name.place),
    );
    let command = Command {
        title: "Dry-run".to_owned(),
        command: capability::DRY_RUN.to_owned(),
        arguments: Some(vec![view.uri(&view.source().path).0.into()]),
        ..Command::default()
    };
    let dry_run = root.map(|_| CodeLens { range, command: Some(command), data: None });
    dry_run.into_iter().chain(scenario::lenses(view)).collect()
}
