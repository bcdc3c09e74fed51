//! What may go wrong in a run, one thing and two at a time, and a stop of the machine at each moment;
//! and what each leads to.
//!
//! Each case is a few assumptions, played as a scenario is. Invariant: the same plan gives the same cases
//! in the same order, whatever the number of threads.

mod cases;
mod outcome;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

pub use cases::{Case, Kind};
pub use outcome::{Class, Outcome};

use super::play::{Play, Setting, play_in};
use crate::exec::event::Stamped;

/// Events of all plays together, so that also a very large plan comes to an end in a minute or two.
const MOST_EVENTS: usize = 30_000_000;

/// Which cases are played.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub kinds: Vec<Kind>,
    /// At most so many pairs.
    pub pairs: usize,
    /// At most so many moments at which the machine stops.
    pub crashes: usize,
    /// Cases that are played at once.
    pub threads: usize,
}

/// All that was played.
#[derive(Debug)]
pub struct Explored {
    /// The run in which nothing goes wrong.
    pub baseline: Outcome,
    pub cases: Vec<(Case, Outcome)>,
    /// Cases that were too many.
    pub left_out: usize,
}

/// Plays all cases that are wanted.
///
/// # Errors
/// Where a run cannot be played; the words say why.
pub fn explore(setting: &Setting<'_>, wanted: &Wanted) -> Result<Explored, String> {
    let whole = play_in(setting, &[], None)?;
    let (mut cases, mut left_out) = cases::cases(setting, &whole, wanted);
    let most = MOST_EVENTS / whole.events.len().max(1);
    left_out += cases.len().saturating_sub(most);
    cases.truncate(most);
    let outcomes = play_all(setting, &cases, wanted.threads)?;
    let baseline = Outcome::of(&whole);
    Ok(Explored { baseline, cases: cases.into_iter().zip(outcomes).collect(), left_out })
}

/// Plays a case again, for what happened in it.
///
/// # Errors
/// As [`explore`].
pub fn events_of(setting: &Setting<'_>, case: &Case) -> Result<Vec<Stamped>, String> {
    one(setting, case).map(|play| play.events)
}

fn one(setting: &Setting<'_>, case: &Case) -> Result<Play, String> {
    play_in(setting, &case.givens, case.cut)
}

fn play_all(setting: &Setting<'_>, cases: &[Case], threads: usize) -> Result<Vec<Outcome>, String> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Result<Outcome, String>>>> =
        Mutex::new(cases.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, 64) {
            scope.spawn(|| {
                while let Some((at, case)) = take(&next, cases) {
                    let outcome = one(setting, case).map(|play| Outcome::of(&play));
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(place) = done.get_mut(at) {
                        *place = Some(outcome);
                    }
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.into_iter().flatten().collect()
}

fn take<'c>(next: &AtomicUsize, cases: &'c [Case]) -> Option<(usize, &'c Case)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    cases.get(at).map(|case| (at, case))
}
