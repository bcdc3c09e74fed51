//! Starting a process: `posix_spawn` with a new session, default signals and three descriptors.
//!
//! `posix_spawn` shares memory with the child until it is the new program, so the price does not
//! grow with goalc's size, as that of `fork` does; and nothing of goalc runs in the child.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::ProcessOrder;
use super::env::EnvTexts;
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
    ) -> Result<Pid, Errno> {
        registry::prepare();
        let mut actions = Actions::new()?;
        actions.change_dir(&self.dir)?;
        for (target, source) in (0..).zip(descriptors) {
            actions.duplicate(source, target)?;
        }
        let attributes = Attributes::new()?;
        with_cpus(cpus, || registry::register(|| self.start(&actions, &attributes)))
    }

    fn start(&self, actions: &Actions, attributes: &Attributes) -> Result<Pid, Errno> {
        let argv = pointers(self.argv.iter().map(CString::as_c_str));
        let env = pointers(self.env.iter());
        let mut pid = 0;
        // SAFETY: all pointers are to live, initialised values; both lists end with null, and
        // posix_spawn only reads them.
        let error = unsafe {
            libc::posix_spawn(
                &raw mut pid,
                self.path.as_ptr(),
                &raw const actions.0,
                &raw const attributes.0,
                argv.as_ptr(),
                env.as_ptr(),
            )
        };
        check(error)?;
        Pid::from_raw(pid).ok_or(Errno::SRCH)
    }
}

fn pointers<'a>(texts: impl Iterator<Item = &'a CStr>) -> Vec<*mut libc::c_char> {
    let each = texts.map(|text| text.as_ptr().cast_mut());
    each.chain(std::iter::once(ptr::null_mut())).collect()
}

pub(super) fn c_string(text: &OsStr) -> Result<CString, String> {
    CString::new(text.as_bytes())
        .map_err(|_| "an argument or value holds a NUL character, which no process can get".into())
}

fn check(error: libc::c_int) -> Result<(), Errno> {
    if error == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(error)) }
}

/// What happens to descriptors between the two programs.
struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new() -> Result<Self, Errno> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: the call initialises what it is given, or says that it did not.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        // SAFETY: initialised by the successful call.
        Ok(Self(unsafe { actions.assume_init() }))
    }

    fn duplicate(&mut self, source: BorrowedFd<'_>, target: libc::c_int) -> Result<(), Errno> {
        // SAFETY: `self.0` is initialised; numbers are only recorded.
        check(unsafe {
            libc::posix_spawn_file_actions_adddup2(&raw mut self.0, source.as_raw_fd(), target)
        })
    }

    fn change_dir(&mut self, dir: &CStr) -> Result<(), Errno> {
        // SAFETY: `self.0` is initialised; the path is copied.
        check(unsafe { libc::posix_spawn_file_actions_addchdir_np(&raw mut self.0, dir.as_ptr()) })
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, destroyed once.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// A new session, no signal blocked, and every signal at its default.
struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new() -> Result<Self, Errno> {
        let flags = libc::POSIX_SPAWN_SETSID
            | flag(libc::POSIX_SPAWN_SETSIGDEF | libc::POSIX_SPAWN_SETSIGMASK);
        let mut attributes = MaybeUninit::uninit();
        let mut signals = MaybeUninit::uninit();
        let ignored = ignored();
        // SAFETY: each call initialises what it is given before anything reads it; the sets are
        // copied into the attributes.
        unsafe {
            check(libc::posix_spawnattr_init(attributes.as_mut_ptr()))?;
            let mut made = Self(attributes.assume_init());
            check(libc::posix_spawnattr_setsigdefault(&raw mut made.0, &raw const ignored))?;
            libc::sigemptyset(signals.as_mut_ptr());
            check(libc::posix_spawnattr_setsigmask(&raw mut made.0, signals.as_ptr()))?;
            check(libc::posix_spawnattr_setflags(&raw mut made.0, flags))?;
            Ok(made)
        }
    }
}

/// The signals that goalc ignores, itself or because whoever started it did. Those that it handles are
/// at their default again in every new program; asking for all would be a call each, for every step.
fn ignored() -> libc::sigset_t {
    static IGNORED: OnceLock<libc::sigset_t> = OnceLock::new();
    *IGNORED.get_or_init(|| {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the set is initialised before it is added to; each action is only asked for, into a
        // live value, and read where that succeeded.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in 1..=libc::SIGRTMAX() {
                let mut action = MaybeUninit::<libc::sigaction>::zeroed();
                if libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0
                    && action.assume_init_ref().sa_sigaction == libc::SIG_IGN
                {
                    libc::sigaddset(set.as_mut_ptr(), signal);
                }
            }
            set.assume_init()
        }
    })
}

fn flag(bits: libc::c_int) -> libc::c_short {
    libc::c_short::try_from(bits).unwrap_or(0)
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, destroyed once.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
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
