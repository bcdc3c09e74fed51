//! Removing a tree, whatever its modes and however deep it is.
//!
//! Inner folders are moved up before they are emptied, so that two open descriptors are enough.
//! Invariant: no link is followed, and nothing on another file system is touched.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

use super::walk::{FOLDER, descend, look, names, words};

/// Removes what is at a path in a folder, and all in it; nothing there is fine. A link is removed
/// itself. The way to it may go over links, but not out of the folder: the system holds it to that
/// while it opens the last folder on the way, so that swapping one for a link meanwhile is of no use.
///
/// # Errors
/// Says in the user's words why it is not removed.
pub fn remove_beneath(folder: &Path, path: &Path) -> Result<(), String> {
    let Some(name) = path.file_name() else { return Err("it has no name".to_owned()) };
    let top = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::open(folder, top, Mode::empty()).map_err(words)?;
    let parent = match open_beneath(top.as_fd(), path.parent().unwrap_or(Path::new(""))) {
        Err(Errno::NOENT) => return Ok(()),
        Err(Errno::XDEV) => return Err("a link leads out of the plan's folder".to_owned()),
        other => other.map_err(words)?,
    };
    remove(parent.as_fd(), name).map_err(words)
}

fn open_beneath(top: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(top, path, FOLDER - OFlags::NOFOLLOW, Mode::empty(), beneath) {
        // Not known to an old system or not allowed in a container: then no link is followed at all.
        Err(Errno::NOSYS | Errno::PERM) => descend(top, path),
        other => other,
    }
}

/// Removes `name` in a folder, and all in it; nothing there is fine.
pub(super) fn remove(folder: BorrowedFd<'_>, name: &OsStr) -> Result<(), Errno> {
    let Some(stat) = look(folder, name)? else { return Ok(()) };
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return rustix::fs::unlinkat(folder, name, AtFlags::empty());
    }
    let top = open_up(folder, name)?;
    let mut open = clear(top.as_fd(), top.as_fd(), &mut 0)?;
    let mut moved = open.len() as u64;
    while let Some(inner) = open.pop() {
        let opened = open_up(top.as_fd(), &inner)?;
        open.extend(clear(opened.as_fd(), top.as_fd(), &mut moved)?);
        rustix::fs::unlinkat(&top, &inner, AtFlags::REMOVEDIR)?;
    }
    rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR)
}

/// Removes what is no folder, and moves the folders to the top; gives their names there.
fn clear(
    folder: BorrowedFd<'_>,
    top: BorrowedFd<'_>,
    moved: &mut u64,
) -> Result<Vec<OsString>, Errno> {
    let mut inner = Vec::new();
    for name in names(folder)? {
        let Some(stat) = look(folder, &name)? else { continue };
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            rustix::fs::unlinkat(folder, &name, AtFlags::empty())?;
            continue;
        }
        // A folder that its owner may not write to cannot be moved to another.
        drop(open_up(folder, &name)?);
        inner.push(move_up(folder, &name, top, moved)?);
    }
    Ok(inner)
}

fn move_up(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    top: BorrowedFd<'_>,
    moved: &mut u64,
) -> Result<OsString, Errno> {
    loop {
        *moved += 1;
        let free = OsString::from(format!("{moved}.gone"));
        match rustix::fs::renameat_with(folder, name, top, &free, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(free),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Opens a folder, made accessible to its owner first.
fn open_up(folder: BorrowedFd<'_>, name: &OsStr) -> Result<OwnedFd, Errno> {
    let handle = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = rustix::fs::openat(folder, name, handle, Mode::empty())?;
    let mode = Mode::from_raw_mode(rustix::fs::fstat(&handle)?.st_mode);
    if !mode.contains(Mode::RWXU) {
        let path = format!("/proc/self/fd/{}", handle.as_raw_fd());
        rustix::fs::chmodat(CWD, path, Mode::RWXU, AtFlags::empty())?;
    }
    rustix::fs::openat(&handle, ".", FOLDER, Mode::empty())
}
