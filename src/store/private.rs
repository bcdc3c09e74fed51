//! Folders and files that only their owner can use: 0700 and 0600 at creation, whatever the umask.
//!
//! Invariant: what is opened here is ours, no symbolic link, and no one else can write to it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::StoreError;
use super::error::not_safe;

const FOLDER: OFlags =
    OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::RDONLY);

/// Opens the folder `path`, made if it is not there. True: it was made now.
///
/// # Errors
/// It cannot be made or opened, or is not safe.
pub(super) fn make_folder(path: &Path) -> Result<(OwnedFd, bool), StoreError> {
    match open_folder(path) {
        Err(Errno::NOENT) => {}
        other => {
            let folder = other.map_err(|e| StoreError::system("open", path, e))?;
            return check_folder(path, folder).map(|folder| (folder, false));
        }
    }
    let made = match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) => true,
        // Another process was quicker.
        Err(Errno::EXIST) => false,
        Err(error) => return Err(StoreError::system("make the folder", path, error)),
    };
    if made {
        set_mode(path).map_err(|e| StoreError::system("make the folder", path, e))?;
        sync_parent(path)?;
    }
    existing_folder(path).map(|folder| (folder, made))
}

/// Opens a folder that must be there.
///
/// # Errors
/// It is not there, cannot be opened, or is not safe.
pub(super) fn existing_folder(path: &Path) -> Result<OwnedFd, StoreError> {
    let folder = open_folder(path).map_err(|e| StoreError::system("open", path, e))?;
    check_folder(path, folder)
}

/// Opens, and creates with mode 0600 if it is not there, a file in a folder.
///
/// # Errors
/// It cannot be created or opened, or is not safe.
pub(super) fn make_file(
    folder: BorrowedFd<'_>,
    name: &str,
    path: &Path,
) -> Result<OwnedFd, StoreError> {
    let open = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let (file, made) = match create_file(folder, name, path)? {
        Some(file) => (file, true),
        None => (
            rustix::fs::openat(folder, name, open, Mode::empty())
                .map_err(|e| StoreError::system("open", path, e))?,
            false,
        ),
    };
    if !made {
        let stat = rustix::fs::fstat(&file).map_err(|e| StoreError::system("open", path, e))?;
        check_file(path, &stat)?;
    }
    Ok(file)
}

/// Creates a file with mode 0600; `None` where something of that name is there.
///
/// # Errors
/// It cannot be created.
pub(super) fn create_file(
    folder: BorrowedFd<'_>,
    name: &str,
    path: &Path,
) -> Result<Option<OwnedFd>, StoreError> {
    let create = OFlags::RDWR | OFlags::CLOEXEC | OFlags::CREATE | OFlags::EXCL;
    let mode = Mode::RUSR | Mode::WUSR;
    match rustix::fs::openat(folder, name, create, mode) {
        Ok(file) => {
            rustix::fs::fchmod(&file, mode).map_err(|e| StoreError::system("create", path, e))?;
            Ok(Some(file))
        }
        Err(Errno::EXIST) => Ok(None),
        Err(error) => Err(StoreError::system("create", path, error)),
    }
}

/// Refuses a file that is a link or something stranger, or that others own or can write.
///
/// # Errors
/// Says which.
pub(super) fn check_file(path: &Path, stat: &Stat) -> Result<(), StoreError> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => check_owner(path, stat),
        FileType::Symlink => Err(not_safe(path, "it is a symbolic link")),
        _ => Err(not_safe(path, "it is no plain file")),
    }
}

/// Makes the entries of a folder durable. Where a file system has no such thing, it is not asked
/// for more.
///
/// # Errors
/// The folder cannot be written to the disk.
pub(super) fn sync_folder(folder: BorrowedFd<'_>, path: &Path) -> Result<(), StoreError> {
    match rustix::fs::fsync(folder) {
        Ok(()) | Err(Errno::INVAL | Errno::BADF) => Ok(()),
        Err(error) => Err(StoreError::system("write", path, error)),
    }
}

fn open_folder(path: &Path) -> Result<OwnedFd, Errno> {
    rustix::fs::open(path, FOLDER, Mode::empty()).map_err(|error| {
        // A link to nowhere and a link to a folder are refused in the same words.
        let link = rustix::fs::lstat(path)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
        if link { Errno::LOOP } else { error }
    })
}

fn check_folder(path: &Path, folder: OwnedFd) -> Result<OwnedFd, StoreError> {
    let stat = rustix::fs::fstat(&folder).map_err(|e| StoreError::system("open", path, e))?;
    check_owner(path, &stat)?;
    Ok(folder)
}

fn check_owner(path: &Path, stat: &Stat) -> Result<(), StoreError> {
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        let why = format!("it belongs to another user (uid {})", stat.st_uid);
        return Err(not_safe(path, why));
    }
    if Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
        let why = format!("others can write to it: `chmod go-w {}`", path.display());
        return Err(not_safe(path, why));
    }
    Ok(())
}

/// Gives a folder that was just made its mode, where the umask took some of it away. Through a
/// descriptor, so that a link put in its place is not followed.
fn set_mode(path: &Path) -> Result<(), Errno> {
    use std::os::fd::AsRawFd;
    let handle = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::open(path, handle, Mode::empty())?;
    let mode = Mode::from_raw_mode(rustix::fs::fstat(&folder)?.st_mode);
    if mode & (Mode::RWXU | Mode::RWXG | Mode::RWXO) == Mode::RWXU {
        return Ok(());
    }
    let name = format!("/proc/self/fd/{}", folder.as_raw_fd());
    rustix::fs::chmodat(CWD, name, Mode::RWXU, AtFlags::empty())
}

fn sync_parent(path: &Path) -> Result<(), StoreError> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match rustix::fs::open(parent, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(folder) => sync_folder(folder.as_fd(), parent),
        // A folder that may be entered and written, but not listed.
        Err(Errno::ACCESS) => Ok(()),
        Err(error) => Err(StoreError::system("open", parent, error)),
    }
}
