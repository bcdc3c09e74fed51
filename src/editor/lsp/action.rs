//! Code actions: the mends that findings carry, all of them at once, and what a code means.
//!
//! Knows no codes.

use gen_lsp_types::{
    CodeAction, CodeActionContext, CodeActionKind, CodeActionResponse, Command, Range,
    WorkspaceEdit,
};

use super::view::View;
use super::{capability, edit, extract, publish};
use crate::diagnostic::Diagnostic;

/// What can be done about what is found in a range.
pub(super) fn actions(
    view: View<'_>,
    range: Range,
    context: &CodeActionContext,
) -> Vec<CodeActionResponse> {
    let wanted = |kind: &CodeActionKind| {
        context
            .only
            .as_ref()
            .is_none_or(|only| only.iter().any(|each| kind.as_str().starts_with(each.as_str())))
    };
    let mut actions = Vec::new();
    let asked = view.span(range);
    let touched = view.checked.found.iter().filter(|found| {
        let span = found.span();
        span.file == view.file && span.start <= asked.end && asked.start <= span.end
    });
    let touched: Vec<&Diagnostic> = touched.collect();
    if wanted(&CodeActionKind::QuickFix) {
        actions.extend(touched.iter().filter_map(|found| mend(view, found)));
        actions.extend(touched.iter().map(|found| explained(view, found)));
    }
    if wanted(&CodeActionKind::RefactorExtract) && !asked.is_empty() {
        actions.extend(extract::extract(view, asked));
    }
    // Only where it is asked for by name or something here could be mended: it checks anew.
    let by_name = context.only.is_some() && wanted(&CodeActionKind::SourceFixAll);
    let mendable = view.checked.found.iter().filter(|found| !found.fixes.is_empty()).count();
    let here = touched.iter().any(|found| !found.fixes.is_empty());
    if by_name && mendable > 0 || context.only.is_none() && here && mendable > 1 {
        actions.extend(all(view));
    }
    actions.into_iter().map(Into::into).collect()
}

fn mend(view: View<'_>, found: &Diagnostic) -> Option<CodeAction> {
    let title = match found.fixes.as_slice() {
        [] => return None,
        [fix] if fix.text.trim().is_empty() => {
            format!("Take out `{}`", shortened(view.checked.sources.slice(fix.span)))
        }
        [fix] if fix.span.is_empty() => format!("Add `{}`", shortened(&fix.text)),
        [fix] => format!("Write `{}`", shortened(&fix.text)),
        _ => format!("Mend {}", found.code.as_str()),
    };
    Some(CodeAction {
        title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![publish::shown(view, found)]),
        is_preferred: Some(true),
        edit: Some(edit::of_fixes(view, &found.fixes)),
        ..CodeAction::default()
    })
}

/// On one line, as a title needs it.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix(", ").unwrap_or(&line).trim_end_matches(';').to_owned();
    if line.chars().count() > 50 { line.chars().take(49).chain(['…']).collect() } else { line }
}

fn explained(view: View<'_>, found: &Diagnostic) -> CodeAction {
    let code = found.code.as_str();
    CodeAction {
        title: format!("Explain {code}"),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![publish::shown(view, found)]),
        command: Some(Command {
            title: format!("Explain {code}"),
            command: capability::EXPLAIN.to_owned(),
            arguments: Some(vec![code.into()]),
            ..Command::default()
        }),
        ..CodeAction::default()
    }
}

/// All that `goalc check --fix` would mend, in all files of the plan.
fn all(view: View<'_>) -> Option<CodeAction> {
    let texts = view.session.texts();
    let mended = view.session.host.mended(&view.source().path, &texts)?;
    let mut changes = std::collections::HashMap::new();
    for (file, source) in view.checked.sources.files() {
        let Some(after) = mended.get(&source.path).filter(|after| **after != source.text) else {
            continue;
        };
        changes.insert(view.uri(&source.path), edit::between(View { file, ..view }, after));
    }
    (!changes.is_empty()).then(|| CodeAction {
        title: "Mend all that is certain".to_owned(),
        kind: Some(CodeActionKind::SourceFixAll),
        edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
        ..CodeAction::default()
    })
}
