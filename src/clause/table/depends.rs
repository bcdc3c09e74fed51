//! `depends`, `after` and `stdin from`: the edges of the graph.
//!
//! Names are resolved by the context, and what the edges form is the semantic pass's business.

use crate::clause::{
    Argument, Clause, ClauseSpec, Context, OptionSpec, Place, Reference, Repeat, Role, Shape, Slot,
    Target,
};
use crate::ir::{Edge, EdgeKind};
use crate::value::NodeId;

pub(super) static DEPENDS: ClauseSpec = ClauseSpec {
    word: "depends",
    places: &[Place::Step, Place::Goal, Place::Mount],
    repeat: Repeat::Many,
    role: Role::Edge,
    head: &[Slot::list("STEP", Shape::Reference { optional: true })],
    summary: "runs after these steps or goals succeeded",
    documentation: "\
A goal has succeeded when it is achieved. `database.migrate` names a step of a sub-goal.\n\
With `name?` a step that was skipped will do too; otherwise a step whose dependency was skipped is \
skipped itself.\n\
On a sub-goal or mount it holds for every step inside.",
    example: "\
step fetch { run \"./fetch\" }
step cache { run \"./warm-up\" }
step build { depends fetch, cache?; run \"make\" }",
    lower: lower_depends,
    ..ClauseSpec::PLAIN
};

pub(super) static AFTER: ClauseSpec = ClauseSpec {
    word: "after",
    places: &[Place::Step, Place::Goal, Place::Mount],
    repeat: Repeat::Many,
    role: Role::Edge,
    head: &[Slot::list("STEP", Shape::Reference { optional: false })],
    summary: "runs after these steps or goals ended, however they ended",
    documentation: "\
Order only: the step runs whether they succeeded, failed or were skipped. How one ended is `name.status`.\n\
After a service: once it is ready, skipped or ended.",
    example: "\
step publish { run \"./publish\" }
step tell {
  after publish
  when publish.status != \"succeeded\"
  run \"./page-oncall\"
}",
    lower: lower_after,
    ..ClauseSpec::PLAIN
};

pub(super) static STDIN: ClauseSpec = ClauseSpec {
    word: "stdin",
    places: &[Place::Step],
    role: Role::Edge,
    options: &[OptionSpec::required(
        "from",
        &[Slot::one("STEP", Shape::Reference { optional: false })],
    )],
    summary: "reads another step's standard output, as through a pipe",
    documentation: "\
Steps joined so start together and are tried together: if one fails, the others are stopped, and the \
group's next attempt begins while each failed member has retries left.\n\
A step is read by one other at most. `unless` counts for the group as a whole.\n\
A writer that gets SIGPIPE because its reader succeeded early has succeeded.",
    example: "\
step events { run \"./tail-events\" }
step count { stdin from events; run \"wc -l\" }",
    lower: lower_stdin,
    ..ClauseSpec::PLAIN
};

/// Adds an edge where it is not there yet.
pub(super) fn add_edge(on: NodeId, kind: EdgeKind, target: &mut Target<'_>) {
    let Some(edges) = target.edges() else { return };
    let edge = Edge { on, kind };
    if !edges.contains(&edge) {
        edges.push(edge);
    }
}

fn lower_edges(
    clause: &Clause,
    target: &mut Target<'_>,
    context: &mut dyn Context,
    kind: impl Fn(&Reference) -> EdgeKind,
) {
    for reference in clause.head.iter().filter_map(Argument::as_reference) {
        if let Some(node) = context.node(reference) {
            add_edge(node, kind(reference), target);
        }
    }
}

fn lower_depends(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    lower_edges(clause, target, context, |reference| {
        if reference.optional { EdgeKind::DependsOptional } else { EdgeKind::Depends }
    });
}

fn lower_after(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    lower_edges(clause, target, context, |_| EdgeKind::After);
}

fn lower_stdin(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(from) = clause.option("from") else { return };
    let Some(reference) = from.arguments.iter().find_map(Argument::as_reference) else { return };
    if let Some(step) = context.step(reference) {
        add_edge(NodeId::Step(step), EdgeKind::Stdin, target);
    }
}
