//! Using the connection: looks, and commits that reach as far as their caller needs.
//!
//! Knows no table. Invariant: what was acknowledged as on the disk is on the disk; so after one sync has
//! failed none succeeds: the system tells of what it could not write only once.

use std::sync::PoisonError;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use rustix::fs::{Mode, OFlags};

use super::database::log_of;
use super::{Store, StoreError};

/// How far a commit reaches when it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The system has it: the end of the process does not lose it.
    System,
    /// The disk has it.
    Disk,
}

impl Store {
    /// Uses the connection.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let db = self.shared.db.lock().unwrap_or_else(PoisonError::into_inner);
        work(&db).map_err(|error| StoreError::sql(&self.shared.path, &error))
    }

    /// Writes in one transaction, on disk when it returns.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.write_to(Reach::Disk, work)
    }

    /// Writes in one transaction, as far as `reach` says when it returns.
    pub(super) fn write_to<T>(
        &self,
        reach: Reach,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.still_there()?;
        let db = self.shared.db.lock().unwrap_or_else(PoisonError::into_inner);
        let written =
            Transaction::new_unchecked(&db, TransactionBehavior::Immediate).and_then(|change| {
                let result = work(&change)?;
                change.commit()?;
                Ok(result)
            });
        drop(db);
        let result = written.map_err(|error| StoreError::sql(&self.shared.path, &error))?;
        if reach == Reach::Disk {
            self.sync_log()?;
        }
        Ok(result)
    }

    /// Waits until the write-ahead log is on disk, and so all commits that are in it. Without such
    /// a log `SQLite` has synced them itself.
    pub(super) fn sync_log(&self) -> Result<(), StoreError> {
        if !self.shared.has_log {
            return Ok(());
        }
        let path = log_of(&self.shared.path);
        let mut log = self.shared.log.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error| StoreError::system("write", &path, error);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = log.take().unwrap_or_else(|| rustix::fs::open(&path, flags, Mode::empty()));
        let synced = open.as_ref().map_err(|error| *error).and_then(rustix::fs::fdatasync);
        *log = Some(open.and_then(|open| synced.map(|()| open)));
        synced.map_err(failed)
    }

    /// Fails where the database was deleted or replaced: writes would go to a file without a name.
    pub(super) fn still_there(&self) -> Result<(), StoreError> {
        let now = self.shared.folder.check_database()?;
        if now == self.shared.identity {
            Ok(())
        } else {
            Err(StoreError::Gone(self.shared.path.clone()))
        }
    }
}
