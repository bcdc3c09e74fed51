//! What is seen of a run from outside, as plain data: events as they are written, what is begun
//! and ended outside, waits, crashes. The model knows nothing but this.

use super::plan::{Kind, Status};

/// A step, an instance of one, or a goal.
pub(crate) type At = (usize, Option<u32>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen {
    /// A process of goalc begins: the first, or a resume.
    Process { first: bool, agent: bool },
    /// An event was handed to the journal.
    Event { seq: u64, at: i64, what: What },
    /// All up to this event is on the disk.
    Synced { upto: u64 },
    /// Work began outside.
    Began { work: Work, at: At, attempt: u32 },
    /// Work was told to end.
    Told { at: At },
    /// What was begun came to its end.
    Over { work: Work, at: At },
    /// goalc waits: nothing that is due may be left. All that was recorded is on the disk or not.
    Waits { at: i64, settled: bool },
    /// 0: somebody cancelled the run.
    Signal { number: u8 },
    /// All is to end at once.
    Forced,
    /// goalc died; what is behind this event is lost.
    Crash { kept: u64 },
    /// goalc waits for what cannot come.
    Stuck,
    /// goalc ended by itself.
    End { how: Run, exit: u8 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Attempt,
    Unless,
    Requires,
    Verify,
    Cleanup,
    Undo,
    Save,
    Restore,
    Agent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Confirm,
    Manual,
    InDoubt,
    /// In interactive mode: before a step's first attempt, and once they are used up.
    Step,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Yes,
    No,
    Rerun,
    Run,
    All,
    Skip,
    Retry,
    FallBack,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Terminal,
    /// The question answered itself.
    Timeout,
    Agent,
    /// goalc itself, as it was called.
    Call,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Succeeded,
    Failed(Kind),
    Cancelled,
}

/// How a run stands when goalc ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    Achieved,
    Failed,
    Waiting,
    Cancelled,
    Undone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Failure,
    /// Or somebody who cancelled the run.
    Signal,
    Deadline,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Started {
        interactive: bool,
    },
    Resumed {
        retry_failed: bool,
        changed: Vec<usize>,
        interactive: bool,
    },
    /// A person wants all undone that had not succeeded by this event.
    RollBack(u64),
    When(usize, bool),
    /// The `let` of a step's output has this value.
    Let(usize, i64),
    /// The `let` of the param has this value; the param has got another one.
    LetOfParam(i64),
    Param(i64),
    /// How many instances there are, and how many of them may fail.
    Items(usize, u32, u32, Option<u32>),
    Unless(At, bool),
    Requires(At),
    Asked(At, Question, Option<i64>),
    Answered(At, Said, From),
    /// An agent is given it.
    HandedOver(At),
    NotNeeded(At),
    Cleared(At),
    /// How far it came where it ran is not known.
    Doubted(At),
    Attempt {
        at: At,
        attempt: u32,
        way: u32,
    },
    Tried {
        at: At,
        attempt: u32,
        end: End,
        /// Its output.
        gave: Option<i64>,
    },
    Delayed {
        at: At,
        length: u64,
        until: i64,
    },
    NextWay(At),
    /// A service is ready, and gives this.
    Ready(usize, Option<i64>),
    Ended {
        at: At,
        status: Status,
        via: Option<u32>,
    },
    Saving(At),
    /// Its snapshot is taken, or could not be, or was given up.
    Saved(At, Result<(), Unsaved>),
    Restoring(At, Status),
    Restored(At, bool),
    Checkpoint(usize),
    Opened(usize),
    Stop(usize, Why),
    Undoing(usize),
    Undone(usize, bool),
    UndoStopped(usize),
    Verified(usize, bool),
    Cleaned(usize, bool),
    RunEnded(Run, u8),
    /// Somebody was told of something, or wrote something down.
    Told,
    /// Something that these plans do not have.
    Other(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsaved {
    Failed,
    Stopped,
}

/// What a person says that a step gave.
pub(crate) const SAID: usize = 7;
