//! A forecast's timeline: a row for each slot, and others for what takes none.

use super::dry_run::{DryRunPiece, DryRunView};
use super::dry_run_text::{COLUMNS, seconds};
use super::layout::{cut, pad, pad_left, width};
use crate::diagnostic::visible;

/// Columns of the bar.
const BAR: usize = COLUMNS - 8;

/// So many rows are shown; a machine with more slots is looked at as JSON.
const ROWS: usize = 16;

pub(super) fn slots(view: &DryRunView) -> String {
    let named = |rows: &[Vec<DryRunPiece>], name: fn(usize) -> String| -> Vec<String> {
        let shown = rows.iter().take(ROWS).enumerate();
        shown.map(|(at, pieces)| row(&name(at), pieces, view.makespan)).collect()
    };
    let mut rows = named(&view.slots, |at| (at + 1).to_string());
    rows.extend(named(&view.aside, |_| "-".to_owned()));
    if rows.is_empty() || view.makespan <= 0.0 {
        return String::new();
    }
    let hidden = view.slots.len().saturating_sub(ROWS) + view.aside.len().saturating_sub(ROWS);
    if hidden > 0 {
        rows.push(format!("      and {hidden} more\n"));
    }
    let end = seconds(view.makespan);
    let scale = format!("      0s{}\n", pad_left(&end, BAR - 2));
    let aside = if view.aside.is_empty() { "" } else { "; in rows with - what takes no slot" };
    format!("\nby slots{aside}\n{}{scale}", rows.concat())
}

fn row(name: &str, pieces: &[DryRunPiece], makespan: f64) -> String {
    let mut bar = String::new();
    let mut at = 0;
    for piece in pieces {
        let from = column(piece.start, makespan).max(at).min(BAR);
        let to = column(piece.end, makespan).max(from + 1).min(BAR);
        if to <= from {
            continue;
        }
        bar.push_str(&" ".repeat(from - at));
        bar.push_str(&drawn(piece, to - from));
        at = to;
    }
    format!("{} │{}│\n", pad_left(name, 4), pad(&bar, BAR))
}

/// A piece of at least one column.
fn drawn(piece: &DryRunPiece, columns: usize) -> String {
    let id = visible(&piece.id);
    let name = piece.item.map_or_else(|| id.to_string(), |item| format!("{id}[{item}]"));
    let name = if columns > 3 { cut(&name, columns - 1) } else { String::new() };
    let line = "─".repeat(columns.saturating_sub(1 + width(&name)));
    if columns == 1 { "▪".to_owned() } else { format!("{name}{line}┤") }
}

/// The bar's column of a time.
fn column(time: f64, makespan: f64) -> usize {
    if makespan <= 0.0 {
        return 0;
    }
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // between 0 and BAR
    let column = (time / makespan * BAR as f64).round().clamp(0.0, BAR as f64) as usize;
    column
}
