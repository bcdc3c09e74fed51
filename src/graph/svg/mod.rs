//! The drawing as SVG: one file, without scripts, fonts or anything from elsewhere; light or dark as
//! the reader has it.
//!
//! Invariant: well-formed XML, and no text leaves its box. The layout is goalc's own: libraries for it
//! lay out boxes, but not goals within goals that edges lead to, from and through.

mod boxes;
mod crossing;
mod layered;
mod measure;
mod nest;
mod place;
mod style;

use boxes::{Text, frame, heading};
use layered::Run;
use nest::{Place, nest};
use style::{ARROWS, STYLE, kinds};

use super::diagram::{Diagram, Line};
use super::label::{Label, Shape};
use crate::report::GraphView;

/// Around the picture.
const MARGIN: f64 = 20.0;

/// What the picture's heading takes.
const HEADING: f64 = 58.0;

/// What the legend takes.
const LEGEND: f64 = 34.0;

/// The narrowest picture, so that heading and legend have room.
const NARROWEST: f64 = 420.0;

/// The plan as a picture.
pub fn svg(view: &GraphView) -> String {
    let diagram = Diagram::new(view);
    let nest = nest(&diagram);
    let nothing = Label::default();
    let root = diagram.labels.first().unwrap_or(&nothing);
    let size = nest.places.first().copied().unwrap_or_default();
    let inner = size.width.max(NARROWEST);
    let (width, top) = (inner + 2.0 * MARGIN, root_top(root));
    let height = HEADING + size.height - top + LEGEND + MARGIN;
    let shift = (MARGIN + (inner - size.width) / 2.0, HEADING - top);
    let mut out = head(root, width, height);
    out += &format!("<g transform=\"translate({} {})\">\n", number(shift.0), number(shift.1));
    for goal in 1..diagram.goals {
        goal_box(&mut out, nest.places[goal]);
    }
    for critical in [false, true] {
        let lines = diagram.lines.iter().zip(&nest.routes);
        lines.filter(|(line, _)| line.critical == critical).for_each(|(l, r)| edge(&mut out, l, r));
    }
    for goal in 1..diagram.goals {
        texts(&mut out, &diagram.labels[goal], nest.places[goal]);
    }
    for step in diagram.goals..diagram.count() {
        step_box(&mut out, &diagram.labels[step], nest.places[step]);
    }
    out += "</g>\n";
    out += &style::legend(&kinds(&diagram), MARGIN, height - MARGIN);
    out + "</svg>\n"
}

/// What the root's own heading would take: it stands above the picture instead.
fn root_top(root: &Label) -> f64 {
    frame(root).height
}

fn head(root: &Label, width: f64, height: f64) -> String {
    let (name, title) = heading(root, width - 2.0 * MARGIN);
    let (w, h) = (number(width), number(height));
    let m = number(MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n<defs>{ARROWS}</defs>\n\
         <rect class=\"page\" width=\"{w}\" height=\"{h}\"/>\n\
         <text class=\"name\" style=\"font-size:16px\" x=\"{m}\" y=\"28\">{}</text>\n\
         <text class=\"title\" style=\"font-size:13px\" x=\"{m}\" y=\"46\">{}</text>\n",
        escaped(&full(root)),
        escaped(&name),
        escaped(&title),
    )
}

/// All that is known of a node, for who points at it.
fn full(label: &Label) -> String {
    let marks = (!label.marks.is_empty()).then(|| label.marks.join(", "));
    let parts = [Some(label.id.clone()), label.title.clone(), marks];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" – ")
}

fn rect(place: Place, class: &str, radius: f64) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>\n",
        number(place.x),
        number(place.y),
        number(place.width),
        number(place.height),
        number(radius)
    )
}

fn goal_box(out: &mut String, place: Place) {
    *out += &rect(place, "goal", 8.0);
}

fn step_box(out: &mut String, label: &Label, place: Place) {
    let critical = if label.critical { "step critical" } else { "step" };
    *out += "<g>";
    *out += &format!("<title>{}</title>", escaped(&full(label)));
    match label.shape {
        Shape::Many => {
            for by in [6.0, 3.0] {
                let behind = Place {
                    x: place.x + by,
                    y: place.y + by,
                    width: place.width - 6.0,
                    height: place.height - 6.0,
                };
                *out += &rect(behind, critical, 5.0);
            }
            let front = Place { width: place.width - 6.0, height: place.height - 6.0, ..place };
            *out += &rect(front, critical, 5.0);
        }
        Shape::Service => *out += &rect(place, critical, place.height / 2.0),
        Shape::Manual => *out += &slanted(place, critical),
        Shape::Step | Shape::Goal => *out += &rect(place, critical, 5.0),
    }
    texts_of(out, label, place);
    *out += "</g>\n";
}

/// A box with a cut corner: paper, for what a person does.
fn slanted(place: Place, class: &str) -> String {
    let (x, y) = (place.x, place.y);
    let (right, bottom) = (x + place.width, y + place.height);
    format!(
        "<path class=\"{class}\" d=\"M{} {}H{}L{} {}V{}H{}Z\"/>\n",
        number(x),
        number(y),
        number(right - 12.0),
        number(right),
        number(y + 12.0),
        number(bottom),
        number(x)
    )
}

fn texts(out: &mut String, label: &Label, place: Place) {
    *out += &format!("<g class=\"heading\"><title>{}</title>", escaped(&full(label)));
    texts_of(out, label, place);
    *out += "</g>\n";
}

fn texts_of(out: &mut String, label: &Label, place: Place) {
    for Text { role, y, line } in frame(label).texts {
        let (x, y) = (number(place.x + 12.0), number(place.y + y));
        let text = escaped(&line);
        *out += &format!("<text class=\"{}\" x=\"{x}\" y=\"{y}\">{text}</text>", role.class());
    }
}

fn edge(out: &mut String, line: &Line, route: &[Run]) {
    let Some(first) = route.first() else { return };
    let mut path = format!("M{} {}", number(first.x), number(first.top));
    let mut at = (first.x, first.top);
    for run in route {
        if (run.x - at.0).abs() >= 0.5 {
            let middle = number(f64::midpoint(at.1, run.top));
            let (from, to) = (number(at.0), number(run.x));
            path += &format!("C{from} {middle} {to} {middle} {to} {}", number(run.top));
        }
        path += &format!("L{} {}", number(run.x), number(run.bottom));
        at = (run.x, run.bottom);
    }
    *out += &style::line(line.kind, line.critical, &path);
}

/// With one decimal at most.
fn number(value: f64) -> String {
    let text = format!("{:.1}", if value.is_finite() { value } else { 0.0 });
    text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned)
}

/// As text of XML, which has no place for some characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
