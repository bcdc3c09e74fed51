//! All processes that came of one: its group and session, what left them, what lost its parent.
//!
//! Knows three signs of a member: the session, descent, and the cookie in its environment.
//! Invariant: nothing that started before the tree, and no other tree's process, is a member.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::leader::{Asked, ended, ended_in_group};
use super::proc::{self, Seen};
use super::registry;
use super::usage::Usage;

#[derive(Debug)]
pub(super) struct Tree {
    leader: Pid,
    started: u64,
    cookie: OsString,
    /// The group was empty once: its number may be another's now.
    group_gone: bool,
    /// By members that came home and were asked for their status here.
    used: Cell<Usage>,
}

impl Tree {
    pub(super) fn new(leader: Pid, started: u64, cookie: OsString) -> Self {
        registry::tree_began(leader, started);
        Self { leader, started, cookie, group_gone: false, used: Cell::default() }
    }

    /// Whether something is left when the leader's status was asked for: a look at the group and
    /// at orphans that came home, not at all processes.
    pub(super) fn is_left(&mut self) -> bool {
        self.group_is_left() || self.has_orphan()
    }

    pub(super) fn group_is_left(&mut self) -> bool {
        if !self.group_gone {
            // Members that ended may wait for their new parent, which is this process.
            while let Some(orphan) = ended_in_group(self.leader) {
                self.count(reap(orphan));
            }
            self.group_gone = test_kill_process_group(self.leader).is_err();
        }
        !self.group_gone
    }

    fn has_orphan(&self) -> bool {
        let lost = |pid: &i32| !registry::is_own(*pid);
        let adopted = || proc::adopted(registry::guardian());
        if !registry::is_subreaper() || !adopted().iter().any(lost) {
            return false;
        }
        let _gate = registry::gate();
        let orphans = adopted().into_iter().filter(lost).filter_map(proc::look);
        let mut left = false;
        for orphan in orphans.filter(is_foreign) {
            if orphan.zombie {
                self.reap(&orphan);
            } else {
                left |= self.owns(&orphan);
            }
        }
        left
    }

    /// The living members. Those that ended and came home are asked for their status on the way.
    pub(super) fn members(&self) -> Vec<Seen> {
        let _gate = registry::gate();
        let all = proc::look_at_all();
        let mut members = family(&all, |seen| self.owns(seen));
        let me = own_pid();
        for orphan in members.iter().filter(|seen| seen.zombie && seen.parent == me) {
            if !registry::is_own(orphan.pid) {
                self.reap(orphan);
            }
        }
        members.retain(|seen| !seen.zombie);
        members
    }

    /// Signals the group at once, and each member that is not in it.
    pub(super) fn signal(&self, members: &[Seen], signals: &[Signal]) {
        let group = self.leader.as_raw_nonzero().get();
        if !self.group_gone {
            for &signal in signals {
                let _ = kill_process_group(self.leader, signal);
            }
        }
        let mut strays: Vec<&Seen> =
            members.iter().filter(|seen| seen.group != group || self.group_gone).collect();
        // Those of one group at once, and else parents first: a shell that outlives what it waits
        // for would go on with its next command.
        strays.sort_unstable_by_key(|seen| (seen.started, seen.pid));
        let is_led = |seen: &Seen| strays.iter().any(|other| other.pid == seen.group);
        for stray in &strays {
            if stray.pid == stray.group {
                stray.signal_group(signals);
            } else if !is_led(stray) {
                stray.signal(signals);
            }
        }
    }

    /// Memory of all members together: what each has for itself, and the largest shared part.
    pub(super) fn memory(&self) -> u64 {
        let each = self.members().into_iter().filter_map(|seen| proc::memory(seen.pid));
        let (own, shared) =
            each.fold((0, 0), |sum: (u64, u64), (own, shared)| (sum.0 + own, sum.1.max(shared)));
        own + shared
    }

    /// What members have used that lost their parents and came home.
    pub(super) fn used_by_orphans(&self) -> Usage {
        self.used.get()
    }

    fn count(&self, usage: Usage) {
        self.used.set(self.used.get().and(usage));
    }

    /// One that may be another tree's is left to that, for what it has used goes with its status.
    fn reap(&self, orphan: &Seen) {
        let leader = self.leader.as_raw_nonzero().get();
        if self.owns(orphan) {
            self.count(reap(orphan.pid));
        } else if !registry::has_other_suspect(leader, orphan.started) {
            reap(orphan.pid);
        }
    }

    fn owns(&self, seen: &Seen) -> bool {
        let leader = self.leader.as_raw_nonzero().get();
        if seen.started < self.started || seen.pid == own_pid() {
            return false;
        }
        if seen.pid == leader || seen.session == leader || seen.group == leader {
            return true;
        }
        if registry::is_own(seen.pid) {
            return false;
        }
        match self.cookie_in(&proc::environment(seen)) {
            Cookie::Mine => true,
            Cookie::Others => false,
            // It has wiped its environment and lost its parent. If only one tree is old enough to
            // be where it came from, it came from there.
            Cookie::None => {
                seen.parent == own_pid()
                    && is_foreign(seen)
                    && !registry::has_other_suspect(leader, seen.started)
            }
        }
    }

    fn cookie_in(&self, environment: &[u8]) -> Cookie {
        let cookie = self.cookie.as_bytes();
        let Some(name) = cookie.iter().position(|&byte| byte == b'=') else { return Cookie::None };
        let name = cookie.get(..=name).unwrap_or_default();
        let mut cookies =
            environment.split(|&byte| byte == 0).filter(|entry| entry.starts_with(name));
        match cookies.next() {
            Some(entry) if entry == cookie => Cookie::Mine,
            Some(_) => Cookie::Others,
            None => Cookie::None,
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        registry::tree_ended(self.leader, self.started);
    }
}

enum Cookie {
    Mine,
    Others,
    None,
}

/// Members and all that descends from them, without this process.
pub(super) fn family(all: &[Seen], is_member: impl Fn(&Seen) -> bool) -> Vec<Seen> {
    let mut children: HashMap<i32, Vec<&Seen>> = HashMap::new();
    for seen in all {
        children.entry(seen.parent).or_default().push(seen);
    }
    let mut found = HashSet::new();
    let mut open: Vec<&Seen> = all.iter().filter(|seen| is_member(seen)).collect();
    while let Some(seen) = open.pop() {
        if seen.pid != own_pid() && found.insert(*seen) {
            open.extend(children.get(&seen.pid).into_iter().flatten());
        }
    }
    found.into_iter().collect()
}

pub(super) fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// Every step has its own session, so what is in goalc's was started by goalc for itself. The
/// session is 0 where goalc was put into a container from outside of it.
fn is_foreign(seen: &Seen) -> bool {
    proc::look(own_pid()).is_some_and(|own| own.session != seen.session)
}

/// Asks a child that has ended for its status; what it has used.
fn reap(pid: i32) -> Usage {
    let moved = Usage::moved(pid);
    match ended(pid) {
        Asked::Ended(exit) => exit.usage.and(moved),
        Asked::Running | Asked::Unknown => Usage::default(),
    }
}
