//! The moment in which a child of goalc becomes another program.
//!
//! What `vfork` and `execve` do, and `posix_spawn` is made of: the child borrows goalc's memory until it is the new program,
//! so the price does not grow with goalc's size. Written out here, as `posix_spawn` asks the system about each of 64
//! signals in each child, makes and unmakes a stack, and gives no handle: together a tenth of what starting `true` takes.
//!
//! Knows numbers and pointers; decides nothing. Invariant: what runs in the child allocates nothing, takes no lock, cannot
//! panic, and writes to nothing but the place for its error.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, waitpid};

/// Texts as the system takes them: a pointer to each, and a null.
pub(super) struct Texts<'a> {
    pointers: Vec<*const libc::c_char>,
    lives: PhantomData<&'a CStr>,
}

impl<'a> FromIterator<&'a CStr> for Texts<'a> {
    fn from_iter<T: IntoIterator<Item = &'a CStr>>(texts: T) -> Self {
        let pointers = texts.into_iter().map(CStr::as_ptr).chain(std::iter::once(ptr::null()));
        Self { pointers: pointers.collect(), lives: PhantomData }
    }
}

/// All that the child needs to know.
pub(super) struct Birth<'a> {
    path: &'a CStr,
    argv: Texts<'a>,
    env: Texts<'a>,
    dir: &'a CStr,
    /// To become 0, 1 and 2. None is one of these: the standard library opens those that were closed.
    descriptors: [BorrowedFd<'a>; 3],
    /// To be at their default again.
    signals: &'static [libc::c_int],
    /// What the system would not do for it; 0: nothing.
    refused: AtomicI32,
}

impl<'a> Birth<'a> {
    pub(super) fn new(
        path: &'a CStr,
        argv: Texts<'a>,
        env: Texts<'a>,
        dir: &'a CStr,
        descriptors: [BorrowedFd<'a>; 3],
    ) -> Self {
        let refused = AtomicI32::new(0);
        Self { path, argv, env, dir, descriptors, signals: signals(), refused }
    }

    /// Starts the program: in a session of its own, no signal blocked, each at its default. Gives its number, and a
    /// handle that is readable once it has ended.
    ///
    /// # Errors
    /// What the system says where there can be no such process. Then nothing is left of it.
    pub(super) fn start(&self) -> Result<(Pid, OwnedFd), Errno> {
        let stack = STACK.take().map_or_else(Stack::new, Ok)?;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let mut handle: RawFd = -1;
        // Until the child has its own handlers, that is none, no signal may come to it.
        let blocked = Blocked::all();
        // SAFETY: the child gets a stack that nobody else uses, aligned to a page; that stack, and all that is pointed to,
        // lives on until the child no longer uses it, as CLONE_VFORK holds this thread until then.
        let pid = unsafe {
            let this = ptr::from_ref(self).cast_mut().cast();
            libc::clone(become_program, stack.top(), flags, this, &raw mut handle)
        };
        let error = last_error();
        drop(blocked);
        STACK.set(Some(stack));
        let pid = Pid::from_raw(pid.max(0)).ok_or(error)?;
        // A system that does not know the flag does not say so.
        let handle = if handle < 0 {
            pidfd_open(pid, PidfdFlags::empty()).ok()
        } else {
            // SAFETY: the call succeeded, so that the handle is open, and nobody else's.
            Some(unsafe { OwnedFd::from_raw_fd(handle) })
        };
        match (self.refused.load(Ordering::Relaxed), handle) {
            (0, Some(handle)) => Ok((pid, handle)),
            (refused, _) => {
                let _ = kill_process(pid, Signal::KILL);
                let _ = retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
                Err(if refused == 0 { Errno::NOSYS } else { Errno::from_raw_os_error(refused) })
            }
        }
    }

    /// Does not come back, unless the system refuses something.
    ///
    /// # Safety
    /// Only in the child.
    unsafe fn be_born(&self) -> Errno {
        // SAFETY: plain system calls on live values; all zero is the default action and the empty set.
        unsafe {
            let default = MaybeUninit::<libc::sigaction>::zeroed();
            for &signal in self.signals {
                libc::sigaction(signal, default.as_ptr(), ptr::null_mut());
            }
            if libc::setsid() == -1 || libc::chdir(self.dir.as_ptr()) == -1 {
                return last_error();
            }
            for (target, source) in (0..).zip(&self.descriptors) {
                if libc::dup2(source.as_raw_fd(), target) == -1 {
                    return last_error();
                }
            }
            let none = MaybeUninit::<libc::sigset_t>::zeroed();
            libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
            libc::execve(
                self.path.as_ptr(),
                self.argv.pointers.as_ptr(),
                self.env.pointers.as_ptr(),
            );
        }
        last_error()
    }
}

thread_local! {
    static STACK: Cell<Option<Stack>> = const { Cell::new(None) };
}

/// What the child calls stands on it: a few system calls, or what a preloaded library has put in their place. Below it is
/// a page that nobody may touch.
struct Stack(*mut libc::c_void);

const ROOM: usize = 128 * 1024;

impl Stack {
    fn new() -> Result<Self, Errno> {
        let (readable, private) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
        );
        // SAFETY: asks for new memory, and for nothing that is there already; the guard is a part of it.
        unsafe {
            let bottom = libc::mmap(ptr::null_mut(), ROOM, readable, private, -1, 0);
            if bottom == libc::MAP_FAILED {
                return Err(last_error());
            }
            let stack = Self(bottom);
            if libc::mprotect(bottom, GUARD, libc::PROT_NONE) != 0 {
                return Err(last_error());
            }
            Ok(stack)
        }
    }

