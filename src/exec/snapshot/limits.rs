//! Which paths may be saved, and what in them could not be put back.
//!
//! Invariant: what could not be put back is named before the step starts, not when it is too late.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, AtFlags, FileType, IFlags, Mode, OFlags, StatxAttributes, StatxFlags};

use super::Wanted;
use super::walk::{Seen, look, open_resolved, words};

/// Folders that a snapshot may not hold: to swap them would break the run or the machine.
#[derive(Debug, Clone)]
pub struct Guarded {
    /// Each with what it is, for messages; resolved where they are there.
    folders: Vec<(PathBuf, &'static str)>,
    /// Nothing in it may be saved either.
    state: PathBuf,
}

/// A path with its folder's links resolved.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) parent: PathBuf,
    pub(super) name: OsString,
    /// `None` where even the folder is not there.
    pub(super) folder: Option<OwnedFd>,
    pub(super) there: bool,
}

impl Guarded {
    /// `home` may be unknown; `plan` is the plan's folder, `state` the one with all runs.
    pub fn new(home: Option<PathBuf>, plan: &Path, state: &Path) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let state = real(state);
        let mut folders = vec![
            (real(plan), "the plan's own folder"),
            (state.clone(), "the folder with goalc's state"),
        ];
        let home = home.filter(|home| home.is_absolute() && home.parent().is_some());
        folders.extend(home.map(|home| (real(&home), "the home folder")));
        Self { folders, state }
    }

    /// Resolves a path and refuses what must not be saved.
    pub(super) fn resolve(&self, wanted: &Wanted) -> Result<Resolved, String> {
        let shown = &wanted.shown;
        let (parent, name) = split(&wanted.path)
            .ok_or_else(|| format!("`{shown}` cannot be saved: it is the root of all files"))?;
        let whole = parent.join(&name);
        if let Some((_, what)) = self.folders.iter().find(|(path, _)| path.starts_with(&whole)) {
            return Err(format!("`{shown}` cannot be saved: it is or holds {what}"));
        }
        if whole.starts_with(&self.state) {
            return Err(format!(
                "`{shown}` cannot be saved: it is in the folder with goalc's state"
            ));
        }
        let folder = match open_resolved(&parent) {
            Ok(folder) => Some(folder),
            Err(rustix::io::Errno::NOENT) => None,
            Err(error) => return Err(format!("`{shown}` cannot be saved: {}", words(error))),
        };
        let resolved = Resolved { parent, name, folder, there: false };
        resolved.check(shown, wanted.path.to_string_lossy().ends_with('/'))
    }
}

impl Resolved {
    /// Whether a restore could put something else at this path.
    fn check(mut self, shown: &str, as_folder: bool) -> Result<Self, String> {
        let Some(folder) = &self.folder else { return Ok(self) };
        let refuse = |why: String| Err(format!("`{shown}` cannot be saved: {why}"));
        let found = look(folder.as_fd(), &self.name).map_err(words)?;
        let writable = Access::WRITE_OK | Access::EXEC_OK;
        if rustix::fs::accessat(folder, ".", writable, AtFlags::EACCESS).is_err() {
            let parent = self.parent.display();
            return refuse(format!("it could not be put back, as `{parent}` cannot be written"));
        }
        let Some(stat) = found else { return Ok(self) };
        if as_folder && FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            return refuse("it is a link: name what it leads to".to_owned());
        }
        if is_mount(folder, &self.name) {
            return refuse("another file system is mounted there: name what is in it".to_owned());
        }
        self.there = true;
        Ok(self)
    }
}

fn is_mount(folder: &OwnedFd, name: &std::ffi::OsStr) -> bool {
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::statx(folder, name, flags, StatxFlags::BASIC_STATS)
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// The folder, resolved as far as it is there, and the last name, which is not followed.
/// `None`: the root of all files.
fn split(path: &Path) -> Option<(PathBuf, OsString)> {
    let last = path.components().next_back()?;
    let Component::Normal(name) = last else {
        // `..` and the like have no name of their own: they are what they lead to.
        let real = path.canonicalize().ok()?;
        return Some((real.parent()?.to_owned(), real.file_name()?.to_owned()));
    };
    let parent = path.parent()?;
    let known = parent.ancestors().find_map(|folder| {
        let rest = parent.strip_prefix(folder).ok()?;
        Some(folder.canonicalize().ok()?.join(rest))
    })?;
    Some((known, name.to_owned()))
}

/// Why something in a tree could not be put back, if it could not.
pub(super) fn problem(seen: &Seen<'_>, device: u64, groups: &[u32]) -> Option<String> {
    let what = match seen.kind() {
        FileType::Socket => "a socket",
        FileType::Fifo => "a named pipe",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::RegularFile | FileType::Directory | FileType::Symlink => "",
        FileType::Unknown => "of an unknown kind",
    };
    if !what.is_empty() {
        return Some(format!("is {what}"));
    }
    if seen.stat.st_dev != device {
        return Some("is on another file system, mounted there".to_owned());
    }
    let user = rustix::process::geteuid();
    if !user.is_root() {
        if seen.stat.st_uid != user.as_raw() {
            return Some(format!("belongs to another user (uid {})", seen.stat.st_uid));
        }
        if !groups.contains(&seen.stat.st_gid) {
            return Some(format!(
                "belongs to a group that is not yours (gid {})",
                seen.stat.st_gid
            ));
        }
    }
    if seen.kind() == FileType::Symlink { None } else { unopenable(seen) }
}

/// Whether it can be read, and changed at all.
fn unopenable(seen: &Seen<'_>) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(seen.folder, seen.name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(error) => return Some(format!("cannot be read: {}", words(error))),
    };
    let fixed = IFlags::IMMUTABLE | IFlags::APPEND;
    let flags = rustix::fs::ioctl_getflags(&file);
    flags
        .is_ok_and(|flags| flags.intersects(fixed))
        .then(|| "cannot be changed (`chattr`)".to_owned())
}

/// The groups that this user may give files to.
pub(super) fn groups() -> Vec<u32> {
    let mut groups: Vec<u32> = rustix::process::getgroups()
        .unwrap_or_default()
        .iter()
        .map(|group| group.as_raw())
        .collect();
    groups.push(rustix::process::getegid().as_raw());
    groups
}
