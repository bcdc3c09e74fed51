//! `[executor.slurm]`: what jobs are given where a step does not say it, and how they are kept.
//!
//! Owns the keys and their bounds; what they do is the executor's business.

use std::time::Duration;

use indexmap::IndexMap;

use super::{Item, Reader};
use crate::value::{Value, parse_duration, parse_size};

/// Options that a step's clause has, too.
pub(super) const OPTIONS: [&str; 7] =
    ["partition", "account", "qos", "gpus", "cpus", "memory", "time"];

pub(super) const KEYS: [&str; 18] = [
    "partition",
    "account",
    "qos",
    "gpus",
    "cpus",
    "memory",
    "time",
    "flags",
    "uses",
    "goalc",
    "jobs",
    "batch",
    "workers",
    "pilots",
    "idle",
    "lease",
    "grace",
    "tolerance",
];

/// `[executor.slurm]`.
#[derive(Debug, Clone, PartialEq)]
pub struct SlurmSettings {
    /// `partition`, `cpus` and so on, by their words.
    pub options: IndexMap<String, Value>,
    /// Flags for `sbatch`, as they are.
    pub flags: Vec<String>,
    /// The flag for what a step uses of a resource; `{}` in it stands for the amount.
    pub uses: IndexMap<String, String>,
    /// The program on the nodes, where it is another file there.
    pub goalc: Option<String>,
    /// Steps at once.
    pub jobs: u32,
    /// So many attempts that are due at once share allocations; 0: none ever does.
    pub batch: u32,
    /// Attempts at once in a shared allocation.
    pub workers: u32,
    /// Shared allocations at once.
    pub pilots: u32,
    /// How long one stays that has nothing to do.
    pub idle: Duration,
    /// A command ends whose folder is out of reach for longer.
    pub lease: Duration,
    /// How long the end of a job that is over may take to get here.
    pub grace: Duration,
    /// How long a cluster that does not answer is waited for.
    pub tolerance: Duration,
}

impl Default for SlurmSettings {
    fn default() -> Self {
        Self {
            options: IndexMap::new(),
            flags: Vec::new(),
            uses: IndexMap::new(),
            goalc: None,
            jobs: 100,
            batch: 8,
            workers: 4,
            pilots: 8,
            idle: Duration::from_secs(30),
            lease: Duration::from_secs(30),
            grace: Duration::from_mins(1),
            tolerance: Duration::from_mins(10),
        }
    }
}

impl Reader<'_> {
    pub(super) fn slurm(&mut self, key: &str, value: &Item<'_>) {
        let settings = &mut self.config.slurm;
        let number = value.get_ref().as_integer();
        let number = number.and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        let text = value.get_ref().as_str().filter(|text| !text.is_empty());
        let duration = text.and_then(|text| parse_duration(text).ok()).filter(|d| !d.is_zero());
        if OPTIONS.contains(&key) {
            return self.slurm_option(key, value);
        }
        match (key, number, duration, text) {
            ("batch", Some(n), ..) => settings.batch = n,
            ("jobs", Some(n @ 1..), ..) => settings.jobs = n,
            ("workers", Some(n @ 1..), ..) => settings.workers = n,
            ("pilots", Some(n @ 1..), ..) => settings.pilots = n,
            ("idle", _, Some(d), _) => settings.idle = d,
            ("lease", _, Some(d), _) => settings.lease = d,
            ("grace", _, Some(d), _) => settings.grace = d,
            ("tolerance", _, Some(d), _) => settings.tolerance = d,
            ("goalc", _, _, Some(path)) => settings.goalc = Some(path.to_owned()),
            ("goalc", ..) => self.wrong(value, key, "a path", "goalc = \"/shared/bin/goalc\""),
            ("flags", ..) => {
                if let Some(flags) = self.strings(key, value, "flags = [\"--constraint=avx2\"]") {
                    self.config.slurm.flags = flags;
                }
            }
            ("uses", ..) => self.slurm_uses(value),
            ("idle" | "lease" | "grace" | "tolerance", ..) => {
                self.wrong(value, key, "a duration above zero", &format!("{key} = \"30s\""));
            }
            _ => self.wrong(value, key, "a whole number", &format!("{key} = 8")),
        }
    }

    fn slurm_option(&mut self, key: &str, value: &Item<'_>) {
        let text = value.get_ref().as_str().filter(|text| !text.is_empty());
        let number = value.get_ref().as_integer();
        let number = number.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        let found = match key {
            "cpus" => number.filter(|n| *n > 0).map(Value::Int),
            "gpus" => number.map(Value::Int).or_else(|| text.map(Value::text)),
            "memory" => {
                text.and_then(|text| parse_size(text).ok()).map(|bytes| Value::Size { bytes })
            }
            "time" => text
                .and_then(|text| parse_duration(text).ok())
                .map(|length| Value::Duration { length }),
            _ => text.map(Value::text),
        };
        if let Some(found) = found {
            self.config.slurm.options.insert(key.to_owned(), found);
            return;
        }
        let (wanted, example) = match key {
            "cpus" => ("a whole number from 1", "cpus = 4".to_owned()),
            "gpus" => ("a number or a text", "gpus = \"a100:2\"".to_owned()),
            "memory" => ("a size", "memory = \"4GiB\"".to_owned()),
            "time" => ("a duration", "time = \"2h\"".to_owned()),
            _ => ("a text", format!("{key} = \"name\"")),
        };
        self.wrong(value, key, wanted, &example);
    }

    fn slurm_uses(&mut self, value: &Item<'_>) {
        let Some(table) = self.table("executor.slurm.uses", value) else { return };
        for (resource, flag) in table {
            match flag.get_ref().as_str() {
                Some(text) if text.starts_with('-') => {
                    let (resource, text) =
                        (resource.get_ref().as_ref().to_owned(), text.to_owned());
                    self.config.slurm.uses.insert(resource, text);
                }
                _ => {
                    let example = format!("{} = \"--licenses=name:{{}}\"", resource.get_ref());
                    self.wrong(flag, resource.get_ref(), "a flag of `sbatch`", &example);
                }
            }
        }
    }
}
