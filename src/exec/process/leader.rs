//! The process that was started itself: its handle, its end, and what it used.

#![allow(unsafe_code)]

use std::os::fd::OwnedFd;

use rustix::process::Pid;

use super::usage::Usage;
use super::{ProcessEnd, registry};

#[derive(Debug)]
pub(super) struct Leader {
    pub(super) pid: Pid,
    /// Readable when it has ended.
    pub(super) handle: OwnedFd,
    pub(super) exit: Option<Exit>,
}

/// What is left of an ended process.
#[derive(Debug, Clone)]
pub(super) struct Exit {
    pub(super) end: ProcessEnd,
    pub(super) usage: Usage,
}

impl From<(Pid, OwnedFd)> for Leader {
    fn from((pid, handle): (Pid, OwnedFd)) -> Self {
        Self { pid, handle, exit: None }
    }
}

impl Leader {
    /// Asks for its status, if it has ended.
    pub(super) fn reap(&mut self) {
        if self.exit.is_none() {
            let moved = Usage::moved(self.pid.as_raw_nonzero().get());
            let exit = registry::strike(self.pid, || wait(self.pid));
            self.exit = exit.map(|exit| Exit { usage: exit.usage.and(moved), ..exit });
        }
    }
}

/// The end of a child that has ended. Does not wait for it.
pub(super) fn wait(pid: Pid) -> Option<Exit> {
    match ended(pid.as_raw_nonzero().get()) {
        Asked::Running => None,
        Asked::Ended(exit) => Some(exit),
        // Someone else asked for its status: how it ended is lost.
        Asked::Unknown => Some(Exit { end: ProcessEnd::Exited(255), usage: Usage::default() }),
    }
}

/// What the system says of a child.
#[derive(Debug)]
pub(super) enum Asked {
    Running,
    Ended(Exit),
    /// There is no such child.
    Unknown,
}

/// A child in a group that has ended and was not asked for its status.
pub(super) fn ended_in_group(group: Pid) -> Option<i32> {
    let group = libc::id_t::try_from(group.as_raw_nonzero().get()).ok()?;
    let mut found = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the pointer is to a live value that the call may write; all zero is a valid record,
    // and says that there is none.
    let pid = unsafe {
        let failed = libc::waitid(libc::P_PGID, group, found.as_mut_ptr(), flags) != 0;
        if failed { 0 } else { found.assume_init_ref().si_pid() }
    };
    (pid > 0).then_some(pid)
}

/// Asks for the end of a child. Does not wait for it.
pub(super) fn ended(pid: i32) -> Asked {
    let mut status = 0;
    let mut record = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live values that the call may write; all zero is a valid rusage.
    let (found, record) = unsafe {
        let found = libc::wait4(pid, &raw mut status, libc::WNOHANG, record.as_mut_ptr());
        (found, record.assume_init())
    };
    let end = match found {
        0 => return Asked::Running,
        -1 => return Asked::Unknown,
        _ if libc::WIFSIGNALED(status) => ProcessEnd::Signalled(libc::WTERMSIG(status)),
        _ => ProcessEnd::Exited(libc::WEXITSTATUS(status)),
    };
    Asked::Ended(Exit { end, usage: Usage::recorded(&record) })
}
