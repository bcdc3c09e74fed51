//! Why attempts and steps fail, each kind with what is known of it.
//!
//! Invariant: `Display` says it in one line, in a user's words, and names no secret.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::value::StepId;

/// Why an attempt or a step failed. `Display` says it in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    #[error("exit code {code}")]
    Exit { code: i32 },
    #[error("ended by {name}")]
    Signal { signal: i32, name: String },
    /// `waited` is what had not come by then, where it waited for probes.
    #[error("{}", too_long(*.after, .waited))]
    Timeout {
        after: Duration,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        waited: String,
    },
    #[error("used more than the memory it may use")]
    Memory,
    #[error("verify: {why}")]
    Verify { why: String },
    #[error("output: {why}")]
    Output { why: String },
    #[error("requires: {why}")]
    Requires { why: String },
    /// Not a failure of the step: its program is not there, or the machine would not start it.
    #[error("cannot start: {why}")]
    CannotStart { why: String },
    /// Where it ran is gone, and nothing says how far it came.
    #[error("lost: {why}")]
    Lost { why: String },
    #[error("denied{}", by_whom(.by))]
    Denied { by: String },
    #[error("stopped with the run")]
    Cancelled,
    /// An expression that it needs has no value.
    #[error("{why}")]
    Value { why: String },
    /// What its `snapshot` names could not be saved, so it was not started.
    #[error("snapshot: {why}")]
    Snapshot { why: String },
    /// A person said that it failed.
    #[error("{}", said(.note))]
    Said { note: String },
    /// A service that it depends on ended while it ran; `tail` holds the service's last lines.
    #[error("its service `{service}` died: {why}")]
    Service {
        service: StepId,
        why: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tail: Vec<String>,
    },
    /// Some of a `foreach` step's instances failed, more than it tolerates.
    #[error("{failed} of {all} instances failed")]
    Instances { failed: u32, all: u32 },
}

fn too_long(after: Duration, waited: &str) -> String {
    let after = crate::value::duration_text(after);
    if waited.is_empty() {
        format!("no end within its timeout of {after}")
    } else {
        format!("timeout after {after}: {waited}")
    }
}

fn by_whom(by: &str) -> String {
    if by.is_empty() { String::new() } else { format!(" by {by}") }
}

fn said(note: &str) -> String {
    if note.is_empty() { "a person said that it failed".to_owned() } else { note.to_owned() }
}
