//! A plan as plain data, small enough to be made at random and made smaller again.
//!
//! Knows nothing of goalc. What a step refers to is a number that is taken modulo what there is
//! before it in the text, so that every value here is a plan without circles, also when parts of
//! it are taken away.

/// How much there is of the one resource, `r`.
pub(crate) const RESOURCE: u32 = 2;

/// A whole plan and how it is called.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// `-j`.
    pub(crate) jobs: u32,
    /// `-k`.
    pub(crate) keep_going: bool,
    /// `--yes`.
    pub(crate) yes: bool,
    pub(crate) checkpoints: bool,
    pub(crate) root: Goal,
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    Step(Box<Step>),
    Goal(Box<Goal>),
}

#[derive(Debug, Clone)]
pub(crate) struct Goal {
    pub(crate) guards: Guards,
    pub(crate) policy: Option<Policy>,
    pub(crate) parallel: Option<u32>,
    /// In milliseconds.
    pub(crate) deadline: Option<u32>,
    /// Whether it has a `verify`, and whether that holds.
    pub(crate) verify: Option<bool>,
    /// Whether it has a `cleanup`, and whether that works.
    pub(crate) cleanup: Option<bool>,
    pub(crate) children: Vec<Node>,
}

/// What steps and goals wait for.
#[derive(Debug, Clone)]
pub(crate) struct Guards {
    pub(crate) edges: Vec<Edge>,
    pub(crate) when: Option<When>,
    pub(crate) confirm: Option<Confirm>,
    pub(crate) locks: Vec<Lock>,
    /// How much of the one resource it takes.
    pub(crate) uses: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    /// Which of the nodes before it, counted backwards.
    pub(crate) on: u16,
    pub(crate) kind: EdgeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    Depends,
    Optional,
    After,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Constant(bool),
    /// Whether the plan's one param is at least so much; by way of a `let`.
    Param {
        least: u32,
        by_let: bool,
    },
    /// How one of those that it waits for ended: which one, which word, and whether it is not so.
    Ended {
        edge: u16,
        status: Status,
        not: bool,
    },
    /// Whether the output of one of those that it waits for is at least so much; by way of a `let`.
    Output {
        edge: u16,
        least: u32,
        by_let: bool,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Confirm {
    /// Its own `when`.
    pub(crate) when: Option<bool>,
    /// In milliseconds, and what it answers by itself.
    pub(crate) timeout: Option<(u32, bool)>,
    pub(crate) always: bool,
    pub(crate) reply: Reply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) name: u8,
    pub(crate) shared: bool,
    /// Against other runs, too; such a lock has only one holder.
    pub(crate) machine: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Stop,
    Continue,
    Rollback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepPolicy {
    Stop,
    Skip,
    Rollback,
    Ignore,
}

#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // clauses that a step has or has not
pub(crate) struct Step {
    pub(crate) guards: Guards,
    /// Whether it has an `unless`, and whether that holds.
    pub(crate) unless: Option<bool>,
    pub(crate) requires: Option<bool>,
    pub(crate) action: Action,
    pub(crate) way: Way,
    pub(crate) fallbacks: Vec<Way>,
    pub(crate) policy: Option<StepPolicy>,
    pub(crate) idempotent: bool,
    /// It runs elsewhere, and goes on there when goalc dies.
    pub(crate) elsewhere: bool,
    /// It goes on while others need it, where that can be.
    pub(crate) service: bool,
    /// Its input is the output of a step before it, counted backwards, where that can be.
    pub(crate) reads: Option<u16>,
    pub(crate) rollback: bool,
    pub(crate) snapshot: bool,
    pub(crate) checkpoint: bool,
    /// It has an output: how many attempts of it there were, if it is tried.
    pub(crate) output: bool,
    pub(crate) priority: Option<i8>,
    pub(crate) each: Option<Each>,
    pub(crate) omit: Option<Omit>,
    pub(crate) acts: Acts,
}

/// What the call says of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Omit {
    /// `--only`, `--from`: it is not of this run.
    LeftOut,
    /// `--skip`.
    Skipped,
}

/// A `foreach`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Each {
    /// Its items are those of a step before it that has some, counted backwards.
    pub(crate) of: Option<u16>,
    /// So many items of its own.
    pub(crate) items: u32,
    pub(crate) batch: Option<u32>,
    pub(crate) parallel: Option<u32>,
    pub(crate) tolerate: Option<Tolerate>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Tolerate {
    Count(u32),
    Percent(u32),
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Run,
    Await,
    Manual(Reply),
}

/// One way to do a step.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) retry: Option<Retry>,
    /// In milliseconds.
    pub(crate) timeout: Option<u32>,
    /// As a fallback: a person does it.
    pub(crate) by_hand: Option<Reply>,
}

