//! What steps depended on when they last succeeded, over all runs of a plan: for `unchanged`.
//!
//! Knows neither files nor steps: a unit, its inputs and its outputs are texts here.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError};
use crate::exec::Timestamp;

impl Store {
    /// What was noted at the last success of a unit of a plan, and what it gave; no outputs where
    /// an older version noted it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn last_success(
        &self,
        plan: &Path,
        unit: &str,
    ) -> Result<Option<(String, Option<String>)>, StoreError> {
        const LAST: &str =
            "SELECT inputs, outputs FROM successes WHERE plan_path = ?1 AND unit = ?2";
        self.with(|db| {
            db.prepare_cached(LAST)?
                .query_row(params![plan.as_os_str().as_bytes(), unit], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
        })
    }

    /// Notes a success, in place of the one before it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn note_success(
        &self,
        plan: &Path,
        unit: &str,
        at: Timestamp,
        (inputs, outputs): (&str, &str),
    ) -> Result<(), StoreError> {
        self.write(|db| {
            db.prepare_cached(
                "INSERT OR REPLACE INTO successes (plan_path, unit, at, inputs, outputs)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![plan.as_os_str().as_bytes(), unit, at.0, inputs, outputs])
            .map(drop)
        })
    }
}
