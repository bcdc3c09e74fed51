//! Saving: look at all first, then copy, then make it durable, and only then give it its name.
//!
//! Invariant: a snapshot's folder is there only when all of it is on the disk.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io::BufWriter;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::content::Digest;
use super::limits::{Guarded, Resolved, groups, problem};
use super::manifest::{self, Kind, Line, Name};
use super::objects::Objects;
use super::walk::{Seen, unreadable, walk, words};
use super::{STOPPED, Stop, Wanted, content};

/// So many files are synced one by one; with more, the file system as a whole.
pub(super) const FEW: u64 = 64;

/// So many things that cannot be saved are named.
const NAMED: usize = 10;

/// Saves paths into a folder that is not there yet, but for what an `earlier` snapshot holds: that
/// is how it was in the first place. What could not be put back is refused before anything is
/// copied. Contents that cannot be cloned are shared with other snapshots by the folder
/// `objects`, which is made where it is needed.
///
/// # Errors
/// Says in the user's words what cannot be saved, or that there is no space. Nothing is left then.
pub fn take(
    wanted: &[Wanted],
    (into, objects): (&Path, &Path),
    (guarded, earlier): (&Guarded, &[PathBuf]),
    stop: Stop<'_>,
) -> Result<(), String> {
    let known = known(earlier)?;
    let mut roots: Vec<Resolved> = Vec::new();
    for each in wanted {
        let root = guarded.resolve(each)?;
        let path = root.parent.join(&root.name);
        if !known.iter().any(|known| path.starts_with(known)) {
            roots.push(root);
        }
    }
    let roots = without_inner(roots);
    survey(&roots, into, stop)?;
    let part = into.with_extension("part");
    let saved = save(&roots, (&part, Objects(objects)), stop).and_then(|()| settle(&part, into));
    if saved.is_err() {
        let _ = std::fs::remove_dir_all(&part);
    }
    saved
}

/// The paths that snapshots hold.
fn known(snapshots: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut known = Vec::new();
    for snapshot in snapshots {
        manifest::read(snapshot, |line| {
            if let Line::Root { parent, name, .. } = line {
                known.push(parent.path().join(name.os()));
            }
            Ok(())
        })?;
    }
    Ok(known)
}

/// A path inside another is saved with it.
fn without_inner(roots: Vec<Resolved>) -> Vec<Resolved> {
    let paths: Vec<PathBuf> = roots.iter().map(|root| root.parent.join(&root.name)).collect();
    let is_inner = |at: usize| {
        let inside = |other: usize| {
            paths[at].starts_with(&paths[other]) && (paths[at] != paths[other] || other < at)
        };
        (0..paths.len()).any(|other| other != at && inside(other))
    };
    let keep: Vec<bool> = (0..paths.len()).map(|at| !is_inner(at)).collect();
    roots.into_iter().zip(keep).filter_map(|(root, keep)| keep.then_some(root)).collect()
}

/// Looks whether all can be put back, and whether there is space.
fn survey(roots: &[Resolved], into: &Path, stop: Stop<'_>) -> Result<(), String> {
    let groups = groups();
    let mut problems = Vec::new();
    let (mut bytes, mut sample) = (0_u64, None);
    for (root, folder) in present(roots) {
        let device = rustix::fs::fstat(folder).map_err(|e| unreadable(&root.parent, e))?.st_dev;
        walk(folder.as_fd(), &root.name, &mut |seen| {
            give_up(stop)?;
            if let Some(why) = problem(seen, device, &groups) {
                problems.push(format!("`{}` {why}", root.parent.join(seen.path).display()));
            } else if seen.kind() == FileType::RegularFile && seen.stat.st_size > 0 {
                let taken = u64::try_from(seen.stat.st_blocks).unwrap_or(0).saturating_mul(512);
                bytes += taken.min(u64::try_from(seen.stat.st_size).unwrap_or(0));
                sample = sample.take().or_else(|| open_file(seen).ok());
            }
            Ok(())
        })?;
    }
    if !problems.is_empty() {
        let more = problems.len().saturating_sub(NAMED);
        problems.truncate(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Err(format!("it could not be put back: {}{more}", problems.join("; ")));
    }
    check_space(into, bytes, sample.as_ref())
}

fn check_space(into: &Path, bytes: u64, sample: Option<&OwnedFd>) -> Result<(), String> {
    let Some(place) = into.parent() else { return Ok(()) };
    let Ok(found) = rustix::fs::statvfs(place) else { return Ok(()) };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if bytes <= free || sample.is_some_and(|sample| can_clone(sample, place)) {
        return Ok(());
    }
    let size = crate::value::size_text;
    Err(format!(
        "it needs {}, and there are {} free in `{}`",
        size(bytes),
        size(free),
        place.display()
    ))
}

/// Whether copies into a folder share their blocks with the original, and so need no space.
fn can_clone(sample: &OwnedFd, place: &Path) -> bool {
    tempfile::tempfile_in(place).is_ok_and(|file| rustix::fs::ioctl_ficlone(&file, sample).is_ok())
}

fn save(
    roots: &[Resolved],
    (part, objects): (&Path, Objects<'_>),
    stop: Stop<'_>,
) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the snapshot cannot be written: {error}");
    // What an earlier process left half made.
    let _ = std::fs::remove_dir_all(part);
    for folder in [part.to_owned(), part.join("data")] {
        DirBuilder::new().mode(0o700).create(folder).map_err(failed)?;
    }
    let mut options = File::options();
    let options = options.write(true).create_new(true).mode(0o600);
    let manifest = options.open(manifest::path(part)).map_err(failed)?;
    let mut saving = Saving {
        folder: part,
        manifest: BufWriter::new(manifest),
        number: 0,
        linked: HashMap::new(),
        objects,
        fresh: Vec::new(),
    };
    manifest::write(&mut saving.manifest, &Line::Head { token: token() })?;
    for root in roots {
        saving.root(root, stop)?;
    }
    manifest::write(&mut saving.manifest, &Line::End)?;
    let (number, fresh) = (saving.number, saving.fresh);
    let manifest = saving.manifest.into_inner().map_err(|error| failed(error.into_error()))?;
    manifest.sync_all().map_err(failed)?;
    if number > FEW {
        rustix::fs::syncfs(&manifest).map_err(|error| failed(error.into()))?;
    }
    sync_folder(&part.join("data")).and_then(|()| sync_folder(part)).map_err(failed)?;
    // Only now are they on the disk, and others may rely on them.
    for (number, digest) in fresh {
        objects.publish(&manifest::content(part, number), &digest);
    }
    Ok(())
}

/// Gives a whole snapshot its name, durably.
fn settle(part: &Path, into: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the snapshot cannot be written: {error}");
    std::fs::rename(part, into).map_err(failed)?;
    into.parent().map_or(Ok(()), sync_folder).map_err(failed)
}

pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some file systems know no such thing.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// A name that nothing else has.
fn token() -> String {
    let mut bytes = [0_u8; 8];
    // Without chance, the clock of the process has to do: it only keeps names apart.
    if getrandom::fill(&mut bytes).is_err() {
        bytes = u64::from(std::process::id()).to_le_bytes();
    }
    hex::encode(bytes)
}

/// Those with a folder and something in it.
fn present(roots: &[Resolved]) -> impl Iterator<Item = (&Resolved, &OwnedFd)> {
    roots.iter().filter(|root| root.there).filter_map(|root| Some((root, root.folder.as_ref()?)))
}

struct Saving<'a> {
    folder: &'a Path,
    manifest: BufWriter<File>,
    number: u64,
    /// Files with several names, by device and number of the inode.
    linked: HashMap<(u64, u64), Name>,
    objects: Objects<'a>,
    /// Contents that no snapshot had before.
    fresh: Vec<(u64, Digest)>,
}

