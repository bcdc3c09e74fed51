//! A forecast on a terminal, in at most 80 columns.

use std::collections::HashMap;
use std::time::Duration;

use super::dry_run::{DryRunStep, DryRunView, TimeSource};
use super::dry_run_notes::notes;
use super::dry_run_slots::slots;
use super::layout::{cut, pad, pad_left, width};
use super::text::length;
use crate::diagnostic::visible;

pub(super) const COLUMNS: usize = 80;

/// The widest that a step's path may get; a longer one is cut.
const WIDEST: usize = 24;

/// Columns of a time.
const TIME: usize = 7;

/// What would run, wave by wave and slot by slot, how long it takes, what is asked and what may be
/// left out.
pub fn dry_run_text(view: &DryRunView) -> String {
    let steps: HashMap<_, _> = view.steps.iter().map(|step| (step.id.as_str(), step)).collect();
    let ids = view.steps.iter().map(|step| width(&visible(&step.id))).max().unwrap_or(0);
    let ids = ids.clamp(4, WIDEST);
    let mut parts = vec![format!(
        "{}: {}, at most {} at once, {} in all\n",
        cut(&visible(&view.goal), 36),
        counted(view.steps.len(), "step"),
        view.jobs,
        seconds(view.makespan)
    )];
    if !view.waves.is_empty() {
        parts.push(header(ids));
    }
    for wave in &view.waves {
        let wave: Vec<_> = wave.iter().filter_map(|id| steps.get(id.as_str())).collect();
        parts.push(heading(&wave));
        parts.extend(wave.iter().map(|step| row(step, ids)));
    }
    parts.push(slots(view));
    parts.push(notes(view));
    parts.concat()
}

fn header(ids: usize) -> String {
    let times = ["start", "end", "takes"].map(|word| pad_left(word, TIME)).join(" ");
    format!("\n  {} {times}  {}  does\n", pad("step", ids), pad_left("slack", TIME))
}

fn heading(wave: &[&&DryRunStep]) -> String {
    let Some(first) = wave.first() else { return String::new() };
    let together = if wave.len() > 1 { ", side by side" } else { "" };
    match seconds(first.start).as_str() {
        "0s" => format!("at the start{together}\n"),
        time => format!("after {time}{together}\n"),
    }
}

fn row(step: &DryRunStep, ids: usize) -> String {
    let source = match step.source {
        TimeSource::History => "~",
        TimeSource::Estimate => " ",
        TimeSource::Guess => "?",
    };
    let mark = if step.critical { "*" } else { " " };
    let slack = if step.critical { "-".to_owned() } else { seconds(step.slack) };
    let action = visible(&step.action).replace(['\n', '\t'], " ");
    let times = [step.start, step.end, step.takes()].map(|time| pad_left(&seconds(time), TIME));
    let used = 2 + ids + (1 + TIME) * 3 + 2 + TIME + 2;
    let line = format!(
        "{mark} {} {}{source} {}  {}",
        pad(&visible(&step.id), ids),
        times.join(" "),
        pad_left(&slack, TIME),
        cut(&action, COLUMNS - used),
    );
    format!("{}\n", line.trim_end())
}

pub(super) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Seconds to read. What is no time is said as none.
pub(super) fn seconds(seconds: f64) -> String {
    length(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default())
}
