//! How an attempt has ended: by its own word, or by what Slurm says where there is none.
//!
//! Invariant: its own word counts first; where its job may still go on somewhere, its end is not
//! said before the lease is over, so that what comes next does not meet it.

use std::time::{Duration, Instant};

use super::job::{Account, Job, Way};
use super::keeper::Keeper;
use super::seen::{Fate, Seen, Snapshot};
use crate::exec::executor::files::{AttemptFiles, Ended, Started, Stop};
use crate::exec::process::{ProcessEnd, ProcessReport};

/// How long it is asked why a job was told to end.
const EXPLAIN: Duration = Duration::from_secs(15);

/// How long accounting is waited for.
const ACCOUNT: Duration = Duration::from_secs(30);

/// So often an attempt is submitted whose jobs vanish before they begin.
const SUBMISSIONS: u32 = 4;

/// How a job ended whose node is gone.
const ITS_NODE: &str = "ended with its node";

/// How a job ended of which Slurm says nothing.
const FORGOTTEN: &str = "is not known to the cluster any more";

/// How a cancelled job's command was ended.
const SIGTERM: i32 = 15;

/// How Slurm has the job that carries an attempt out.
enum Carrier {
    /// It was not asked since, or it is well.
    Fine,
    Gone(Option<Seen>),
}

impl Keeper {
    /// Looks at an attempt; gives its end, once it has one.
    pub(super) fn look_at(&mut self, start: u64, now: Instant) -> Option<ProcessReport> {
        let job = self.jobs.get_mut(&start)?;
        job.look_later(now);
        job.show_lines();
        if let Some(ended) = job.files.end() {
            return self.ended(start, ended, now);
        }
        job.see_start(now);
        if job.control.is_stopped() {
            return self.stop(start, now);
        }
        if let (Way::Unsure(since), None) = (&job.way, &job.started) {
            let since = *since;
            self.resolve(start, since, now);
            return None;
        }
        match self.carrier(start)? {
            Carrier::Fine => None,
            Carrier::Gone(seen) => self.gone(start, seen.as_ref(), now),
        }
    }

    /// What is known of the job that has an attempt; `Gone` once it has been so for the grace.
    fn carrier(&mut self, start: u64) -> Option<Carrier> {
        let grace = self.settings.slurm.grace;
        let job = self.jobs.get_mut(&start)?;
        let since = job.could_be_seen()?;
        let fresh = self.snapshot.as_ref().filter(|snapshot| snapshot.asked > since)?;
        let seen = fresh.jobs.get(job.carrier());
        if seen.is_some_and(|seen| !seen.is_over()) {
            job.odd_since = None;
            return Some(Carrier::Fine);
        }
        let odd = *job.odd_since.get_or_insert(fresh.asked);
        if fresh.asked.saturating_duration_since(odd) < grace {
            let now = Instant::now();
            self.hurry(now);
            return Some(Carrier::Fine);
        }
        Some(Carrier::Gone(seen.cloned()))
    }

    /// It has said how it ended. Where its job was told to, and not by us, Slurm knows why.
    fn ended(&mut self, start: u64, ended: Ended, now: Instant) -> Option<ProcessReport> {
        let job = self.jobs.get_mut(&start)?;
        let Ended { report, cut } = ended;
        if report.end == ProcessEnd::Stopped && !cut && !job.control.is_stopped() {
            // It was given up, and has seen it.
            let end = ProcessEnd::Lost(lost(job, "was given up"));
            return Some(ProcessReport { end, ..report });
        }
        if !cut || report.end == ProcessEnd::Exited(0) || job.control.is_stopped() {
            return Some(report);
        }
        let since = *job.cut_since.get_or_insert(now);
        let fresh = self.snapshot.as_ref().filter(|snapshot| snapshot.asked > since);
        let is_known = fresh.map(|fresh| fresh.jobs.contains_key(job.carrier()));
        let seen = fresh.and_then(|fresh| fresh.jobs.get(job.carrier())).cloned();
        let fate = seen.as_ref().and_then(Seen::fate);
        if fate.is_none() && now - since < EXPLAIN {
            self.hurry(now);
            return None;
        }
        let (end, limit) = match (fate, report.end.clone()) {
            (Some(fate), _) if fate != Fate::Ended => explained(job, fate, seen.as_ref()),
            (None, _) if is_known == Some(false) => (ProcessEnd::Lost(lost(job, FORGOTTEN)), None),
            (_, ProcessEnd::Stopped) => (ProcessEnd::Signalled(SIGTERM), None),
            (_, own) => (own, None),
        };
        Some(ProcessReport { end, limit, ..report })
    }

