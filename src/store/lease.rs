//! A lock's sign of life on file systems that several machines share.
//!
//! The holder sets the lock file's time every ten seconds; a file not touched for a minute belongs
//! to no one. Times are compared by the file system's own clock, so machines may disagree on theirs.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use rustix::fs::{Mode, OFlags, Timespec, Timestamps, UTIME_NOW};
use rustix::io::Errno;

const RENEWED_EVERY: Duration = Duration::from_secs(10);
const LASTS_SECONDS: i64 = 60;

/// Renews until it is dropped.
#[derive(Debug)]
pub(super) struct Lease {
    _end: Sender<()>,
}

impl Lease {
    /// Starts renewing; `None` where the machine gives no thread or descriptor, and the lock
    /// stands by itself.
    pub(super) fn start(file: &OwnedFd) -> Option<Self> {
        let file = file.try_clone().ok()?;
        let (end, ended) = bounded::<()>(0);
        let renew = move || {
            while ended.recv_timeout(RENEWED_EVERY) == Err(RecvTimeoutError::Timeout) {
                // One that fails is tried again long before a minute is over.
                let _ = touch(file.as_fd());
            }
        };
        std::thread::Builder::new().name("lease".to_owned()).spawn(renew).ok()?;
        Some(Self { _end: end })
    }
}

/// Whether a lock file was touched within the last minute.
pub(super) fn is_alive(file: BorrowedFd<'_>, folder: BorrowedFd<'_>) -> Result<bool, Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let clock = rustix::fs::openat(folder, "clock", flags, Mode::RUSR | Mode::WUSR)?;
    touch(clock.as_fd())?;
    let now = rustix::fs::fstat(&clock)?.st_mtime;
    let touched = rustix::fs::fstat(file)?.st_mtime;
    Ok(now.saturating_sub(touched) < LASTS_SECONDS)
}

/// Sets a file's times to now, as the file system sees it.
fn touch(file: BorrowedFd<'_>) -> Result<(), Errno> {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    rustix::fs::futimens(file, &Timestamps { last_access: now, last_modification: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_not_touched_for_a_minute_belongs_to_no_one() {
        let temp = tempfile::tempdir().unwrap();
        let folder = std::fs::File::open(temp.path()).unwrap();
        let file = std::fs::File::create(temp.path().join("lock")).unwrap();
        assert_eq!(is_alive(file.as_fd(), folder.as_fd()), Ok(true));
        let old = std::time::SystemTime::now() - Duration::from_secs(61);
        file.set_modified(old).unwrap();
        assert_eq!(is_alive(file.as_fd(), folder.as_fd()), Ok(false));
        touch(file.as_fd()).unwrap();
        assert_eq!(is_alive(file.as_fd(), folder.as_fd()), Ok(true));
    }
}