#[derive(Debug, Clone)]
pub(crate) struct Retry {
    pub(crate) count: u32,
    /// In milliseconds, as the other times.
    pub(crate) delay: Option<u32>,
    pub(crate) backoff: Option<u32>,
    pub(crate) max: Option<u32>,
    pub(crate) jitter: bool,
    pub(crate) within: Option<u32>,
    pub(crate) on: Vec<Kind>,
}

/// How an attempt can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Exit(i32),
    Signal,
    Timeout,
    Verify,
    Output,
    Memory,
    CannotStart,
    /// Of what runs elsewhere: its node is gone.
    Lost,
    /// The service that it needs died.
    Service,
}

/// What a step does when it is tried, and what a person says of it.
#[derive(Debug, Clone)]
pub(crate) struct Acts {
    /// Its attempts one after the other; those behind the list succeed after a second.
    pub(crate) tries: Vec<Try>,
    /// What its `unless` says after a crash.
    pub(crate) unless_in_doubt: bool,
    pub(crate) in_doubt: Verdict,
    /// In interactive mode: whether it is to run, and what next each time that its attempts are
    /// used up; as the plan says, behind the list.
    pub(crate) begins: Begins,
    pub(crate) failures: Vec<AtFailure>,
    /// As a service: how long until it is ready.
    pub(crate) ready: u32,
    /// How long an agent is at it, and whether that works.
    pub(crate) agent: (u32, bool),
    /// How long undoing it takes, and whether that works.
    pub(crate) undo: (u32, bool),
    /// The same of saving the paths of its `snapshot`, and of putting them back.
    pub(crate) save: (u32, bool),
    pub(crate) restore: (u32, bool),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Try {
    /// In milliseconds.
    pub(crate) takes: u32,
    /// How it fails, if it does.
    pub(crate) fails: Option<Kind>,
    /// It does not end by itself.
    pub(crate) hangs: bool,
    /// How long it goes on once it is told to end.
    pub(crate) grace: u32,
}

/// What a person says, and after how long; nothing before someone looks after the run that waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    pub(crate) after: Option<u32>,
    pub(crate) yes: bool,
    /// In interactive mode it is skipped.
    pub(crate) skips: bool,
}

/// What a person says of a step before its first attempt, and after how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begins {
    pub(crate) after: Option<u32>,
    pub(crate) says: Begin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    Run,
    All,
    Skip,
    Stop,
}

/// What a person says of a step whose attempts are used up, and after how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtFailure {
    pub(crate) after: Option<u32>,
    pub(crate) says: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Retry,
    /// The param gets this value, and then as above.
    Edit(u32),
    FallBack,
    Fail,
    Skip,
    Stop,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) after: Option<u32>,
    pub(crate) says: Doubt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    Done,
    Rerun,
    Failed,
}

/// How steps and goals end; the words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Succeeded,
    Failed,
    Skipped,
    Blocked,
    Cancelled,
    NotRun,
    Undone,
    UndoFailed,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
            Self::NotRun => "not-run",
            Self::Undone => "undone",
            Self::UndoFailed => "undo-failed",
        }
    }
}

impl Kind {
    /// The word behind `retry … on`; none where it has none.
    pub(crate) fn word(self) -> Option<String> {
        Some(match self {
            Self::Exit(code) => format!("exit {code}"),
            Self::Signal => "signal".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::Verify => "verify".to_owned(),
            Self::Output => "output".to_owned(),
            Self::Memory => "memory".to_owned(),
            Self::Lost => "lost".to_owned(),
            Self::CannotStart | Self::Service => return None,
        })
    }
}
