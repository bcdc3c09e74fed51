//! What is written on a goal or step: its name, its title, and words for what is special about it.
//!
//! Invariant: all of it is one line each, and shows no character that hides or acts on a terminal.

use crate::diagnostic::visible;
use crate::ir::EdgeKind;
use crate::report::{GraphGoal, GraphStep, GraphView};

/// The texts of a node.
#[derive(Debug, Default)]
pub(super) struct Label {
    /// As the plan's text has it in its goal.
    pub(super) name: String,
    /// With the goals around it; the root's is its name.
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) marks: Vec<String>,
    pub(super) critical: bool,
    pub(super) shape: Shape,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Shape {
    #[default]
    Step,
    Goal,
    /// One instance an item.
    Many,
    Service,
    /// A person does it.
    Manual,
}

/// Of all goals, then all steps.
pub(super) fn labels(view: &GraphView) -> Vec<Label> {
    let goals = view.goals.iter().map(|goal| of_goal(goal, &view.goal));
    goals.chain(view.steps.iter().map(of_step)).collect()
}

fn of_goal(goal: &GraphGoal, root: &str) -> Label {
    let id = if goal.id.is_empty() { root } else { &goal.id };
    let parent = goal.parent.as_deref().unwrap_or_default();
    let marks = [("mounted", goal.mounted), ("confirm", goal.confirm), ("when", goal.when)];
    Label {
        name: if goal.id.is_empty() { line(root) } else { name(id, parent) },
        id: line(id),
        title: goal.title.as_deref().map(line).filter(|title| !title.is_empty()),
        marks: words(&marks).collect(),
        critical: false,
        shape: Shape::Goal,
    }
}

fn of_step(step: &GraphStep) -> Label {
    let mut marks: Vec<String> = words(&[
        ("by hand", step.manual),
        ("await", step.awaits),
        ("service", step.service),
        ("when", step.when),
        ("confirm", step.confirm),
    ])
    .collect();
    marks.extend(step.foreach.as_ref().map(|foreach| format!("foreach {}", line(foreach))));
    if !step.fallbacks.is_empty() {
        marks.push(line(&format!("fallback {}", step.fallbacks.join(", "))));
    }
    marks.extend(words(&[("rollback", step.rollback), ("checkpoint", step.checkpoint)]));
    let shape = match () {
        () if step.manual => Shape::Manual,
        () if step.service => Shape::Service,
        () if step.foreach.is_some() => Shape::Many,
        () => Shape::Step,
    };
    Label {
        name: name(&step.id, &step.goal),
        id: line(&step.id),
        title: step.title.as_deref().map(line).filter(|title| !title.is_empty()),
        marks,
        critical: step.critical,
        shape,
    }
}

fn words<'a>(marks: &'a [(&'static str, bool)]) -> impl Iterator<Item = String> + 'a {
    marks.iter().filter(|(_, is)| *is).map(|(word, _)| (*word).to_owned())
}

/// An id without that of the goal around it.
fn name(id: &str, parent: &str) -> String {
    let local = id.strip_prefix(parent).and_then(|rest| rest.strip_prefix('.'));
    line(local.filter(|local| !local.is_empty()).unwrap_or(id))
}

/// A text in one line.
pub(super) fn line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What an edge other than a plain `depends` is called; `None` for that.
pub(super) fn kind_word(kind: EdgeKind) -> Option<&'static str> {
    match kind {
        EdgeKind::Depends => None,
        EdgeKind::DependsOptional => Some("if not skipped"),
        EdgeKind::After => Some("after"),
        EdgeKind::Stdin => Some("stdin"),
        EdgeKind::Item => Some("item by item"),
    }
}
