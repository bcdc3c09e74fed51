//! Getting a process going: its pipes, its handle, and patience with a machine that is full.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::spawn::Image;
use super::supervise::Started;
use super::tree::Tree;
use super::{Controller, Ends, ProcessEnd, ProcessOrder, proc};

/// How long a machine without processes, memory or descriptors is tried again.
const FULL: Duration = Duration::from_secs(30);

/// How often a program is tried that is still being written to, and how far apart.
const BUSY: (u32, Duration) = (5, Duration::from_millis(20));

/// Starts it, or says why it can't be.
pub(super) fn start(
    order: &ProcessOrder,
    ends: &Ends,
    control: &Controller,
) -> Result<Started, ProcessEnd> {
    let image = Image::new(order).map_err(ProcessEnd::CannotStart)?;
    let mut patience = Patience::new(control);
    loop {
        if control.is_stopped() {
            return Err(ProcessEnd::Stopped);
        }
        match attempt(order, &image, ends, control) {
            Ok(started) => return Ok(started),
            Err(error) if patience.is_left(error) => {}
            Err(error) => return Err(ProcessEnd::CannotStart(image.refusal(error, order))),
        }
    }
}

fn attempt(
    order: &ProcessOrder,
    image: &Image,
    ends: &Ends,
    control: &Controller,
) -> Result<Started, Errno> {
    let listening = control.listen()?;
    let (stderr, stderr_end) = pipe_with(PipeFlags::CLOEXEC)?;
    let read = if ends.stdout.is_none() { Some(pipe_with(PipeFlags::CLOEXEC)?) } else { None };
    let (stdout, stdout_end) = read.unzip();
    let null = null()?;
    let started = proc::ticks_now();
    let descriptors = [
        ends.stdin.as_ref().unwrap_or(null).as_fd(),
        stdout_end.as_ref().or(ends.stdout.as_ref()).unwrap_or(null).as_fd(),
        stderr_end.as_fd(),
    ];
    let leader = listening.starting(|| {
        let leader = image.spawn(descriptors, order.cpus)?;
        listening.set_group(Some(leader.pid));
        Ok::<_, Errno>(leader)
    })?;
    let tree = Tree::new(leader.pid, started, order.cookie.clone());
    Ok(Started { leader, tree, listening, stdout, stderr })
}

/// Empty input, and a place for output that no one reads.
fn null() -> Result<&'static OwnedFd, Errno> {
    static NULL: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(null) = NULL.get() {
        return Ok(null);
    }
    let opened = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    Ok(NULL.get_or_init(|| opened))
}

/// Which errors pass by themselves, and how long that is waited for.
struct Patience<'a> {
    control: &'a Controller,
    since: Instant,
    pause: Duration,
    busy: u32,
}

impl<'a> Patience<'a> {
    fn new(control: &'a Controller) -> Self {
        Self { control, since: Instant::now(), pause: BUSY.1, busy: 0 }
    }

    /// Waits a little, where the error may pass; says whether to try again.
    fn is_left(&mut self, error: Errno) -> bool {
        match error {
            Errno::TXTBSY if self.busy < BUSY.0 => {
                self.busy += 1;
                self.control.wait(BUSY.1);
                true
            }
            Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE
                if self.since.elapsed() < FULL =>
            {
                self.control.wait(self.pause);
                self.pause = (self.pause * 2).min(Duration::from_secs(1));
                true
            }
            Errno::INTR => true,
            _ => false,
        }
    }
}
