//! Probes with all expressions evaluated, and their answers. Asks files, the network and programs;
//! knows nothing of plans.
//!
//! Invariant: no probe outlasts its time or an order to end, whatever it asks.

mod command;
mod dir;
mod disk;
mod file;
mod http;
mod memory;
mod port;
mod run;
mod tcp;
#[cfg(test)]
mod tests;
mod unchanged;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub use unchanged::{Noted, Unchanged};

use super::process::{Controller, ProcessOrder};

/// So many probes are asked at once.
const AT_ONCE: usize = 32;

/// A single try at something in the network takes no longer, nor does asking for a version.
const TRY: Duration = Duration::from_secs(5);

/// The shortest and longest pause between tries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

const STOPPED: &str = "not asked: the run is being stopped";

/// A condition, ready to be asked.
#[derive(Debug)]
pub struct Probe {
    pub negated: bool,
    pub kind: ProbeKind,
}

/// As `ir::ProbeKind`, with values. Paths are absolute. `within` bounds tries until it holds;
/// without it there is one try.
#[derive(Debug)]
pub enum ProbeKind {
    File {
        path: PathBuf,
        shown: String,
        nonempty: bool,
        contains: Option<String>,
        sha256: Option<String>,
    },
    Dir {
        path: PathBuf,
        shown: String,
        writable: bool,
    },
    /// Looked up in `path`, the `PATH` that steps see.
    Command {
        name: String,
        version: Option<String>,
        path: std::ffi::OsString,
    },
    Env {
        name: String,
        set: bool,
    },
    Tcp {
        address: String,
        within: Option<Duration>,
    },
    Http {
        url: String,
        status: Option<u16>,
        body: Option<String>,
        within: Option<Duration>,
    },
    PortFree {
        port: u16,
    },
    Disk {
        path: PathBuf,
        shown: String,
        at_least: u64,
    },
    Memory {
        at_least: u64,
    },
    Run(Box<ProcessOrder>),
    Unchanged(Box<Unchanged>),
    /// An expression: its answer and how it was written.
    Holds {
        answer: bool,
        shown: String,
    },
    /// It could not be evaluated: it does not hold, negated or not.
    Unknown {
        why: String,
    },
}

/// What a probe found: whether it holds, and what is so, in one line.
pub type Answer = Result<String, String>;

/// A probe that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What is so instead, in one line.
    pub why: String,
    /// The `within` for which it was tried.
    pub within: Option<Duration>,
    /// The time was up in which it was to be asked.
    pub late: bool,
}

/// Asks all probes, one after the other, up to the first that does not hold; together for no longer than
/// `most`.
///
/// # Errors
/// Says which does not hold, and what was found instead.
pub fn check(probes: &[Probe], control: &Controller, most: Option<Duration>) -> Result<(), Unmet> {
    // By the controller's clock, which stands still when all do.
    let until = most.map(|most| control.clock().saturating_add(most));
    probes.iter().try_for_each(|probe| {
        let late = || until.is_some_and(|until| until <= control.clock());
        let unmet = |why| Unmet { why, within: probe.kind.within(), late: late() };
        probe.check(control, until).map(drop).map_err(unmet)
    })
}

/// Asks all probes, one after the other, also behind one that does not hold.
pub fn check_each(probes: &[Probe], control: &Controller) -> Vec<Answer> {
    probes.iter().map(|probe| probe.check(control, None)).collect()
}

/// Asks all probes side by side.
///
/// # Errors
/// Each that does not hold, in the order of the list.
pub fn check_all(probes: &[Probe], control: &Controller) -> Result<(), Vec<String>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let mine = numbers.map_while(|number| Some((number, probes.get(number)?)));
        mine.filter_map(|(number, probe)| Some((number, probe.check(control, None).err()?)))
            .collect::<Vec<_>>()
    };
    let mut failures = std::thread::scope(|scope| {
        let others: Vec<_> = (1..probes.len().min(AT_ONCE))
            .filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mut failures = work();
        failures.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        failures
    });
    failures.sort_unstable_by_key(|(number, _)| *number);
    let failures: Vec<String> = failures.into_iter().map(|(_, failure)| failure).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

