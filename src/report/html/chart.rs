//! The timeline: a row a step, with its attempts, delays, waits for people and its undo.
//!
//! Each row is a small drawing that stretches with the page, so that it is readable on a phone.

use super::escape::text;
use super::scale::{Scale, WIDTH};
use super::section;
use crate::exec::{Status, Timestamp};
use crate::report::markdown::shown_steps;
use crate::report::review::span::Span;
use crate::report::review::{AnswerView, AttemptView, ReportView, StepReport, UndoneView, seconds};

/// Rows that are drawn.
const MOST_ROWS: usize = 300;

/// Bars that are drawn in all.
const MOST_BARS: usize = 6_000;

/// Attempts of one step that are drawn beside each other.
const LANES: usize = 6;

/// A lane's height, and the room around it, in the drawing's units.
const LANE: usize = 10;

/// No bar is narrower, so that short steps are seen.
const NARROWEST: f64 = 3.0;

/// All that happened to steps, over time.
pub(super) fn chart(view: &ReportView) -> String {
    let Some(whole) = whole(view) else { return String::new() };
    let scale = Scale::new(whole, view.steps.iter().flat_map(|step| active(step, whole.to)));
    let (shown, left_out) = shown_steps(&view.steps, MOST_ROWS);
    let mut rows: Vec<(Timestamp, String)> = Vec::new();
    let mut room = MOST_BARS;
    for step in shown {
        let chart = Row::new(view, step, whole.to);
        if let Some(first) = chart.first() {
            rows.push((first, chart.draw(step, &scale, &mut room)));
        }
    }
    rows.sort_by_key(|(first, _)| *first);
    let rows: String = rows.into_iter().map(|(_, row)| row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let more = if left_out > 0 {
        format!("<p class=\"soft\">… and {left_out} more steps.</p>\n")
    } else {
        String::new()
    };
    let body = format!(
        "<figure>\n{}{}{rows}</figure>\n{more}",
        legend(&scale, &rows),
        axis(&scale, whole)
    );
    section("Timeline", &body)
}

/// From the first to the last that is drawn.
fn whole(view: &ReportView) -> Option<Span> {
    let from = view.started?;
    let length = std::time::Duration::try_from_secs_f64(view.took).unwrap_or_default();
    let undone = view.undo.undone.iter().filter_map(|undone| undone.ended);
    let steps = view.steps.iter().filter_map(|step| step.ended);
    let to = undone.chain(steps).chain([from.after(length)]).max()?;
    Some(Span::new(from, to))
}

/// When something was done of a step.
fn active(step: &StepReport, until: Timestamp) -> impl Iterator<Item = Span> {
    step.attempts.iter().filter_map(move |each| {
        let to = each.ended.unwrap_or(until);
        Some(Span::new(each.started?, to.after(delay(each))))
    })
}

fn delay(each: &AttemptView) -> std::time::Duration {
    std::time::Duration::try_from_secs_f64(each.delay.unwrap_or(0.0)).unwrap_or_default()
}

/// What is drawn of one step.
struct Row<'v> {
    attempts: Vec<(&'v AttemptView, Span)>,
    asks: Vec<(&'v AnswerView, Span)>,
    undos: Vec<(&'v UndoneView, Span)>,
}

impl<'v> Row<'v> {
    fn new(view: &'v ReportView, step: &'v StepReport, until: Timestamp) -> Self {
        let whose = |unit: &str| unit.split('[').next() == Some(&*step.id);
        let attempts = step.attempts.iter();
        let asks = view.answers.iter().filter(|answer| whose(&answer.step));
        let undos = view.undo.undone.iter().filter(|undone| undone.step == step.id);
        let span = |from: Option<Timestamp>, to: Option<Timestamp>| {
            from.map(|from| Span::new(from, to.unwrap_or(until)))
        };
        Self {
            attempts: attempts.filter_map(|a| Some((a, span(a.started, a.ended)?))).collect(),
            asks: asks.filter_map(|a| Some((a, span(a.asked, a.at)?))).collect(),
            undos: undos.filter_map(|u| Some((u, span(u.started, u.ended)?))).collect(),
        }
    }

    fn first(&self) -> Option<Timestamp> {
        let attempts = self.attempts.iter().map(|(_, span)| span.from);
        attempts.chain(self.asks.iter().map(|(_, span)| span.from)).min()
    }

    fn draw(&self, step: &StepReport, scale: &Scale, room: &mut usize) -> String {
        let (lanes, placed) = self.lanes();
        let height = lanes * LANE + 6;
        let mut bars = String::new();
        for (_, at, width) in scale.cuts() {
            bars += &bar("b-cut", (at, width), (0, height), "");
        }
        for (ask, span) in &self.asks {
            let said = ask.answer.as_deref().unwrap_or("not answered yet");
            let title = format!("asked for {}: {said}", seconds(ask.waited));
            bars += &bar("b-wait", place(scale, *span), (2, height - 4), &title);
        }
        for ((each, span), lane) in self.attempts.iter().zip(placed) {
            if *room == 0 {
                break;
            }
            *room -= 1;
            bars += &attempt(each, *span, scale, lane * LANE + 3);
        }
        for (undone, span) in &self.undos {
            let title = if undone.failure.is_some() { "undo failed" } else { "undone" };
            bars += &bar("b-undo", place(scale, *span), (3, height - 6), title);
        }
        if step.critical
            && let Some(first) = self.first()
        {
            let ends = self.attempts.iter().map(|(_, span)| span.to);
            let last = ends.chain(self.asks.iter().map(|(_, span)| span.to)).max().unwrap_or(first);
            bars += &bar("b-path", place(scale, Span::new(first, last)), (height - 2, 2), "");
        }
        let mark = if step.critical { "<span class=\"mark\">◆</span> " } else { "" };
        format!(
            "<div class=\"row\"><span>{mark}{} <span class=\"{}\">{}</span></span>\
             <svg class=\"l{lanes}\" viewBox=\"0 0 {WIDTH} {height}\" preserveAspectRatio=\"none\" \
             role=\"img\" aria-label=\"{}\">{bars}</svg></div>\n",
            text(&step.id),
            shade(step),
            step.status,
            text(&label(step)),
        )
    }

    /// How many attempts are beside each other, and each one's lane.
    fn lanes(&self) -> (usize, Vec<usize>) {
        let mut order: Vec<usize> = (0..self.attempts.len()).collect();
        let span = |at: usize| self.attempts.get(at).map(|(_, span)| *span);
        order.sort_by_key(|at| span(*at));
        let mut ends: Vec<Timestamp> = Vec::new();
        let mut placed = vec![0; self.attempts.len()];
        for at in order {
            let Some(span) = span(at) else { continue };
            let free = ends.iter().position(|end| *end <= span.from);
            let lane = free.unwrap_or_else(|| ends.len().min(LANES - 1));
            match ends.get_mut(lane) {
                Some(end) => *end = span.to.max(*end),
                None => ends.push(span.to),
            }
            if let Some(place) = placed.get_mut(at) {
                *place = lane;
            }
        }
        (ends.len().max(1), placed)
    }
}

fn attempt(each: &AttemptView, span: Span, scale: &Scale, top: usize) -> String {
    let class = match (&each.error, each.ended) {
        (Some(_), _) => "b-bad",
        (None, Some(_)) => "b-ok",
        (None, None) => "b-run",
    };
    let item = each.item.map(|item| format!("[{item}] ")).unwrap_or_default();
    let way = each.fallback.as_ref().map(|way| format!(", fallback {way}")).unwrap_or_default();
    let error = each.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    let title = format!("{item}attempt {}{way}, {}{error}", each.attempt, seconds(each.took));
    let mut bars = bar(class, place(scale, span), (top, LANE - 2), &title);
    if let Some(length) = each.delay.filter(|length| *length > 0.0) {
        let waits = Span::new(span.to, span.to.after(delay(each)));
        let title = format!("again after {}", seconds(length));
        let (at, width) = (scale.place(waits.from), scale.place(waits.to));
        bars += &bar("b-delay", (at, width - at), (top + 3, LANE - 8), &title);
    }
    bars
}

/// Where a span begins on the chart, and how wide it is.
fn place(scale: &Scale, span: Span) -> (f64, f64) {
    let (from, to) = (scale.place(span.from), scale.place(span.to));
    let width = (to - from).max(NARROWEST);
    (from.min(WIDTH - width), width)
}

fn bar(class: &str, (at, width): (f64, f64), (top, height): (usize, usize), title: &str) -> String {
    let title =
        if title.is_empty() { String::new() } else { format!("<title>{}</title>", text(title)) };
    format!(
        "<rect class=\"{class}\" x=\"{at:.1}\" y=\"{top}\" width=\"{width:.1}\" \
         height=\"{height}\">{title}</rect>"
    )
}

/// A status's colour.
pub(super) fn shade(step: &StepReport) -> &'static str {
    match step.status {
        Status::Succeeded => "ok",
        Status::Failed if step.ignored.is_some() => "warn",
        Status::Failed | Status::UndoFailed => "bad",
        Status::Waiting | Status::InDoubt | Status::Cancelled => "warn",
        Status::Running => "run",
        Status::Undone => "undo",
        Status::Skipped | Status::Blocked | Status::Pending | Status::Ready | Status::NotRun => {
            "off"
        }
    }
}

/// The row in words, for who does not see it.
fn label(step: &StepReport) -> String {
    let attempts = step.attempts.len() + step.attempts_left_out;
    let took = step.took.map(|took| format!(", {}", seconds(took))).unwrap_or_default();
    let waited = if step.waited >= 0.5 {
        format!(", {} of waiting for people", seconds(step.waited))
    } else {
        String::new()
    };
    format!("{}: {}, attempts: {attempts}{took}{waited}", step.id, step.status)
}

fn axis(scale: &Scale, whole: Span) -> String {
    let tick = |at: f64| match scale.time(at) {
        Some(time) => format!("<span>{}</span>", seconds(time.since(whole.from).as_secs_f64())),
        None => "<span>…</span>".to_owned(),
    };
    let ticks: String = [0.0, 0.25, 0.5, 0.75, 1.0].map(|part| tick(part * WIDTH)).concat();
    format!(
        "<div class=\"axis\"><span>time from the start</span><div class=\"ticks\">{ticks}</div></div>\n"
    )
}

/// The colours that are on the chart.
fn legend(scale: &Scale, rows: &str) -> String {
    let swatch = |class: &str, name: &str| {
        format!(
            "<li><svg viewBox=\"0 0 10 8\" aria-hidden=\"true\"><rect class=\"{class}\" x=\"0\" \
             y=\"0\" width=\"10\" height=\"8\"></rect></svg>{name}</li>"
        )
    };
    let all = [
        ("b-ok", "succeeded"),
        ("b-bad", "failed"),
        ("b-run", "running"),
        ("b-delay", "delay before a retry"),
        ("b-wait", "waits for a person"),
        ("b-undo", "undo"),
        ("b-path", "◆ on the longest chain"),
    ];
    let drawn = all.into_iter().filter(|(class, _)| rows.contains(class));
    let mut names: Vec<String> = drawn.map(|(class, name)| swatch(class, name)).collect();
    names.extend(
        scale
            .cuts()
            .map(|(span, ..)| {
                let length = seconds(span.length().as_secs_f64());
                swatch("b-cut", &format!("{length} without work, drawn short"))
            })
            .take(5),
    );
    format!("<ul class=\"legend\">{}</ul>\n", names.concat())
}
