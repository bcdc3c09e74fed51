//! Keeps all jobs of a run, in one thread: looks at folders, asks Slurm, submits, stops.
//!
//! Sleeps until a word comes or a look is due. Invariant: nothing here waits for Slurm; what Slurm
//! answers comes as a word.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use indexmap::IndexMap;

use super::Settings;
use super::client::{Client, Refusal};
use super::job::{Account, Job, Way, order, prefix};
use super::options::Request;
use super::pool::Pool;
use super::seen::{Snapshot, fate};
use crate::exec::executor::files::{AttemptFiles, Started, Stop};
use crate::exec::executor::{Task, make_private};
use crate::exec::process::{ProcessEnd, ProcessReport};

/// Between questions to Slurm: at first, at most, and at most where it does not answer.
pub(super) const POLL: (Duration, Duration, Duration) =
    (Duration::from_secs(1), Duration::from_secs(15), Duration::from_mins(1));

/// Several that come together are submitted together: how long nothing more must have come, and how
/// long the first waits at most.
pub(super) const GATHER: (Duration, Duration) =
    (Duration::from_millis(30), Duration::from_millis(300));

#[derive(Debug)]
pub(super) enum Word {
    Begin(Box<Task>),
    /// Of what an earlier process has begun, only these are still wanted.
    TakeOver(BTreeSet<u64>),
    /// A control has changed.
    Look,
    Submitted {
        name: String,
        result: Result<(), Refusal>,
    },
    Polled(Result<Snapshot, String>),
    Accounted {
        name: String,
        state: Option<String>,
    },
    Close,
}

#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) settings: Settings,
    pub(super) prefix: String,
    words: Receiver<Word>,
    pub(super) client: Client,
    pub(super) jobs: BTreeMap<u64, Job>,
    pub(super) pools: IndexMap<String, Pool>,
    pub(super) snapshot: Option<Snapshot>,
    /// When something was begun last.
    pub(super) begun_last: Instant,
    polling: bool,
    poll_at: Instant,
    poll_pause: Duration,
    /// Attempts of an earlier process that are to end before anything begins.
    orphans: Vec<AttemptFiles>,
    orphans_until: Instant,
}

impl Keeper {
    pub(super) fn new(settings: Settings, sender: &Sender<Word>, words: Receiver<Word>) -> Self {
        let now = Instant::now();
        Self {
            prefix: prefix(&settings.run),
            client: Client::start(sender),
            settings,
            words,
            jobs: BTreeMap::new(),
            pools: IndexMap::new(),
            snapshot: None,
            begun_last: now,
            polling: false,
            poll_at: now,
            poll_pause: POLL.0,
            orphans: Vec::new(),
            orphans_until: now,
        }
    }

