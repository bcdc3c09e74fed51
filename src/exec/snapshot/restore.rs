//! Putting back: built beside, swapped by one rename a path, what was there removed last.
//!
//! May be interrupted at any moment and done again. Invariant: the saved tree is only read, so it
//! can be put back as often as needed.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::manifest::{self, Entry, Kind, Line};
use super::remove::remove;
use super::take::{FEW, give_up};
use super::walk::{descend, look, open_resolved, words};
use super::{Stop, content};

/// A path to put back, and where its tree is built.
#[derive(Debug)]
struct Site {
    parent: PathBuf,
    name: OsString,
    folder: OwnedFd,
    /// The name beside it.
    beside: OsString,
    /// Whether there was something.
    there: bool,
    /// Folders, parents first: they get their properties when all in them is made.
    folders: Vec<Entry>,
}

/// Puts everything that was saved in a folder back, exactly.
///
/// # Errors
/// Says in the user's words what could not be put back. Paths that were not swapped yet are as
/// they were before.
pub fn restore(from: &Path, stop: Stop<'_>) -> Result<(), String> {
    let mut sites = Vec::new();
    let built = build(from, &mut sites, stop).and_then(|()| finish(&sites));
    if let Err(why) = built {
        for site in &sites {
            let _ = remove(site.folder.as_fd(), &site.beside);
        }
        return Err(why);
    }
    sites.iter().try_for_each(swap)?;
    sites.iter().try_for_each(|site| {
        let gone = remove(site.folder.as_fd(), &site.beside);
        let beside = site.parent.join(&site.beside);
        gone.map_err(|error| {
            format!(
                "it was put back, but what was there before is left in `{}`: {}",
                beside.display(),
                words(error)
            )
        })
    })
}

fn build(from: &Path, sites: &mut Vec<Site>, stop: Stop<'_>) -> Result<(), String> {
    let (mut token, mut files) = (String::new(), 0);
    manifest::read(from, |line| {
        give_up(stop)?;
        match line {
            Line::Head { token: found } => token = found,
            Line::Root { parent, name, there } => {
                let beside = OsString::from(format!(".goalc-{token}-{}", sites.len()));
                sites.extend(site(parent.path(), name.os(), beside, there)?);
            }
            Line::Entry(entry) => {
                files += u64::from(matches!(entry.kind, Kind::File { .. }));
                if let Some(site) = sites.last_mut() {
                    site.make(from, entry, files <= FEW)?;
                }
            }
            Line::End => {}
        }
        Ok(())
    })?;
    if files > FEW {
        for site in &*sites {
            rustix::fs::syncfs(&site.folder).map_err(|error| site.failed(Path::new(""), error))?;
        }
    }
    Ok(())
}

/// Opens a path's folder, without what an interrupted restore left beside it. `None`: there was
/// nothing, and not even the folder is there now.
fn site(
    parent: PathBuf,
    name: OsString,
    beside: OsString,
    there: bool,
) -> Result<Option<Site>, String> {
    let failed = |error: Errno| {
        format!("`{}` cannot be put back: {}", parent.join(&name).display(), words(error))
    };
    let folder = match open_resolved(&parent) {
        Err(Errno::NOENT) if !there => return Ok(None),
        Err(Errno::NOENT) => make_folders(&parent),
        other => other,
    };
    let folder = folder.map_err(failed)?;
    remove(folder.as_fd(), &beside).map_err(failed)?;
    Ok(Some(Site { parent, name, folder, beside, there, folders: Vec::new() }))
}

/// Makes the folders to a path that are missing.
fn make_folders(path: &Path) -> Result<OwnedFd, Errno> {
    let missing: Vec<&Path> = path
        .ancestors()
        .take_while(|folder| open_resolved(folder).is_err_and(|error| error == Errno::NOENT))
        .collect();
    for folder in missing.into_iter().rev() {
        let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else { continue };
        rustix::fs::mkdirat(open_resolved(parent)?, name, Mode::from_raw_mode(0o777))?;
    }
    open_resolved(path)
}

impl Site {
    /// Where an entry is built: its path with the name beside in place of the root's.
    fn place(&self, path: &Path) -> (PathBuf, OsString) {
        let inner: PathBuf = path.components().skip(1).collect();
        match (inner.parent(), inner.file_name()) {
            (Some(parent), Some(name)) => (Path::new(&self.beside).join(parent), name.to_owned()),
            _ => (PathBuf::new(), self.beside.clone()),
        }
    }