impl Saving<'_> {
    fn root(&mut self, root: &Resolved, stop: Stop<'_>) -> Result<(), String> {
        let line = Line::Root {
            parent: Name::of(root.parent.as_os_str()),
            name: Name::of(&root.name),
            there: root.there,
        };
        manifest::write(&mut self.manifest, &line)?;
        self.linked.clear();
        let Some(folder) = root.folder.as_ref().filter(|_| root.there) else { return Ok(()) };
        walk(folder.as_fd(), &root.name, &mut |seen| {
            give_up(stop)?;
            self.entry(seen)
        })
    }

    fn entry(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let path = Name::of(seen.path.as_os_str());
        let failed = |error| unreadable(seen.path, error);
        let (kind, attributes) = match seen.kind() {
            FileType::Symlink => {
                let to = rustix::fs::readlinkat(seen.folder, seen.name, Vec::new());
                (Kind::Link { to: Name(to.map_err(failed)?.into_bytes()) }, Vec::new())
            }
            FileType::Directory => {
                let flags = super::walk::FOLDER;
                let folder = rustix::fs::openat(seen.folder, seen.name, flags, Mode::empty());
                let folder = folder.map_err(failed)?;
                (Kind::Folder, content::attributes(&folder).map_err(failed)?)
            }
            FileType::RegularFile => self.file(seen, &path)?,
            _ => return Err(format!("`{}` has become something else", seen.path.display())),
        };
        let entry = content::entry(path, kind, &seen.stat, attributes);
        manifest::write(&mut self.manifest, &Line::Entry(entry))
    }

    fn file(&mut self, seen: &Seen<'_>, path: &Name) -> Result<(Kind, Vec<(Name, Name)>), String> {
        if seen.stat.st_nlink > 1 {
            let inode = (seen.stat.st_dev, seen.stat.st_ino);
            if let Some(first) = self.linked.get(&inode) {
                return Ok((Kind::Same { as_path: first.clone() }, Vec::new()));
            }
            self.linked.insert(inode, path.clone());
        }
        let failed = |error| unreadable(seen.path, error);
        let file = open_file(seen).map_err(failed)?;
        self.number += 1;
        let mut options = File::options();
        let to = options.write(true).create_new(true).mode(0o600);
        let place = manifest::content(self.folder, self.number);
        let to =
            to.open(&place).map_err(|error| format!("the snapshot cannot be written: {error}"))?;
        let failed_copy =
            |error| format!("`{}` cannot be saved: {}", seen.path.display(), words(error));
        let digest = content::copy(file.as_fd(), to.as_fd()).map_err(failed_copy)?;
        let known = digest.as_ref().is_some_and(|digest| self.objects.stand_in(&place, digest));
        if !known && self.number <= FEW {
            rustix::fs::fsync(&to).map_err(failed_copy)?;
        }
        self.fresh.extend(digest.filter(|_| !known).map(|digest| (self.number, digest)));
        let attributes = content::attributes(&file).map_err(failed)?;
        Ok((Kind::File { number: self.number }, attributes))
    }
}

fn open_file(seen: &Seen<'_>) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(seen.folder, OsString::from(seen.name), flags, Mode::empty())
}

pub(super) fn give_up(stop: Stop<'_>) -> Result<(), String> {
    if stop() { Err(STOPPED.to_owned()) } else { Ok(()) }
}
