//! What a person can be asked in a run, and what they can answer.
//!
//! Plain data with its words; who asks, and what follows from an answer, is the state's to say.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::value::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionKind {
    Confirm,
    Manual,
    InDoubt,
    /// In interactive mode: whether a step is to run, before its first attempt.
    Step,
    /// In interactive mode: what next, once a way's attempts are used up.
    Failed,
}

impl QuestionKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Manual => "manual",
            Self::InDoubt => "in-doubt",
            Self::Step => "step",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Approved,
    Denied,
    Done {
        outputs: IndexMap<Arc<str>, Value>,
    },
    Rerun,
    Failed,
    /// It is to run.
    Run,
    /// It is to run, and nothing more is asked of any other step.
    All,
    /// It ends as skipped.
    Skipped,
    /// One more attempt.
    Retry,
    /// As the plan says: its next fallback, or its end as failed where there is none.
    FallBack,
}

impl Answer {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Done { .. } => "done",
            Self::Rerun => "rerun",
            Self::Failed => "failed",
            Self::Run => "run",
            Self::All => "all",
            Self::Skipped => "skipped",
            Self::Retry => "retry",
            Self::FallBack => "fallback",
        }
    }
}
