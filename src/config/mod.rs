//! What files beside the plan say: `goal.toml`, `.env` files and files of params.
//!
//! Reads texts, with places for what is wrong in them; the caller brings the texts. Knows no plans.
//! Invariant: all that is wrong in a text is reported at once.

pub mod dotenv;
mod goal_toml;
pub mod params;

pub use goal_toml::{
    Config, Defaults, Effort, LintLevel, LogFormat, LogLevel, LogSettings, SlurmSettings, read,
};

use thiserror::Error;

use crate::source::LineIndex;

/// Something wrong in a file that is no source text: its place, from 1, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Misplaced {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl Misplaced {
    fn new(text: &str, lines: &LineIndex, offset: usize, message: impl Into<String>) -> Self {
        let place = lines.position(text, offset);
        Self { line: place.line, column: place.column, message: message.into() }
    }
}
