//! The drawing as DOT, for Graphviz: goals are clusters.
//!
//! Invariant: every text is a quoted string in which nothing ends it and nothing is an escape or an
//! entity of its own.

use super::diagram::{Diagram, Line};
use super::label::{Label, Shape, kind_word};
use crate::ir::EdgeKind;
use crate::report::GraphView;
use crate::report::layout::{cut, wrap};

/// Of a label's lines, in columns.
const WIDEST: usize = 40;

/// What is shown of a text at most, in columns.
const LONGEST: usize = 160;

const HEAD: &str = "  compound=true;
  graph [fontname=\"Helvetica\", fontsize=13, labelloc=t, labeljust=l, style=rounded, color=\"#8c959f\"];
  node [fontname=\"Helvetica\", fontsize=12, shape=box, style=rounded, color=\"#57606a\"];
  edge [fontname=\"Helvetica\", fontsize=10, color=\"#57606a\"];
";

const CRITICAL: &str = "color=\"#bc4c00\", penwidth=2";

/// The plan as a DOT digraph.
pub fn dot(view: &GraphView) -> String {
    let diagram = Diagram::new(view);
    let mut out = format!("digraph {} {{\n{HEAD}", quoted(&view.goal));
    if let Some(root) = diagram.labels.first() {
        out += &format!("  label={};\n", quoted_lines(root, "\\l"));
    }
    hold(&diagram, 0, &mut out);
    for line in &diagram.lines {
        out += &arrow(&diagram, line);
    }
    out + "}\n"
}

/// What a goal holds; sub-goals in clusters of their own.
fn hold(diagram: &Diagram, goal: usize, out: &mut String) {
    let indent = "  ".repeat(diagram.depth(goal) + 1);
    if diagram.children(goal).is_empty() {
        *out += &format!("{indent}p{goal} [shape=point, style=invis];\n");
    }
    for &child in diagram.children(goal) {
        let Some(label) = diagram.labels.get(child) else { continue };
        if diagram.is_goal(child) {
            *out += &format!("{indent}subgraph cluster_{child} {{\n");
            *out += &format!("{indent}  label={};\n", quoted_lines(label, "\\l"));
            hold(diagram, child, out);
            *out += &format!("{indent}}}\n");
        } else {
            *out += &format!("{indent}n{child} [{}];\n", node(label));
        }
    }
}

fn node(label: &Label) -> String {
    let shape = match label.shape {
        Shape::Many => ", shape=box3d, style=\"\"",
        Shape::Service => ", shape=box, style=\"rounded,bold\", peripheries=2",
        Shape::Manual => ", shape=house, style=\"\"",
        Shape::Step | Shape::Goal => "",
    };
    let critical = if label.critical { format!(", {CRITICAL}") } else { String::new() };
    format!("label={}{shape}{critical}", quoted_lines(label, "\\n"))
}

fn arrow(diagram: &Diagram, line: &Line) -> String {
    let style = match line.kind {
        EdgeKind::Depends => None,
        EdgeKind::DependsOptional => Some("style=dashed, arrowhead=empty".to_owned()),
        EdgeKind::After => Some("style=dashed".to_owned()),
        EdgeKind::Stdin => Some("style=bold, arrowhead=vee".to_owned()),
        EdgeKind::Item => Some("style=bold, arrowhead=crow".to_owned()),
    };
    let label = kind_word(line.kind).map(|word| format!("label={}", quoted(word)));
    let tail = diagram.is_goal(line.from).then(|| format!("ltail=cluster_{}", line.from));
    let head = diagram.is_goal(line.to).then(|| format!("lhead=cluster_{}", line.to));
    let critical = line.critical.then(|| CRITICAL.to_owned());
    let all: Vec<String> = [style, label, tail, head, critical].into_iter().flatten().collect();
    let attributes = if all.is_empty() { String::new() } else { format!(" [{}]", all.join(", ")) };
    let (from, to) = (anchor(diagram, line.from, End::Last), anchor(diagram, line.to, End::First));
    format!("  {from} -> {to}{attributes};\n")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// The node that an edge of a goal is tied to: DOT has edges between nodes only.
fn anchor(diagram: &Diagram, node: usize, end: End) -> String {
    let mut at = node;
    while diagram.is_goal(at) {
        let children = diagram.children(at);
        let next = if end == End::First { children.first() } else { children.last() };
        match next {
            Some(next) => at = *next,
            None => return format!("p{at}"),
        }
    }
    format!("n{at}")
}

/// The lines of a label, each with its end: centred (`\n`), or to the left (`\l`).
fn quoted_lines(label: &Label, end: &str) -> String {
    let marks = (!label.marks.is_empty()).then(|| format!("[{}]", label.marks.join(", ")));
    let parts = [Some(label.name.clone()), label.title.clone(), marks];
    let lines = parts.into_iter().flatten().flat_map(|part| wrap(&cut(&part, LONGEST), WIDEST));
    let lines: String = lines.map(|line| escaped(&line) + end).collect();
    // Of centred lines the last needs no end.
    format!("\"{}\"", lines.strip_suffix("\\n").unwrap_or(&lines))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(&super::label::line(text)))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
