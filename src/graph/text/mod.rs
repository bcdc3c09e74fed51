//! The drawing on a terminal: a line a step, from the first to the last, and lanes for what waits
//! for what, as `git log --graph` has them.
//!
//! Invariant: no line is wider than 80 columns, and none leads upwards.

mod lanes;
mod order;
mod row;

use std::collections::HashMap;

use lanes::{Lanes, Row};
use order::{Part, Vertices};

use super::diagram::Diagram;
use super::label::Label;
use crate::ir::EdgeKind;
use crate::report::GraphView;
use crate::report::layout::{Paint, cut, pad, width, wrap};

const COLUMNS: usize = 80;

/// The widest that names may get, with their indentation; a longer one is cut.
const WIDEST: usize = 30;

/// The narrowest that titles may get.
const NARROWEST: usize = 16;

/// What is shown of a title at most, in columns.
const LONGEST: usize = 160;

/// How many are named that have no lane to where they are waited for.
const MOST_NAMED: usize = 6;

/// How the drawing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub ascii: bool,
    pub colour: bool,
}

/// The plan as a drawing of lines.
pub fn text(view: &GraphView, style: Style) -> String {
    let diagram = Diagram::new(view);
    let vertices = Vertices::new(&diagram);
    let is_critical = |node: usize| diagram.labels.get(node).is_some_and(|label| label.critical);
    let rows = Lanes::new(&vertices, &is_critical).rows();
    let writer = Writer { diagram: &diagram, vertices: &vertices, notes: notes(&diagram), style };
    let entries: Vec<Entry> =
        rows.iter().zip(vertices.parts()).map(|(row, part)| writer.entry(row, *part)).collect();
    let canvas = Canvas {
        lanes: rows.iter().map(Row::width).max().unwrap_or(0),
        names: entries.iter().map(|entry| width(&entry.name)).max().unwrap_or(0).min(WIDEST),
        style,
    };
    let mut out = heading(&diagram, style);
    for (row, entry) in rows.iter().zip(&entries) {
        canvas.draw(row, entry, &mut out);
    }
    out + &legend(view, style)
}

fn heading(diagram: &Diagram, style: Style) -> String {
    let Some(root) = diagram.labels.first() else { return String::new() };
    let paint = Paint(style.colour);
    let name = cut(&root.name, COLUMNS);
    let title = root.title.as_deref().unwrap_or_default();
    let both = width(&name) + 2 + width(title) <= COLUMNS;
    let gap = if title.is_empty() {
        ""
    } else if both {
        "  "
    } else {
        "\n"
    };
    let title = wrap(title, COLUMNS).join("\n");
    adapted(&format!("{}{gap}{title}\n\n", paint.bold(&name)), style)
}

fn legend(view: &GraphView, style: Style) -> String {
    let paint = Paint(style.colour);
    let known = view.critical_path.as_ref().is_some_and(|path| !path.is_empty());
    let mark = if style.ascii { '*' } else { '●' };
    if known { paint.dim(&format!("\n{mark} on the critical path\n")) } else { String::new() }
}

/// `…` is the one character beyond ASCII that is goalc's own in these lines.
fn adapted(text: &str, style: Style) -> String {
    if style.ascii { text.replace('…', "~") } else { text.to_owned() }
}

/// What is written beside the lanes.
struct Entry {
    name: String,
    said: String,
    bold: bool,
    critical: bool,
}

/// Puts what is written beside the lanes together.
struct Writer<'a> {
    diagram: &'a Diagram,
    vertices: &'a Vertices,
    /// By node: the edges to it that are no plain `depends`.
    notes: HashMap<usize, Vec<String>>,
    style: Style,
}

