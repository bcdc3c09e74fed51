//! What goes on, as lines of a terminal: one for each thing that runs or waits, and a sum.
//!
//! Pure: a board, a size and a clock give lines. Invariant: no line is wider than the terminal, and
//! there are fewer of them than it has rows.

use std::time::Duration;

use super::board::{Board, Counts, Doing, Row};
use super::region::Size;
use super::tag;
use crate::cli::session::now;
use crate::diagnostic::visible;
use crate::report::layout::{Paint, cut, pad, pad_left, width};
use crate::report::length;

/// The widest a name is shown.
const NAME: usize = 28;

const BAR: usize = 10;
const WHOLE_BAR: usize = 20;

/// Rows of the terminal that are left to what was printed.
const LEFT_FREE: usize = 4;

pub(super) fn picture(
    board: &mut Board,
    last: &dyn Fn(u64) -> Option<String>,
    size: Size,
    paint: Paint,
) -> Vec<String> {
    let now = now();
    let rows = board.rows(now);
    let room = size.rows.saturating_sub(LEFT_FREE).max(1);
    let shown = if rows.len() > room { room.saturating_sub(1) } else { rows.len() };
    // The last column stays free: some terminals wrap when it is written to.
    let columns = size.columns.saturating_sub(1).max(20);
    let names = rows.iter().take(shown).map(|row| width(&row.name)).max().unwrap_or(0);
    let names = names.min(NAME).min(columns / 3);
    let mut lines: Vec<String> = rows
        .iter()
        .take(shown)
        .map(|row| {
            let last = last(tag(row.unit.node, row.unit.item)).unwrap_or_default();
            line(row, &last, names, columns, paint)
        })
        .collect();
    if shown < rows.len() {
        lines.push(paint.dim(&cut(&format!("  … and {} more", rows.len() - shown), columns)));
    }
    let (counts, elapsed) = (board.counts(), board.elapsed(now));
    let left = board.left(now);
    lines.push(sum(counts, elapsed, left, columns, paint));
    lines
}

fn line(row: &Row, last: &str, names: usize, columns: usize, paint: Paint) -> String {
    let (mark, times, bar, says) = match &row.doing {
        Doing::Runs => {
            let again = (row.attempt > 1).then(|| format!("attempt {}: ", row.attempt));
            let says = again.unwrap_or_default() + last;
            (paint.cyan("▶"), times(row), progress(row), says)
        }
        Doing::Serves => (paint.cyan("▶"), length(row.elapsed), String::new(), "serves".to_owned()),
        Doing::Delayed(left, why) => {
            let says = format!("again in {} after: {why}", length(rounded_up(*left)));
            (paint.yellow("↻"), String::new(), String::new(), says)
        }
        Doing::Asks(text) => (paint.yellow("?"), length(row.elapsed), String::new(), text.clone()),
        Doing::Saves => {
            (paint.cyan("▶"), times(row), String::new(), "saves its snapshot".to_owned())
        }
        Doing::PutsBack => {
            (paint.yellow("↶"), times(row), String::new(), "puts its snapshot back".to_owned())
        }
        Doing::Undoes => (paint.yellow("↶"), String::new(), String::new(), "is undone".to_owned()),
    };
    let bar = if columns < 60 { String::new() } else { pad(&bar, BAR + 2) + " " };
    let head = format!("{} {} {bar}", pad(&row.name, names), pad_left(&times, 13));
    let room = columns.saturating_sub(2 + width(&head));
    let says = says.replace(['\n', '\t'], " ");
    format!("{mark} {head}{}", paint.dim(&cut(visible(says.trim()).as_ref(), room)))
}

/// How long it has run, and how long that is expected to take.
fn times(row: &Row) -> String {
    match row.expected {
        Some(expected) => format!("{}/{}", length(whole(row.elapsed)), length(expected)),
        None => length(whole(row.elapsed)),
    }
}

/// Tenths of seconds would only flicker.
fn whole(length: Duration) -> Duration {
    Duration::from_secs(length.as_secs())
}

fn rounded_up(length: Duration) -> Duration {
    Duration::from_secs(length.as_secs() + u64::from(length.subsec_nanos() > 0))
}

fn progress(row: &Row) -> String {
    let Some(expected) = row.expected.filter(|expected| !expected.is_zero()) else {
        return String::new();
    };
    let part = row.elapsed.as_secs_f64() / expected.as_secs_f64();
    // What takes longer than expected has not ended.
    bar(part.min(0.99), BAR)
}

fn bar(part: f64, columns: usize) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let full = ((part.clamp(0.0, 1.0) * columns as f64) as usize).min(columns);
    format!("[{}{}]", "#".repeat(full), "-".repeat(columns - full))
}

/// How much is done, what the rest waits for, and how long it takes yet.
fn sum(
    counts: Counts,
    elapsed: Duration,
    left: Option<Duration>,
    columns: usize,
    paint: Paint,
) -> String {
    let mut parts = vec![format!("{}/{} done", counts.ended, counts.all)];
    let mut add = |number: usize, what: &str| {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    };
    add(counts.failed, "failed");
    add(counts.running, if counts.running == 1 { "runs" } else { "run" });
    let waits = if counts.startable == 1 { "waits" } else { "wait" };
    if counts.running > 0 {
        add(counts.startable, &format!("{waits} for a slot"));
    } else {
        add(counts.startable, &format!("{waits} for what others hold"));
    }
    add(counts.asking, if counts.asking == 1 { "waits for you" } else { "wait for you" });
    let mut text = parts.join(", ") + &format!(" · {}", length(whole(elapsed)));
    if let Some(left) = left {
        text += &format!(", about {} left", length(rounded_up(left)));
    }
    #[allow(clippy::cast_precision_loss)]
    let part = if counts.all == 0 { 0.0 } else { counts.ended as f64 / counts.all as f64 };
    let bar = if columns < 60 { String::new() } else { bar(part, WHOLE_BAR) + " " };
    let room = columns.saturating_sub(width(&bar));
    format!("{}{}", paint.bold(&bar), cut(&text, room))
}
