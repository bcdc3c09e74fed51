//! What Slurm says of jobs, and what it means. Pure.
//!
//! Invariant: a job is known by its name; an id alone names whoever has it now.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What `squeue` is asked for: id, name, state, reason, limit, nodes.
pub(super) const FORMAT: &str = "%i|%j|%T|%r|%l|%N";

/// A job as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) reason: String,
    /// How long it may run, where that has a limit.
    pub(super) limit: Option<Duration>,
    /// Where it was to run; empty where it never got that far.
    pub(super) node: String,
}

/// All jobs of a run, by name, as they were at a time.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    /// When it was asked for: what was submitted later is not in it.
    pub(super) asked: Instant,
    pub(super) jobs: HashMap<String, Seen>,
}

/// How a job ended that left no word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    TimeLimit,
    Memory,
    Cancelled,
    /// Its node, or its right to one, is gone; it may still run there.
    Evicted,
    /// It has ended by itself.
    Ended,
}

impl Seen {
    /// Whether nothing of it is to come.
    pub(super) fn is_over(&self) -> bool {
        fate(&self.state).is_some()
    }

    pub(super) fn fate(&self) -> Option<Fate> {
        fate(&self.state)
    }
}

/// What a state means; `None`: the job is not over.
pub(super) fn fate(state: &str) -> Option<Fate> {
    // `sacct` says by whom: `CANCELLED by 1000`.
    match state.split([' ', '+']).next().unwrap_or_default() {
        "TIMEOUT" | "DEADLINE" => Some(Fate::TimeLimit),
        "OUT_OF_MEMORY" => Some(Fate::Memory),
        "CANCELLED" => Some(Fate::Cancelled),
        "NODE_FAIL" | "PREEMPTED" | "BOOT_FAIL" | "REVOKED" => Some(Fate::Evicted),
        "COMPLETED" | "FAILED" | "SPECIAL_EXIT" | "LAUNCH_FAILED" | "RECONFIG_FAIL" => {
            Some(Fate::Ended)
        }
        _ => None,
    }
}

/// The jobs whose names begin so, from what `squeue` printed.
pub(super) fn snapshot(asked: Instant, text: &str, prefix: &str) -> Snapshot {
    let mut jobs: HashMap<String, Seen> = HashMap::new();
    for line in text.lines() {
        let mut fields = line.split('|');
        let mut next = || fields.next().unwrap_or_default().trim().to_owned();
        let (id, name, state, reason) = (next(), next(), next(), next());
        let (limit, node) = (next(), next());
        if !name.starts_with(prefix) {
            continue;
        }
        let seen = Seen { id, state, reason, limit: duration(&limit), node };
        // Of two with one name, the one that lives counts.
        if jobs.get(&name).is_none_or(Seen::is_over) {
            jobs.insert(name, seen);
        }
    }
    Snapshot { asked, jobs }
}

/// `[days-][[hours:]minutes:]seconds`, as Slurm prints it.
fn duration(text: &str) -> Option<Duration> {
    let (days, rest) = text.split_once('-').unwrap_or(("0", text));
    let mut seconds = 0_u64;
    for part in rest.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    let days: u64 = days.parse().ok()?;
    Some(Duration::from_secs(days.checked_mul(86_400)?.checked_add(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_mean_what_the_manual_says() {
        let of = |state: &str| fate(state);
        assert_eq!(of("TIMEOUT"), Some(Fate::TimeLimit));
        assert_eq!(of("OUT_OF_MEMORY"), Some(Fate::Memory));
        assert_eq!(of("CANCELLED by 1000"), Some(Fate::Cancelled));
        assert_eq!(of("CANCELLED+"), Some(Fate::Cancelled));
        assert_eq!(of("NODE_FAIL"), Some(Fate::Evicted));
        assert_eq!(of("PREEMPTED"), Some(Fate::Evicted));
        assert_eq!(of("FAILED"), Some(Fate::Ended));
        for alive in ["PENDING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED", "NEW_STATE"] {
            assert_eq!(of(alive), None, "{alive}");
        }
    }

    #[test]
    fn limits_are_read_as_they_are_printed() {
        assert_eq!(duration("1-02:03:04"), Some(Duration::from_secs(93_784)));
        assert_eq!(duration("30:00"), Some(Duration::from_mins(30)));
        assert_eq!(duration("UNLIMITED"), None);
    }

    #[test]
    fn jobs_are_known_by_their_names_and_a_living_one_counts() {
        let text = "7|goalc.r.a.4|FAILED|None|1:00|\n8|goalc.r.a.4|RUNNING|None|1:00|n1\n\
                    9|other|RUNNING|None|1:00|n1\nslurm_load_jobs error\n";
        let found = snapshot(Instant::now(), text, "goalc.r.");
        assert_eq!(found.jobs.len(), 1);
        assert_eq!(found.jobs["goalc.r.a.4"].id, "8");
    }
}