    /// Its job is over or not there, and it has not said how it ended.
    fn gone(&mut self, start: u64, seen: Option<&Seen>, now: Instant) -> Option<ProcessReport> {
        let lease = self.settings.slurm.lease;
        let job = self.jobs.get_mut(&start)?;
        if job.started.is_none() {
            return self.never_began(start, seen, now);
        }
        let fate = match (seen.and_then(Seen::fate), job.account) {
            (Some(fate), _) => Some(fate),
            (None, Account::Unasked) => {
                self.client.account(job.carrier());
                job.account = Account::Asked(now);
                return None;
            }
            (None, Account::Asked(since)) if now - since < ACCOUNT => return None,
            (None, Account::Asked(_)) => None,
            (None, Account::Told(fate)) => fate,
        };
        if matches!(fate, None | Some(Fate::Evicted)) {
            let until = *job.fenced.get_or_insert_with(|| {
                job.files.tell_to_stop(Stop::AtOnce);
                now + lease
            });
            if now < until {
                return None;
            }
        }
        let (end, limit) = match fate {
            Some(fate) => explained(job, fate, seen),
            None => (ProcessEnd::Lost(lost(job, FORGOTTEN)), None),
        };
        Some(ProcessReport { limit, ..ProcessReport::not_started(end) })
    }

    /// Its job is over or not there, and nobody has begun it.
    fn never_began(
        &mut self,
        start: u64,
        seen: Option<&Seen>,
        now: Instant,
    ) -> Option<ProcessReport> {
        let job = self.jobs.get_mut(&start)?;
        let fate = seen.and_then(Seen::fate);
        // Also one that was given a node, and could not be started there.
        let again = matches!(fate, None | Some(Fate::Evicted))
            || seen.is_some_and(|seen| seen.reason == "JobLaunchFailure")
            || (fate == Some(Fate::Cancelled) && seen.is_some_and(|seen| !seen.node.is_empty()));
        if again && job.submissions < SUBMISSIONS {
            job.way = Way::Waiting;
            return None;
        }
        let how = seen.map_or("vanished".to_owned(), |seen| {
            let reason = if matches!(seen.reason.as_str(), "" | "None") {
                String::new()
            } else {
                format!(", {}", seen.reason)
            };
            format!("ended ({}{reason})", seen.state)
        });
        let said = last_lines(&job.files);
        let why = format!("its job {} {how} before it began{said}", job.name);
        self.give_up(start, why, now);
        None
    }

    /// The newest that Slurm has said, if it was asked after a time.
    pub(super) fn seen_since(&self, since: Instant) -> Option<&Snapshot> {
        self.snapshot.as_ref().filter(|snapshot| snapshot.asked > since)
    }
}

/// What a fate means for an attempt.
fn explained(job: &Job, fate: Fate, seen: Option<&Seen>) -> (ProcessEnd, Option<Duration>) {
    let state = seen.map_or("", |seen| &seen.state);
    let (end, limit) = match fate {
        _ if job.shares() => (ProcessEnd::Lost(lost(job, &ended_as(state))), None),
        Fate::TimeLimit => {
            let limit = job.request.time.or(seen.and_then(|seen| seen.limit));
            (ProcessEnd::TimedOut, job.timeout.or(limit))
        }
        Fate::Memory => (ProcessEnd::OutOfMemory, None),
        Fate::Cancelled => (ProcessEnd::Signalled(SIGTERM), None),
        Fate::Evicted | Fate::Ended => (ProcessEnd::Lost(lost(job, &ended_as(state))), None),
    };
    (end, limit)
}

fn ended_as(state: &str) -> String {
    match state {
        "NODE_FAIL" => ITS_NODE.to_owned(),
        "PREEMPTED" => "was preempted".to_owned(),
        "" => "was ended".to_owned(),
        state => format!("ended as {state} without a word"),
    }
}

fn lost(job: &Job, how: &str) -> String {
    let shared = if job.shares() { ", which it shared," } else { "" };
    let job_is = format!("the job {}{shared}", job.carrier());
    let node = job.started.as_ref().map_or("", |(started, _)| started.node.as_str());
    match (how, node) {
        (how, "") => format!("{job_is} {how}"),
        (ITS_NODE, node) => format!("{job_is} {how}, {node}"),
        (how, node) => format!("{job_is} {how} on {node}"),
    }
}

/// The end of what the cluster wrote into the job's own log.
fn last_lines(files: &AttemptFiles) -> String {
    let text = std::fs::read(files.job_log()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!(": {}", lines.into_iter().rev().collect::<Vec<_>>().join(" "))
}

impl Keeper {
    /// Takes an attempt away from all who might begin it; `false`: someone has it.
    pub(super) fn take_away(&mut self, start: u64, now: Instant) -> bool {
        let Some(job) = self.jobs.get_mut(&start) else { return false };
        if matches!(job.files.claim(&Started::default()), Ok(true)) {
            return true;
        }
        job.see_start(now);
        false
    }
}
