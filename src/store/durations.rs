//! How long attempts took, over all runs of a plan: for forecasts and for the scheduler's order.
//!
//! Knows of events only when an attempt begins and how it ends. Invariant: a time is written in
//! the commit of the event that it follows from, and counts only for a step of the same meaning.

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError};
use crate::exec::estimate::{History, Measured};
use crate::exec::{AttemptEnd, Event, Stamped, Timestamp, Unit};
use crate::ir::Plan;
use crate::value::{NodeId, StepId};

/// So many runs of a step count.
const RUNS: u32 = 20;

/// So many meanings of a step are kept: who goes back and forth between two loses nothing.
const MEANINGS: u32 = 8;

/// So many times of one step are kept of a run, where it has many instances.
const OF_A_RUN: u32 = 256;

/// Watches a run's events for what attempts take.
#[derive(Debug)]
pub(super) struct Watch {
    plan_path: PathBuf,
    plan: Arc<Plan>,
    /// Units that are being tried: since when, if just now, and how often it failed before.
    open: HashMap<Unit, (Option<Timestamp>, u32)>,
    /// How many times of a step were written in this process.
    written: HashMap<StepId, u32>,
}

/// An attempt that succeeded.
#[derive(Debug)]
pub(super) struct Took {
    plan_path: PathBuf,
    step: String,
    fingerprint: String,
    milliseconds: i64,
    failures: u32,
    /// The first of its step in this process.
    first: bool,
}

impl Watch {
    pub(super) fn new(plan_path: &Path, plan: &Arc<Plan>) -> Self {
        Self {
            plan_path: plan_path.to_owned(),
            plan: Arc::clone(plan),
            open: HashMap::new(),
            written: HashMap::new(),
        }
    }

    /// What is to be written with an event.
    pub(super) fn take(&mut self, stamped: &Stamped) -> Option<Took> {
        match &stamped.event {
            Event::AttemptStarted { unit, .. } => {
                self.open.entry(unit.clone()).or_default().0 = Some(stamped.at);
                None
            }
            Event::AttemptEnded { unit, end: AttemptEnd::Succeeded { .. }, .. } => {
                let (since, failures) = self.open.remove(unit)?;
                self.took(&unit.node, since?, stamped.at, failures)
            }
            Event::AttemptEnded { unit, .. } => {
                let open = self.open.get_mut(unit)?;
                *open = (None, open.1.saturating_add(1));
                None
            }
            // A service took what it needed to be ready; how long it then served is no time of its own.
            Event::ServiceReady { step, .. } => {
                let node = NodeId::Step(step.clone());
                let (since, failures) =
                    self.open.remove(&Unit { node: node.clone(), item: None })?;
                self.took(&node, since?, stamped.at, failures)
            }
            _ => None,
        }
    }

    fn took(
        &mut self,
        of: &NodeId,
        since: Timestamp,
        at: Timestamp,
        failures: u32,
    ) -> Option<Took> {
        let NodeId::Step(id) = of else { return None };
        let step = self.plan.steps.get(id)?;
        let written = self.written.entry(id.clone()).or_default();
        if *written >= OF_A_RUN {
            return None;
        }
        *written += 1;
        Some(Took {
            plan_path: self.plan_path.clone(),
            step: id.to_string(),
            fingerprint: step.fingerprint.clone(),
            milliseconds: i64::try_from(at.since(since).as_millis()).unwrap_or(i64::MAX),
            failures,
            first: *written == 1,
        })
    }
}

impl Took {
    pub(super) fn write(&self, db: &Connection, run: i64, seq: i64) -> rusqlite::Result<()> {
        let (key, known) = self.key(db)?;
        if self.first && known {
            // A bound OFFSET would have `SQLite` plan the statement anew each time.
            db.prepare_cached(&format!(
                "DELETE FROM durations WHERE step = ?1 AND run < (
                    SELECT run FROM (SELECT DISTINCT run FROM durations
                        WHERE step = ?1 AND run <> ?2 ORDER BY run DESC LIMIT 1 OFFSET {}))",
                RUNS.saturating_sub(2)
            ))?
            .execute(params![key, run])?;
        }
        // A time is no fact of the run: whatever stands there already stops nothing.
        db.prepare_cached(
            "INSERT OR REPLACE INTO durations (step, run, seq, milliseconds, failures)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![key, run, seq, self.milliseconds, self.failures])
        .map(drop)
    }

