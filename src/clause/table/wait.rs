//! `await`: waits until probes hold.
//!
//! Knows nothing of how probes are asked.

use super::run::set_action;
use crate::clause::{
    BlockShape, Clause, ClauseSpec, Context, OptionSpec, Place, Role, Slot, Target,
};
use crate::ir::Action;

pub(super) static AWAIT: ClauseSpec = ClauseSpec {
    word: "await",
    places: &[Place::Step, Place::Fallback],
    role: Role::Action,
    options: &[OptionSpec::new("every", &[Slot::span_of_time()])],
    block: BlockShape::Required(Place::Probes),
    summary: "waits until all its probes hold",
    documentation: "\
The probes are asked again and again, `every` second if not said otherwise, until all of them hold.\n\
`timeout` bounds the wait. A step that awaits holds no slot of `parallel`.",
    example: "\
step ready {
  await { http \"http://127.0.0.1:8080/health\" status 200 } every 2s
  timeout 5m
}",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let probes = clause.lower_probes(context);
    let every = clause.resolve_option("every", context);
    set_action(Action::Await { probes, every: every.map(Box::new) }, target);
}
