//! The other side: what goalc does as a job of a cluster, on the node that the job was given.
//!
//! Knows an attempt's folder, not the run: all that it is told comes as files, and so does all that
//! it says. Invariant: an attempt is carried out only by who made its `started`; a command ends
//! when its folder is out of reach for longer than the lease, for another may be under way then.

mod pilot;
mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crossbeam_channel::Receiver;

use super::files::{AttemptFiles, Order, Started};
use crate::exec::process::{
    Controller, OutputLine, ProcessEnd, ProcessOrder, ProcessReport, become_subreaper, supervise,
};

pub(super) use pilot::PilotOrder;
pub use pilot::pilot_main;
use watch::Watch;

/// The hidden first argument that makes the program an attempt's job; its folder follows, and the
/// lease in seconds.
pub const ATTEMPT_ARGUMENT: &str = "__attempt";

/// As [`ATTEMPT_ARGUMENT`], for a job that carries out many.
pub const PILOT_ARGUMENT: &str = "__pilot";

/// The exit code of a job whose attempt another one has.
const TAKEN: u8 = 125;

/// How long signals to the processes of one job may be apart.
const SIGNALS: Duration = Duration::from_millis(50);

/// How often an end is written that cannot be, and how far apart.
const TRIES: u32 = 30;
const AGAIN: Duration = Duration::from_secs(1);

/// Lines that wait to be written; more are left out, and are in the log.
const LINES: usize = 4096;

/// A job that is one attempt. Its arguments are those after [`ATTEMPT_ARGUMENT`].
pub fn attempt_main(arguments: &[OsString]) -> ExitCode {
    let [folder, lease] = arguments else { return ExitCode::from(2) };
    let lease = lease.to_str().and_then(|text| text.parse().ok()).unwrap_or(30);
    let files = AttemptFiles::new(PathBuf::from(folder));
    let watch = Watch::start(Duration::from_secs(lease));
    let _ = become_subreaper();
    watch.end_all_on_signals();
    match carry_out(&files, &watch, &job(), true) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            complain("another job has this attempt already");
            ExitCode::from(TAKEN)
        }
        Err(error) => {
            complain(&format!("{}: {error}", files.folder().display()));
            ExitCode::FAILURE
        }
    }
}

/// The present job's name.
fn job() -> String {
    std::env::var("SLURM_JOB_NAME").unwrap_or_default()
}

fn node() -> String {
    let named = std::env::var("SLURMD_NODENAME").ok();
    named.unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned())
}

/// Into the job's own log.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "goalc: {text}");
}

/// Carries an attempt out, if nobody has it; says whether that was so. `alone`: the job has no other.
fn carry_out(files: &AttemptFiles, watch: &Watch, job: &str, alone: bool) -> std::io::Result<bool> {
    if !files.claim(&Started { job: job.to_owned(), node: node() })? {
        return Ok(false);
    }
    let control = Controller::new();
    let watched = watch.add(files.clone(), control.clone());
    let report = match files.read_order() {
        Err(error) => {
            let why = format!("its order cannot be read on the node {}: {error}", node());
            ProcessReport::not_started(ProcessEnd::CannotStart(why))
        }
        Ok(order) => {
            files.forget_order();
            run(files, order, alone, &control)
        }
    };
    drop(watched);
    if report.end != ProcessEnd::Exited(0) {
        // Slurm signals all processes of a job, one after the other: ours may be the last.
        std::thread::sleep(SIGNALS);
    }
    let cut = watch.is_stopped();
    write_end(files, &report, cut)?;
    Ok(true)
}

/// Nobody learns of an end that is not written: where that fails, it is tried again for a while.
fn write_end(files: &AttemptFiles, report: &ProcessReport, cut: bool) -> std::io::Result<()> {
    let mut tries = 0;
    loop {
        let written = files.write_end(report, cut);
        tries += 1;
        if written.is_ok() || tries == TRIES {
            return written;
        }
        std::thread::sleep(AGAIN);
    }
}

fn run(files: &AttemptFiles, order: Order, alone: bool, control: &Controller) -> ProcessReport {
    let shown = order.shown;
    let around = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut process = ProcessOrder { alone, ..order.process(around) };
    if !shown {
        return supervise(&process, control);
    }
    let (sender, receiver) = crossbeam_channel::bounded(LINES);
    process.lines = Some(sender);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || write_lines(&files.lines(), &receiver));
        let report = supervise(&process, control);
        drop(process);
        let _ = writer.join();
        report
    })
}

/// Each as its stream's letter, its text, a line break. Where it cannot be written, the lines are
/// in the log.
fn write_lines(path: &Path, lines: &Receiver<OutputLine>) {
    let mut options = std::fs::OpenOptions::new();
    let Ok(mut file) = options.append(true).create(true).mode(0o600).open(path) else { return };
    while let Ok(first) = lines.recv() {
        let mut text = Vec::new();
        for line in std::iter::once(first).chain(lines.try_iter()) {
            text.push(if line.stderr { b'e' } else { b'o' });
            text.extend_from_slice(line.text.as_bytes());
            text.push(b'\n');
        }
        if file.write_all(&text).is_err() {
            return;
        }
    }
}
