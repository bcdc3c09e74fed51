//! Saving files and folders, and putting them back exactly as they were.
//!
//! Knows paths, not plans. A saved tree is a manifest and numbered files with the contents, all
//! private; the contents are shared with other snapshots. Invariant: what is at a path is at each moment either the tree as it is now or the
//! saved one, whole; nothing outside of the saved paths is changed, and no link is followed.

mod content;
mod limits;
mod manifest;
mod objects;
mod remove;
mod restore;
mod take;
#[cfg(test)]
mod tests;
mod walk;

pub use limits::Guarded;
pub use objects::prune;
pub use remove::remove_beneath;
pub use restore::restore;
pub use take::take;

use std::path::PathBuf;

/// A path to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// As the plan has it, for messages.
    pub shown: String,
    /// Absolute, but not yet resolved.
    pub path: PathBuf,
}

/// Says whether the work is to be given up.
pub type Stop<'a> = &'a dyn Fn() -> bool;

/// What is said of work that was given up.
pub const STOPPED: &str = "stopped";
