//! The commands of Slurm: `sbatch`, `squeue`, `scancel`, `sacct`, each called in a thread.
//!
//! Knows how they are called and what their refusals mean; not what follows. Invariant: no value of
//! the run's environment is in a command line or a job's environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::keeper::Word;
use super::seen::{FORMAT, snapshot};
use crate::exec::executor::files::JOB_LOG;
use crate::exec::process::{Controller, ProcessEnd, ProcessEnv, ProcessOrder, supervise};

/// A command that takes longer is taken not to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Calls at once.
const CALLERS: usize = 4;

/// Variables of the caller that the commands may need, and jobs may see.
const NEEDED: [&str; 9] =
    ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SHELL"];

/// What a controller says that cannot be reached or is busy: whether it did what it was asked to
/// is not known, or it may do it later.
const PASSING: &[&str] = &[
    "unable to contact",
    "timed out",
    "timeout",
    "connection refused",
    "communication",
    "zero bytes",
    "temporarily",
    "try again",
    "slurmctld",
    "backup controller",
    "too many",
    "maxjobcount",
    "maxsubmit",
    "connection reset",
    "connection failure",
    "unexpected message",
    "protocol",
];

/// A job to submit.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) script: PathBuf,
    pub(super) arguments: Vec<String>,
}

/// Why a job was not submitted, or may not have been.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) why: String,
    /// Whether it may be different another time, and may have been done after all.
    pub(super) passing: bool,
}

#[derive(Debug)]
enum Call {
    Submit(Submission),
    Poll { prefix: String },
    Cancel { name: String },
    Terminate { name: String },
    Account { name: String },
}

/// Calls Slurm, and tells the keeper what came of it.
#[derive(Debug)]
pub(super) struct Client {
    calls: Sender<Call>,
}

impl Client {
    pub(super) fn start(words: &Sender<Word>) -> Self {
        let (calls, queue) = crossbeam_channel::unbounded::<Call>();
        for _ in 0..CALLERS {
            let (queue, words) = (queue.clone(), words.clone());
            // Where there is no thread, jobs stay unsubmitted until the tolerance is over.
            let _ = std::thread::Builder::new().name("slurm-call".to_owned()).spawn(move || {
                while let Ok(call) = queue.recv() {
                    if let Some(word) = carry_out(call) {
                        let _ = words.send(word);
                    }
                }
            });
        }
        Self { calls }
    }

    pub(super) fn submit(&self, submission: Submission) {
        let _ = self.calls.send(Call::Submit(submission));
    }

    /// Asks for all jobs whose names begin so.
    pub(super) fn poll(&self, prefix: &str) {
        let _ = self.calls.send(Call::Poll { prefix: prefix.to_owned() });
    }

    pub(super) fn cancel(&self, name: &str) {
        let _ = self.calls.send(Call::Cancel { name: name.to_owned() });
    }

    /// Tells a job's command, not Slurm, that it is to end.
    pub(super) fn terminate(&self, name: &str) {
        let _ = self.calls.send(Call::Terminate { name: name.to_owned() });
    }

    /// Asks how a job ended that Slurm itself knows no more.
    pub(super) fn account(&self, name: &str) {
        let _ = self.calls.send(Call::Account { name: name.to_owned() });
    }
}

fn carry_out(call: Call) -> Option<Word> {
    match call {
        Call::Submit(submission) => {
            let name = submission.name.clone();
            Some(Word::Submitted { name, result: submit(&submission) })
        }
        Call::Poll { prefix } => {
            let asked = Instant::now();
            let user = rustix::process::getuid().as_raw().to_string();
            let said = run(&["squeue", "-h", "-t", "all", "-u", &user, "-o", FORMAT], None);
            Some(Word::Polled(said.map(|text| snapshot(asked, &text, &prefix))))
        }
        Call::Cancel { name } => {
            let named = format!("--name={name}");
            let user = format!("--user={}", rustix::process::getuid().as_raw());
            let _ = run(&["scancel", &user, &named], None);
            None
        }
        Call::Terminate { name } => {
            let named = format!("--name={name}");
            let user = format!("--user={}", rustix::process::getuid().as_raw());
            let _ = run(&["scancel", "--batch", "--signal=TERM", &user, &named], None);
            None
        }
        Call::Account { name } => {
            let named = format!("--name={name}");
            let said =
                run(&["sacct", "-n", "-P", "-X", "-S", "now-30days", &named, "-o", "State"], None);
            let state = said.ok().and_then(|text| text.lines().last().map(str::to_owned));
            Some(Word::Accounted { name, state: state.filter(|state| !state.is_empty()) })
        }
    }
}

fn submit(submission: &Submission) -> Result<(), Refusal> {
    let name = format!("--job-name={}", submission.name);
    let folder = format!("--chdir={}", submission.folder.display());
    let output = format!("--output={JOB_LOG}");
    let script = submission.script.display().to_string();
    let mut argv = vec![
        "sbatch",
        "--parsable",
        "--no-requeue",
        "--export=ALL",
        "--nodes=1",
        "--ntasks=1",
        "--input=/dev/null",
        "--open-mode=append",
        &name,
        &folder,
        &output,
    ];
    argv.extend(submission.arguments.iter().map(String::as_str));
    argv.push(&script);
    match run(&argv, Some(&submission.folder)) {
        Ok(_) => Ok(()),
        Err(why) => {
            let said = why.to_lowercase();
            let passing = PASSING.iter().any(|sign| said.contains(sign));
            Err(Refusal { why, passing })
        }
    }
}

/// What a command printed, or why there is nothing.
fn run(argv: &[&str], dir: Option<&Path>) -> Result<String, String> {
    let order = ProcessOrder {
        argv: argv.iter().map(Into::into).collect(),
        env: environment(),
        dir: dir.unwrap_or(Path::new("/")).to_owned(),
        timeout: Some(PATIENCE),
        grace: Duration::from_secs(1),
        capture: Some(256 << 20),
        ..ProcessOrder::default()
    };
    let command = argv.first().copied().unwrap_or_default();
    let report = supervise(&order, &Controller::new());
    match report.end {
        ProcessEnd::Exited(0) => {
            Ok(String::from_utf8_lossy(&report.stdout.unwrap_or_default()).into_owned())
        }
        ProcessEnd::TimedOut => Err(format!("`{command}` timed out")),
        ProcessEnd::CannotStart(why) => Err(why),
        end => {
            let said = report.tail.join(" ");
            Err(if said.is_empty() { format!("`{command}`: {end:?}") } else { said })
        }
    }
}

/// The caller's, but for what could be a secret or would change what the commands print.
fn environment() -> ProcessEnv {
    let kept = |name: &OsString| {
        name.to_str().is_some_and(|name| {
            NEEDED.contains(&name) || name.starts_with("SLURM_") || name.starts_with("SBATCH_")
        })
    };
    std::env::vars_os().filter(|(name, _)| kept(name) && name != "SBATCH_EXPORT").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_not_there_is_a_refusal_for_good() {
        let error = run(&["no-such-command-of-slurm"], None).unwrap_err();
        assert!(!PASSING.iter().any(|sign| error.to_lowercase().contains(sign)), "{error}");
    }
}
