//! Findings as JSON; the shape is `report::CheckView`.

use super::places::Places;
use super::select::ordered;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::{CheckView, DiagnosticView, FixView, PlaceView, RelatedView, SeverityView};
use crate::source::{SourceMap, Span};

/// All findings as `{"diagnostics":[…]}`; lines and columns count from 1, columns in characters,
/// and the end is the place right behind the last character.
pub fn json(diagnostics: &[Diagnostic], sources: &SourceMap) -> serde_json::Value {
    let mut places = Places::new(sources);
    let diagnostics =
        ordered(diagnostics).into_iter().map(|found| view(found, &mut places)).collect();
    serde_json::to_value(CheckView { diagnostics }).unwrap_or_default()
}

fn view(found: &Diagnostic, places: &mut Places<'_>) -> DiagnosticView {
    let related = found.labels.iter().skip(1);
    DiagnosticView {
        code: Some(found.code.as_str().to_owned()),
        severity: match found.severity() {
            Severity::Error => SeverityView::Error,
            Severity::Warning => SeverityView::Warning,
        },
        message: found.message.clone(),
        place: Some(place(found.span(), places)),
        help: found.help.clone(),
        related: related
            .map(|label| RelatedView {
                message: label.text.clone(),
                place: place(label.span, places),
            })
            .collect(),
        fixes: found
            .fixes
            .iter()
            .map(|fix| FixView { text: fix.text.clone(), place: place(fix.span, places) })
            .collect(),
    }
}

fn place(span: Span, places: &mut Places<'_>) -> PlaceView {
    let (start, end) = places.range(span);
    PlaceView {
        file: places.file(span.file).map(|file| file.name.clone()).unwrap_or_default(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
