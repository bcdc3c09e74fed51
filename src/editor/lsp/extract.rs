//! Steps that stand next to each other, put into a goal of their own.
//!
//! Invariant: afterwards each name means what it meant before; where that cannot be, it is not
//! offered.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{CodeAction, CodeActionKind, WorkspaceEdit};

use super::edit;
use super::name::written;
use super::view::View;
use crate::sema::{Kept, Name, NameKind};
use crate::source::Span;
use crate::syntax::{Document, Statement, TokenKind};

/// What the new goal is called; a person gives it a better name.
const NAME: &str = "part";

/// The action for what is selected: whole steps and goals of one goal.
pub(super) fn extract(view: View<'_>, selected: Span) -> Option<CodeAction> {
    let document = view.document();
    let rows = rows(&document, selected)?;
    let declared: Vec<&Name> = rows.iter().map(|row| declared(view, row)).collect::<Option<_>>()?;
    let lines = lines(view, rows)?;
    let name = free_name(view, declared.first()?.inside)?;
    let mut texts = HashMap::from([(view.source().path.clone(), Arc::clone(&view.source().text))]);
    let mut outside: BTreeSet<(PathBuf, usize)> = BTreeSet::new();
    for each in &declared {
        for (path, (start, _), variable) in written(view, each.place.range().start)? {
            let inside = path == view.source().path && lines.contains(&start);
            if variable {
                return None;
            }
            if !inside {
                outside.insert((path, start));
            }
        }
    }
    view.session.each_plan(|_, checked| {
        for (path, _) in &outside {
            if let Some(file) = checked.file(path) {
                texts.insert(path.clone(), Arc::clone(&checked.sources.file(file).text));
            }
        }
    });
    let after: HashMap<PathBuf, Arc<str>> = texts
        .iter()
        .map(|(path, text)| {
            let own = (*path == view.source().path).then(|| lines.clone());
            let own = own.map(|lines| (lines, name.as_str()));
            let qualified = outside.iter().filter(|(each, _)| each == path).map(|(_, at)| *at);
            Some((path.clone(), changed(text, own, qualified, &name)?.into()))
        })
        .collect::<Option<_>>()?;
    is_as_right(view, &after).then(|| {
        let changes = after.iter().filter_map(|(path, after)| {
            let edits = edit::between_texts(texts.get(path)?, after, view.encoding());
            Some((view.uri(path), edits))
        });
        let what = match declared.as_slice() {
            [one] => format!("`{}`", one.text),
            several => format!("{} {}", several.len(), plural(several)),
        };
        CodeAction {
            title: format!("Extract {what} into a goal"),
            kind: Some(CodeActionKind::RefactorExtract),
            edit: Some(WorkspaceEdit {
                changes: Some(changes.collect()),
                ..WorkspaceEdit::default()
            }),
            ..CodeAction::default()
        }
    })
}

fn plural(names: &[&Name]) -> &'static str {
    if names.iter().all(|name| name.kind == NameKind::Step) { "steps" } else { "steps and goals" }
}

/// The statements that a selection touches, if they stand in one block and it reaches no further.
fn rows(document: &Document, selected: Span) -> Option<&[Statement]> {
    let mut statements = document.statements.as_slice();
    loop {
        let first = statements.partition_point(|each| each.span.end <= selected.start);
        let end = statements.partition_point(|each| each.span.start < selected.end);
        let touched = statements.get(first..end).filter(|touched| !touched.is_empty())?;
        let inner = touched.iter().find_map(|each| {
            each.tokens.iter().find_map(|token| match &token.kind {
                TokenKind::Block(block)
                    if token.span.start < selected.start && selected.end < token.span.end =>
                {
                    Some(&block.statements)
                }
                _ => None,
            })
        });
        match inner {
            Some(inner) => statements = inner,
            None => return Some(touched),
        }
    }
}

/// The step or goal that a statement declares.
fn declared<'a>(view: View<'a>, row: &Statement) -> Option<&'a Name> {
    let names = &view.checked.index.names;
    let name = names.iter().find(|name| {
        name.whole.file == view.file
            && name.whole.start == row.span.start
            && matches!(name.kind, NameKind::Step | NameKind::Goal)
    })?;
    name.inside.is_some().then_some(name)
}

/// The whole lines of statements, with the comments above; none where they share them with others.
fn lines(view: View<'_>, rows: &[Statement]) -> Option<std::ops::Range<usize>> {
    let (first, last) = (rows.first()?, rows.last()?);
    let top = first.doc.first().copied().unwrap_or(first.span).range().start;
    let text = view.text();
    let start = text.get(..top)?.rfind('\n').map_or(0, |at| at + 1);
    let above = text.get(start..top)?.trim_start_matches(['#', ' ', '\t']);
    let bottom = last.span.range().end;
    let end = bottom + text.get(bottom..)?.find('\n')?;
    let below = text.get(bottom..end)?.trim();
    (above.is_empty() && (below.is_empty() || below.starts_with('#'))).then_some(start..end)
}

/// A name that no one in that goal has.
fn free_name(view: View<'_>, inside: Option<usize>) -> Option<String> {
    let names = &view.checked.index.names;
    let taken = |name: &str| names.iter().any(|each| each.inside == inside && each.text == name);
    let mut candidates =
        std::iter::once(NAME.to_owned()).chain((2..100).map(|n| format!("{NAME}-{n}")));
    candidates.find(|name| !taken(name))
}

/// A text with the steps in their goal, and with what stands elsewhere leading into it.
fn changed(
    text: &str,
    own: Option<(std::ops::Range<usize>, &str)>,
    qualified: impl DoubleEndedIterator<Item = usize>,
    name: &str,
) -> Option<String> {
    let mut after = text.to_owned();
    let mut wrapped = own;
    let mut wrap = |after: &mut String, from: usize| {
        if let Some((lines, name)) = wrapped.take_if(|(lines, _)| from <= lines.start) {
            let goal = in_goal(after.get(lines.clone())?, name);
            after.replace_range(lines, &goal);
        }
        Some(())
    };
    for at in qualified.rev() {
        wrap(&mut after, at)?;
        after.get(at..)?;
        after.insert_str(at, &format!("{name}."));
    }
    wrap(&mut after, 0)?;
    Some(after)
}

fn in_goal(lines: &str, name: &str) -> String {
    let indent = lines.get(..lines.len() - lines.trim_start_matches([' ', '\t']).len());
    let indent = indent.unwrap_or_default();
    let deeper = lines
        .split('\n')
        .map(|line| if line.trim().is_empty() { line.to_owned() } else { format!("  {line}") });
    let deeper: Vec<_> = deeper.collect();
    format!("{indent}goal {name} {{\n{}\n{indent}}}", deeper.join("\n"))
}

/// No plan has more errors with these texts than it has.
fn is_as_right(view: View<'_>, after: &HashMap<PathBuf, Arc<str>>) -> bool {
    let mut texts = view.session.texts();
    texts.extend(after.iter().map(|(path, text)| (path.clone(), Arc::clone(text))));
    let mut right = true;
    view.session.each_plan(|plan: &Path, checked| {
        if right && after.keys().any(|path| checked.file(path).is_some()) {
            let now = view.session.host.check(plan, &texts, Kept::default());
            right = now.is_some_and(|now| now.errors() <= checked.errors());
        }
    });
    right
}