    pub(super) fn keep(mut self) {
        loop {
            let until = self.due();
            let first = self.words.recv_timeout(until.saturating_duration_since(Instant::now()));
            let first = match first {
                Ok(word) => Some(word),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let more: Vec<Word> = first.into_iter().chain(self.words.try_iter()).collect();
            for word in more {
                if matches!(word, Word::Close) {
                    return self.close();
                }
                self.take(word);
            }
            self.turn();
        }
    }

    /// When something is to be looked at.
    fn due(&self) -> Instant {
        let far = Instant::now() + Duration::from_mins(1);
        let jobs = self.jobs.values().map(|job| job.look_at);
        let poll = (!self.polling && self.is_asked_for()).then_some(self.poll_at);
        jobs.chain(poll).min().unwrap_or(far)
    }

    fn take(&mut self, word: Word) {
        match word {
            Word::Begin(task) => self.begin(*task),
            Word::TakeOver(kept) => self.take_over(&kept),
            Word::Look => {
                let now = Instant::now();
                let told = |job: &&mut Job| job.control.is_stopped();
                self.jobs.values_mut().filter(told).for_each(|job| job.look_at = now);
            }
            Word::Submitted { name, result } => self.submitted(&name, result),
            Word::Polled(result) => self.polled(result),
            Word::Accounted { name, state } => {
                let told = Account::Told(state.and_then(|state| fate(&state)));
                let named = self.jobs.values_mut().filter(|job| job.carrier() == name);
                named.for_each(|job| job.account = told);
            }
            Word::Close => {}
        }
    }

    fn begin(&mut self, task: Task) {
        let request = Request::new(&self.settings.slurm, &task.wants);
        let made = request.and_then(|request| Ok((request, order(&task)?)));
        let (request, order) = match made {
            Ok(made) => made,
            Err(why) => {
                let end = ProcessEnd::CannotStart(why);
                return (task.done)(ProcessReport::not_started(end));
            }
        };
        let mut job = Job::new(task, request);
        let now = Instant::now();
        if job.files.is_ordered() {
            job.way = self.found_way(&job, now);
            self.hurry(now);
        } else if let Err(error) = job.files.write_order(&order) {
            let end = ProcessEnd::CannotStart(format!("its files cannot be made: {error}"));
            return job.report(ProcessReport::not_started(end));
        }
        self.begun_last = Instant::now();
        self.jobs.insert(job.start, job);
    }

    /// Where an attempt stands that an earlier process has begun.
    fn found_way(&mut self, job: &Job, now: Instant) -> Way {
        let pool = Pool::key(&job.request);
        if Pool::has_queued(&self.settings.attempts, &pool, job.start) {
            self.pool(&job.request);
            return Way::Pooled(pool);
        }
        Way::Unsure(now)
    }

    fn take_over(&mut self, kept: &BTreeSet<u64>) {
        let Ok(entries) = std::fs::read_dir(&self.settings.attempts) else { return };
        for entry in entries.filter_map(Result::ok) {
            let start = entry.file_name().to_str().and_then(|name| name.parse::<u64>().ok());
            let Some(start) = start.filter(|start| !kept.contains(start)) else { continue };
            let files = AttemptFiles::new(entry.path());
            if files.end().is_some() || !files.is_ordered() {
                continue;
            }
            files.tell_to_stop(Stop::AtOnce);
            if !matches!(files.claim(&Started::default()), Ok(true)) {
                self.orphans.push(files);
            }
            // Its job, where it has one of its own, is told apart by the number at its name's end.
            tracing::debug!(start, "an attempt of an earlier process is ended");
        }
        self.orphans_until = Instant::now() + self.settings.slurm.lease;
    }

    fn turn(&mut self) {
        let now = Instant::now();
        self.orphans.retain(|files| now < self.orphans_until && files.end().is_none());
        if self.orphans.is_empty() {
            self.start_waiting(now);
        }
        let due: Vec<u64> =
            self.jobs.values().filter(|job| job.look_at <= now).map(|job| job.start).collect();
        for start in due {
            if let Some(report) = self.look_at(start, now) {
                self.finish(start, report);
            }
        }
        self.tend_pools(now);
        if !self.polling && self.poll_at <= now && self.is_asked_for() {
            self.polling = true;
            self.client.poll(&self.prefix);
        }
    }

    pub(super) fn finish(&mut self, start: u64, report: ProcessReport) {
        let Some(job) = self.jobs.remove(&start) else { return };
        if let Way::Pooled(pool) = &job.way
            && let Some(pool) = self.pools.get(pool)
        {
            pool.forget(start);
        }
        job.report(report);
    }

    /// Whether what Slurm says of jobs matters now.
    fn is_asked_for(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Has Slurm asked soon.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.poll_pause = POLL.0;
        self.poll_at = self.poll_at.min(now + POLL.0 / 2);
    }

    fn polled(&mut self, result: Result<Snapshot, String>) {
        self.polling = false;
        let now = Instant::now();
        match result {
            Ok(snapshot) => {
                self.poll_pause = self.poll_pause.mul_f64(1.5).min(POLL.1);
                self.cancel_orphans(&snapshot);
                self.snapshot = Some(snapshot);
                // What it changes is found at once.
                self.jobs.values_mut().for_each(|job| job.look_at = now);
            }
            Err(why) => {
                tracing::debug!(why, "squeue does not answer");
                self.poll_pause = (self.poll_pause * 2).min(POLL.2);
            }
        }
        self.poll_at = now + self.poll_pause;
    }

    /// Ends jobs whose attempts nobody waits for.
    fn cancel_orphans(&self, snapshot: &Snapshot) {
        let live = snapshot.jobs.iter().filter(|(_, seen)| !seen.is_over());
        for (name, _) in live {
            let start = name.rsplit('.').next().and_then(|number| number.parse::<u64>().ok());
            let Some(start) = start.filter(|_| !Pool::is_name(name, &self.prefix)) else {
                continue;
            };
            let files = AttemptFiles::new(self.settings.attempts.join(start.to_string()));
            let ended = files.end().is_some();
            let revoked = files.stop() == Some(Stop::AtOnce);
            if !self.jobs.contains_key(&start) && revoked && !ended {
                self.client.cancel(name);
            }
        }
    }

    fn close(mut self) {
        for pool in self.pools.values_mut() {
            pool.leave(&self.client);
        }
        Pool::leave_others(&self.settings.attempts);
    }

    /// The pool of those that ask for the same.
    pub(super) fn pool(&mut self, request: &Request) -> &mut Pool {
        let key = Pool::key(request);
        let attempts = &self.settings.attempts;
        let _ = make_private(attempts);
        let make = || Pool::open(attempts, &key, request.clone(), &self.prefix);
        self.pools.entry(key.clone()).or_insert_with(make)
    }
}
