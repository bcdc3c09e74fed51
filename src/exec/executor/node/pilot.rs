//! A job that carries out many short attempts, one after the other in each of its workers.
//!
//! Finds them in the queue of its pool: a folder with a file for each, whose name is that of the
//! attempt's folder. Invariant: a name in the queue is a hint; who has an attempt is its `started`.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::watch::Watch;
use super::{carry_out, complain, job};
use crate::exec::executor::files::{AttemptFiles, put, read};
use crate::exec::process::become_subreaper;

/// Between looks at an empty queue, at first and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));

/// What a pilot is told, in a file of its own folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::exec::executor) struct PilotOrder {
    /// The folder with the attempts' folders.
    pub attempts: PathBuf,
    pub queue: PathBuf,
    /// Attempts at once.
    pub workers: usize,
    pub lease: Duration,
    /// It ends when it had nothing to do for so long.
    pub idle: Duration,
    /// How long the cluster lets it be, where that is known.
    pub life: Option<Duration>,
}

impl PilotOrder {
    /// # Errors
    /// Where the folder cannot be written.
    pub(in crate::exec::executor) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let json = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        put(&folder.join("pilot.json"), &json)
    }

    fn read(folder: &Path) -> std::io::Result<Self> {
        let json = read(&folder.join("pilot.json"), 1 << 20)?;
        serde_json::from_slice(&json).map_err(std::io::Error::other)
    }
}

/// The pilot's whole life. Its arguments are those after `PILOT_ARGUMENT`: its folder.
pub fn pilot_main(arguments: &[OsString]) -> ExitCode {
    let [folder] = arguments else { return ExitCode::from(2) };
    let folder = PathBuf::from(folder);
    let order = match PilotOrder::read(&folder) {
        Ok(order) => order,
        Err(error) => {
            complain(&format!("{}: {error}", folder.display()));
            return ExitCode::FAILURE;
        }
    };
    let watch = Watch::start(order.lease);
    let _ = become_subreaper();
    watch.end_all_on_signals();
    let pilot = Pilot {
        ends: order.life.map(|life| Instant::now() + life),
        leaving: folder.join("leaving"),
        found: Mutex::default(),
        last_work: Mutex::new(Instant::now()),
        job: job(),
        order,
        watch,
    };
    std::thread::scope(|scope| {
        for _ in 0..pilot.order.workers.max(1) {
            scope.spawn(|| pilot.work());
        }
    });
    ExitCode::SUCCESS
}

struct Pilot {
    order: PilotOrder,
    watch: Watch,
    job: String,
    /// When the cluster ends it.
    ends: Option<Instant>,
    /// A file that is there once it takes no more.
    leaving: PathBuf,
    /// Names from the queue that nobody here has tried yet.
    found: Mutex<VecDeque<OsString>>,
    last_work: Mutex<Instant>,
}

impl Pilot {
    fn work(&self) {
        let mut pause = LOOK.0;
        while !self.is_leaving() {
            let Some(name) = self.next() else {
                if self.has_been_idle() {
                    return self.leave();
                }
                std::thread::sleep(pause);
                pause = (pause * 2).min(LOOK.1);
                continue;
            };
            pause = LOOK.0;
            self.try_one(&name);
        }
    }

    fn next(&self) -> Option<OsString> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_empty() {
            let entries = std::fs::read_dir(&self.order.queue).ok()?;
            let mut names: Vec<OsString> =
                entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
            // Those that came first, first: they are numbers.
            names.sort_by_key(|name| (name.len(), name.clone()));
            found.extend(names);
        }
        found.pop_front()
    }

    fn try_one(&self, name: &OsString) {
        let files = AttemptFiles::new(self.order.attempts.join(name));
        if self.is_too_late(&files) {
            return self.leave();
        }
        let had = carry_out(&files, &self.watch, &self.job, false);
        let _ = std::fs::remove_file(self.order.queue.join(name));
        match had {
            Ok(true) => {
                *self.last_work.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            }
            Ok(false) => {}
            Err(error) => complain(&format!("{}: {error}", files.folder().display())),
        }
    }

    /// Whether the job ends before an attempt must.
    fn is_too_late(&self, files: &AttemptFiles) -> bool {
        let Some(ends) = self.ends else { return false };
        let timeout = files.read_order().ok().and_then(|order| order.timeout).unwrap_or_default();
        ends.saturating_duration_since(Instant::now()) <= timeout
    }

    fn has_been_idle(&self) -> bool {
        let last = *self.last_work.lock().unwrap_or_else(PoisonError::into_inner);
        last.elapsed() > self.order.idle || self.order.queue.symlink_metadata().is_err()
    }

    fn leave(&self) {
        let _ = put(&self.leaving, b"");
    }

    fn is_leaving(&self) -> bool {
        self.watch.is_stopped() || self.leaving.exists()
    }
}
