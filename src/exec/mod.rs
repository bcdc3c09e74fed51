//! Carrying a plan out: one event stream, one transition function.
//!
//! `schedule` proposes, the world performs, an [`Event`] is journalled, and only then
//! `RunState::apply` makes it count. Resume is a fold of the journal by the same `apply`; the
//! dry-run is the same loop in a simulated world.

pub mod changes;
mod deadlock;
pub mod drive;
pub mod estimate;
pub mod event;
pub mod executor;
mod failure;
pub mod journal;
pub mod probe;
pub mod process;
mod question;
pub mod snapshot;

pub use event::{
    Answer, AttemptEnd, Event, Failure, QuestionKind, RunStatus, Stamped, Status, StopReason,
    Timestamp, Unit,
};
pub use journal::{Journal, JournalError, SaySynced};
pub mod graph;
pub mod outputs;
pub mod params;
pub mod recovery;
pub mod schedule;
pub mod scope;
pub mod state;
mod status;
mod texts;
pub mod ways_back;
pub mod why;
pub mod world;
