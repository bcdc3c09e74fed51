//! The screen: how the run stands, its steps, and a log.
//!
//! Draws the model; changes nothing. Invariant: wide text is cut by columns, so nothing shifts.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};

use super::keys::KEYS;
use super::model::{Mode, Model};
use crate::cli::output;
use crate::cli::session::now;
use crate::exec::RunStatus;
use crate::exec::event::Status;
use crate::exec::state::UnitIx;
use crate::report::layout::{cut, pad, pad_left, width};
use crate::report::length;

const NAME: usize = 32;

pub(super) fn draw(frame: &mut Frame<'_>, model: &mut Model) {
    let rows = [Constraint::Length(2), Constraint::Min(3), Constraint::Length(2)];
    let [top, middle, bottom] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(Paragraph::new(head(model, top)), top);
    match (&model.mode, model.chosen()) {
        (Mode::Log { up }, Some(unit)) => log(frame, model, unit, *up, middle),
        _ => frame.render_widget(Paragraph::new(list(model, middle)), middle),
    }
    if model.mode == Mode::Help {
        help(frame, middle);
    }
    frame.render_widget(Paragraph::new(foot(model, bottom)), bottom);
}

fn style(colour: Color) -> Style {
    // NO_COLOR is obeyed; what is selected is still seen.
    if output::colour_out() { Style::new().fg(colour) } else { Style::new() }
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn head(model: &mut Model, area: Rect) -> Vec<Line<'static>> {
    let now = now();
    let columns = usize::from(area.width);
    let counts = model.board.counts();
    let state = model.state();
    let mut status = state.status.to_string();
    if state.status == RunStatus::Running && !model.alive {
        "interrupted".clone_into(&mut status);
    }
    let until = if model.alive { now } else { state.ended.unwrap_or(state.last) };
    let elapsed = model.board.elapsed(until);
    let goal = model.state().graph().plan().name.clone();
    let left = if model.alive { model.board.left(now) } else { None };
    let left = left.map_or_else(String::new, |left| format!(", about {} left", length(left)));
    let colour = match model.state().status {
        RunStatus::Achieved => Color::Green,
        RunStatus::Failed => Color::Red,
        RunStatus::Waiting => Color::Yellow,
        _ => Color::Cyan,
    };
    let first = format!("{goal} · run {} · ", model.run);
    let mut second = format!("{}/{} done", counts.ended, counts.all);
    for (number, what) in
        [(counts.failed, "failed"), (counts.running, "running"), (counts.asking, "waiting for you")]
    {
        if number > 0 {
            second += &format!(", {number} {what}");
        }
    }
    second += &format!(" · {}{left}", length(elapsed));
    vec![
        Line::from(vec![
            Span::raw(cut(&first, columns.saturating_sub(width(&status)))),
            Span::styled(status, style(colour).add_modifier(Modifier::BOLD)),
        ]),
        Line::styled(cut(&second, columns), dim()),
    ]
}

fn list(model: &Model, area: Rect) -> Vec<Line<'static>> {
    let units = model.units();
    let rows = usize::from(area.height).saturating_sub(1).max(1);
    // What is selected stays in the middle, where there is enough above and below.
    let first = model.selected.saturating_sub(rows / 2).min(units.len().saturating_sub(rows));
    let shown = units.iter().enumerate().skip(first).take(rows);
    let name = |unit: UnitIx| {
        let name = model.state().name(unit);
        if unit.item.is_some() { format!("  {name}") } else { name.to_string() }
    };
    let widest = units.iter().skip(first).take(rows).map(|unit| width(&name(*unit))).max();
    let names = widest.unwrap_or(4).clamp(4, NAME.min(usize::from(area.width) / 3).max(4));
    let title = format!(
        "  {} {} {} {}",
        pad("step", names),
        pad("status", 10),
        "tries",
        pad_left("time", 8)
    );
    let mut lines = vec![Line::styled(cut(&title, usize::from(area.width)), dim())];
    lines.extend(
        shown.map(|(at, unit)| row(model, *unit, &name(*unit), names, at == model.selected, area)),
    );
    lines
}

