//! Ends a run's processes when goalc itself was killed and can't.
//!
//! A second process of the same program, which waits at a pipe that only goalc holds. Knows the
//! run by the cookie in its processes' environment. Invariant: it holds nothing of goalc's, so
//! that no one who reads goalc's output waits for it.

#![allow(unsafe_code)]

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;

use super::ProcessOrder;
use super::env::ProcessEnv;
use super::leader::Leader;
use super::proc::{self, Seen};
use super::registry;
use super::spawn::Image;
use super::tree::{family, own_pid};

/// The hidden first argument that makes the program a guardian; [`main`] gets those after it.
pub const GUARDIAN_ARGUMENT: &str = "__guardian";

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);

/// After so long, what is still there hangs in the system.
const HOPELESS: Duration = Duration::from_secs(30);

const LOOK: Duration = Duration::from_millis(50);

/// The guardian of a run, as long as this lives.
#[derive(Debug)]
pub struct Guardian {
    leader: Leader,
    pipe: Option<OwnedFd>,
}

impl Guardian {
    /// Starts the guardian of a run: of all processes with an environment variable
    /// `GOALC_STEP=<run>:…` that were started before goalc's end.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn start(run: &str) -> io::Result<Self> {
        let program = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
        let argv = vec![program.into(), GUARDIAN_ARGUMENT.into(), run.into()];
        Self::start_as(argv, ProcessEnv::default())
    }

    pub(super) fn start_as(argv: Vec<OsString>, env: ProcessEnv) -> io::Result<Self> {
        let order = ProcessOrder { argv, env, dir: PathBuf::from("/"), ..ProcessOrder::default() };
        let image = Image::new(&order).map_err(io::Error::other)?;
        let (read, write) = super::pipe()?;
        let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        let leader = image.spawn([read.as_fd(), null.as_fd(), null.as_fd()], None)?;
        registry::set_guardian(Some(leader.pid));
        Ok(Self { leader, pipe: Some(write) })
    }

    /// The run is at a clean end: the guardian leaves. Without this it ends what is left of the run,
    /// whatever kept goalc from it.
    pub fn finish(self) {
        if let Some(pipe) = &self.pipe {
            // Broken where it was killed, which is as good.
            let _ = rustix::io::write(pipe, b".");
        }
    }

    /// As if goalc were killed.
    #[cfg(test)]
    pub(super) fn abandon(mut self) {
        self.pipe = None;
        self.wait(HOPELESS);
    }

    fn wait(&mut self, length: Duration) {
        let length = Timespec::try_from(length).ok();
        let mut ended = [PollFd::new(&self.leader.handle, PollFlags::IN)];
        let _ = poll(&mut ended, length.as_ref());
        self.leader.reap();
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        registry::set_guardian(None);
        if let Some(pipe) = self.pipe.take() {
            drop(pipe);
            self.wait(Duration::from_secs(1));
        }
    }
}

/// The guardian's whole life. Its arguments are those after [`GUARDIAN_ARGUMENT`]: the run.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let Some(run) = arguments.first() else { return ExitCode::from(2) };
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE] {
        // SAFETY: ignoring a signal runs no code of ours in a handler.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    if goalc_was_killed() {
        hunt(run.as_bytes());
    }
    ExitCode::SUCCESS
}

/// Waits for goalc's word, or for its end without one.
fn goalc_was_killed() -> bool {
    let input = io::stdin();
    loop {
        match rustix::io::read(&input, &mut [0; 1]) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(length) => return length == 0,
            Err(_) => return false,
        }
    }
}

/// What is known of a run that has lost its goalc.
struct Hunt {
    cookie: Vec<u8>,
    /// A run that was resumed has processes with the same cookie, but later ones.
    until: u64,
    /// Sessions that its processes were seen in: what wiped its environment is in one of them.
    sessions: HashSet<i32>,
}

/// Ends what is left of a run whose goalc and guardian are gone, as before it is resumed. Says how
/// many processes there were.
pub fn end_leftovers(run: &str) -> usize {
    hunt(run.as_bytes())
}

fn hunt(run: &[u8]) -> usize {
    let cookie = [b"GOALC_STEP=", run, b":"].concat();
    let mut hunt = Hunt { cookie, until: proc::ticks_now() + 1, sessions: HashSet::new() };
    let began = Instant::now();
    let mut told = HashSet::new();
    loop {
        let members = hunt.members();
        if members.is_empty() || began.elapsed() > GRACE + HOPELESS {
            return told.len();
        }
        if began.elapsed() < GRACE {
            // Later ones were started to end in order.
            let first = told.is_empty();
            let due = |seen: &&Seen| first || seen.started < hunt.until;
            for new in members.iter().filter(due).filter(|seen| told.insert(**seen)) {
                new.signal(&[Signal::TERM, Signal::CONT]);
            }
        } else {
            for seen in &members {
                seen.signal(&[Signal::STOP]);
            }
            for seen in hunt.members() {
                seen.signal(&[Signal::KILL]);
            }
        }
        std::thread::sleep(LOOK);
    }
}

impl Hunt {
    fn members(&mut self) -> Vec<Seen> {
        let all = proc::look_at_all();
        let marked: HashSet<Seen> =
            all.iter().filter(|seen| self.has_cookie(seen)).copied().collect();
        let me = own_pid();
        let own_session = all.iter().find(|seen| seen.pid == me).map(|seen| seen.session);
        self.sessions.extend(
            marked.iter().map(|seen| seen.session).filter(|session| Some(*session) != own_session),
        );
        let mut members =
            family(&all, |seen| marked.contains(seen) || self.sessions.contains(&seen.session));
        members.retain(|seen| !seen.zombie);
        members
    }

    fn has_cookie(&self, seen: &Seen) -> bool {
        seen.started <= self.until
            && proc::environment(seen)
                .split(|&byte| byte == 0)
                .any(|entry| entry.starts_with(&self.cookie))
    }
}