    fn failed(&self, path: &Path, error: Errno) -> String {
        let shown = if path.as_os_str().is_empty() {
            self.parent.join(&self.name)
        } else {
            self.parent.join(path)
        };
        format!("`{}` cannot be put back: {}", shown.display(), words(error))
    }

    fn make(&mut self, from: &Path, entry: Entry, sync: bool) -> Result<(), String> {
        let path = entry.path.path();
        let (parent, name) = self.place(&path);
        let made = descend(self.folder.as_fd(), &parent).and_then(|parent| match &entry.kind {
            Kind::Folder => rustix::fs::mkdirat(&parent, &name, Mode::RWXU),
            Kind::Link { to } => make_link(parent.as_fd(), &name, to.os().as_os_str(), &entry),
            Kind::File { number } => {
                let source = manifest::content(from, *number);
                make_file(parent.as_fd(), &name, &source, &entry, sync)
            }
            Kind::Same { as_path } => {
                let (first, first_name) = self.place(&as_path.path());
                let first = descend(self.folder.as_fd(), &first)?;
                rustix::fs::linkat(first, &first_name, &parent, &name, AtFlags::empty())
            }
        });
        made.map_err(|error| self.failed(&path, error))?;
        if entry.kind == Kind::Folder {
            self.folders.push(entry);
        }
        Ok(())
    }
}

fn make_link(parent: BorrowedFd<'_>, name: &OsStr, to: &OsStr, entry: &Entry) -> Result<(), Errno> {
    rustix::fs::symlinkat(to, parent, name)?;
    let stat = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if (stat.st_uid, stat.st_gid) != (entry.uid, entry.gid) {
        let owner = (stat.st_uid != entry.uid).then(|| rustix::fs::Uid::from_raw(entry.uid));
        let group = Some(rustix::fs::Gid::from_raw(entry.gid));
        rustix::fs::chownat(parent, name, owner, group, AtFlags::SYMLINK_NOFOLLOW)?;
    }
    rustix::fs::utimensat(parent, name, &content::times(entry), AtFlags::SYMLINK_NOFOLLOW)
}

fn make_file(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    source: &Path,
    entry: &Entry,
    sync: bool,
) -> Result<(), Errno> {
    let source = rustix::fs::open(source, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(parent, name, flags, Mode::RUSR | Mode::WUSR)?;
    let _ = content::copy(source.as_fd(), file.as_fd())?;
    content::finish(&file, entry)?;
    if sync { rustix::fs::fsync(&file) } else { Ok(()) }
}

/// Gives folders their properties, the innermost first: one may shut its owner out.
fn finish(sites: &[Site]) -> Result<(), String> {
    for site in sites {
        for entry in site.folders.iter().rev() {
            let path = entry.path.path();
            let (parent, name) = site.place(&path);
            let done = descend(site.folder.as_fd(), &parent.join(name)).and_then(|folder| {
                content::finish(&folder, entry)?;
                match rustix::fs::fsync(&folder) {
                    Err(error) if error != Errno::INVAL => Err(error),
                    _ => Ok(()),
                }
            });
            done.map_err(|error| site.failed(&path, error))?;
        }
    }
    Ok(())
}

/// Swaps what is at a path for what was built beside it.
fn swap(site: &Site) -> Result<(), String> {
    let (folder, name, beside) = (site.folder.as_fd(), &site.name, &site.beside);
    let found = look(folder, name).map_err(|error| site.failed(Path::new(""), error))?;
    let swapped = match (site.there, found.is_some()) {
        (false, false) => Ok(()),
        (true, false) => {
            rustix::fs::renameat_with(folder, beside, folder, name, RenameFlags::NOREPLACE)
        }
        (false, true) => {
            rustix::fs::renameat_with(folder, name, folder, beside, RenameFlags::NOREPLACE)
        }
        (true, true) => exchange(site),
    };
    let synced = swapped.and_then(|()| match rustix::fs::fsync(folder) {
        Err(error) if error != Errno::INVAL => Err(error),
        _ => Ok(()),
    });
    synced.map_err(|error| site.failed(Path::new(""), error))
}

/// In one step where the file system can; else what is there goes aside first.
fn exchange(site: &Site) -> Result<(), Errno> {
    let (folder, name, beside) = (site.folder.as_fd(), &site.name, &site.beside);
    match rustix::fs::renameat_with(folder, beside, folder, name, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
        other => return other,
    }
    let aside = OsString::from(format!("{}-old", beside.to_string_lossy()));
    remove(folder, &aside)?;
    rustix::fs::renameat(folder, name, folder, &aside)?;
    rustix::fs::renameat(folder, beside, folder, name)?;
    remove(folder, &aside)
}
