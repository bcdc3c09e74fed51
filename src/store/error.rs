//! What can go wrong with the state, in the user's words.
//!
//! Owns the translation from the system's and `SQLite`'s codes to sentences that say what to do.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rustix::io::Errno;
use thiserror::Error;

use super::lock::Holder;

/// The state failed goalc, or does not have what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    #[error("nothing has run here yet: there is no state folder `{}` (a run is found from the folder of its plan)", .0.display())]
    NoFolder(PathBuf),
    /// A folder or file that goalc will not trust.
    #[error("`{}` cannot hold goalc's state: {why}", .path.display())]
    Unsafe { path: PathBuf, why: String },
    #[error("the disk is full: cannot write `{}`", .0.display())]
    DiskFull(PathBuf),
    #[error("`{}` can only be read: set GOALC_STATE_DIR to a folder that can be written", .0.display())]
    ReadOnly(PathBuf),
    #[error("no permission to {doing} `{}`", .path.display())]
    Permission { doing: &'static str, path: PathBuf },
    #[error("cannot {doing} `{}`: {why}", .path.display())]
    System { doing: &'static str, path: PathBuf, why: String },
    #[error("`{}` is in use by another process, which did not let go for 30 seconds", .0.display())]
    Busy(PathBuf),
    #[error("`{}` is damaged ({why}): move the folder away, or put a copy of it back", .path.display())]
    Damaged { path: PathBuf, why: String },
    #[error(
        "`{}` was written by a newer goalc (format {found}; this one knows {known}): use that one",
        .path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("`{}` was removed or replaced while goalc used it", .0.display())]
    Gone(PathBuf),
    #[error("the record of run {run} cannot be read: {why}")]
    Record { run: String, why: String },
    /// One coordinator a run.
    #[error("run {run} is held by another process{}", holder_text(.holder.as_ref()))]
    Held { run: String, holder: Option<Holder> },
    /// By a request that nobody has taken up yet.
    #[error("it was answered already, by {by}: `goalc resume {run}` takes that up")]
    Answered { run: String, by: String },
    #[error("no run has been started here yet")]
    NoRuns,
    #[error("there is no run `{0}`: `goalc runs` lists them")]
    NoSuchRun(String),
    #[error("`{given}` fits several runs: {}", candidates_text(.runs))]
    Ambiguous { given: String, runs: Vec<String> },
}

impl StoreError {
    /// Whether the command line asked for what is not there or cannot be, and the state itself is
    /// sound.
    pub fn is_wrong_name(&self) -> bool {
        matches!(
            self,
            Self::NoFolder(_)
                | Self::NoRuns
                | Self::NoSuchRun(_)
                | Self::Ambiguous { .. }
                | Self::Answered { .. }
        )
    }

    /// A failed system call; `doing` is a verb as in "cannot open".
    pub(super) fn system(doing: &'static str, path: &Path, errno: Errno) -> Self {
        let path = path.to_owned();
        match errno {
            Errno::NOSPC | Errno::DQUOT => Self::DiskFull(path),
            Errno::ROFS => Self::ReadOnly(path),
            Errno::ACCESS | Errno::PERM => Self::Permission { doing, path },
            Errno::NOTDIR => not_safe(&path, "it is no folder"),
            Errno::LOOP => not_safe(&path, "it is a symbolic link"),
            other => {
                let why = std::io::Error::from(other).to_string();
                let why = why.split(" (os error").next().unwrap_or_default().to_lowercase();
                Self::System { doing, path, why }
            }
        }
    }

    /// A failed statement on the database at `path`.
    pub(super) fn sql(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull(path),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(path),
            Some(ErrorCode::PermissionDenied) => Self::Permission { doing: "open", path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => {
                Self::System { doing: "use", path, why: sql_text(error) }
            }
            Some(ErrorCode::ConstraintViolation) => {
                let why = "an event with this number is there already: another process wrote";
                Self::Damaged { path, why: why.to_owned() }
            }
            _ => Self::Damaged { path, why: sql_text(error) },
        }
    }
}

/// `SQLite`'s own sentence, with its extended code where the sentence alone says little.
fn sql_text(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(code) => format!("{error}, code {}", code.extended_code),
        None => error.to_string(),
    }
}

pub(super) fn not_safe(path: &Path, why: impl Into<String>) -> StoreError {
    StoreError::Unsafe { path: path.to_owned(), why: why.into() }
}

fn holder_text(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" ({holder})"))
}

fn candidates_text(runs: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = runs.get(..SHOWN).unwrap_or(runs).join(", ");
    match runs.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}