    /// The number of this meaning of the step, and whether it had one before.
    fn key(&self, db: &Connection) -> rusqlite::Result<(i64, bool)> {
        let path = self.plan_path.as_os_str().as_bytes();
        let known: Option<i64> = db
            .prepare_cached(
                "SELECT key FROM measured WHERE plan_path = ?1 AND step = ?2 AND fingerprint = ?3",
            )?
            .query_row(params![path, self.step, self.fingerprint], |row| row.get(0))
            .optional()?;
        if let Some(key) = known {
            return Ok((key, true));
        }
        self.forget_old_meanings(db)?;
        db.prepare_cached(
            "INSERT INTO measured (plan_path, step, fingerprint) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![path, self.step, self.fingerprint])?;
        Ok((db.last_insert_rowid(), false))
    }

    fn forget_old_meanings(&self, db: &Connection) -> rusqlite::Result<()> {
        let path = self.plan_path.as_os_str().as_bytes();
        let old: Vec<i64> = db
            .prepare_cached(&format!(
                "SELECT key FROM measured WHERE plan_path = ?1 AND step = ?2
                 ORDER BY key DESC LIMIT -1 OFFSET {}",
                MEANINGS - 1
            ))?
            .query_map(params![path, self.step], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for key in old {
            db.prepare_cached("DELETE FROM durations WHERE step = ?1")?.execute([key])?;
            db.prepare_cached("DELETE FROM measured WHERE key = ?1")?.execute([key])?;
        }
        Ok(())
    }
}

/// Gathers a step's rows, the newest run first.
#[derive(Debug, Default)]
struct Gathered {
    runs: HashSet<i64>,
    lengths: Vec<Duration>,
    failures: u32,
}

impl Gathered {
    fn add(&mut self, run: i64, milliseconds: i64, failures: u32) {
        if self.runs.len() >= RUNS as usize && !self.runs.contains(&run) {
            return;
        }
        self.runs.insert(run);
        self.lengths.push(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)));
        self.failures = self.failures.saturating_add(failures);
    }

    fn history(self) -> History {
        let runs = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
        History::new(runs, self.lengths, self.failures)
    }
}

impl Store {
    /// What earlier runs of a plan's file took for the steps that mean the same as in this plan.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn measured(&self, plan_path: &Path, plan: &Plan) -> Result<Measured, StoreError> {
        let keys = self.with(|db| {
            db.prepare_cached("SELECT key, step, fingerprint FROM measured WHERE plan_path = ?1")?
                .query_map([plan_path.as_os_str().as_bytes()], |row| {
                    Ok((row.get(0)?, StepId::new(row.get::<_, String>(1)?), row.get(2)?))
                })?
                .collect::<rusqlite::Result<Vec<(i64, StepId, String)>>>()
        })?;
        let same = |id: &StepId, print: &str| {
            plan.steps.get(id).is_some_and(|step| step.fingerprint == print)
        };
        self.with(|db| {
            let mut rows = db.prepare_cached(
                "SELECT run, milliseconds, failures FROM durations WHERE step = ?1
                 ORDER BY run DESC, seq",
            )?;
            let mut measured = Measured::new();
            for (key, step, _) in keys.into_iter().filter(|(_, step, print)| same(step, print)) {
                let mut gathered = Gathered::default();
                let mut rows = rows.query([key])?;
                while let Some(row) = rows.next()? {
                    gathered.add(row.get(0)?, row.get(1)?, row.get(2)?);
                }
                measured.insert(step, gathered.history());
            }
            Ok(measured)
        })
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::exec::{Failure, Journal};
    use crate::ir::{FORMAT, Goal};
    use crate::store::{RunRecord, StateFolder};
    use crate::value::GoalId;

    const PATH: &str = "/p/plan.goal";

