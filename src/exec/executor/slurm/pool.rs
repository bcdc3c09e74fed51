//! Pools: attempts that ask for the same, and the pilot jobs that carry them out.
//!
//! A pool is a folder beside those of the attempts, with a queue and a folder for each pilot. It is
//! found again by what its attempts ask for. Invariant: there are no more pilots than the settings
//! say, and none more than there is work for.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::client::{Client, Refusal, Submission};
use super::job::Way;
use super::keeper::Keeper;
use super::options::Request;
use crate::exec::executor::files::{create_new, make_private, put, quoted};
use crate::exec::executor::node::{PILOT_ARGUMENT, PilotOrder};

/// A pilot that is not seen, or is seen to be over, counts no more after this.
const SETTLE: Duration = Duration::from_secs(3);

/// Before the cluster is asked again for a pilot that it refused for now.
const AGAIN: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Pool {
    folder: PathBuf,
    request: Request,
    /// How its pilots' names begin.
    prefix: String,
    pilots: Vec<Pilot>,
    next: u32,
    not_before: Option<Instant>,
    refused_since: Option<Instant>,
}

#[derive(Debug)]
struct Pilot {
    name: String,
    folder: PathBuf,
    /// When a look could first find it.
    since: Instant,
    odd_since: Option<Instant>,
}

impl Pool {
    /// Names the pool of a request.
    pub(super) fn key(request: &Request) -> String {
        let text = format!("{:?} {:?} {:?}", request.flags, request.memory, request.time);
        let digest = Sha256::digest(text);
        format!("pool-{}", hex::encode(digest.get(..4).unwrap_or_default()))
    }

    /// Whether a job is a pilot.
    pub(super) fn is_name(name: &str, prefix: &str) -> bool {
        name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("pool-"))
    }

    pub(super) fn has_queued(attempts: &Path, key: &str, start: u64) -> bool {
        attempts.join(key).join("queue").join(start.to_string()).exists()
    }

    /// A pool's folder, made where it is not there; with the pilots that an earlier process made.
    pub(super) fn open(attempts: &Path, key: &str, request: Request, prefix: &str) -> Self {
        let folder = attempts.join(key);
        let mut pool = Self {
            prefix: format!("{prefix}{key}."),
            request,
            pilots: Vec::new(),
            next: 1,
            not_before: None,
            refused_since: None,
            folder,
        };
        // Where they cannot be made, no attempt can be queued, and it is said there.
        let _ = make_private(&pool.folder).and_then(|()| make_private(&pool.folder.join("queue")));
        let entries = std::fs::read_dir(&pool.folder).into_iter().flatten();
        for name in entries.filter_map(|entry| Some(entry.ok()?.file_name())) {
            let Some(number) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            pool.next = pool.next.max(number + 1);
            let pilot = pool.pilot(number);
            if !pilot.is_leaving() {
                pool.pilots.push(pilot);
            }
        }
        pool
    }

    fn pilot(&self, number: u32) -> Pilot {
        Pilot {
            name: format!("{}{number}", self.prefix),
            folder: self.folder.join(number.to_string()),
            since: Instant::now(),
            odd_since: None,
        }
    }

    pub(super) fn queue(&self, start: u64) -> io::Result<()> {
        match create_new(&self.folder.join("queue").join(start.to_string())) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes a name out of the queue, if it is still there.
    pub(super) fn forget(&self, start: u64) {
        let _ = std::fs::remove_file(self.folder.join("queue").join(start.to_string()));
    }

    /// Whether some pilot may take what is queued.
    pub(super) fn is_served(&self) -> bool {
        !self.pilots.is_empty()
    }

    /// Lets all pilots go.
    pub(super) fn leave(&mut self, client: &Client) {
        for pilot in self.pilots.drain(..) {
            let _ = put(&pilot.folder.join("leaving"), b"");
            client.cancel(&pilot.name);
        }
    }

    /// Lets pilots go that an earlier process of the run has left.
    pub(super) fn leave_others(attempts: &Path) {
        let folders = |path: &Path| {
            let entries = std::fs::read_dir(path).into_iter().flatten();
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>()
        };
        let pools = folders(attempts).into_iter().filter(|path| path.join("queue").is_dir());
        for pilot in
            pools.flat_map(|pool| folders(&pool)).filter(|it| it.join("pilot.json").exists())
        {
            let _ = put(&pilot.join("leaving"), b"");
        }
    }

    fn submit_pilot(&mut self, keeper: &Keeper) -> io::Result<()> {
        let pilot = self.pilot(self.next);
        self.next += 1;
        make_private(&pilot.folder)?;
        let slurm = &keeper.settings.slurm;
        let order = PilotOrder {
            attempts: keeper.settings.attempts.clone(),
            queue: self.folder.join("queue"),
            workers: usize::try_from(slurm.workers).unwrap_or(1),
            lease: slurm.lease,
            idle: slurm.idle,
            life: self.request.time,
        };
        order.write(&pilot.folder)?;
        let script = pilot.folder.join("script");
        let mut text = b"#!/bin/sh\nexec ".to_vec();
        text.extend(quoted(&keeper.settings.program));
        text.extend(format!(" {PILOT_ARGUMENT} ").into_bytes());
        text.extend(quoted(&pilot.folder));
        text.push(b'\n');
        put(&script, &text)?;
        let (name, folder) = (pilot.name.clone(), pilot.folder.clone());
        let arguments = self.request.pilot_arguments(u64::from(slurm.workers));
        keeper.client.submit(Submission { name, folder, script, arguments });
        self.pilots.push(pilot);
        Ok(())
    }
}

