//! The executor for Slurm: an attempt is a job, or one of many that a pilot job carries out.
//!
//! Knows `sbatch`, `squeue`, `scancel` and the folders of attempts; no plan, no journal. Slurm is
//! asked for little: no dependencies, no requeue, no retries. Invariant: an attempt is never
//! carried out twice, however often it is submitted: who makes its `started` has it. What Slurm
//! says only explains why there is no end; a Slurm that does not answer says nothing.

mod client;
mod ends;
mod job;
mod keeper;
mod options;
mod pool;
mod seen;
mod stop;
mod submit;

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, unbounded};

use super::{Executor, Key, Task};
use crate::config::SlurmSettings;
use crate::exec::process::{ProcessEnd, ProcessReport, find_program};

use keeper::{Keeper, Word};

/// The commands without which nothing can be sent to a cluster.
const NEEDED: &[&str] = &["sbatch", "squeue", "scancel"];

/// What is missing on this machine, in one line; `None` where all is there. Whether the cluster answers
/// is not asked: it may come back.
pub fn missing() -> Option<String> {
    let path = std::env::var_os("PATH");
    let is_here = |name: &str| find_program(name.as_ref(), path.as_deref(), Path::new(".")).is_ok();
    let missing: Vec<&str> = NEEDED.iter().copied().filter(|name| !is_here(name)).collect();
    let names = missing.join("`, `");
    (!missing.is_empty()).then(|| {
        format!(
            "steps are to run on Slurm, and this machine has no `{names}` in PATH: install Slurm's \
             commands, or run them here with --executor local"
        )
    })
}

/// What the run's cluster is to be used with.
#[derive(Debug, Clone)]
pub struct Settings {
    pub slurm: SlurmSettings,
    pub run: String,
    /// The folder with the attempts' folders, which all nodes see.
    pub attempts: PathBuf,
    /// This program, as the nodes find it.
    pub program: PathBuf,
}

/// The cluster, as long as the run goes on.
#[derive(Debug)]
pub struct Slurm {
    words: Sender<Word>,
    keeper: Option<JoinHandle<()>>,
}

impl Slurm {
    /// # Errors
    /// Where no thread can be had.
    pub fn start(settings: Settings) -> std::io::Result<Self> {
        let (sender, receiver) = unbounded();
        let words = sender.clone();
        let thread = std::thread::Builder::new().name("slurm".to_owned());
        let keeper = thread.spawn(move || Keeper::new(settings, &sender, receiver).keep())?;
        Ok(Self { words, keeper: Some(keeper) })
    }
}

impl Executor for Slurm {
    fn name(&self) -> &'static str {
        "slurm"
    }

    fn outlives(&self) -> bool {
        true
    }

    fn take_over(&mut self, kept: &[Key]) {
        let _ = self.words.send(Word::TakeOver(kept.iter().map(|key| key.start).collect()));
    }

    fn begin(&mut self, task: Task) {
        if let Err(refused) = self.words.send(Word::Begin(Box::new(task)))
            && let Word::Begin(task) = refused.into_inner()
        {
            let why = "what keeps its jobs has ended".to_owned();
            (task.done)(ProcessReport::not_started(ProcessEnd::CannotStart(why)));
        }
    }

    fn look(&mut self) {
        let _ = self.words.send(Word::Look);
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        let _ = self.words.send(Word::Close);
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}
