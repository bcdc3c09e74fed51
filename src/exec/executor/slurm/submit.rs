//! Getting attempts onto the cluster: alone, or together into a pool.
//!
//! Knows what `sbatch` says; what a job's end means is `ends`'s. Invariant: whether a submission was
//! taken is not decided by `sbatch`'s word alone: where that is a doubt, the job's name decides.

use std::time::{Duration, Instant};

use super::client::{Refusal, Submission};
use super::job::Way;
use super::keeper::{GATHER, Keeper};
use super::pool::Pool;
use crate::exec::executor::files::{AttemptFiles, Started, quoted};
use crate::exec::executor::node::ATTEMPT_ARGUMENT;
use crate::exec::process::{ProcessEnd, ProcessReport};

/// A job that was submitted is seen this long after at the latest.
const SURE: Duration = Duration::from_secs(3);

impl Keeper {
    /// Submits those that wait and have been waiting for others long enough.
    pub(super) fn start_waiting(&mut self, now: Instant) {
        let waiting: Vec<u64> = self
            .jobs
            .values()
            .filter(|job| job.way == Way::Waiting && !job.control.is_stopped())
            .map(|job| job.start)
            .collect();
        for start in waiting {
            let Some(job) = self.jobs.get(&start) else { continue };
            let shares = job.request.may_share && self.is_shared(&Pool::key(&job.request));
            if shares {
                self.queue(start, now);
            } else if now >= (self.begun_last + GATHER.0).min(job.begun + GATHER.1) {
                self.submit(start, now);
            }
        }
    }

    /// Whether attempts of this kind are carried out by pilots: some are, or enough wait.
    fn is_shared(&self, pool: &str) -> bool {
        if self.pools.get(pool).is_some_and(Pool::is_served) {
            return true;
        }
        let alike = |job: &&super::job::Job| {
            job.way == Way::Waiting && job.request.may_share && Pool::key(&job.request) == pool
        };
        let least = usize::try_from(self.settings.slurm.batch).unwrap_or(usize::MAX);
        least > 0 && self.jobs.values().filter(alike).count() >= least
    }

    fn queue(&mut self, start: u64, now: Instant) {
        let Some(job) = self.jobs.get(&start) else { return };
        let request = job.request.clone();
        let queued = self.pool(&request).queue(start);
        let Some(job) = self.jobs.get_mut(&start) else { return };
        match queued {
            Ok(()) => job.way = Way::Pooled(Pool::key(&request)),
            Err(error) => {
                let why = format!("the queue of its allocation cannot be written: {error}");
                self.give_up(start, why, now);
            }
        }
    }

    fn submit(&mut self, start: u64, now: Instant) {
        let Some(job) = self.jobs.get_mut(&start) else { return };
        let lease = self.settings.slurm.lease.as_secs().max(1);
        let script = script(&self.settings.program, ATTEMPT_ARGUMENT, &job.files, lease);
        match job.files.write_script(&script) {
            Ok(path) => {
                job.way = Way::Submitting;
                job.submissions += 1;
                job.odd_since = None;
                self.client.submit(Submission {
                    name: job.name.clone(),
                    folder: job.files.folder().to_owned(),
                    script: path,
                    arguments: job.request.arguments(job.timeout),
                });
            }
            Err(error) => self.give_up(start, format!("its files cannot be made: {error}"), now),
        }
    }

    /// `sbatch` has answered.
    pub(super) fn submitted(&mut self, name: &str, result: Result<(), Refusal>) {
        let now = Instant::now();
        if Pool::is_name(name, &self.prefix) {
            return self.pilot_submitted(name, result, now);
        }
        let Some(job) = self.jobs.values_mut().find(|job| job.name == name) else { return };
        let start = job.start;
        job.look_at = now;
        match result {
            Ok(()) => {
                job.way = Way::Submitted(now);
                job.refused_since = None;
            }
            Err(refusal) if refusal.passing => {
                job.way = Way::Unsure(now);
                job.refused_since.get_or_insert(now);
                job.refusal = refusal.why;
            }
            Err(refusal) => self.give_up(start, refusal.why, now),
        }
        self.hurry(now);
    }

    /// Whether a submission of which nothing is certain was taken.
    pub(super) fn resolve(&mut self, start: u64, since: Instant, now: Instant) {
        let tolerance = self.settings.slurm.tolerance;
        let Some(job) = self.jobs.get_mut(&start) else { return };
        let fresh = self.snapshot.as_ref().filter(|snapshot| snapshot.asked > since);
        let known = fresh.map(|snapshot| snapshot.jobs.contains_key(&job.name));
        if known == Some(true) || job.started.is_some() {
            job.way = Way::Submitted(since);
            job.refused_since = None;
        } else if job.refused_since.is_some_and(|since| now - since > tolerance) {
            let why = format!("the cluster has not taken it for long: {}", job.refusal);
            self.give_up(start, why, now);
        } else if known == Some(false) && fresh.is_some_and(|fresh| fresh.asked > since + SURE) {
            job.way = Way::Waiting;
        } else if known == Some(false) {
            self.hurry(now);
        }
    }

    /// It is not carried out, and never will be: unless someone has begun to.
    pub(super) fn give_up(&mut self, start: u64, why: String, now: Instant) {
        let Some(job) = self.jobs.get_mut(&start) else { return };
        // Where its folder cannot be written, no node could say how it ended.
        if matches!(job.files.claim(&Started::default()), Ok(false)) {
            job.see_start(now);
            job.way = Way::Submitted(now);
        } else {
            let report = ProcessReport::not_started(ProcessEnd::CannotStart(why));
            self.finish(start, report);
        }
    }
}

/// The script of a job: this program in place of the shell.
pub(super) fn script(
    program: &std::path::Path,
    argument: &str,
    files: &AttemptFiles,
    lease: u64,
) -> Vec<u8> {
    let mut text = b"#!/bin/sh\nexec ".to_vec();
    text.extend(quoted(program));
    text.extend(format!(" {argument} ").into_bytes());
    text.extend(quoted(files.folder()));
    text.extend(format!(" {lease}\n").into_bytes());
    text
}
