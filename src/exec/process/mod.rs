//! Processes of steps: started in their own session, supervised as whole trees.
//!
//! Knows nothing of plans, events or the journal. This is the only room with `unsafe`.
//! Invariant: when [`supervise`] returns, no process of the tree is left, or the report says so.

mod birth;
mod control;
mod env;
mod guardian;
mod leader;
mod log;
mod lookup;
mod output;
mod proc;
mod ready;
mod registry;
mod spawn;
mod start;
mod starved;
mod supervise;
#[cfg(test)]
mod tests;
mod tree;
mod usage;

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::Sender;
use serde::{Deserialize, Serialize};

use crate::value::Masker;

pub use control::{Control, Controller};
pub use env::{ProcessEnv, SharedEnv};
pub use guardian::{GUARDIAN_ARGUMENT, Guardian, end_leftovers, main as guardian_main};
pub use lookup::find_program;
pub use registry::become_subreaper;
pub use supervise::{supervise, supervise_joined};
pub use usage::Usage;

/// A process to run and what bounds it. May be carried out again and again.
#[derive(Debug, Clone)]
pub struct ProcessOrder {
    /// The program (looked up in `PATH` of `env`) and its arguments.
    pub argv: Vec<OsString>,
    /// The whole environment, and nothing else. Holds the cookie.
    pub env: ProcessEnv,
    pub dir: PathBuf,
    /// `NAME=VALUE` that only this attempt's processes have in their environment; empty: none.
    pub cookie: OsString,
    /// Time that it stands still by [`Control::Suspend`] does not count.
    pub timeout: Option<Duration>,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// Bytes that the tree may have in memory together, looked at a few times a second; and that
    /// no process of it may ever have had.
    pub memory: Option<u64>,
    /// Where goalc is a job of a cluster, it is all that the job is for: what the system ends there as memory has run out
    /// is of its tree.
    pub alone: bool,
    /// How many processors it may use.
    pub cpus: Option<u32>,
    /// The log that both streams are appended to, as they come, secrets masked. Created (0600)
    /// when the first byte comes. Empty: none.
    pub log: PathBuf,
    /// How much of both streams is kept in the log, in bytes; the rest is dropped with a note.
    pub log_limit: u64,
    /// Keep standard output, up to so many bytes, for outputs `from stdout` and `from json`.
    pub capture: Option<usize>,
    pub masker: Arc<Masker>,
    /// Where complete lines (masked, without their line break, cut at 64 KiB) are shown. Never
    /// waited for: where a bounded channel is full, lines are left out, and their number is said.
    pub lines: Option<Sender<OutputLine>>,
    /// What [`OutputLine::tag`] is to be.
    pub tag: u64,
}

impl Default for ProcessOrder {
    fn default() -> Self {
        Self {
            argv: Vec::new(),
            env: ProcessEnv::default(),
            dir: PathBuf::from("."),
            cookie: OsString::new(),
            timeout: None,
            grace: Duration::from_secs(10),
            memory: None,
            alone: false,
            cpus: None,
            log: PathBuf::new(),
            log_limit: u64::MAX,
            capture: None,
            masker: Arc::default(),
            lines: None,
            tag: 0,
        }
    }
}

/// Ends of pipes to other processes. What is `None` is empty (input) or read by the supervisor.
#[derive(Debug, Default)]
pub struct Ends {
    pub stdin: Option<OwnedFd>,
    pub stdout: Option<OwnedFd>,
}

/// One line that a process wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// The order's: tells processes apart that share a channel.
    pub tag: u64,
    pub stderr: bool,
    pub text: String,
    /// Less than that of all that was sent later, by [`in_order`] too.
    pub order: u64,
}

/// The next number of an order that is the whole process's.
pub fn in_order() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::AcqRel)
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessEnd {
    Exited(i32),
    Signalled(i32),
    /// Its timeout had passed; the tree is gone.
    TimedOut,
    /// It used more than `memory`, or the system ended it as memory had run out; the tree is gone.
    OutOfMemory,
    /// It was told to end; the tree is gone.
    Stopped,
    /// It never ran; says why in the user's words.
    CannotStart(String),
    /// Where it ran is gone, and nothing says how it ended; says why.
    Lost(String),
}

/// The end and what is known of the whole.
#[derive(Debug)]
pub struct ProcessReport {
    pub end: ProcessEnd,
    /// Captured standard output; `None` where it was longer than the limit or not asked for.
    pub stdout: Option<Vec<u8>>,
    /// The last lines of both streams, masked, for messages; at most 20.
    pub tail: Vec<String>,
    /// Remarks for people: a background process that was left and ended, a log that was cut.
    pub notes: Vec<String>,
    /// Processes that not even SIGKILL has ended: what they do now is unknown.
    pub survivors: usize,
    /// What it had until it was [`ProcessEnd::TimedOut`], where that was not the order's own.
    pub limit: Option<Duration>,
    /// Of the whole tree.
    pub usage: Usage,
}

impl ProcessReport {
    /// Of a process that never ran.
    pub fn not_started(end: ProcessEnd) -> Self {
        Self {
            end,
            stdout: None,
            tail: Vec::new(),
            notes: Vec::new(),
            survivors: 0,
            limit: None,
            usage: Usage::default(),
        }
    }
}

/// A signal's name: `SIGKILL`, or `signal 42`.
pub fn signal_name(signal: i32) -> String {
    match signal_hook::low_level::signal_name(signal) {
        Some(name) => name.to_owned(),
        None => format!("signal {signal}"),
    }
}

/// A pipe from one process to the next, for [`Ends`]: the end to read from and the end to write to.
///
/// # Errors
/// Where the machine has no more file descriptors.
pub fn pipe() -> std::io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}
