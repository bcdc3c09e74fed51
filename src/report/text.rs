//! A run on a terminal: what `goalc show` prints, in at most 80 columns.

use std::time::Duration;

use super::layout::{Paint, cut, pad, pad_left, width, wrap};
use super::run::{CleanupView, RunView, StepView, VerifiedView};
use crate::diagnostic::visible;
use crate::exec::{RunStatus, Status, Timestamp};
use crate::value::duration_text;

const COLUMNS: usize = 80;

/// The widest that a step's path may get; a longer one is cut.
const WIDEST: usize = 28;

/// The most instances of one step that are named.
const INSTANCES: usize = 10;

/// The run as a table of its steps, with what else should be known below. `now`: where it goes on, up to which what is
/// not over has taken its time.
pub fn text(view: &RunView, now: Option<Timestamp>, colour: bool) -> String {
    let paint = Paint(colour);
    let ids = view.steps.iter().map(|step| width(&visible(&step.id))).max().unwrap_or(0);
    let ids = ids.clamp(4, WIDEST);
    let mut parts = vec![heading(view, now, paint)];
    if !view.steps.is_empty() {
        let (step, status) = (pad("step", ids), pad("status", STATUS_COLUMNS));
        let title = paint.dim(&format!("    {step}  {status}  attempts     time"));
        parts.push(format!("\n{title}\n"));
    }
    parts.extend(view.steps.iter().map(|step| row(step, now, ids, paint)));
    parts.extend(view.steps.iter().map(below));
    parts.extend(view.verify.iter().filter(|verify| !verify.holds).map(|it| verified(it, paint)));
    // The first one may be the run's own reason.
    let told = |failure: &str| view.reason.as_ref().is_some_and(|reason| reason.contains(failure));
    let untold = view.cleanup.iter().filter(|cleanup| !told(&cleanup.failure));
    parts.extend(untold.map(cleaned));
    parts.concat()
}

/// Each probe of a `verify` that does not hold as a whole.
fn verified(verify: &VerifiedView, paint: Paint) -> String {
    let mut text = format!("\n  verify of {}\n", whose(&verify.goal));
    for probe in &verify.probes {
        let mark = if probe.holds { paint.green("✓") } else { paint.red("✗") };
        let said = paragraph(&probe.found, "        ");
        text += &format!("      {mark} {}", said.trim_start());
    }
    text
}

/// A cleanup that did not do all.
fn cleaned(cleanup: &CleanupView) -> String {
    let whose = whose(&cleanup.goal);
    format!("\n  cleanup of {whose}\n{}", paragraph(&cleanup.failure, "      "))
}

fn whose(goal: &str) -> String {
    match goal {
        "" => "the goal".to_owned(),
        goal => visible(goal).into_owned(),
    }
}

/// As wide as `undo-failed`.
const STATUS_COLUMNS: usize = 11;

fn heading(view: &RunView, now: Option<Timestamp>, paint: Paint) -> String {
    let goal = paint.bold(&cut(&visible(&view.goal), 50));
    let status = run_colour(paint, view.status, view.status.word());
    let exit = view.exit.map(|exit| format!(", exit code {exit}")).unwrap_or_default();
    let mut facts = vec![format!("run {}", visible(&view.run))];
    facts.extend(view.started.map(|started| format!("started {}", clock(started))));
    facts.extend(view.took().map(|took| format!("took {}", length(took))));
    let so_far = now.filter(|_| view.ended.is_none()).zip(view.started);
    facts.extend(so_far.map(|(now, started)| format!("{} so far", length(now.since(started)))));
    let reason = view.reason.as_ref().map(|reason| paragraph(reason, "")).unwrap_or_default();
    format!("{goal} {status}{exit}\n{}\n{reason}", facts.join(", "))
}

/// One step. A reason that has no room beside it stands below it.
fn row(step: &StepView, now: Option<Timestamp>, ids: usize, paint: Paint) -> String {
    let (mark, shade) = mark(step);
    let goes_on = now.filter(|_| step.status == Status::Running && step.ended.is_none());
    let so_far = || Some(goes_on?.since(step.started?));
    let took = step.took().or_else(so_far).map(length).unwrap_or_default();
    let attempts = if step.attempts == 0 { String::new() } else { step.attempts.to_string() };
    let line = format!(
        "  {} {}  {}  {}  {}",
        shade(paint, mark),
        pad(&visible(&step.id), ids),
        shade(paint, &pad(step.status.word(), STATUS_COLUMNS)),
        pad_left(&attempts, 8),
        pad_left(&took, 7),
    );
    let used = 4 + ids + 2 + STATUS_COLUMNS + 2 + 8 + 2 + 7 + 2;
    let said = visible(&remark(step)).replace('\n', " ");
    match said.as_str() {
        "" => format!("{}\n", line.trim_end()),
        said if used + width(said) <= COLUMNS => format!("{line}  {said}\n"),
        said => format!("{}\n{}", line.trim_end(), paragraph(said, "      ")),
    }
}

