//! Whether the system has ended processes because memory ran out.
//!
//! Linux does that with a plain SIGKILL, in a container or a job of a cluster too, and says so nowhere but in an account of the
//! control group: how many it has ended there. Knows that account; decides nothing.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::ProcessEnd;
use super::proc::small_file;

/// Where control groups are, as all distributions have it.
const ROOT: &str = "/sys/fs/cgroup";

/// What is ended within so long after others were is ended for the same.
const BURST: Duration = Duration::from_secs(2);

/// The watch over one process.
#[derive(Debug)]
pub(super) enum Starvation {
    /// What is ended in the control group is of its tree; so many had been before.
    Alone(Option<u64>),
    Among,
}

impl Starvation {
    pub(super) fn watched(alone: bool) -> Self {
        if alone { Self::Alone(ended()) } else { Self::Among }
    }

    /// Whether the system ended it, or something of its tree, as memory had run out. Among others that is known only of
    /// what was ended by SIGKILL, itself or as a shell tells of its command.
    pub(super) fn ended(&self, end: &ProcessEnd) -> bool {
        match self {
            Self::Alone(before) => before.is_some() && *before < ended(),
            Self::Among => {
                let killed = [ProcessEnd::Signalled(9), ProcessEnd::Exited(128 + 9)].contains(end);
                killed && has_ended_some()
            }
        }
    }
}

/// The account as it was when someone looked last.
#[derive(Debug, Default)]
struct Looked {
    ended: Option<u64>,
    /// When there was more in it than before.
    rose: Option<Instant>,
}

static LOOKED: Mutex<Looked> = Mutex::new(Looked { ended: None, rose: None });

/// From now on it counts what is ended.
pub(super) fn prepare() {
    looked(|_| ());
}

/// Whether processes of this control group were ended since someone looked last, or just before that.
fn has_ended_some() -> bool {
    looked(|looked| looked.rose.is_some_and(|rose| rose.elapsed() < BURST))
}

fn looked<T>(then: impl FnOnce(&Looked) -> T) -> T {
    let mut looked = LOOKED.lock().unwrap_or_else(PoisonError::into_inner);
    let ended = ended();
    if looked.ended.is_some() && looked.ended < ended {
        looked.rose = Some(Instant::now());
    }
    looked.ended = ended;
    then(&looked)
}

/// How many processes of this control group were ended so far; where the group has no account, of the machine. `None`:
/// the system does not tell.
fn ended() -> Option<u64> {
    let groups = small_file("/proc/self/cgroup");
    let mut accounts: Vec<PathBuf> = groups.lines().flat_map(accounts).collect();
    accounts.push("/proc/vmstat".into());
    accounts.iter().find_map(|account| {
        let text = std::fs::read_to_string(account).ok()?;
        text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
    })
}

/// Where a line of `/proc/self/cgroup` says that the account is: in the group, or at the top, which is the group where a
/// container sees no more than its own.
fn accounts(line: &str) -> Vec<PathBuf> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else {
        return Vec::new();
    };
    let (top, account) = if controllers.is_empty() {
        (PathBuf::from(ROOT), "memory.events")
    } else if controllers.split(',').any(|controller| controller == "memory") {
        (PathBuf::from(ROOT).join("memory"), "memory.oom_control")
    } else {
        return Vec::new();
    };
    let within = top.join(group.trim_start_matches('/')).join(account);
    vec![within, top.join(account)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_that_of_the_group_in_both_versions() {
        let of = |line| accounts(line).first().map(|path| path.display().to_string());
        let unified = of("0::/user.slice/a");
        assert_eq!(unified.as_deref(), Some("/sys/fs/cgroup/user.slice/a/memory.events"));
        let first = of("7:cpu,memory:/job_1/step:0");
        assert_eq!(first.as_deref(), Some("/sys/fs/cgroup/memory/job_1/step:0/memory.oom_control"));
        assert_eq!(of("3:cpuset:/x"), None);
        assert_eq!(of("nonsense"), None);
    }

    #[test]
    fn the_system_tells_how_many_it_has_ended() {
        assert!(ended().is_some());
    }
}