fn row(
    model: &Model,
    unit: UnitIx,
    name: &str,
    names: usize,
    selected: bool,
    area: Rect,
) -> Line<'static> {
    let status = model.status(unit);
    let (mark, colour) = mark(status);
    let tries = match unit.item {
        None => model.state().attempts(unit.node),
        Some(_) => model.state().unit(unit).map_or(0, |unit| unit.attempts),
    };
    let tries = if tries == 0 { String::new() } else { tries.to_string() };
    let took = model.took(unit).map(length).unwrap_or_default();
    let head = format!("{} ", pad(name, names));
    let middle = format!("{} {} ", pad_left(&tries, 5), pad_left(&took, 8));
    let word = format!("{} ", pad(&status.to_string(), 10));
    let used = 2 + width(&head) + width(&word) + width(&middle);
    let about: String =
        model.about(unit).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let about = cut(&about, usize::from(area.width).saturating_sub(used + 1));
    let line = Line::from(vec![
        Span::styled(format!("{mark} "), style(colour)),
        Span::raw(head),
        Span::styled(word, style(colour)),
        Span::raw(middle),
        Span::styled(about, dim()),
    ]);
    if selected { line.style(Style::new().add_modifier(Modifier::REVERSED)) } else { line }
}

fn mark(status: Status) -> (&'static str, Color) {
    match status {
        Status::Succeeded => ("✓", Color::Green),
        Status::Failed => ("✗", Color::Red),
        Status::Running => ("▶", Color::Cyan),
        Status::Waiting | Status::InDoubt => ("?", Color::Yellow),
        Status::Cancelled | Status::Blocked => ("✗", Color::Yellow),
        _ => ("·", Color::DarkGray),
    }
}

fn log(frame: &mut Frame<'_>, model: &Model, unit: UnitIx, up: usize, area: Rect) {
    let title = format!(" {} ", model.state().name(unit));
    let block = Block::new().borders(Borders::TOP | Borders::BOTTOM).title(title);
    let inside = block.inner(area);
    let lines = model.log(unit);
    let rows = usize::from(inside.height);
    let up = up.min(lines.len().saturating_sub(rows));
    let first = lines.len().saturating_sub(rows + up);
    let columns = usize::from(inside.width);
    let shown = lines.iter().skip(first).take(rows);
    let text: Vec<Line<'_>> =
        shown.map(|line| Line::raw(cut(&line.replace('\t', "    "), columns))).collect();
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(text), inside);
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let lines: Vec<Line<'_>> =
        KEYS.iter().map(|(keys, what)| Line::raw(format!(" {} {what}", pad(keys, 10)))).collect();
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let wide = Rect { width: area.width.min(66), height, ..area };
    frame.render_widget(Clear, wide);
    let block = Block::new().borders(Borders::ALL).title(" keys ");
    frame.render_widget(Paragraph::new(lines).block(block), wide);
}

fn foot(model: &Model, area: Rect) -> Vec<Line<'static>> {
    let columns = usize::from(area.width);
    let first = match &model.mode {
        Mode::Note(text) => format!("note: {text}▏"),
        Mode::Cancel => "stop the run? y: yes, anything else: no".to_owned(),
        _ if !model.said.is_empty() => model.said.clone(),
        _ if !model.note.is_empty() => format!("note: {}", model.note),
        _ => String::new(),
    };
    let keys = match &model.mode {
        Mode::Note(_) => "Enter keeps it · Esc leaves it",
        Mode::Log { .. } => "↑ ↓ scroll · Esc back · q leave",
        _ => "Enter log · a approve · d deny · o done · n note · c stop · ? all keys · q leave",
    };
    vec![Line::raw(cut(&first, columns)), Line::styled(cut(keys, columns), dim())]
}