impl Probe {
    /// Tries until it holds or its time is up.
    fn check(&self, control: &Controller, until: Option<Duration>) -> Answer {
        let now = control.clock();
        let own = self.kind.within().map(|within| now.saturating_add(within));
        let left = |end: Duration| end.saturating_sub(control.clock());
        let mut pause = PAUSE.0;
        loop {
            if control.is_stopped() {
                return Err(STOPPED.to_owned());
            }
            let time = own.map_or(TRY, |own| left(own).clamp(PAUSE.0, TRY));
            let why = match self.check_once(time, control, until) {
                Ok(found) => return Ok(found),
                Err(why) => why,
            };
            let next = own.map_or(Duration::ZERO, left);
            let next = until.map_or(next, |until| next.min(left(until)));
            if next.is_zero() {
                return Err(why);
            }
            control.wait(pause.min(next));
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// What was not answered holds neither way: `not` does not turn that round.
    fn check_once(&self, time: Duration, control: &Controller, until: Option<Duration>) -> Answer {
        let bound = || until.map(|until| until.saturating_sub(control.clock()));
        match (self.kind.ask((time, bound()), control)?, self.negated) {
            (Err(_), true) if control.is_stopped() => Err(STOPPED.to_owned()),
            (Err(why), true) if bound() == Some(Duration::ZERO) => Err(why),
            (Ok(found), false) | (Err(found), true) => Ok(found),
            (Err(why), false) => Err(why),
            (Ok(what), true) => Err(format!("{what}, but the probe says `not`")),
        }
    }
}

impl ProbeKind {
    fn within(&self) -> Option<Duration> {
        match self {
            Self::Tcp { within, .. } | Self::Http { within, .. } => *within,
            _ => None,
        }
    }

    /// One try, of at most `time` where it could take for ever, and of no more than `bound`, if there is one;
    /// a script may take as long as that, or its own time.
    ///
    /// # Errors
    /// It was not answered, and why.
    fn ask(
        &self,
        (time, bound): (Duration, Option<Duration>),
        control: &Controller,
    ) -> Result<Answer, String> {
        let time = bound.map_or(time, |bound| time.min(bound));
        Ok(match self {
            Self::File { path, shown, nonempty, contains, sha256 } => {
                let wants = file::Wants { nonempty: *nonempty, contains, sha256 };
                file::ask(path, shown, &wants, control)
            }
            Self::Dir { path, shown, writable } => dir::ask(path, shown, *writable),
            Self::Command { name, version, path } => {
                command::ask(name, version.as_deref(), path, control)
            }
            Self::Env { name, set: true } => Ok(format!("the environment variable {name} is set")),
            Self::Env { name, set: false } => {
                Err(format!("the environment variable {name} is not set"))
            }
            Self::Tcp { address, .. } => tcp::ask(address, time, control),
            Self::Http { url, status, body, .. } => {
                http::ask(url, *status, body.as_deref(), time, control)
            }
            Self::PortFree { port } => port::ask(*port),
            Self::Disk { path, shown, at_least } => disk::ask(path, shown, *at_least),
            Self::Memory { at_least } => memory::ask(*at_least),
            Self::Run(order) => return run::ask(order, bound, control),
            Self::Unchanged(wanted) => unchanged::ask(wanted, control),
            Self::Holds { answer: true, shown } => Ok(format!("`{shown}` is true")),
            Self::Holds { answer: false, shown } => Err(format!("`{shown}` is false")),
            Self::Unknown { why } => return Err(why.clone()),
        })
    }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// Does what can't be interrupted in a thread that is left behind when the time is up or all
/// is to end.
fn apart(
    time: Duration,
    control: &Controller,
    ask: impl FnOnce() -> Answer + Send + 'static,
) -> Option<Answer> {
    let (sender, answer) = crossbeam_channel::bounded(1);
    let thread = std::thread::Builder::new().spawn(move || {
        let _ = sender.send(ask());
    });
    thread.ok()?;
    let until = Instant::now() + time;
    let mut slice = Duration::from_millis(1);
    while !control.is_stopped() {
        let left = left(until);
        match answer.recv_timeout(slice.min(left)) {
            Ok(answer) => return Some(answer),
            Err(_) if left.is_zero() => return None,
            Err(_) => slice = (slice * 2).min(Duration::from_millis(50)),
        }
    }
    Some(Err(STOPPED.to_owned()))
}
