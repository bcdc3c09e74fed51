//! Changes of texts: formatting, and edits that findings offer.
//!
//! Invariant: an edit touches only the lines that change, so that cursors and folds stay.

use std::collections::HashMap;
use std::time::Duration;

use gen_lsp_types::{Range, TextEdit, WorkspaceEdit};
use similar::{DiffOp, TextDiff};

use super::document::{self, Encoding};
use super::view::View;
use crate::diagnostic::Fix;
use crate::format;
use crate::source::{LineIndex, Span};

/// Past so much time lines are replaced in larger pieces.
const DIFF_TIME: Duration = Duration::from_millis(200);

/// The edits that bring a file into its canonical form, or the part of them that touches a range;
/// none where the file cannot be read.
pub(super) fn formatted(view: View<'_>, within: Option<Range>) -> Vec<TextEdit> {
    let Some(document) = view.checked.kept.sound(&view.source().path) else { return Vec::new() };
    let edits = between(view, &format::format(&document, view.text()));
    let touches = |range: &Range, edit: &TextEdit| {
        edit.range.start.line <= range.end.line && range.start.line <= edit.range.end.line
    };
    edits
        .into_iter()
        .filter(|edit| within.as_ref().is_none_or(|range| touches(range, edit)))
        .collect()
}

/// The edits by lines from a file's text to another.
pub(super) fn between(view: View<'_>, after: &str) -> Vec<TextEdit> {
    between_texts(view.text(), after, view.encoding())
}

pub(super) fn between_texts(before: &str, after: &str, encoding: Encoding) -> Vec<TextEdit> {
    let lines = LineIndex::new(before);
    let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(before, after);
    let starts = |text: &str| {
        let mut starts = vec![0];
        starts.extend(text.split_inclusive('\n').scan(0, |at, line| {
            *at += line.len();
            Some(*at)
        }));
        starts
    };
    let (old, new) = (starts(before), starts(after));
    let cut = |starts: &[usize], range: std::ops::Range<usize>| {
        let at = |line: usize| starts.get(line).or(starts.last()).copied().unwrap_or(0);
        at(range.start)..at(range.end)
    };
    let changed = diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    changed
        .map(|op| {
            let bytes = cut(&old, op.old_range());
            TextEdit {
                range: document::range(before, &lines, bytes, encoding),
                new_text: after.get(cut(&new, op.new_range())).unwrap_or_default().to_owned(),
            }
        })
        .collect()
}

/// Mends as edits of the files that they are in.
pub(super) fn of_fixes(view: View<'_>, fixes: &[Fix]) -> WorkspaceEdit {
    let edits = fixes.iter().map(|fix| (fix.span, fix.text.clone()));
    of_spans(view, edits)
}

/// Replacements as edits of the files that they are in.
pub(super) fn of_spans(
    view: View<'_>,
    edits: impl IntoIterator<Item = (Span, String)>,
) -> WorkspaceEdit {
    let mut changes: HashMap<_, Vec<TextEdit>> = HashMap::new();
    for (span, new_text) in edits {
        let location = view.location(span);
        changes.entry(location.uri).or_default().push(TextEdit { range: location.range, new_text });
    }
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}
