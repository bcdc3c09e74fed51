//! `fallback`: another way to do a step.
//!
//! Read as an outline of its own; the semantic pass lowers its clauses onto its attempt.

use crate::clause::{BlockShape, ClauseSpec, Place, Repeat, Role, Shape, Slot};

pub(in crate::clause) static FALLBACK: ClauseSpec = ClauseSpec {
    word: "fallback",
    places: &[Place::Step],
    repeat: Repeat::Many,
    role: Role::Recovery,
    head: &[Slot::optional("NAME", Shape::Name)],
    block: BlockShape::Required(Place::Fallback),
    summary: "another way, tried when the attempts before it are used up",
    documentation: "\
Fallbacks are tried in the order in which they are written. Each has its own action and its own \
`timeout retry env dir shell verify`, and must give the same outputs as the step.\n\
The step succeeds if one does, and says which did: `connect.via`.",
    example: "\
step connect {
  run \"psql -h primary -c 'select 1'\"
  fallback replica { run \"psql -h replica -c 'select 1'\"; timeout 10s }
}",
    ..ClauseSpec::PLAIN
};
