//! Probes: conditions that are asked of the world.
//!
//! Each declares its words and lowers to an [`ir::Probe`]; asking is the interpreter's business.

mod expression;
mod files;
mod machine;
mod network;
mod program;

pub(in crate::clause) use expression::{EXPRESSION, NOT};
pub(super) use files::{DIR, DISK, FILE, UNCHANGED};
pub(super) use machine::{ENV, MEMORY, PORT};
pub(super) use network::{HTTP, TCP};
pub(super) use program::{COMMAND, RUN};

use crate::clause::{ClauseSpec, Place, Repeat, Role, Target};
use crate::ir;

/// What all probes have in common.
const PROBE: ClauseSpec = ClauseSpec {
    places: &[Place::Probes],
    repeat: Repeat::Many,
    role: Role::Probe,
    ..ClauseSpec::PLAIN
};

fn push(kind: ir::ProbeKind, target: &mut Target<'_>) {
    if let Target::Probes(probes) = target {
        probes.push(ir::Probe { negated: false, kind });
    }
}
