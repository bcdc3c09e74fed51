//! Where prompts are written: one small place, so that a live display can stand aside meanwhile.
//!
//! Invariant: nothing that comes from a plan or a person reaches the terminal with control
//! characters in it.

use std::io::Write;

use crate::diagnostic::is_hidden;

/// What else is on the terminal, which steps aside while a person is asked.
pub trait Screen: std::fmt::Debug + Send {
    /// What came so far is drawn, and nothing more until [`Self::release`].
    fn hold(&self);

    fn release(&self);
}

/// A terminal on which nothing else is.
#[derive(Debug)]
pub(super) struct Bare;

impl Screen for Bare {
    fn hold(&self) {}

    fn release(&self) {}
}

pub(super) fn write(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

/// A text without what could move the cursor or turn the direction of writing.
pub fn readable(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c) && *c != '\t').collect()
}

/// A text that goes on behind others: each line but the first stands behind so many spaces, so that none
/// can be taken for one of goalc's own.
pub fn readable_behind(text: &str, by: usize) -> String {
    readable(text.trim_end()).replace('\n', &format!("\n{:by$}", ""))
}

/// Lines of a text, each behind so many spaces.
pub(super) fn indented(text: &str, by: usize) -> String {
    let line = |all: String, line: &str| all + &format!("{:by$}{line}\n", "");
    readable(text).lines().fold(String::new(), line)
}
