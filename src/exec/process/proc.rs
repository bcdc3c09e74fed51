//! What `/proc` says of processes.
//!
//! Knows the files' layout; decides nothing. Invariant: a [`Seen`] is signalled only while its
//! number and its start are still those of one process.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use rustix::time::{ClockId, clock_gettime};

/// One process, as it was at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    pub(super) pid: i32,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// In ticks of 10 ms since the machine started. With the number, this names one process.
    pub(super) started: u64,
    /// It has ended, and its parent has not asked for its status yet.
    pub(super) zombie: bool,
}

impl Seen {
    /// Signals this very process, and no other that has got its number since.
    pub(super) fn signal(&self, signals: &[Signal]) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if look(self.pid).is_none_or(|now| now.started != self.started) {
            return;
        }
        for &signal in signals {
            let _ = pidfd_send_signal(&handle, signal);
        }
    }

    /// Signals the group that this very process leads.
    pub(super) fn signal_group(&self, signals: &[Signal]) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        // While it is there, even as a zombie, no other group has its number.
        if look(self.pid).is_some_and(|now| now.started == self.started) {
            for &signal in signals {
                let _ = kill_process_group(pid, signal);
            }
        }
    }
}

/// The fields of `/proc/PID/stat` from the third on.
fn stat(pid: i32) -> Option<String> {
    let mut stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The program's name stands in parentheses and may hold any character, `)` too.
    let after = stat.iter().rposition(|&byte| byte == b')')?;
    String::from_utf8(stat.split_off(after + 1)).ok()
}

pub(super) fn look(pid: i32) -> Option<Seen> {
    let stat = stat(pid)?;
    let fields: Vec<&str> = stat.split_ascii_whitespace().take(20).collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<i32>().ok());
    Some(Seen {
        pid,
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        started: fields.get(19)?.parse().ok()?,
        zombie: matches!(fields.first(), Some(&("Z" | "X"))),
    })
}

/// All processes that can be seen.
pub(super) fn look_at_all() -> Vec<Seen> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    names.filter_map(look).collect()
}

/// A process's environment as it was when its program started, variables apart by NUL; empty
/// where it is another user's. Where a process is just becoming another program, and so has none
/// yet, that is waited for: an empty one counts only where the same was so just before.
pub(super) fn environment(seen: &Seen) -> Vec<u8> {
    // The system's own threads never have one.
    if seen.zombie || seen.parent == 2 {
        return Vec::new();
    }
    let field = |stat: String| stat.split_ascii_whitespace().nth(ENVIRONMENT_END)?.parse().ok();
    let mut before = Some(0_u64);
    for _ in 0..100 {
        let Ok(found) = std::fs::read(format!("/proc/{}/environ", seen.pid)) else { break };
        let now = stat(seen.pid).and_then(field);
        if !found.is_empty() || (now == before && now != Some(0)) {
            return found;
        }
        before = now;
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Vec::new()
}

/// Which field after the name says where the environment ends; 0 where there is none yet.
const ENVIRONMENT_END: usize = 48;

/// The memory that a process has for itself, and what it may share with others, in bytes.
pub(super) fn memory(pid: i32) -> Option<(u64, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let mut fields = text.split_ascii_whitespace().skip(1).map_while(|field| field.parse().ok());
    let (resident, shared): (u64, u64) = (fields.next()?, fields.next()?);
    let page = rustix::param::page_size() as u64;
    Some((resident.saturating_sub(shared) * page, shared * page))
}

/// Children of this process's first thread: whatever lost its parent comes to it. The list may
/// lack one where another is just leaving it, so one with others than `lasting`, which does not
/// leave, is read twice.
pub(super) fn adopted(lasting: i32) -> BTreeSet<i32> {
    let mut found = first_threads_children();
    if found.iter().any(|&pid| pid != lasting) {
        found.extend(first_threads_children());
    }
    found
}

fn first_threads_children() -> BTreeSet<i32> {
    let list = first_threads_list().unwrap_or_default();
    let words = list.split(|&byte| byte == b' ').filter_map(|word| std::str::from_utf8(word).ok());
    words.filter_map(|pid| pid.parse().ok()).collect()
}

/// Asked for at each step's end, so the file stays open. The system gives a page at a time: what is
/// far from one is all.
fn first_threads_list() -> std::io::Result<Vec<u8>> {
    static LIST: OnceLock<Option<File>> = OnceLock::new();
    let me = rustix::process::getpid().as_raw_nonzero();
    let path = format!("/proc/self/task/{me}/children");
    let mut list = vec![0; 2048];
    if let Some(file) = LIST.get_or_init(|| File::open(&path).ok()) {
        let length = file.read_at(&mut list, 0)?;
        if length < list.len() {
            list.truncate(length);
            return Ok(list);
        }
    }
    std::fs::read(path)
}

/// The whole of a small file of `/proc`.
pub(super) fn small_file(path: &str) -> String {
    let mut bytes = [0; 512];
    let length = File::open(path).and_then(|mut file| file.read(&mut bytes)).unwrap_or(0);
    String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned()
}

/// The start that a process has which is started now; never later than that.
pub(super) fn ticks_now() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let hundredths = now.tv_sec.saturating_mul(100) + now.tv_nsec / 10_000_000;
    u64::try_from(hundredths).unwrap_or(0).saturating_sub(1)
}
