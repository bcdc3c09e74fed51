//! The journal and the run history, in `SQLite`.
//!
//! The only room with SQL; owns the state folder, its permissions and locks. Knows what an event
//! is, not what it means, but for a few: a run's end, an answer, the beginning of an undo.
//! Invariant: what was acknowledged is on disk, and one process at a time writes to a run.

mod checksum;
mod commit;
#[cfg(debug_assertions)]
mod crash;
mod database;
mod durations;
mod entry;
mod error;
mod events;
mod folder;
mod id;
mod journal;
mod lease;
mod lock;
mod private;
mod request;
mod runs;
mod successes;
mod syncer;
#[cfg(test)]
mod tests;
mod unwritten;

pub use error::StoreError;
pub use folder::{RunFolder, StateFolder};
pub use id::RunId;
pub use journal::RunJournal;
pub use lock::{Holder, MachineLock, RunLock};
pub use request::{Inbox, Posted, Request, RequestKind};
pub use runs::{RunRecord, RunSummary, Store};
pub use successes::FixedItems;
