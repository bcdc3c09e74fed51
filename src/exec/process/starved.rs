//! Whether the system has ended processes because memory ran out.
//!
//! Linux does that with a plain SIGKILL, in a container or a job of a cluster too, and says so nowhere but in an account of the
//! control group: how many it has ended there. Knows that account; decides nothing. Invariant: all counts are of one account,
//! and none is of the whole machine, where others' processes come and go.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::ProcessEnd;
use super::proc::small_file;

/// Where control groups are, as all distributions have it.
const ROOT: &str = "/sys/fs/cgroup";

/// The watch over one process, from before it begins.
#[derive(Debug)]
pub(super) struct Starvation {
    /// How many had been ended before; `None`: the system does not tell.
    before: Option<u64>,
    /// Nothing but this process and what comes of it is in the group.
    alone: bool,
}

impl Starvation {
    /// `alone`: where goalc is a job, the job has no other process to run.
    pub(super) fn watched(alone: bool) -> Self {
        let account = account();
        let alone = alone && account.is_some_and(|account| account.is_of_job);
        Self { before: account.and_then(Account::ended), alone }
    }

    /// Whether the system ended it, or something of its tree, as memory had run out. Among others that is known only of
    /// what was ended by SIGKILL, itself or as a shell tells of its command.
    pub(super) fn ended(&self, end: &ProcessEnd) -> bool {
        let killed = || [ProcessEnd::Signalled(9), ProcessEnd::Exited(128 + 9)].contains(end);
        let Some(before) = self.before.filter(|_| self.alone || killed()) else { return false };
        account().and_then(Account::ended).is_some_and(|now| before < now)
    }
}

#[derive(Debug)]
struct Account {
    file: File,
    /// The group is that of the job of a cluster that goalc is.
    is_of_job: bool,
}

/// That of goalc's group, as it was when it was first asked for.
fn account() -> Option<&'static Account> {
    static ACCOUNT: OnceLock<Option<Account>> = OnceLock::new();
    let found = ACCOUNT.get_or_init(|| {
        let groups = small_file("/proc/self/cgroup");
        let job = std::env::var("SLURM_JOB_ID").ok();
        groups.lines().find_map(|line| {
            let (top, group, name) = place(line)?;
            let within = top.join(group.trim_start_matches('/'));
            // A container that sees no more than its own group has it at the top.
            let of = |folder: &Path| File::open(folder.join(name)).ok();
            let (file, own) =
                of(&within).map(|file| (file, true)).or_else(|| Some((of(&top)?, false)))?;
            let is_of_job = own && job.as_ref().is_some_and(|job| is_of_job(group, job));
            let account = Account { file, is_of_job };
            account.ended().map(|_| account)
        })
    });
    found.as_ref()
}

impl Account {
    fn ended(&self) -> Option<u64> {
        let mut bytes = [0; 512];
        let length = self.file.read_at(&mut bytes, 0).ok()?;
        let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
        text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
    }
}

/// What a line of `/proc/self/cgroup` says of memory: where such groups are, the group, and what its account is called.
fn place(line: &str) -> Option<(PathBuf, &str, &'static str)> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (controllers, group) = (fields.next()?, fields.next()?);
    if controllers.is_empty() {
        Some((PathBuf::from(ROOT), group, "memory.events"))
    } else if controllers.split(',').any(|controller| controller == "memory") {
        Some((Path::new(ROOT).join("memory"), group, "memory.oom_control"))
    } else {
        None
    }
}

/// As Slurm calls them, in both versions of control groups.
fn is_of_job(group: &str, job: &str) -> bool {
    group.split('/').any(|part| part.strip_prefix("job_") == Some(job))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_that_of_the_group_in_both_versions() {
        let of = |line| {
            let (top, group, name) = place(line)?;
            Some(format!("{}{group}/{name}", top.display()))
        };
        let unified = of("0::/user.slice/a");
        assert_eq!(unified.as_deref(), Some("/sys/fs/cgroup/user.slice/a/memory.events"));
        let first = of("7:cpu,memory:/job_1/step:0");
        assert_eq!(first.as_deref(), Some("/sys/fs/cgroup/memory/job_1/step:0/memory.oom_control"));
        assert_eq!(of("3:cpuset:/x"), None);
        assert_eq!(of("nonsense"), None);
    }

    #[test]
    fn a_group_is_of_a_job_only_by_its_whole_number() {
        assert!(is_of_job("/slurm_n1/uid_0/job_12/step_batch", "12"));
        assert!(!is_of_job("/slurm_n1/uid_0/job_123/step_batch", "12"));
        assert!(!is_of_job("/system.slice/slurmd.service", "12"));
    }
}