/// What is said beside a step.
fn remark(step: &StepView) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(step.via.as_ref().map(|via| format!("via {via}")));
    parts.extend(step.reason.clone());
    if step.tolerated {
        parts.push("ignored, as the plan says".to_owned());
    }
    if !step.instances.is_empty() {
        let good = step.instances.iter().filter(|each| each.status == Status::Succeeded).count();
        parts.push(format!("{good} of {} instances succeeded", step.instances.len()));
    }
    parts.join("; ")
}

/// A step's instances that did not succeed, its outputs and notes.
fn below(step: &StepView) -> String {
    let mut lines = instances(step);
    lines.extend(step.outputs.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name} = {value}")
    }));
    lines.extend(step.notes.iter().cloned());
    if lines.is_empty() {
        return String::new();
    }
    let said: Vec<_> = lines.iter().map(|line| paragraph(line, "      ")).collect();
    format!("\n  {}\n{}", visible(&step.id), said.concat())
}

fn instances(step: &StepView) -> Vec<String> {
    let bad: Vec<_> =
        step.instances.iter().filter(|each| each.status != Status::Succeeded).collect();
    let mut lines: Vec<_> = bad
        .iter()
        .take(INSTANCES)
        .map(|each| format!("{}: {}", each.item_text(), each.status))
        .collect();
    if bad.len() > INSTANCES {
        lines.push(format!("… and {} more instances", bad.len() - INSTANCES));
    }
    lines
}

/// Text wrapped under an indent, with its line's end.
fn paragraph(text: &str, indent: &str) -> String {
    let lines = wrap(&visible(text), COLUMNS - indent.len());
    lines.iter().flat_map(|line| [indent, line, "\n"]).collect()
}

type Shade = fn(Paint, &str) -> String;

/// A sign for how a step stands, and its colour.
fn mark(step: &StepView) -> (&'static str, Shade) {
    match step.status {
        Status::Succeeded => ("✓", Paint::green),
        Status::Failed if step.tolerated => ("✗", Paint::yellow),
        Status::Failed => ("✗", Paint::red),
        Status::UndoFailed => ("!", Paint::red),
        Status::InDoubt => ("?", Paint::yellow),
        Status::Waiting => ("…", Paint::yellow),
        Status::Running => ("▸", Paint::cyan),
        Status::Cancelled => ("■", Paint::yellow),
        Status::Blocked => ("⊘", Paint::dim),
        Status::Undone => ("↺", Paint::dim),
        Status::Skipped => ("-", Paint::dim),
        Status::Pending | Status::Ready | Status::NotRun => ("·", Paint::dim),
    }
}

pub(super) fn run_colour(paint: Paint, status: RunStatus, text: &str) -> String {
    match status {
        RunStatus::Achieved => paint.green(text),
        RunStatus::Failed => paint.red(text),
        RunStatus::Running => paint.cyan(text),
        RunStatus::Waiting | RunStatus::Cancelled | RunStatus::Undone => paint.yellow(text),
    }
}

/// `2026-11-22 13:42:10 UTC`: a time to read, to the second.
pub(super) fn clock(time: Timestamp) -> String {
    let text = time.to_string();
    match text.split_once('T').and_then(|(day, rest)| Some((day, rest.get(..8)?))) {
        Some((day, second)) => format!("{day} {second} UTC"),
        None => text,
    }
}

/// A length to read: two units at most, as `1h30m`, `12s`, `250ms`.
pub fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    let step = match seconds {
        0 => return duration_text(Duration::from_millis(rounded(length))),
        1..60 if length.subsec_millis() >= 100 && seconds < 10 => {
            return format!("{seconds}.{}s", length.subsec_millis() / 100);
        }
        1..3_600 => 1,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    duration_text(Duration::from_secs(seconds / step * step))
}

fn rounded(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
