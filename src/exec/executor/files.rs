//! The folder of one attempt that runs elsewhere: how its command gets there, and its end back.
//!
//! Owns the names and forms of these files; who reads and writes them when is others' to say.
//! Invariant: whoever makes `started` has the attempt, and nobody else ever does; `end.json` is
//! there whole or not at all. All is private: the order holds the run's secrets.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::exec::outputs::LARGEST_SOURCE;
use crate::exec::process::{ProcessEnd, ProcessOrder, ProcessReport, Usage};
use crate::value::Masker;

/// No file of ours but captured output is longer.
const LONGEST: u64 = 64 << 20;

/// The folder of an attempt.
#[derive(Debug, Clone)]
pub struct AttemptFiles {
    folder: PathBuf,
}

/// A command as it is sent, with all that bounds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    argv: Vec<String>,
    env: Vec<(String, String)>,
    dir: String,
    cookie: String,
    pub timeout: Option<Duration>,
    grace: Duration,
    memory: Option<u64>,
    cpus: Option<u32>,
    log: String,
    log_limit: u64,
    capture: Option<usize>,
    masked: Vec<Vec<u8>>,
    /// Whether someone watches its lines.
    pub shown: bool,
}

/// How a command ended, as it is sent back.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Word {
    end: ProcessEnd,
    tail: Vec<String>,
    notes: Vec<String>,
    survivors: usize,
    usage: Usage,
    cut: bool,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub report: ProcessReport,
    /// The job that had it was told to end meanwhile.
    pub cut: bool,
}

/// Who has an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The job that carries it out; empty where none ever will.
    pub job: String,
    pub node: String,
}

/// How far an order to end goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    Politely,
    AtOnce,
}

impl Order {
    /// What of a process can be sent.
    ///
    /// # Errors
    /// Where something of it is no text.
    pub fn new(process: &ProcessOrder) -> Result<Self, String> {
        let text = |text: &std::ffi::OsStr| {
            let plain = text.to_str().map(str::to_owned);
            plain.ok_or_else(|| format!("{} is not UTF-8, and cannot be sent", text.display()))
        };
        let cookie = text(&process.cookie)?;
        // What hunts leftovers of the run on this machine must not find it.
        let elsewhere = |value: &str| format!("elsewhere:{value}");
        let (name, value) = cookie.split_once('=').unwrap_or((&cookie, ""));
        let mut env = Vec::new();
        for (variable, found) in process.env.iter() {
            let (variable, found) = (text(variable)?, text(found)?);
            let found = if variable == name { elsewhere(&found) } else { found };
            env.push((variable, found));
        }
        Ok(Self {
            argv: process.argv.iter().map(|word| text(word)).collect::<Result<_, _>>()?,
            env,
            dir: text(process.dir.as_os_str())?,
            cookie: format!("{name}={}", elsewhere(value)),
            timeout: process.timeout,
            grace: process.grace,
            memory: process.memory,
            cpus: process.cpus,
            log: text(process.log.as_os_str())?,
            log_limit: process.log_limit,
            capture: process.capture,
            masked: process.masker.forms(),
            shown: process.lines.is_some(),
        })
    }

    /// The process, in the environment of where it is started: what the place says of itself comes
    /// along.
    pub fn process(self, around: impl IntoIterator<Item = (String, String)>) -> ProcessOrder {
        let mut env = self.env;
        env.retain(|(name, _)| !is_of_place(name));
        env.extend(around.into_iter().filter(|(name, _)| is_of_place(name)));
        ProcessOrder {
            argv: self.argv.into_iter().map(Into::into).collect(),
            env: env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            dir: self.dir.into(),
            cookie: self.cookie.into(),
            timeout: self.timeout,
            grace: self.grace,
            memory: self.memory,
            cpus: self.cpus,
            log: self.log.into(),
            log_limit: self.log_limit,
            capture: self.capture,
            masker: Arc::new(Masker::of_forms(self.masked)),
            ..ProcessOrder::default()
        }
    }
}

/// Whether a variable says what a job has where it runs: its processors, its devices.
fn is_of_place(name: &str) -> bool {
    const DEVICES: [&str; 4] =
        ["CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ZE_AFFINITY_MASK"];
    name.starts_with("SLURM_") || name == "SLURMD_NODENAME" || DEVICES.contains(&name)
}

impl AttemptFiles {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Whether an order was written: an earlier process of the run has come this far.
    pub fn is_ordered(&self) -> bool {
        self.path("order.json").exists() || self.path("started").exists()
    }

    /// # Errors
    /// Where the folder cannot be written.
    pub fn write_order(&self, order: &Order) -> io::Result<()> {
        let json = serde_json::to_vec(order).map_err(io::Error::other)?;
        self.put("order.json", &json)
    }

