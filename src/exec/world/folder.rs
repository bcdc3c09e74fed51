//! Where a run's files are: logs, and for each attempt in flight an output file and a folder.
//!
//! All private; names are goalc's own. An attempt's file and folder are given on to the next one
//! when they are empty again: making and removing them for each of many short steps costs more
//! than the steps.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, RawDir, SeekFrom, Stat};

use super::plain;
use crate::exec::executor::make_private;
use crate::exec::snapshot::remove_beneath;

/// Folders that are removed at once.
const REMOVERS: usize = 16;

/// A folder of one run.
#[derive(Debug)]
pub struct RunFiles {
    root: PathBuf,
    /// Desks that no attempt is at.
    free: Vec<Desk>,
    made: u32,
}

/// What an attempt works with: a file for its outputs and a folder of its own.
#[derive(Debug, Clone)]
pub struct Desk {
    pub output: PathBuf,
    pub tmp: PathBuf,
    /// It is one attempt's, and stays until the run has ended.
    kept: bool,
    clean: Option<Arc<Clean>>,
}

/// What a desk is known by that no attempt has changed.
#[derive(Debug)]
struct Clean {
    output: Identity,
    tmp: Identity,
    folder: OwnedFd,
}

/// A file's or folder's device, number, mode, owner and group.
type Identity = (u64, u64, u32, u32, u32);

fn identity(of: &Stat) -> Identity {
    (of.st_dev, of.st_ino, of.st_mode, of.st_uid, of.st_gid)
}

