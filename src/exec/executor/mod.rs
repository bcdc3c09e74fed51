//! Where an attempt's command runs: on this machine, or somewhere that only an [`Executor`] knows.
//!
//! Knows no clauses, events or retries: those are settled before a command gets here, and what its
//! end means after. Invariant: each [`Task`] that was begun is reported once, and one that is begun
//! again under its [`Key`] after a crash is followed, not carried out a second time.

mod files;
mod local;
mod node;
mod slurm;

use std::fmt;
use std::path::PathBuf;

use indexmap::IndexMap;

use super::process::{Controller, ProcessOrder, ProcessReport};
use super::world::Crew;
use crate::ir::LOCAL;
use crate::value::Value;

pub use files::{AttemptFiles, make_private};
pub use local::Local;
pub use node::{ATTEMPT_ARGUMENT, PILOT_ARGUMENT, attempt_main, pilot_main};
pub use slurm::{Settings as SlurmSettings, Slurm, missing as slurm_missing};

/// Told, from any thread, how a command ended.
pub type Done = Box<dyn FnOnce(ProcessReport) + Send>;

/// Names an attempt for as long as its run is known: the same after a crash as before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub run: String,
    /// The step, with its item: `a.b[3]`.
    pub unit: String,
    /// The number of the event that started it: no two attempts of a run have the same.
    pub start: u64,
}

/// What a step wants of the place where it runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wants {
    /// `partition`, `cpus` and so on, by their words.
    pub options: IndexMap<String, Value>,
    /// Flags for the executor's own command, as they are.
    pub flags: Vec<String>,
    /// What it holds of the run's resources.
    pub uses: Vec<(String, i64)>,
}

/// One attempt's command, to be carried out somewhere.
pub struct Task {
    pub key: Key,
    pub process: ProcessOrder,
    /// Tells it to end, now or before it has begun.
    pub control: Controller,
    pub wants: Wants,
    /// Where [`Executor::outlives`]: a folder of its own, which stays until the run has ended.
    pub folder: PathBuf,
    pub done: Done,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A place where commands run.
///
/// To write another one: implement this in a file beside `local`, enter its name and what it cannot
/// keep in `ir::EXECUTORS`, and have `cli` make it. The whole is told in `docs/executors.md`.
pub trait Executor: Send + fmt::Debug {
    /// As plans and the command line name it.
    fn name(&self) -> &'static str;

    /// Whether commands go on when goalc ends without stopping them. Such an executor is given each
    /// task again, by its key, when the run is taken up.
    fn outlives(&self) -> bool;

    /// In a run that is taken up: what was begun and is not among these is nobody's any more, and
    /// is to be ended. Comes before all calls of [`Executor::begin`].
    fn take_over(&mut self, _kept: &[Key]) {}

    /// Begins a command, or follows it where an earlier process of the run has begun it.
    fn begin(&mut self, task: Task);

    /// Something was sent to the control of a task.
    fn look(&mut self) {}
}

/// The executors that a run has.
#[derive(Debug)]
pub struct Executors {
    local: Local,
    others: Vec<Box<dyn Executor>>,
}

impl Executors {
    pub(super) fn new(crew: Crew) -> Self {
        Self { local: Local::new(crew), others: Vec::new() }
    }

    pub fn add(&mut self, executor: Box<dyn Executor>) {
        self.others.push(executor);
    }

    /// `None`: the run has none of this name.
    pub fn get(&mut self, name: &str) -> Option<&mut dyn Executor> {
        if name == LOCAL {
            return Some(&mut self.local);
        }
        let mut named = self.others.iter_mut().filter(|each| each.name() == name);
        named.next().map(|each| &mut **each as &mut dyn Executor)
    }

    /// Something was sent to a control.
    pub fn look(&mut self) {
        self.others.iter_mut().for_each(|each| each.look());
    }

    /// As [`Executor::take_over`], of all.
    pub fn take_over(&mut self, kept: &[Key]) {
        self.others.iter_mut().for_each(|each| each.take_over(kept));
    }
}
