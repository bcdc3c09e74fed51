//! What ended processes have used: processor time, memory, bytes moved.
//!
//! Knows the system's accounts of a process; decides nothing. Invariant: an account is asked for
//! before the process's status is, for it goes with that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::proc::small_file;

/// What a process and those that it waited for have used, or a whole tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// User and system time.
    pub cpu: Duration,
    /// Bytes, the largest process. 0 where it was smaller than goalc itself, below which the
    /// system can't tell.
    pub peak_memory: u64,
    /// Bytes that came in by reading, from wherever: files, pipes, sockets.
    pub read: u64,
    /// Bytes that went out by writing.
    pub written: u64,
}

impl Usage {
    /// Of processes together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_add(other.cpu),
            peak_memory: self.peak_memory.max(other.peak_memory),
            read: self.read.saturating_add(other.read),
            written: self.written.saturating_add(other.written),
        }
    }

    /// From the system's record, which a status comes with.
    pub(super) fn recorded(record: &libc::rusage) -> Self {
        Self {
            cpu: time(record.ru_utime) + time(record.ru_stime),
            peak_memory: peak(record.ru_maxrss),
            ..Self::default()
        }
    }

    /// With what the system says of bytes moved by a process that has ended, those of its own
    /// children that it waited for included. Where it does not say, they are 0.
    pub(super) fn moved(pid: i32) -> Self {
        let text = small_file(&format!("/proc/{pid}/io"));
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        Self { read: field("rchar:"), written: field("wchar:"), ..Self::default() }
    }
}

fn time(value: libc::timeval) -> Duration {
    let seconds = u64::try_from(value.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(value.tv_usec).unwrap_or(0))
}

/// Before a child becomes its program it shares goalc's memory, which the system counts as its own:
/// a peak that is not above goalc's says nothing.
fn peak(kibibytes: libc::c_long) -> u64 {
    static OWN: AtomicU64 = AtomicU64::new(0);
    let kibibytes = u64::try_from(kibibytes).unwrap_or(0);
    if kibibytes > OWN.load(Ordering::Relaxed) {
        OWN.fetch_max(own_peak(), Ordering::Relaxed);
    }
    if kibibytes > OWN.load(Ordering::Relaxed) { kibibytes.saturating_mul(1024) } else { 0 }
}

/// In kibibytes. What `getrusage` says would not do: it counts whoever started goalc, too.
fn own_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
    number.unwrap_or(u64::MAX)
}