impl Writer<'_> {
    fn entry(&self, row: &Row, part: Part) -> Entry {
        let node = part.node();
        let nothing = Label::default();
        let label = self.diagram.labels.get(node).unwrap_or(&nothing);
        let nested = self.vertices.nested;
        let indent = if nested { self.diagram.depth(node).saturating_sub(1).min(6) } else { 0 };
        let own = if nested { &label.name } else { &label.id };
        let end = matches!(part, Part::End(_));
        Entry {
            name: format!("{}{own}", "  ".repeat(indent)),
            said: if end { "achieved".to_owned() } else { self.said(label, node, row) },
            bold: matches!(part, Part::Start(_)),
            critical: label.critical,
        }
    }

    /// The title; then in brackets what is special, and which edges are no plain `depends`.
    fn said(&self, label: &Label, node: usize, row: &Row) -> String {
        let mut marks = label.marks.clone();
        marks.extend(self.notes.get(&node).into_iter().flatten().cloned());
        marks.extend(self.unseen(row));
        let marks =
            if marks.is_empty() { String::new() } else { format!("[{}]", marks.join(", ")) };
        let title = cut(label.title.as_deref().unwrap_or_default(), LONGEST);
        let marks = cut(&marks, 2 * LONGEST);
        let gap = if title.is_empty() || marks.is_empty() { "" } else { " " };
        format!("{title}{gap}{marks}")
    }

    /// What the line waits for and no lane shows.
    fn unseen(&self, row: &Row) -> Option<String> {
        let id = |place: &usize| id(self.diagram, self.vertices.node(*place));
        let first: Vec<&str> = row.unseen.iter().take(MOST_NAMED).map(id).collect();
        let more = row.unseen.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let arrow = if self.style.ascii { "<-" } else { "←" };
        (!first.is_empty()).then(|| format!("{arrow} {}{more}", first.join(", ")))
    }
}

fn id(diagram: &Diagram, node: usize) -> &str {
    diagram.labels.get(node).map_or("", |label| label.id.as_str())
}

fn notes(diagram: &Diagram) -> HashMap<usize, Vec<String>> {
    let mut notes: HashMap<usize, Vec<String>> = HashMap::new();
    for line in &diagram.lines {
        let from = id(diagram, line.from);
        let note = match line.kind {
            EdgeKind::Depends => continue,
            EdgeKind::DependsOptional => format!("{from}?"),
            EdgeKind::After => format!("after {from}"),
            EdgeKind::Stdin => format!("stdin from {from}"),
            // What it follows is in its `foreach`.
            EdgeKind::Item => "item by item".to_owned(),
        };
        notes.entry(line.to).or_default().push(note);
    }
    notes
}

/// Where things stand on a line.
struct Canvas {
    lanes: usize,
    names: usize,
    style: Style,
}

impl Canvas {
    fn draw(&self, row: &Row, entry: &Entry, out: &mut String) {
        let paint = Paint(self.style.colour);
        let rest = (COLUMNS.saturating_sub(self.lanes + self.names + 4)).max(NARROWEST);
        let said = wrap(&entry.said, rest).into_iter().flat_map(|line| broken(&line, rest));
        let mut said = said.peekable();
        let name = pad(&entry.name, self.names);
        let name = match (entry.bold, entry.critical) {
            (true, _) => paint.bold(&name),
            (_, true) => paint.yellow(&name),
            _ => name,
        };
        let lanes = row::drawn(row, self.lanes, self.style);
        let first = said.next().unwrap_or_default();
        self.line(&format!("{lanes}  {name}  {first}"), out);
        let lanes = row::below(row, self.lanes, self.style);
        for more in said {
            self.line(&format!("{lanes}  {}  {more}", " ".repeat(self.names)), out);
        }
    }

    fn line(&self, line: &str, out: &mut String) {
        *out += adapted(line, self.style).trim_end();
        *out += "\n";
    }
}

/// A line that has no place to break is broken where it must.
fn broken(line: &str, columns: usize) -> Vec<String> {
    let mut rest = line.to_owned();
    let mut lines = Vec::new();
    while width(&rest) > columns {
        let mut used = 0;
        let end = rest.char_indices().find(|(_, c)| {
            used += width(c.encode_utf8(&mut [0; 4]));
            used > columns
        });
        let tail = rest.split_off(end.map_or(rest.len(), |(at, _)| at).max(1));
        lines.push(std::mem::replace(&mut rest, tail));
    }
    lines.push(rest);
    lines
}
