//! A forecast on a terminal, in at most 80 columns.

use std::collections::HashMap;
use std::time::Duration;

use super::dry_run::{DryRunStep, DryRunView};
use super::layout::{cut, pad, pad_left, width, wrap};
use super::text::length;
use crate::diagnostic::visible;

const COLUMNS: usize = 80;

/// Columns of the bar that shows when a step runs.
const BAR: usize = 20;

/// The widest that a step's path may get; a longer one is cut.
const WIDEST: usize = 26;

/// What would run, wave by wave, how long it takes, what is asked and what may be left out.
pub fn dry_run_text(view: &DryRunView) -> String {
    let steps: HashMap<_, _> = view.steps.iter().map(|step| (step.id.as_str(), step)).collect();
    let ids = view.steps.iter().map(|step| width(&visible(&step.id))).max().unwrap_or(0);
    let ids = ids.min(WIDEST);
    let mut parts = vec![format!(
        "{}: {}, at most {} at once, {} in all\n",
        cut(&visible(&view.goal), 36),
        counted(view.steps.len(), "step"),
        view.jobs,
        seconds(view.makespan)
    )];
    for wave in &view.waves {
        let wave: Vec<_> = wave.iter().filter_map(|id| steps.get(id.as_str())).collect();
        parts.push(heading(&wave));
        parts.extend(wave.iter().map(|step| row(step, ids, view.makespan)));
    }
    parts.push(notes(view));
    parts.concat()
}

fn heading(wave: &[&&DryRunStep]) -> String {
    let Some(first) = wave.first() else { return String::new() };
    let together = if wave.len() > 1 { ", side by side" } else { "" };
    match seconds(first.start).as_str() {
        "0s" => format!("\nat the start{together}\n"),
        time => format!("\nafter {time}{together}\n"),
    }
}

fn row(step: &DryRunStep, ids: usize, makespan: f64) -> String {
    let known = if step.estimate_known { " " } else { "?" };
    let mark = if step.critical { "*" } else { " " };
    let action = visible(&step.action).replace(['\n', '\t'], " ");
    let used = 2 + ids + 2 + 6 + 2 + BAR + 2 + 1;
    let line = format!(
        "{mark} {}  {}{known} │{}│ {}",
        pad(&visible(&step.id), ids),
        pad_left(&seconds(step.takes()), 6),
        bar(step, makespan),
        cut(&action, COLUMNS - used),
    );
    format!("{}\n", line.trim_end())
}

/// When the step runs, within the whole; at least one column of it.
fn bar(step: &DryRunStep, makespan: f64) -> String {
    let from = column(step.start, makespan).min(BAR - 1);
    let to = column(step.end, makespan).clamp(from + 1, BAR);
    format!("{}{}{}", " ".repeat(from), "█".repeat(to - from), " ".repeat(BAR - to))
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

/// What the table has no room for.
fn notes(view: &DryRunView) -> String {
    let mut notes = vec!["\n".to_owned()];
    let joined = |steps: Vec<String>, with: &str| (!steps.is_empty()).then(|| steps.join(with));
    let of = |say: fn(&DryRunStep) -> Option<String>| view.steps.iter().filter_map(say).collect();
    notes.extend(joined(view.critical_path.clone(), " → ").map(|path| note("* critical", &path)));
    let asked: Vec<_> = of(question);
    notes.extend(asked.iter().map(|question| note("asks", question)));
    let skipped = of(|step| step.may_skip.then(|| step.id.clone()));
    notes.extend(joined(skipped, ", ").map(|steps| note("may skip", &steps)));
    notes.extend(joined(of(retries), ", ").map(|steps| note("retries", &steps)));
    if view.steps.iter().any(|step| !step.estimate_known) {
        notes.push(note("?", "a guess: the plan has no `estimate`, and no run was measured"));
    }
    let (makespan, work) = (seconds(view.makespan), seconds(view.work));
    let jobs = view.jobs;
    notes
        .push(note("total", &format!("{makespan} with {jobs} at once; {work} of work one by one")));
    notes.concat()
}

fn question(step: &DryRunStep) -> Option<String> {
    step.asks.as_ref().map(|asks| format!("{}: {asks}", step.id))
}

fn retries(step: &DryRunStep) -> Option<String> {
    let most = step.attempts_max;
    (most > 1).then(|| format!("{} up to {most} attempts", step.id))
}

/// A word and, beside it, what there is to say about it.
fn note(word: &str, said: &str) -> String {
    let words = std::iter::once(pad(word, 10)).chain(std::iter::repeat(pad("", 10)));
    let lines = wrap(&visible(said), COLUMNS - 12);
    words.zip(lines).flat_map(|(word, line)| [word, "  ".into(), line, "\n".into()]).collect()
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Seconds to read. What is no time is said as none.
fn seconds(seconds: f64) -> String {
    length(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default())
}
