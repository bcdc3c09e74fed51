//! Which of goalc's children are its own, and which came home after their parents had ended.
//!
//! Knows numbers and starts, and nothing of what runs. Invariant: a child that is started here is in the list before anyone
//! who looks for lost ones can see it, and until its status was asked for.

#![allow(unsafe_code)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError, RwLock, RwLockWriteGuard};

use rustix::io::Errno;
use rustix::process::Pid;

/// Children whose status will be asked for.
static OWN: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Trees of which something may be left: the start and the number of each leader.
static TREES: Mutex<BTreeSet<(u64, i32)>> = Mutex::new(BTreeSet::new());

/// Read while a child is being started, written while lost ones are looked for.
static GATE: RwLock<()> = RwLock::new(());

static SUBREAPER: AtomicBool = AtomicBool::new(false);

/// The child that stays until goalc ends; 0: none.
static GUARDIAN: AtomicI32 = AtomicI32::new(0);

/// From now on, processes that lose their parent come to this one instead of leaving the tree.
///
/// # Errors
/// Where the system does not know how.
pub fn become_subreaper() -> std::io::Result<()> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    SUBREAPER.store(true, Ordering::Relaxed);
    Ok(())
}

/// A child that does not leave while others do; `None`: it may, from now on.
pub(super) fn set_guardian(pid: Option<Pid>) {
    GUARDIAN.store(pid.map_or(0, number), Ordering::Relaxed);
}

/// Its number; 0 where there is none.
pub(super) fn guardian() -> i32 {
    GUARDIAN.load(Ordering::Relaxed)
}

pub(super) fn is_subreaper() -> bool {
    SUBREAPER.load(Ordering::Relaxed)
}

/// Once, before the first child: descriptors that goalc was given stay its own, and the status of
/// children is kept for it.
pub(super) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for name in std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten() {
            let number = name.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
            if let Some(number) = number.filter(|&number| number > 2) {
                // SAFETY: sets a flag by number; of a number that is not open it says so.
                unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
            }
        }
        // SAFETY: asks for the present action, and sets the default one only where SIGCHLD is
        // ignored, which a parent can leave behind and which would lose every exit status.
        unsafe {
            let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
            if libc::sigaction(libc::SIGCHLD, std::ptr::null(), action.as_mut_ptr()) == 0
                && action.assume_init_ref().sa_sigaction == libc::SIG_IGN
            {
                libc::signal(libc::SIGCHLD, libc::SIG_DFL);
            }
        }
    });
}

/// Starts a child and enters it.
pub(super) fn register<T>(
    start: impl FnOnce() -> Result<(Pid, T), Errno>,
) -> Result<(Pid, T), Errno> {
    let _gate = GATE.read().unwrap_or_else(PoisonError::into_inner);
    let started = start()?;
    own().insert(number(started.0));
    Ok(started)
}

/// Asks for a child's status by `reap`, and strikes it out where that gave one. Both at once: its
/// number may be another child's right afterwards.
pub(super) fn strike<T>(pid: Pid, reap: impl FnOnce() -> Option<T>) -> Option<T> {
    let mut own = own();
    let reaped = reap()?;
    own.remove(&number(pid));
    Some(reaped)
}

pub(super) fn is_own(pid: i32) -> bool {
    own().contains(&pid)
}

/// Something may come of this leader from now on, until [`tree_ended`].
pub(super) fn tree_began(leader: Pid, started: u64) {
    trees().insert((started, number(leader)));
}

pub(super) fn tree_ended(leader: Pid, started: u64) {
    trees().remove(&(started, number(leader)));
}

/// Whether another tree than that of `leader` is old enough for what started at `started`.
pub(super) fn has_other_suspect(leader: i32, started: u64) -> bool {
    trees().range(..=(started, i32::MAX)).any(|&(_, other)| other != leader)
}

/// No child is being started while this is held.
pub(super) fn gate() -> RwLockWriteGuard<'static, ()> {
    GATE.write().unwrap_or_else(PoisonError::into_inner)
}

fn own() -> MutexGuard<'static, BTreeSet<i32>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trees() -> MutexGuard<'static, BTreeSet<(u64, i32)>> {
    TREES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(pid: Pid) -> i32 {
    pid.as_raw_nonzero().get()
}
