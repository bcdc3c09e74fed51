//! The state folder: where it is, what is in it, who may use it.
//!
//! `state.db`, and for each run `runs/<run>/` with `lock`, `logs/` and `work/`. Invariant: a folder
//! that is opened here is ours alone to write, and every name in it is goalc's own.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::error::not_safe;
use super::private::{check_file, create_file, existing_folder, make_folder, sync_folder};
use super::{RunId, StoreError};
use crate::exec::Timestamp;

/// The name of the folder beside a plan.
const NAME: &str = ".goal";
/// The file that marks the top of a project.
const PROJECT_FILE: &str = "goal.toml";
/// Names are tried anew when two runs begin in the same second with the same letters.
const TRIES: u32 = 100;

/// An open state folder.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    folder: OwnedFd,
}

impl StateFolder {
    /// Where the state of a plan lives: `chosen` (`GOALC_STATE_DIR`; empty is as not set), or
    /// `.goal/` beside the nearest `goal.toml` from the plan's folder upwards, or beside the plan.
    pub fn locate(chosen: Option<&Path>, plan_folder: &Path) -> PathBuf {
        if let Some(chosen) = chosen.filter(|path| !path.as_os_str().is_empty()) {
            return std::path::absolute(chosen).unwrap_or_else(|_| chosen.to_owned());
        }
        let start = plan_folder
            .canonicalize()
            .or_else(|_| std::path::absolute(plan_folder))
            .unwrap_or_else(|_| plan_folder.to_owned());
        let project = start.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file());
        project.unwrap_or(&start).join(NAME)
    }

    /// Opens the folder, made (0700) with its `.gitignore` where it is not there.
    ///
    /// # Errors
    /// It is a link or no folder, belongs to another user, others can write to it, or it cannot
    /// be made.
    pub fn open_or_create(path: &Path) -> Result<Self, StoreError> {
        make_parents(path)?;
        let path = resolve(path);
        let (folder, _) = make_folder(&path)?;
        let ignore = path.join(".gitignore");
        if let Some(file) = create_file(folder.as_fd(), ".gitignore", &ignore)? {
            rustix::io::write(&file, b"*\n")
                .map_err(|e| StoreError::system("write", &ignore, e))?;
        }
        make_folder(&path.join("runs"))?;
        sync_folder(folder.as_fd(), &path)?;
        Ok(Self { path, folder })
    }

    /// Opens the folder for a command that only looks.
    ///
    /// # Errors
    /// As [`Self::open_or_create`]; `NoFolder` where there is none.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let path = resolve(path);
        if path.symlink_metadata().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
            return Err(StoreError::NoFolder(path));
        }
        let folder = existing_folder(&path)?;
        Ok(Self { path, folder })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder of a new run, and with it the run's name.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new_run(&self, now: Timestamp) -> Result<RunFolder, StoreError> {
        for _ in 0..TRIES {
            let run = self.run(&RunId::new(now));
            if run.prepare()? {
                return Ok(run);
            }
        }
        Err(not_safe(&self.path, "no free name for a run was found"))
    }

    /// The folder of a run that the table knows. Nothing is touched.
    pub fn run(&self, id: &RunId) -> RunFolder {
        RunFolder { id: id.clone(), path: self.path.join("runs").join(id.as_str()) }
    }

    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("state.db")
    }

    /// Creates the database's file (0600), empty, where it is not there. True: it was there.
    pub(super) fn prepare_database(&self) -> Result<bool, StoreError> {
        let path = self.database();
        if create_file(self.handle(), "state.db", &path)?.is_some() {
            sync_folder(self.handle(), &self.path)?;
            return Ok(false);
        }
        self.check_database()?;
        Ok(true)
    }

    /// The database's device and inode; `None` where it is not there.
    pub(super) fn check_database(&self) -> Result<Option<(u64, u64)>, StoreError> {
        let path = self.database();
        let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        match rustix::fs::statat(self.handle(), "state.db", flags) {
            Ok(stat) => check_file(&path, &stat).map(|()| Some((stat.st_dev, stat.st_ino))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(StoreError::system("open", &path, error)),
        }
    }
}

/// The folder's path without links in what is above it; the folder itself must be none.
fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (absolute.parent().map(Path::canonicalize), absolute.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => absolute.canonicalize().unwrap_or(absolute),
    }
}

fn make_parents(path: &Path) -> Result<(), StoreError> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let missing: Vec<_> = absolute.ancestors().skip(1).take_while(|path| !path.exists()).collect();
    missing.into_iter().rev().try_for_each(|path| make_folder(path).map(drop))
}

/// What a run keeps beside the database.
#[derive(Debug, Clone)]
pub struct RunFolder {
    id: RunId,
    path: PathBuf,
}

impl RunFolder {
    pub fn id(&self) -> &RunId {
        &self.id
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names the run where its processes are marked, and no copy of it: the copy's processes are
    /// others.
    pub fn mark(&self) -> String {
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::metadata(&self.path).map_or(0, |found| found.ino());
        format!("{}.{file:x}", self.id)
    }

    /// What steps print.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// What was saved of the plan's files.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// What attempts need.
    pub fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    /// What attempts need that run elsewhere; made where there are any.
    pub fn attempts(&self) -> PathBuf {
        self.path.join("attempts")
    }

    /// Makes what of the folder is missing, as in a copy that left empty folders out. True: the
    /// run's folder was made now.
    ///
    /// # Errors
    /// It cannot be made, or is not safe.
    pub fn prepare(&self) -> Result<bool, StoreError> {
        if let Some(runs) = self.path.parent() {
            make_folder(runs)?;
        }
        let (_, made) = make_folder(&self.path)?;
        make_folder(&self.logs())?;
        make_folder(&self.work())?;
        Ok(made)
    }
}