    fn plan(steps: u32, fingerprint: &str) -> Arc<Plan> {
        let step = serde_json::json!({
            "goal": "", "fingerprint": fingerprint, "attempt": {"action": {"run": {"arguments": []}}},
        });
        let step: crate::ir::Step = serde_json::from_value(step).unwrap();
        Arc::new(Plan {
            format: FORMAT,
            name: "g".to_owned(),
            goals: IndexMap::from([(GoalId::root(), Goal::default())]),
            steps: (0..steps).map(|at| (StepId::new(format!("s{at}")), step.clone())).collect(),
            bindings: IndexMap::new(),
            resources: IndexMap::new(),
        })
    }

    /// A run in which each attempt takes so many milliseconds, after one that failed.
    fn run(store: &Store, plan: &Arc<Plan>, milliseconds: i64) {
        let folder = store.folder().new_run(Timestamp(milliseconds)).unwrap();
        store
            .create_run(&RunRecord {
                id: folder.id().clone(),
                goal: plan.name.clone(),
                plan_path: PATH.into(),
                plan: Arc::clone(plan),
                origin: None,
                given: IndexMap::new(),
                created: Timestamp(milliseconds),
            })
            .unwrap();
        let mut journal = store.journal(folder.id()).unwrap();
        journal.measure(Path::new(PATH), plan);
        let failed = AttemptEnd::Failed(Failure::Exit { code: 1 });
        let succeeded = AttemptEnd::Succeeded { outputs: IndexMap::new() };
        let mut events = Vec::new();
        for id in plan.steps.keys() {
            let unit = Unit { node: NodeId::Step(id.clone()), item: None };
            for (attempt, end, took) in [(1, &failed, 9_000), (2, &succeeded, milliseconds)] {
                let (uses, usage, notes) = (IndexMap::new(), None, Vec::new());
                let started = Event::AttemptStarted { unit: unit.clone(), attempt, way: 0, uses };
                let ended = Event::AttemptEnded {
                    unit: unit.clone(),
                    attempt,
                    end: end.clone(),
                    usage,
                    notes,
                };
                for (at, event) in [(0, started), (took, ended)] {
                    let seq = events.len() as u64 + 1;
                    events.push(Stamped { seq, at: Timestamp(at), event });
                }
            }
        }
        journal.append(&events, true).unwrap();
    }

    fn store() -> (tempfile::TempDir, Store) {
        let temp = tempfile::tempdir().unwrap();
        let folder = StateFolder::open_or_create(&temp.path().join(".goal")).unwrap();
        (temp, Store::open_to_write(folder).unwrap())
    }

    fn rows(store: &Store, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        store.with(|db| db.query_row(&count, [], |row| row.get(0))).unwrap()
    }

    #[test]
    fn the_last_twenty_runs_count_and_only_they_are_kept() {
        let (_temp, store) = store();
        let plan = plan(1, "f");
        for milliseconds in 1..=25 {
            run(&store, &plan, milliseconds);
        }
        let lengths = (6..=25).map(Duration::from_millis).collect();
        let wanted = Measured::from([(StepId::new("s0"), History::new(20, lengths, 20))]);
        assert_eq!(store.measured(Path::new(PATH), &plan).unwrap(), wanted);
        assert_eq!(rows(&store, "durations"), 20);
    }

    #[test]
    fn a_step_of_another_meaning_or_plan_has_no_history() {
        let (_temp, store) = store();
        run(&store, &plan(1, "f"), 5);
        let measured =
            |path: &str, print| store.measured(Path::new(path), &plan(1, print)).unwrap();
        assert_eq!(measured(PATH, "f").len(), 1);
        assert!(measured(PATH, "other").is_empty() && measured("/p/other.goal", "f").is_empty());
        for print in 0..20 {
            run(&store, &plan(1, &print.to_string()), 5);
        }
        assert_eq!(rows(&store, "measured"), i64::from(MEANINGS));
        assert_eq!(rows(&store, "durations"), i64::from(MEANINGS));
        assert!(measured(PATH, "f").is_empty());
    }

    #[test]
    fn the_history_of_a_thousand_steps_is_read_in_no_time() {
        let (_temp, store) = store();
        let plan = plan(1_000, "f");
        for milliseconds in 1..=20 {
            run(&store, &plan, milliseconds);
        }
        let began = std::time::Instant::now();
        assert_eq!(store.measured(Path::new(PATH), &plan).unwrap().len(), 1_000);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
}
