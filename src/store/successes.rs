//! What steps depended on when they last succeeded, over all runs of a plan: for `unchanged`.
//!
//! Of files it knows nothing, of events only which ones begin to undo something. Invariant: a success is
//! forgotten in the commit of the event by which its undo begins, so none is known that does not stand.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError};
use crate::exec::world::unit_key;
use crate::exec::{Event, Stamped, Timestamp};
use crate::value::{NodeId, StepId, Value};

/// The items of `foreach` steps, as far as they are fixed: successes of instances go by them.
pub type FixedItems = HashMap<StepId, Vec<Value>>;

/// Watches a run's events for what undoes a success.
#[derive(Debug)]
pub(super) struct Undoing {
    plan_path: PathBuf,
    items: FixedItems,
}

/// Successes that an undo takes back.
#[derive(Debug)]
pub(super) struct Forgotten {
    plan_path: PathBuf,
    unit: String,
    /// Those of its instances, too.
    with_instances: bool,
}

impl Undoing {
    pub(super) fn new(plan_path: &Path, items: FixedItems) -> Self {
        Self { plan_path: plan_path.to_owned(), items }
    }

    /// What is to be forgotten with an event.
    pub(super) fn take(&mut self, stamped: &Stamped) -> Option<Forgotten> {
        let (step, item) = match &stamped.event {
            Event::ItemsFixed { step, items, .. } => {
                self.items.insert(step.clone(), items.clone());
                return None;
            }
            Event::UndoStarted { step } => (step, None),
            Event::RestoreStarted { unit, .. } => {
                let NodeId::Step(step) = &unit.node else { return None };
                (step, unit.item)
            }
            _ => return None,
        };
        let item = item.and_then(|at| self.items.get(step)?.get(at as usize));
        let unit = unit_key(&NodeId::Step(step.clone()), item);
        Some(Forgotten { plan_path: self.plan_path.clone(), unit, with_instances: item.is_none() })
    }
}

impl Forgotten {
    pub(super) fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        let path = self.plan_path.as_os_str().as_bytes();
        db.prepare_cached("DELETE FROM successes WHERE plan_path = ?1 AND unit = ?2")?
            .execute(params![path, self.unit])?;
        if self.with_instances {
            // All that begin with `step[`: `\` comes right after `[`.
            db.prepare_cached(
                "DELETE FROM successes
                 WHERE plan_path = ?1 AND unit >= ?2 || '[' AND unit < ?2 || '\\'",
            )?
            .execute(params![path, self.unit])?;
        }
        Ok(())
    }
}

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
