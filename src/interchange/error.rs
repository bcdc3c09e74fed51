//! What is wrong with an input, each finding with its place in words.
//!
//! Invariant: an [`ImportError`] has at least one problem, and at most [`SHOWN`] of them.

use std::fmt;

use thiserror::Error;

/// More findings than this help no one; the rest is counted.
pub(super) const SHOWN: usize = 100;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, as `steps[3].dependencies` (counted from 0) or `line 3, column 5`; empty where
    /// it concerns the input as a whole.
    pub place: String,
    /// What is wrong, without a full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.place, self.message)
        }
    }
}

/// Why an input gives no plan. `Display` has one line a problem.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ImportError {
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

/// Collects problems, so that all are reported in one go.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    more: usize,
}

impl Problems {
    pub(super) fn add(&mut self, place: impl Into<String>, message: impl Into<String>) {
        if self.found.len() < SHOWN {
            self.found.push(Problem { place: place.into(), message: message.into() });
        } else {
            self.more += 1;
        }
    }

    /// The error, where there is one.
    pub(super) fn into_result(self) -> Result<(), ImportError> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(ImportError { problems: self.found, more: self.more })
        }
    }
}
