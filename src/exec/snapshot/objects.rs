//! Contents that several snapshots share: a folder of files, each named by a digest of its content.
//!
//! Snapshots hold hard links to them, so a content is on the disk once, however often it is saved;
//! one that no snapshot links to any more has a single name. Knows no paths of the user's.
//! Invariant: what has a name here is whole and on the disk.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::content::Digest;

/// The folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Objects<'a>(pub(super) &'a Path);

impl Objects<'_> {
    /// Puts a link to a content that is there already in the place of a copy of it. False: it is
    /// not there, or cannot be linked to; the copy stays.
    pub(super) fn stand_in(self, copy: &Path, digest: &Digest) -> bool {
        let object = self.path(digest);
        let same = |a: &Metadata, b: &Metadata| a.len() == b.len() && a.ino() != b.ino();
        let known = object.symlink_metadata().ok().zip(copy.symlink_metadata().ok());
        if !known.is_some_and(|(object, copy)| object.is_file() && same(&object, &copy)) {
            return false;
        }
        // The link gets its name beside the copy first: at no moment is there neither.
        let beside = copy.with_extension("link");
        std::fs::hard_link(&object, &beside).is_ok() && std::fs::rename(&beside, copy).is_ok()
    }

    /// Gives a content that is on the disk its name here, for snapshots to come. Where the file
    /// system has no hard links, or too many of one file, each snapshot keeps its own.
    pub(super) fn publish(self, copy: &Path, digest: &Digest) {
        let object = self.path(digest);
        let made =
            object.parent().is_some_and(|folder| make(self.0).is_ok() && make(folder).is_ok());
        let given = made.then(|| std::fs::hard_link(copy, object));
        if given.is_some_and(|given| given.is_err()) {
            // Another file of this snapshot, or another run, was first with the same content.
            self.stand_in(copy, digest);
        }
    }

    fn path(self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        let (first, rest) = name.split_at(2);
        self.0.join(first).join(rest)
    }
}

fn make(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Removes contents that no snapshot has any more. Gives the bytes that are free again.
///
/// # Errors
/// Where the folder cannot be read or changed; it may not be there.
pub fn prune(objects: &Path) -> io::Result<u64> {
    let mut freed = 0;
    let folders = match std::fs::read_dir(objects) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other?,
    };
    for folder in folders {
        for object in std::fs::read_dir(folder?.path())? {
            let object = object?;
            let meta = object.metadata()?;
            // Who links to it at this very moment has found it gone, and keeps its own copy.
            if meta.is_file() && meta.nlink() == 1 {
                std::fs::remove_file(object.path())?;
                freed += meta.blocks() * 512;
            }
        }
    }
    Ok(freed)
}