    /// # Errors
    /// Where it is not there or no order.
    pub fn read_order(&self) -> io::Result<Order> {
        let json = read(&self.path("order.json"), LONGEST)?;
        serde_json::from_slice(&json).map_err(io::Error::other)
    }

    /// Its secrets are needed no more.
    pub fn forget_order(&self) {
        let _ = std::fs::remove_file(self.path("order.json"));
    }

    /// Takes the attempt; `false`: someone has it.
    ///
    /// # Errors
    /// Where the folder cannot be written: nobody knows then who has it.
    pub fn claim(&self, by: &Started) -> io::Result<bool> {
        let mut file = match create_new(&self.path("started")) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            other => other?,
        };
        file.write_all(&serde_json::to_vec(by).map_err(io::Error::other)?)?;
        Ok(true)
    }

    /// Who has it, if someone does. Who has only just taken it may not have said its name yet.
    pub fn started(&self) -> Option<Started> {
        let json = read(&self.path("started"), LONGEST).ok()?;
        Some(serde_json::from_slice(&json).unwrap_or_default())
    }

    /// # Errors
    /// Where the folder cannot be written.
    pub fn write_end(&self, report: &ProcessReport, cut: bool) -> io::Result<()> {
        if let Some(stdout) = &report.stdout {
            self.put("stdout", stdout)?;
        }
        let word = Word {
            end: report.end.clone(),
            tail: report.tail.clone(),
            notes: report.notes.clone(),
            survivors: report.survivors,
            usage: report.usage,
            cut,
        };
        put_durably(&self.path("end.json"), &serde_json::to_vec(&word).map_err(io::Error::other)?)
    }

    /// How it ended, once it has.
    pub fn end(&self) -> Option<Ended> {
        let json = read(&self.path("end.json"), LONGEST).ok()?;
        let Word { end, tail, notes, survivors, usage, cut } =
            serde_json::from_slice(&json).ok()?;
        let stdout = read(&self.path("stdout"), LARGEST_SOURCE as u64).ok();
        let report = ProcessReport { end, stdout, tail, notes, survivors, limit: None, usage };
        Some(Ended { report, cut })
    }

    /// Tells it to end, wherever it is.
    pub fn tell_to_stop(&self, how: Stop) {
        let word: &[u8] = if how == Stop::AtOnce { b"kill" } else { b"end" };
        // Where this fails, the next look writes it.
        let _ = self.put("stop", word);
    }

    /// Whether and how it was told to end.
    pub fn stop(&self) -> Option<Stop> {
        let word = read(&self.path("stop"), 16).ok()?;
        Some(if word == b"kill" { Stop::AtOnce } else { Stop::Politely })
    }

    /// What it shows, in the order in which it came.
    pub fn lines(&self) -> PathBuf {
        self.path("lines")
    }

    /// What the cluster itself has to say of it.
    pub fn job_log(&self) -> PathBuf {
        self.path(JOB_LOG)
    }

    /// The script that a job is.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write_script(&self, text: &[u8]) -> io::Result<PathBuf> {
        self.put("script", text)?;
        Ok(self.path("script"))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        put(&self.path(name), bytes)
    }
}

/// The name of [`AttemptFiles::job_log`].
pub(super) const JOB_LOG: &str = "job.log";

/// Replaces a file whole; what is read of it is the old or the new one.
pub(super) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, false)
}

/// As [`put`], and only once it is on the disk.
fn put_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, true)
}

fn replace(path: &Path, bytes: &[u8], durably: bool) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(no_follow())
        .open(&beside)?;
    file.write_all(bytes)?;
    if durably {
        file.sync_data()?;
    }
    std::fs::rename(&beside, path)
}

pub(super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// All of a file of ours, never through a link.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(no_follow()).open(path)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other("it is too long"));
    }
    Ok(bytes)
}

fn no_follow() -> i32 {
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    i32::try_from(flags.bits()).unwrap_or(0)
}

/// Makes a folder for its owner only, where it is not there yet.
///
/// # Errors
/// Where it cannot be made.
pub fn make_private(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_folder = path.symlink_metadata()?.is_dir();
            if is_folder { Ok(()) } else { Err(io::Error::other("it is no folder")) }
        }
        other => other,
    }
}

/// A path as one word for `sh`.
pub(super) fn quoted(path: &Path) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in path.as_os_str().as_bytes() {
        if *byte == b'\'' {
            word.extend_from_slice(b"'\\''");
        } else {
            word.push(*byte);
        }
    }
    word.push(b'\'');
    word
}
