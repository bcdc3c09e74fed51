//! Walking trees by descriptors: no link is followed, and no depth is too deep.
//!
//! Invariant: what is visited is reached by names alone that were no links when they were opened.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

const STEP: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
pub(super) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Something in a tree.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    /// The folder that it is in.
    pub(super) folder: BorrowedFd<'a>,
    pub(super) name: &'a OsStr,
    /// From the folder that the walk began in.
    pub(super) path: &'a Path,
    pub(super) stat: Stat,
}

impl Seen<'_> {
    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }
}

/// Opens a folder for listing, one name at a time.
pub(super) fn descend(from: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
    let mut at: Option<OwnedFd> = None;
    for part in path.components() {
        let name = match part {
            Component::Normal(name) => name,
            Component::RootDir | Component::CurDir => continue,
            _ => return Err(Errno::INVAL),
        };
        let here = at.as_ref().map_or(from, AsFd::as_fd);
        at = Some(rustix::fs::openat(here, name, STEP, Mode::empty())?);
    }
    let here = at.as_ref().map_or(from, AsFd::as_fd);
    rustix::fs::openat(here, ".", FOLDER, Mode::empty())
}

/// Opens a folder by its absolute, resolved path.
pub(super) fn open_resolved(path: &Path) -> Result<OwnedFd, Errno> {
    let top = rustix::fs::open("/", FOLDER, Mode::empty())?;
    descend(top.as_fd(), path)
}

/// The names in a folder, sorted.
pub(super) fn names(folder: BorrowedFd<'_>) -> Result<Vec<OsString>, Errno> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            found.push(OsStr::from_bytes(name).to_owned());
        }
    }
    found.sort();
    Ok(found)
}

/// What `name` in a folder is; `None` where there is nothing.
pub(super) fn look(folder: BorrowedFd<'_>, name: &OsStr) -> Result<Option<Stat>, Errno> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Visits `name` in a folder and all that is in it, folders before what they hold. Something that
/// goes meanwhile is not visited.
///
/// # Errors
/// What `visit` says, or what of the tree cannot be read.
pub(super) fn walk(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    visit: &mut dyn FnMut(&Seen<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let Some(stat) = look(folder, name).map_err(|error| unreadable(Path::new(name), error))? else {
        return Ok(());
    };
    let top = Seen { folder, name, path: Path::new(name), stat };
    visit(&top)?;
    let mut open: Vec<PathBuf> = Vec::new();
    if top.kind() == FileType::Directory {
        open.push(PathBuf::from(name));
    }
    while let Some(path) = open.pop() {
        let inner = walk_folder(folder, &path, visit)?;
        open.extend(inner.into_iter().rev());
    }
    Ok(())
}

/// Visits what is right in one folder; gives the folders in it.
fn walk_folder(
    top: BorrowedFd<'_>,
    path: &Path,
    visit: &mut dyn FnMut(&Seen<'_>) -> Result<(), String>,
) -> Result<Vec<PathBuf>, String> {
    let failed = |error| unreadable(path, error);
    let folder = descend(top, path).map_err(failed)?;
    let mut inner = Vec::new();
    for name in names(folder.as_fd()).map_err(failed)? {
        let path = path.join(&name);
        let Some(stat) = look(folder.as_fd(), &name).map_err(|error| unreadable(&path, error))?
        else {
            continue;
        };
        let seen = Seen { folder: folder.as_fd(), name: &name, path: &path, stat };
        visit(&seen)?;
        if seen.kind() == FileType::Directory {
            inner.push(path);
        }
    }
    Ok(inner)
}

pub(super) fn unreadable(path: &Path, error: Errno) -> String {
    format!("`{}` cannot be read: {}", path.display(), words(error))
}

/// A system's error in words, without its number.
pub(super) fn words(error: Errno) -> String {
    match error {
        Errno::ACCESS => "no permission".to_owned(),
        Errno::NOSPC => "the disk is full".to_owned(),
        Errno::LOOP | Errno::NOTDIR => "a link or file is where a folder was".to_owned(),
        other => std::io::Error::from(other).to_string(),
    }
}