    fn top(&self) -> *mut libc::c_void {
        self.0.wrapping_byte_add(ROOM)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: it is this thread's own, and no child uses it any more.
        unsafe { libc::munmap(self.0, ROOM) };
    }
}

/// No page of any processor is larger.
const GUARD: usize = 64 * 1024;

extern "C" fn become_program(birth: *mut libc::c_void) -> libc::c_int {
    // SAFETY: it is what `start` gave, whose thread stands still meanwhile; `_exit` ends the child and leaves all as it is.
    unsafe {
        let birth = &*birth.cast::<Birth<'_>>();
        birth.refused.store(birth.be_born().raw_os_error(), Ordering::Relaxed);
        libc::_exit(127)
    }
}

/// The calling thread's own. The child has that of the thread that stands still for it.
fn last_error() -> Errno {
    let error = std::io::Error::last_os_error();
    Errno::from_io_error(&error).unwrap_or(Errno::INVAL)
}

/// No signal reaches this thread while it lives.
struct Blocked(libc::sigset_t);

impl Blocked {
    fn all() -> Self {
        let mut all = MaybeUninit::uninit();
        let mut before = MaybeUninit::zeroed();
        // SAFETY: the first call fills the set before it is read; the second writes the other one, and cannot fail.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            Self(before.assume_init())
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: a set that the system gave.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

/// Those that goalc handles at some time or other, and those that it ignored or handled when it started its first child,
/// itself or because whoever started it did.
fn signals() -> &'static [libc::c_int] {
    static SIGNALS: OnceLock<Vec<libc::c_int>> = OnceLock::new();
    SIGNALS.get_or_init(|| {
        let is_set = |&signal: &libc::c_int| HANDLED.contains(&signal) || !is_default(signal);
        (1..=libc::SIGRTMAX()).filter(is_set).collect()
    })
}

const HANDLED: [libc::c_int; 6] =
    [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGTSTP, libc::SIGWINCH, libc::SIGPIPE];

fn is_default(signal: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the action is only asked for, into a live value, and read where that succeeded.
    unsafe {
        libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) != 0
            || action.assume_init_ref().sa_sigaction == libc::SIG_DFL
    }
}
