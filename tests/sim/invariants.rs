//! What holds of every run, whatever its plan: numbers, times, effects after their records.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Status;
use super::play::Played;
use super::trace::{At, Seen, What, Work};
use super::tree::Tree;

/// What is wrong and where.
type Wrong = (usize, String);

/// Attempts as the journal has them: its number and the event that started it.
#[derive(Default)]
struct Attempts {
    /// Of each unit: its attempts with the numbers of their events.
    started: BTreeMap<At, Vec<(u32, u64)>>,
    began: BTreeSet<(At, u64)>,
    succeeded: BTreeMap<At, u64>,
    synced: u64,
    /// Events that may not be lost once anything has followed from them.
    firm: BTreeSet<u64>,
    last: (u64, i64),
}

pub(crate) fn check(tree: &Tree<'_>, played: &Played) -> Result<(), Wrong> {
    let mut attempts = Attempts::default();
    for (place, one) in played.seen.iter().enumerate() {
        attempts.take(tree, one).map_err(|wrong| (place, wrong))?;
    }
    if !matches!(played.seen.last(), Some(Seen::End { .. })) {
        let end = played.seen.len().saturating_sub(1);
        return Err((end, format!("no end after {} processes", played.processes)));
    }
    Ok(())
}

impl Attempts {
    fn take(&mut self, tree: &Tree<'_>, seen: &Seen) -> Result<(), String> {
        match seen {
            Seen::Event { seq, at, what } => {
                if *seq != self.last.0 + 1 || *at < self.last.1 {
                    return Err(format!("event {seq} at {at} follows {:?}", self.last));
                }
                self.last = (*seq, *at);
                if is_firm(tree, what) {
                    self.firm.insert(*seq);
                }
                self.take_event(tree, *seq, what)
            }
            Seen::Synced { upto } => {
                self.synced = self.synced.max(*upto);
                Ok(())
            }
            Seen::Began { work: Work::Attempt, at, attempt } => self.begin(tree, *at, *attempt),
            Seen::Crash { kept } => {
                self.crash(*kept);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_event(&mut self, tree: &Tree<'_>, seq: u64, what: &What) -> Result<(), String> {
        match what {
            What::Attempt { at, attempt, .. } => {
                if self.succeeded.contains_key(at) {
                    return Err(format!("{at:?} has succeeded and starts again"));
                }
                let all = self.started.entry(*at).or_default();
                let last = all.last().map_or(0, |(number, _)| *number);
                // What was stopped starts over.
                if *attempt != last + 1 && *attempt != 1 {
                    return Err(format!("{at:?}: attempt {attempt} follows attempt {last}"));
                }
                all.push((*attempt, seq));
            }
            // It may be done anew after that.
            What::Undone(node, _) | What::Restored((node, None), _) => {
                // What is joined to it is done with it.
                let chain = &tree.nodes[*node].chain;
                self.succeeded.retain(|at, _| at.0 != *node && !chain.contains(&at.0));
            }
            What::Resumed { changed, .. } => {
                let changes = |step: usize| changed.contains(&step);
                let stays = |at: &At| {
                    let chain = &tree.nodes[at.0].chain;
                    let with = chain.iter().any(|step| changes(*step));
                    // A service is started again for whoever needs it.
                    let once = tree.step(at.0).is_some() && !tree.nodes[at.0].service;
                    once && !changes(at.0) && !with
                };
                self.succeeded.retain(|at, _| stays(at));
            }
            What::Ended { at, status: Status::Succeeded, .. }
                if self.succeeded.insert(*at, seq).is_some() =>
            {
                return Err(format!("{at:?} succeeds twice"));
            }
            _ => {}
        }
        Ok(())
    }

    /// An attempt begins outside: its record is written, and on the disk if it cannot be repeated.
    fn begin(&mut self, tree: &Tree<'_>, at: At, attempt: u32) -> Result<(), String> {
        let all = self.started.get(&at).and_then(|all| all.last());
        let Some((_, seq)) = all.filter(|(number, _)| *number == attempt) else {
            return Err(format!("{at:?}: attempt {attempt} begins without a record"));
        };
        let elsewhere = tree.step(at.0).is_some_and(|step| step.elsewhere);
        // What goes on elsewhere is followed by each process.
        if !self.began.insert((at, *seq)) && !elsewhere {
            return Err(format!("{at:?}: attempt {attempt} begins twice"));
        }
        // Under `progress checkpoints` all that is idempotent may be done again.
        let repeats = tree.step(at.0).is_some_and(|step| step.idempotent && !step.elsewhere)
            && (attempt == 1 || tree.plan.checkpoints);
        if *seq > self.synced && !repeats {
            return Err(format!("{at:?}: attempt {attempt} begins before its record is on disk"));
        }
        if let Some(lost) = self.firm.range(self.synced + 1..*seq.max(&(self.synced + 1))).next() {
            return Err(format!("{at:?}: attempt {attempt} begins before event {lost} is on disk"));
        }
        Ok(())
    }

    fn crash(&mut self, kept: u64) {
        for all in self.started.values_mut() {
            all.retain(|(_, seq)| *seq <= kept);
        }
        self.began.retain(|(_, seq)| *seq <= kept);
        self.succeeded.retain(|_, seq| *seq <= kept);
        self.last.0 = self.last.0.min(kept);
        self.firm.retain(|seq| *seq <= kept);
    }
}

/// What was said is never lost; what was decided not either, but under `progress checkpoints`.
fn is_firm(tree: &Tree<'_>, what: &What) -> bool {
    match what {
        What::Answered(..) | What::HandedOver(_) | What::Param(_) => true,
        What::When(..)
        | What::Let(..)
        | What::LetOfParam(_)
        | What::Items(..)
        | What::Unless(..)
        | What::Requires(_)
        | What::NotNeeded(_)
        | What::Cleared(_)
        | What::Opened(_) => !tree.plan.checkpoints,
        _ => false,
    }
}
