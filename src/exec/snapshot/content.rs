//! The contents and properties of single files: cloned where the file system can, else copied with
//! their holes.
//!
//! Invariant: a file that was given its properties has all of them, or the error says which not.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Gid, Mode, SeekFrom, Stat, Timespec, Timestamps, Uid};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::manifest::{Entry, Kind, Name};

const PIECE: usize = 1 << 17;

/// Names a content: its bytes, its length and where its holes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digest([u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Makes `to`, which is empty, hold what `from` holds. A digest of it, unless it was cloned: then
/// both share their blocks, and nothing was read.
pub(super) fn copy(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<Option<Digest>, Errno> {
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(None);
    }
    let size = u64::try_from(rustix::fs::fstat(from)?.st_size).unwrap_or(0);
    rustix::fs::ftruncate(to, size)?;
    let mut hasher = Sha256::new_with_prefix(size.to_le_bytes());
    let mut at = 0;
    while at < size {
        let (start, end) = next_data(from, at, size)?;
        hasher.update(start.to_le_bytes());
        copy_range(from, to, (start, end), &mut hasher)?;
        at = end;
    }
    Ok(Some(Digest(hasher.finalize().into())))
}

/// The next stretch that is no hole.
fn next_data(from: BorrowedFd<'_>, at: u64, size: u64) -> Result<(u64, u64), Errno> {
    match rustix::fs::seek(from, SeekFrom::Data(at)) {
        Ok(start) => {
            let end = rustix::fs::seek(from, SeekFrom::Hole(start)).unwrap_or(size);
            Ok((start, end.min(size).max(start)))
        }
        // Nothing but a hole is left.
        Err(Errno::NXIO) => Ok((size, size)),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok((at, size)),
        Err(error) => Err(error),
    }
}

fn copy_range(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    (mut at, end): (u64, u64),
    hasher: &mut Sha256,
) -> Result<(), Errno> {
    let mut piece = vec![0_u8; PIECE];
    while at < end {
        let most = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
        let read = match rustix::io::pread(from, &mut piece[..most], at) {
            Ok(0) => return Ok(()),
            Err(Errno::INTR) => continue,
            other => other?,
        };
        let mut rest = piece.get(..read).unwrap_or_default();
        hasher.update(rest);
        while !rest.is_empty() {
            let wrote = match rustix::io::pwrite(to, rest, at) {
                Err(Errno::INTR) => continue,
                other => other?,
            };
            rest = rest.get(wrote..).unwrap_or_default();
            at += wrote as u64;
        }
    }
    Ok(())
}

/// What is kept of a file, folder or link besides its content.
pub(super) fn entry(path: Name, kind: Kind, stat: &Stat, attributes: Vec<(Name, Name)>) -> Entry {
    let nanos = |nanos| i64::try_from(nanos).unwrap_or(0);
    Entry {
        path,
        kind,
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        mtime: (stat.st_mtime, nanos(stat.st_mtime_nsec)),
        atime: (stat.st_atime, nanos(stat.st_atime_nsec)),
        attributes,
    }
}

pub(super) fn times(entry: &Entry) -> Timestamps {
    let time = |(tv_sec, tv_nsec): (i64, i64)| Timespec { tv_sec, tv_nsec };
    Timestamps { last_access: time(entry.atime), last_modification: time(entry.mtime) }
}

/// Gives an open file or folder its owner, attributes, mode and times: in this order, as each may
/// change those after it.
pub(super) fn finish(file: &OwnedFd, entry: &Entry) -> Result<(), Errno> {
    let stat = rustix::fs::fstat(file)?;
    if (stat.st_uid, stat.st_gid) != (entry.uid, entry.gid) {
        let owner = (stat.st_uid != entry.uid).then(|| Uid::from_raw(entry.uid));
        rustix::fs::fchown(file, owner, Some(Gid::from_raw(entry.gid)))?;
    }
    let now = attributes(file)?;
    for (name, value) in &entry.attributes {
        if !now.iter().any(|(known, has)| known == name && has == value) {
            let flags = rustix::fs::XattrFlags::empty();
            rustix::fs::fsetxattr(file, name.0.as_slice(), &value.0, flags)?;
        }
    }
    rustix::fs::fchmod(file, Mode::from_raw_mode(entry.mode))?;
    rustix::fs::futimens(file, &times(entry))
}

/// The extended attributes, access lists among them.
pub(super) fn attributes(file: &OwnedFd) -> Result<Vec<(Name, Name)>, Errno> {
    let mut names = match rustix::fs::flistxattr_query(file) {
        Ok(length) => vec![0_u8; length],
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let length = rustix::fs::flistxattr(file, names.as_mut_slice())?;
    names.truncate(length);
    let mut found = Vec::new();
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0_u8; rustix::fs::fgetxattr_query(file.as_fd(), name)?];
        let length = rustix::fs::fgetxattr(file.as_fd(), name, value.as_mut_slice())?;
        value.truncate(length);
        found.push((Name(name.to_vec()), Name(value)));
    }
    Ok(found)
}
