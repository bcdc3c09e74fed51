//! The log of one attempt: both streams, whole lines apart, up to a limit.
//!
//! Knows bytes that may be kept, nothing of where they come from. Invariant: a log that cannot be
//! written or is full never stops a process; where it ends early, it and the notes say so.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use rustix::fs::OFlags;

use crate::value::size_text;

#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    limit: u64,
    state: State,
    written: u64,
    dropped: u64,
    /// The stream whose line is unfinished at the log's end.
    unfinished: Option<bool>,
}

#[derive(Debug)]
enum State {
    NotYet,
    Open(File),
    /// It takes nothing more, because it is full or for this reason.
    Ended(Option<String>),
}

impl Log {
    pub(super) fn new(path: PathBuf, limit: u64) -> Self {
        let state = if path.as_os_str().is_empty() { State::Ended(None) } else { State::NotYet };
        Self { path, limit, state, written: 0, dropped: 0, unfinished: None }
    }

    /// Appends what a stream wrote.
    pub(super) fn write(&mut self, stderr: bool, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.unfinished.is_some_and(|other| other != stderr) {
            self.append(b"\n");
        }
        self.append(bytes);
        self.unfinished = (bytes.last() != Some(&b'\n')).then_some(stderr);
    }

    fn append(&mut self, bytes: &[u8]) {
        if matches!(self.state, State::NotYet) {
            self.state = match open(&self.path) {
                Ok(file) => State::Open(file),
                Err(error) => State::Ended(Some(error.to_string())),
            };
        }
        let room = usize::try_from(self.limit - self.written.min(self.limit)).unwrap_or(usize::MAX);
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.put(kept);
        if kept.len() < bytes.len() {
            self.cut(kept.last().map_or(self.unfinished.is_some(), |&byte| byte != b'\n'));
        }
        if matches!(self.state, State::Ended(_)) {
            self.dropped = self.dropped.saturating_add((bytes.len() - kept.len()) as u64);
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Open(file) => match file.write_all(bytes) {
                Ok(()) => self.written += bytes.len() as u64,
                Err(error) => self.state = State::Ended(Some(error.to_string())),
            },
            _ => self.dropped = self.dropped.saturating_add(bytes.len() as u64),
        }
    }

    fn cut(&mut self, in_line: bool) {
        if let State::Open(file) = &mut self.state {
            let break_before = if in_line { "\n" } else { "" };
            let limit = size_text(self.limit);
            let _ = writeln!(
                file,
                "{break_before}[goalc: the log is cut here, at its limit of {limit}]"
            );
            self.state = State::Ended(None);
        }
    }

    /// What people should know of it.
    pub(super) fn note(&self) -> Option<String> {
        match &self.state {
            State::Ended(Some(why)) => {
                Some(format!("the log could not be written to its end: {why}"))
            }
            State::Ended(None) if self.dropped > 0 && !self.path.as_os_str().is_empty() => {
                let (limit, dropped) = (size_text(self.limit), size_text(self.dropped));
                Some(format!("the log was cut at {limit}; {dropped} more were dropped"))
            }
            _ => None,
        }
    }
}

/// For its owner only, whatever the umask; never through a link.
fn open(path: &std::path::Path) -> std::io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
        .open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}
