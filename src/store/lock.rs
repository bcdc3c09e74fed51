//! Locks that the kernel holds and that are gone with their process: one coordinator a run, and
//! the machine-wide locks of steps.
//!
//! Lock files stay when the lock goes; what they say is for messages. Invariant: whoever has a
//! [`RunLock`] is the run's only writer.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::database::on_network;
use super::lease::{Lease, is_alive};
use super::private::{existing_folder, make_file, make_folder};
use super::{RunFolder, StoreError};
use crate::exec::Timestamp;

/// A command that only looks holds a lock for a moment, and a coordinator must not take it for a
/// rival: it tries so often, that far apart.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Who holds a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    /// Which start of that machine: pids of another one mean nothing.
    pub boot: String,
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}, since {}", self.pid, self.host, self.since)
    }
}

impl Holder {
    /// This process.
    fn this(now: Timestamp) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { pid: std::process::id(), host, boot: boot.trim().to_owned(), since: now }
    }
}

/// The right to run a run, held until this is dropped or the process is gone.
#[derive(Debug)]
pub struct RunLock {
    file: OwnedFd,
    /// Renewed where the file system is shared with other machines.
    _lease: Option<Lease>,
}

impl RunFolder {
    /// Takes the run's lock, before anything of the run is written.
    ///
    /// # Errors
    /// `Held` where another process has it; or the file system cannot lock.
    pub fn try_lock(&self, now: Timestamp) -> Result<RunLock, StoreError> {
        self.prepare()?;
        let folder = existing_folder(self.path())?;
        let path = self.path().join("lock");
        let file = make_file(folder.as_fd(), "lock", &path)?;
        let this = Holder::this(now);
        if !flock(&file, FlockOperation::NonBlockingLockExclusive, &path)? {
            return Err(self.held(read_holder(&file)));
        }
        let shared = on_network(file.as_fd());
        if shared && let Some(holder) = other_machine(&file, folder.as_fd(), &this.boot, &path)? {
            return Err(self.held(Some(holder)));
        }
        // What the file says is for messages, and a full disk must not keep a run from being
        // resumed; but other machines go by it.
        match write_holder(&file, &this) {
            Err(error) if shared => return Err(StoreError::system("write", &path, error)),
            _ => {}
        }
        let lease = if shared { Lease::start(&file) } else { None };
        Ok(RunLock { file, _lease: lease })
    }

    /// Who holds the run now; `None` where no process does.
    ///
    /// # Errors
    /// The lock's file cannot be used.
    pub fn holder(&self) -> Result<Option<Holder>, StoreError> {
        let path = self.path().join("lock");
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(StoreError::system("open", &path, error)),
        };
        let free = rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared);
        if free == Err(Errno::WOULDBLOCK) {
            return Ok(Some(read_holder(&file).unwrap_or_else(unknown)));
        }
        if !on_network(file.as_fd()) {
            return Ok(None);
        }
        let folder = existing_folder(self.path())?;
        other_machine(&file, folder.as_fd(), &Holder::this(Timestamp(0)).boot, &path)
    }

    fn held(&self, holder: Option<Holder>) -> StoreError {
        StoreError::Held { run: self.id().to_string(), holder }
    }
}

impl Drop for RunLock {
    /// The file is emptied first, so that no other machine waits for a lease to run out.
    fn drop(&mut self) {
        let _ = rustix::fs::ftruncate(&self.file, 0);
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

/// A holder who has not yet written who it is.
fn unknown() -> Holder {
    Holder { pid: 0, host: String::new(), boot: String::new(), since: Timestamp(0) }
}

/// The holder on another machine (or in another start of this one) whose lease still runs. Locks
/// of some shared file systems end at the machine, so they alone do not decide there.
fn other_machine(
    file: &OwnedFd,
    folder: std::os::fd::BorrowedFd<'_>,
    boot: &str,
    path: &Path,
) -> Result<Option<Holder>, StoreError> {
    let Some(holder) = read_holder(file).filter(|holder| holder.boot != boot) else {
        return Ok(None);
    };
    let alive = is_alive(file.as_fd(), folder);
    Ok(alive.map_err(|e| StoreError::system("lock", path, e))?.then_some(holder))
}

/// Takes a lock; false where another process has it.
fn flock(file: &OwnedFd, how: FlockOperation, path: &Path) -> Result<bool, StoreError> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        match rustix::fs::flock(file, how) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Err(StoreError::system("lock", path, error)),
        }
    }
    Ok(false)
}

fn read_holder(file: &OwnedFd) -> Option<Holder> {
    let mut text = [0; 1024];
    let length = rustix::io::pread(file, &mut text, 0).ok()?;
    serde_json::from_slice(text.get(..length)?).ok()
}

fn write_holder(file: &OwnedFd, holder: &Holder) -> Result<(), Errno> {
    let text = serde_json::to_string(holder).unwrap_or_default();
    rustix::fs::ftruncate(file, 0)?;
    rustix::io::pwrite(file, text.as_bytes(), 0).map(drop)
}

/// A lock against other runs of this user on this machine, held until this is dropped or the
/// process is gone.
#[derive(Debug)]
pub struct MachineLock {
    _file: OwnedFd,
}

impl MachineLock {
    /// Takes the lock of a name; `None` where another run has it. All runs look in one place,
    /// whatever their environment: two that look in different places would not exclude each other.
    ///
    /// # Errors
    /// The folder of these locks is not safe, or cannot be written.
    pub fn try_lock(name: &str) -> Result<Option<Self>, StoreError> {
        let user = rustix::process::geteuid().as_raw();
        Self::try_lock_in(&PathBuf::from(format!("/tmp/goalc-{user}")), name)
    }

    pub(super) fn try_lock_in(place: &Path, name: &str) -> Result<Option<Self>, StoreError> {
        let (folder, _) = make_folder(place)?;
        let file_name = file_name(name);
        let path = place.join(&file_name);
        for _ in 0..TRIES {
            let file = make_file(folder.as_fd(), &file_name, &path)?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if is_at(&file, &folder, &file_name) => {
                    return Ok(Some(Self { _file: file }));
                }
                // It was tidied away between opening and locking: the next one counts.
                Ok(()) | Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(StoreError::system("lock", &path, error)),
            }
        }
        Ok(None)
    }
}

/// Whether an open file is still the one of that name.
fn is_at(file: &OwnedFd, folder: &OwnedFd, name: &str) -> bool {
    let named = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    match (rustix::fs::fstat(file), named) {
        (Ok(open), Ok(named)) => (open.st_dev, open.st_ino) == (named.st_dev, named.st_ino),
        _ => false,
    }
}

/// A lock's name as a file's: any text gives one that is short and plain.
fn file_name(name: &str) -> String {
    let mut text = hex::encode(Sha256::digest(name.as_bytes()));
    text.truncate(32);
    text
}
