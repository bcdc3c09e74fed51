//! Ending attempts: by a word in their folder, by a signal to their job, by its cancellation.
//!
//! Invariant: a job is cancelled by its name; one that others share never is.

use std::time::{Duration, Instant};

use super::job::{Stopping, Way};
use super::keeper::Keeper;
use crate::exec::executor::files::Stop;
use crate::exec::process::{ProcessEnd, ProcessReport};

/// Beyond its grace, a job is given so long to say how it ended.
const BEYOND: Duration = Duration::from_secs(15);

/// How long one that is killed is given, and after which it is given up.
const KILLED: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// How long the end of a cancelled job may take to get here.
const SETTLE: Duration = Duration::from_secs(4);

impl Keeper {
    /// Goes on with ending an attempt that was told to end; gives its end, once it has one.
    pub(super) fn stop(&mut self, start: u64, now: Instant) -> Option<ProcessReport> {
        let job = self.jobs.get_mut(&start)?;
        job.look_at = job.look_at.min(now + Duration::from_millis(200));
        let how = if job.control.is_killed() { Stop::AtOnce } else { Stop::Politely };
        let told = job.stopping.is_some_and(|stopping| stopping.how >= how);
        if !told {
            job.stopping = Some(Stopping { how, since: now, cancelled: None });
            job.files.tell_to_stop(how);
            self.hurry(now);
        }
        if self.jobs.get(&start)?.started.is_none() && self.take_away(start, now) {
            let job = self.jobs.get(&start)?;
            if matches!(job.way, Way::Submitting | Way::Unsure(_) | Way::Submitted(_)) {
                self.client.cancel(&job.name);
            }
            return Some(ProcessReport::not_started(ProcessEnd::Stopped));
        }
        let job = self.jobs.get_mut(&start)?;
        let stopping = job.stopping?;
        job.started.as_ref()?;
        let own = !job.shares();
        if !told && own {
            self.client.terminate(&job.name);
        }
        let waited = now - stopping.since;
        let patience = if how == Stop::AtOnce { KILLED.0 } else { job.grace + BEYOND };
        if own && waited > patience && stopping.cancelled.is_none() {
            job.stopping = Some(Stopping { cancelled: Some(now), ..stopping });
            self.client.cancel(&job.name);
        }
        self.is_ended(start, stopping, now)
    }

    /// Whether an attempt that was told to end has, without a word.
    fn is_ended(&self, start: u64, stopping: Stopping, now: Instant) -> Option<ProcessReport> {
        let job = self.jobs.get(&start)?;
        let carrier = job.carrier();
        let since = stopping.cancelled.unwrap_or(stopping.since);
        let seen = self.seen_since(since).map(|snapshot| snapshot.jobs.get(carrier));
        let over = seen.is_some_and(|seen| seen.is_none_or(super::seen::Seen::is_over));
        let stopped = ProcessReport::not_started(ProcessEnd::Stopped);
        if over && now - since > SETTLE {
            return Some(stopped);
        }
        if stopping.how == Stop::AtOnce && now - stopping.since > KILLED.1 {
            let note = format!("the job {carrier} may still run: scancel --name={carrier}");
            return Some(ProcessReport { notes: vec![note], survivors: 1, ..stopped });
        }
        None
    }
}
