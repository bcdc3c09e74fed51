//! The log's file: private, appended to by whole lines, and put aside when it is large.
//!
//! Knows nothing of what a line says. Invariant: a link is not followed, nothing but a plain file of
//! the user's own is written, and of two runs that share a file only one puts it aside.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// A file of more bytes is put aside before the next line.
const LARGEST: u64 = 10_000_000;

/// So many files that were put aside are kept: `FILE.1`, the newest, to `FILE.3`.
const KEPT: u32 = 3;

/// The file, open for appending.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    /// Opens the file, made with mode 0600 if it is not there.
    ///
    /// # Errors
    /// Says why it cannot be written.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let flags = OFlags::WRONLY
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::NOFOLLOW
            | OFlags::CLOEXEC
            // A pipe's reader is not waited for.
            | OFlags::NONBLOCK;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = rustix::fs::open(path, flags, mode).map_err(refused)?;
        let stat = rustix::fs::fstat(&file).map_err(refused)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err("it is no plain file".to_owned());
        }
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(format!("it belongs to another user (uid {})", stat.st_uid));
        }
        if Mode::from_raw_mode(stat.st_mode) != mode {
            rustix::fs::fchmod(&file, mode).map_err(refused)?;
        }
        Ok(Self { path: path.to_owned(), file: File::from(file) })
    }

    fn put_aside_if_large(&mut self) -> io::Result<()> {
        let open = rustix::fs::fstat(&self.file)?;
        if u64::try_from(open.st_size).unwrap_or(0) <= LARGEST {
            return Ok(());
        }
        match rustix::fs::flock(self.file.as_fd(), FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            // Another run puts it aside just now.
            Err(Errno::WOULDBLOCK) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let now = rustix::fs::statat(CWD, &self.path, rustix::fs::AtFlags::SYMLINK_NOFOLLOW);
        // Otherwise another run has put it aside already.
        if now.is_ok_and(|now| (now.st_ino, now.st_dev) == (open.st_ino, open.st_dev)) {
            for older in (1..KEPT).rev() {
                match std::fs::rename(self.aside(older), self.aside(older + 1)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            std::fs::rename(&self.path, self.aside(1))?;
        }
        // The lock goes with the old file.
        *self = Self::open(&self.path).map_err(io::Error::other)?;
        Ok(())
    }

    fn aside(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let aside = self.put_aside_if_large();
        // A log that cannot be put aside is better too long than without its end.
        self.file.write_all(line)?;
        aside.map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn refused(error: Errno) -> String {
    match error {
        Errno::LOOP | Errno::MLINK => "it is a symbolic link".to_owned(),
        Errno::NXIO => "it is no plain file".to_owned(),
        Errno::NOENT => "its folder is not there".to_owned(),
        other => {
            let why = io::Error::from(other).to_string();
            why.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}
