//! Opening files that a step can have put anything in the place of: a pipe, a device, a link.
//!
//! Knows no steps. Invariant: what is opened here is a plain file, and opening it waits for no one.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// Opens a plain file to be read.
///
/// # Errors
/// It cannot be opened, or is no file.
pub(super) fn open(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::RDONLY)
}

/// Opens a file of goalc's own: no link is followed.
///
/// # Errors
/// It cannot be opened, or is no file.
pub(super) fn open_own(path: &Path, access: OFlags) -> io::Result<File> {
    open_with(path, access | OFlags::NOFOLLOW)
}

fn open_with(path: &Path, flags: OFlags) -> io::Result<File> {
    // Without waiting, as opening a pipe would for whoever is at its other end.
    let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let no_file = || io::Error::other("it is not a file");
    let opened = match rustix::fs::open(path, flags, Mode::empty()) {
        // A link that is not followed; a pipe that no one reads.
        Err(Errno::LOOP | Errno::NXIO) => return Err(no_file()),
        other => File::from(other?),
    };
    if opened.metadata()?.is_file() { Ok(opened) } else { Err(no_file()) }
}
