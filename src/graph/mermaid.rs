//! The drawing as a Mermaid flowchart: goals are subgraphs.
//!
//! Invariant: of a text only letters, digits, spaces and a few harmless marks stand as they are; all
//! else is a character's number, so that nothing ends a label, and none is Markdown or HTML.

use super::diagram::{Diagram, Line};
use super::label::{Label, Shape, kind_word};
use crate::ir::EdgeKind;
use crate::report::GraphView;

const STYLES: &str = "  classDef critical stroke:#bc4c00,stroke-width:3px\n";

/// The plan as a Mermaid flowchart.
pub fn mermaid(view: &GraphView) -> String {
    let diagram = Diagram::new(view);
    let mut out = "flowchart TD\n".to_owned();
    subgraph(&diagram, 0, &mut out);
    for line in &diagram.lines {
        let (from, to) = (name(&diagram, line.from), name(&diagram, line.to));
        out += &format!("  {from} {} {to}\n", arrow(line));
    }
    let critical: Vec<String> = diagram
        .labels
        .iter()
        .enumerate()
        .filter(|(_, label)| label.critical)
        .map(|(node, _)| name(&diagram, node))
        .collect();
    if !critical.is_empty() {
        out += &format!("{STYLES}  class {} critical\n", critical.join(","));
    }
    let lines = diagram.lines.iter().enumerate().filter(|(_, line)| line.critical);
    let lines: Vec<String> = lines.map(|(at, _)| at.to_string()).collect();
    if !lines.is_empty() {
        out += &format!("  linkStyle {} stroke:#bc4c00,stroke-width:3px\n", lines.join(","));
    }
    out
}

fn subgraph(diagram: &Diagram, goal: usize, out: &mut String) {
    let indent = "  ".repeat(diagram.depth(goal) + 1);
    let Some(label) = diagram.labels.get(goal) else { return };
    *out += &format!("{indent}subgraph g{goal}[\"{}\"]\n", text(label));
    if diagram.children(goal).is_empty() {
        *out += &format!("{indent}  e{goal}[\" \"]\n");
    }
    for &child in diagram.children(goal) {
        if diagram.is_goal(child) {
            subgraph(diagram, child, out);
        } else if let Some(label) = diagram.labels.get(child) {
            let (open, close) = match label.shape {
                Shape::Many => ("[[", "]]"),
                Shape::Service => ("([", "])"),
                Shape::Manual => ("[/", "\\]"),
                Shape::Step | Shape::Goal => ("[", "]"),
            };
            *out += &format!("{indent}  n{child}{open}\"{}\"{close}\n", text(label));
        }
    }
    *out += &format!("{indent}end\n");
}

fn name(diagram: &Diagram, node: usize) -> String {
    format!("{}{node}", if diagram.is_goal(node) { 'g' } else { 'n' })
}

fn arrow(line: &Line) -> String {
    let arrow = match line.kind {
        EdgeKind::Depends => "-->",
        EdgeKind::DependsOptional | EdgeKind::After => "-.->",
        EdgeKind::Stdin | EdgeKind::Item => "==>",
    };
    kind_word(line.kind).map_or_else(|| arrow.to_owned(), |word| format!("{arrow}|\"{word}\"|"))
}

fn text(label: &Label) -> String {
    let marks = (!label.marks.is_empty()).then(|| format!("({})", label.marks.join(", ")));
    let parts = [Some(label.name.clone()), label.title.clone(), marks];
    let lines: Vec<String> = parts.into_iter().flatten().map(|part| escaped(&part)).collect();
    lines.join("<br/>")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Mermaid itself writes numbers of characters with the last two while it reads.
        let taken = matches!(c, '\u{fb02}' | '\u{b6}');
        let harmless = (c.is_alphanumeric() || matches!(c, ' ' | ',') || !c.is_ascii()) && !taken;
        if harmless {
            out.push(c);
        } else {
            out += &format!("#{};", u32::from(c));
        }
    }
    out
}