impl Clean {
    /// Of a desk that is empty.
    fn of(output: &Path, tmp: &Path) -> rustix::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::open(tmp, flags, Mode::empty())?;
        let output = identity(&rustix::fs::lstat(output)?);
        Ok(Self { output, tmp: identity(&rustix::fs::fstat(&folder)?), folder })
    }

    /// Whether these are still what they were, and empty.
    fn holds(&self, output: &Path, tmp: &Path) -> rustix::io::Result<bool> {
        let file = rustix::fs::lstat(output)?;
        Ok(self.is_output(&file) && file.st_size == 0 && self.holds_tmp(tmp)?)
    }

    /// The file itself, under no other name.
    fn is_output(&self, file: &Stat) -> bool {
        identity(file) == self.output && file.st_nlink == 1
    }

    fn holds_tmp(&self, tmp: &Path) -> rustix::io::Result<bool> {
        Ok(identity(&rustix::fs::lstat(tmp)?) == self.tmp && self.is_empty()?)
    }

    /// Empties the output file if it is what it was; says whether it is.
    fn empty_output(&self, output: &Path) -> io::Result<bool> {
        let file = plain::open_own(output, OFlags::WRONLY)?;
        let is_same = self.is_output(&rustix::fs::fstat(&file)?);
        if is_same {
            file.set_len(0)?;
        }
        Ok(is_same)
    }

    fn is_empty(&self) -> rustix::io::Result<bool> {
        rustix::fs::seek(&self.folder, SeekFrom::Start(0))?;
        let mut room = [MaybeUninit::uninit(); 1024];
        let mut entries = RawDir::new(&self.folder, &mut room);
        while let Some(entry) = entries.next() {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl RunFiles {
    /// `root` is there already; the folders in it are made here. What an earlier process left
    /// for its attempts is removed.
    ///
    /// # Errors
    /// Where they cannot be made.
    pub fn prepare(root: PathBuf) -> io::Result<Self> {
        make_private(&root.join("logs"))?;
        make_private(&root.join("snapshots"))?;
        remove(&root.join("work"))?;
        make_private(&root.join("work"))?;
        Ok(Self { root, free: Vec::new(), made: 0 })
    }

    /// The log of the attempt whose start has this number.
    pub fn log(&self, number: u64) -> PathBuf {
        self.root.join("logs").join(format!("{number}.log"))
    }

    /// The log of something that no event of its own began: `cleanup-7.log`.
    pub fn log_of(&self, what: &str, number: u64) -> PathBuf {
        self.root.join("logs").join(format!("{what}-{number}.log"))
    }

    /// Removes logs of attempts whose starts the journal has lost: others will have their numbers.
    pub fn forget_after(&self, last: u64) {
        let entries = std::fs::read_dir(self.root.join("logs")).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            if number.is_some_and(|number| number > last) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// What was saved before a unit's first attempt.
    pub fn snapshot(&self, name: &str) -> PathBuf {
        self.root.join("snapshots").join(name)
    }

    /// Contents that the snapshots of all runs share.
    pub fn objects(&self) -> PathBuf {
        self.state().join("objects")
    }

    /// The folder with the folders of all runs, and what else goalc keeps.
    pub fn state(&self) -> &Path {
        self.root.parent().and_then(Path::parent).unwrap_or(&self.root)
    }

    /// A desk for an attempt, with an empty file and an empty folder.
    ///
    /// # Errors
    /// Where the state folder cannot be written.
    pub fn take_desk(&mut self) -> io::Result<Desk> {
        if let Some(desk) = self.free.pop() {
            return Ok(desk);
        }
        self.made += 1;
        let place = self.root.join("work").join(self.made.to_string());
        let (output, tmp) = (place.with_extension("out"), place.with_extension("tmp"));
        let mut desk = Desk { output, tmp, kept: false, clean: None };
        desk.make()?;
        Ok(desk)
    }

    /// The folder of an attempt that may outlive this process.
    pub fn attempt(&self, start: u64) -> PathBuf {
        self.root.join("attempts").join(start.to_string())
    }

    /// A desk in that folder, which is made where it is not there yet. What is in it stays.
    ///
    /// # Errors
    /// Where the state folder cannot be written.
    pub fn own_desk(&mut self, start: u64) -> io::Result<Desk> {
        let folder = self.attempt(start);
        make_private(&self.root.join("attempts"))?;
        make_private(&folder)?;
        let (output, tmp) = (folder.join("output"), folder.join("tmp"));
        let desk = Desk { output, tmp, kept: true, clean: None };
        let mut open = OpenOptions::new();
        open.append(true).create(true).mode(0o600).open(&desk.output)?;
        make_private(&desk.tmp)?;
        Ok(desk)
    }

    /// Takes a desk back. One that cannot be cleared is not given to another attempt; it goes with
    /// the run.
    pub fn return_desk(&mut self, mut desk: Desk) {
        if !desk.kept && (desk.is_clean() || desk.clear().is_ok()) {
            self.free.push(desk);
        }
    }

    /// Removes what attempts worked with: of those that may outlive this process, only where all
    /// that came of them is `recorded`.
    pub fn remove_work(&self, recorded: bool) {
        // What cannot be removed now is removed when the run is resumed or cleaned.
        let _ = remove(&self.root.join("work"));
        if recorded {
            remove_folders(&self.root.join("attempts"));
        }
    }
}

impl Desk {
    /// What the attempt wrote to its output file, up to a limit.
    ///
    /// # Errors
    /// Where it cannot be read or is longer.
    pub fn read_output(&self, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = plain::open_own(&self.output, OFlags::RDONLY)?;
        file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(io::Error::other("it is longer than 16 MiB"));
        }
        Ok(bytes)
    }

    /// As most attempts leave it.
    fn is_clean(&self) -> bool {
        let clean = self.clean.as_ref();
        clean.is_some_and(|clean| clean.holds(&self.output, &self.tmp).unwrap_or(false))
    }

    /// Makes what is not there, private and empty.
    fn make(&mut self) -> io::Result<()> {
        OpenOptions::new().append(true).create(true).mode(0o600).open(&self.output)?;
        make_private(&self.tmp)?;
        self.clean = Clean::of(&self.output, &self.tmp).ok().map(Arc::new);
        Ok(())
    }

    /// Makes both empty again. What is no longer what it was is not emptied but made anew: the attempt
    /// may have put something of the user's in its place, by a hard link, say.
    fn clear(&mut self) -> io::Result<()> {
        let clean = self.clean.take();
        let clean = clean.as_ref();
        if !clean.is_some_and(|clean| clean.empty_output(&self.output).unwrap_or(false)) {
            remove(&self.output)?;
        }
        if !clean.is_some_and(|clean| clean.holds_tmp(&self.tmp).unwrap_or(false)) {
            remove(&self.tmp)?;
        }
        self.make()
    }
}

/// Removes a file of goalc's own or a folder with all in it, but for what is mounted there.
fn remove(path: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    remove_beneath(folder, Path::new(name)).map_err(io::Error::other)
}

/// Removes a folder of folders, several at once: on some disks each one waits for a while.
fn remove_folders(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    std::thread::scope(|scope| {
        for share in paths.chunks(paths.len().div_ceil(REMOVERS).max(1)) {
            scope.spawn(move || {
                for path in share {
                    let _ = remove(path);
                }
            });
        }
    });
    let _ = remove(folder);
}
