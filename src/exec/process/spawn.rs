//! Starting a process: the program that is looked up, its words, environment and folder in the system's form.

use std::ffi::{CString, OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::io::Errno;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::ProcessOrder;
use super::birth::Birth;
use super::env::EnvTexts;
use super::leader::Leader;
use super::lookup::{find_program, folder_fault, refusal};
use super::registry;

/// A program with all it is started with, in the system's form.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) program: PathBuf,
    path: CString,
    argv: Vec<CString>,
    env: EnvTexts,
    dir: CString,
}

impl Image {
    /// Looks the program up and checks what can be checked before.
    pub(super) fn new(order: &ProcessOrder) -> Result<Self, String> {
        let name = order.argv.first().map_or(OsStr::new(""), OsString::as_os_str);
        let found = find_program(name, order.env.get("PATH"), &order.dir);
        // A program that is there, and a folder that is not, the system refuses by itself.
        let program = found.map_err(|fault| folder_fault(&order.dir).unwrap_or(fault))?;
        let program = if program.is_absolute() {
            program
        } else {
            std::path::absolute(&program)
                .map_err(|error| format!("the folder that goalc was started in is gone: {error}"))?
        };
        Ok(Self {
            path: c_string(program.as_os_str())?,
            argv: order.argv.iter().map(|word| c_string(word)).collect::<Result<_, _>>()?,
            env: order.env.texts()?,
            dir: c_string(order.dir.as_os_str())?,
            program,
        })
    }

    /// Why the system refused it.
    pub(super) fn refusal(&self, error: Errno, order: &ProcessOrder) -> String {
        if let Some(fault) = folder_fault(&order.dir) {
            return fault;
        }
        let texts = self.argv.iter().map(CString::as_c_str).chain(self.env.iter());
        let total = texts.map(|text| text.count_bytes() + 1).sum();
        refusal(error, &self.program, &order.argv, total)
    }

    /// Starts it with these as 0, 1 and 2. Its group and session are its own.
    pub(super) fn spawn(
        &self,
        descriptors: [BorrowedFd<'_>; 3],
        cpus: Option<u32>,
    ) -> Result<Leader, Errno> {
        registry::prepare();
        let argv = self.argv.iter().map(CString::as_c_str).collect();
        let birth = Birth::new(&self.path, argv, self.env.iter().collect(), &self.dir, descriptors);
        with_cpus(cpus, || registry::register(|| birth.start())).map(Leader::from)
    }
}

pub(super) fn c_string(text: &OsStr) -> Result<CString, String> {
    CString::new(text.as_bytes())
        .map_err(|_| "an argument or value holds a NUL character, which no process can get".into())
}

/// A child inherits the processors of the thread that starts it: they are narrowed for a moment.
fn with_cpus<T>(cpus: Option<u32>, start: impl FnOnce() -> T) -> T {
    let Some(count) = cpus else { return start() };
    let Ok(all) = sched_getaffinity(None) else { return start() };
    if count == 0 || count >= all.count() {
        return start();
    }
    let _ = sched_setaffinity(None, &narrowed(&all, count));
    let started = start();
    let _ = sched_setaffinity(None, &all);
    started
}

/// So many of all, each time the next ones.
fn narrowed(all: &CpuSet, count: u32) -> CpuSet {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let ours: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&cpu| all.is_set(cpu)).collect();
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let from = NEXT.fetch_add(count, Ordering::Relaxed) % ours.len().max(1);
    let mut chosen = CpuSet::new();
    ours.iter().cycle().skip(from).take(count).for_each(|&cpu| chosen.set(cpu));
    chosen
}