impl Pilot {
    fn is_leaving(&self) -> bool {
        self.folder.join("leaving").exists()
    }
}

impl Keeper {
    /// Has each pool have as many pilots as there is work for.
    pub(super) fn tend_pools(&mut self, now: Instant) {
        let mut pools = std::mem::take(&mut self.pools);
        for (key, pool) in &mut pools {
            self.count_pilots(pool);
            self.add_pilots(key, pool, now);
        }
        self.pools = pools;
    }

    /// Strikes pilots that are there no more.
    fn count_pilots(&self, pool: &mut Pool) {
        pool.pilots.retain_mut(|pilot| {
            if pilot.is_leaving() {
                return false;
            }
            let Some(fresh) = self.seen_since(pilot.since) else { return true };
            if fresh.jobs.get(&pilot.name).is_some_and(|seen| !seen.is_over()) {
                pilot.odd_since = None;
                return true;
            }
            let odd = *pilot.odd_since.get_or_insert(fresh.asked);
            fresh.asked.saturating_duration_since(odd) < SETTLE
        });
    }

    fn add_pilots(&mut self, key: &str, pool: &mut Pool, now: Instant) {
        let slurm = &self.settings.slurm;
        let mine = |job: &&super::job::Job| matches!(&job.way, Way::Pooled(pool) if pool == key);
        let (open, unclaimed) =
            self.jobs.values().filter(mine).fold((0, 0), |(open, free), job| {
                (open + 1, free + usize::from(job.started.is_none()))
            });
        if unclaimed == 0 || pool.not_before.is_some_and(|at| now < at) {
            return;
        }
        let workers = usize::try_from(slurm.workers).unwrap_or(1).max(1);
        let most = usize::try_from(slurm.pilots).unwrap_or(1);
        let wanted = usize::div_ceil(open, workers).min(most).max(1);
        while pool.pilots.len() < wanted {
            if let Err(error) = pool.submit_pilot(self) {
                tracing::debug!(%error, "a pilot's files cannot be made");
                pool.not_before = Some(now + AGAIN);
                return;
            }
            self.hurry(now);
        }
    }

    /// `sbatch` has answered for a pilot.
    pub(super) fn pilot_submitted(
        &mut self,
        name: &str,
        result: Result<(), Refusal>,
        now: Instant,
    ) {
        let tolerance = self.settings.slurm.tolerance;
        let named = |pilot: &Pilot| pilot.name == name;
        let found = self.pools.iter_mut().find(|(_, pool)| pool.pilots.iter().any(named));
        let Some((key, pool)) = found else { return };
        let refusal = match result {
            Ok(()) => {
                pool.refused_since = None;
                if let Some(pilot) = pool.pilots.iter_mut().find(|pilot| pilot.name == name) {
                    pilot.since = now;
                }
                return;
            }
            Err(refusal) => refusal,
        };
        // It may be there nonetheless; then it finds what is queued, and is one too many.
        pool.pilots.retain(|pilot| pilot.name != name);
        pool.not_before = Some(now + AGAIN);
        let since = *pool.refused_since.get_or_insert(now);
        if refusal.passing && now - since < tolerance {
            return;
        }
        let key = key.clone();
        let mine = |job: &&super::job::Job| matches!(&job.way, Way::Pooled(pool) if *pool == key);
        let stuck: Vec<u64> = self.jobs.values().filter(mine).map(|job| job.start).collect();
        for start in stuck {
            self.give_up(start, refusal.why.clone(), now);
        }
    }
}
