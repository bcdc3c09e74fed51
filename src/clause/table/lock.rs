//! `lock`: mutual exclusion, within the run or on this machine.
//!
//! A lock exists by being named; taking it is the scheduler's business.

use crate::clause::{
    Argument, Clause, ClauseSpec, Context, Place, Repeat, Role, Shape, Slot, Target,
};
use crate::ir::{Lock, LockScope};

pub(super) static LOCK: ClauseSpec = ClauseSpec {
    word: "lock",
    places: &[Place::Step, Place::Goal, Place::Mount, Place::Defaults],
    repeat: Repeat::Many,
    role: Role::Guard,
    head: &[
        Slot::optional("SCOPE", Shape::Word(&["shared", "machine"])),
        Slot::one("NAME", Shape::Name),
    ],
    summary: "runs only while no other step holds the lock of this name",
    documentation: "\
`lock shared NAME` lets other shared holders run at the same time; `lock machine NAME` also holds against \
other runs on this machine.\n\
All locks of a step are taken at once or not at all, never while it waits for a person or a delay, so no \
order of locks can block a run.",
    example: "\
step migrate { lock database; run \"./migrate up\" }
step report { lock shared database; run \"./report\" }",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    let scope = match clause.head.first().and_then(Argument::as_word) {
        Some("shared") => LockScope::Shared,
        Some("machine") => LockScope::Machine,
        _ => LockScope::Exclusive,
    };
    let (Some(name), Some(guards)) = (clause.head_names().next(), target.guards()) else { return };
    let lock = Lock { name: name.value.as_ref().into(), scope };
    if !guards.locks.contains(&lock) {
        guards.locks.push(lock);
    }
}
