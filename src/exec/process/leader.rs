//! The process that was started itself: its handle, its end, and what it used.

#![allow(unsafe_code)]

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

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
    pub(super) cpu: Duration,
    pub(super) peak_memory: u64,
}

impl Leader {
    pub(super) fn new(pid: Pid) -> rustix::io::Result<Self> {
        Ok(Self { pid, handle: pidfd_open(pid, PidfdFlags::empty())?, exit: None })
    }

    /// Asks for its status, if it has ended.
    pub(super) fn reap(&mut self) {
        if self.exit.is_none() {
            self.exit = registry::strike(self.pid, || wait(self.pid));
        }
    }
}

/// The end of a child that has ended. Does not wait for it.
pub(super) fn wait(pid: Pid) -> Option<Exit> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live values that the call may write; all zero is a valid rusage.
    let (found, usage) = unsafe {
        let pid = pid.as_raw_nonzero().get();
        let found = libc::wait4(pid, &raw mut status, libc::WNOHANG, usage.as_mut_ptr());
        (found, usage.assume_init())
    };
    match found {
        0 => None,
        // Someone else asked for its status: how it ended is lost.
        -1 => Some(Exit { end: ProcessEnd::Exited(255), cpu: Duration::ZERO, peak_memory: 0 }),
        _ => Some(Exit {
            end: if libc::WIFSIGNALED(status) {
                ProcessEnd::Signalled(libc::WTERMSIG(status))
            } else {
                ProcessEnd::Exited(libc::WEXITSTATUS(status))
            },
            cpu: time(usage.ru_utime) + time(usage.ru_stime),
            peak_memory: peak(usage.ru_maxrss),
        }),
    }
}

fn time(value: libc::timeval) -> Duration {
    let seconds = u64::try_from(value.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(value.tv_usec).unwrap_or(0))
}

/// Before a child becomes its program it has goalc's memory, which the system counts as its own:
/// a peak that is not above goalc's says nothing.
fn peak(kibibytes: libc::c_long) -> u64 {
    let mut own = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a live value that the call may write; all zero is a valid rusage.
    let own = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, own.as_mut_ptr());
        own.assume_init()
    };
    if kibibytes <= own.ru_maxrss { 0 } else { u64::try_from(kibibytes).unwrap_or(0) * 1024 }
}
