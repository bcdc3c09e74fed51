//! The shape of `test` and `simulate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Deny, ShowFormat};
use crate::scenario::Kind;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// A line each, and what came of those that do not hold
    #[default]
    Text,
    Json,
    /// XML for what CI shows of tests
    Junit,
}

#[derive(Debug, Args)]
pub struct TestArguments {
    /// Plans, or files of scenarios (`NAME.test.goal`); may be left out for all plans of the folder
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Only scenarios with this text in their name
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    pub format: TestFormat,
    /// Show all that happened, also in scenarios that hold
    #[arg(short, long)]
    pub verbose: bool,
    /// Take warnings as errors: of assumptions that were not used, and others
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Option<Deny>,
    /// Mount files outside of the plan's folder, too
    #[arg(long)]
    pub allow_outside: bool,
}

/// What sort of thing goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailureKind {
    /// One attempt fails once
    Once,
    /// Something fails however often it is tried
    Lasting,
    /// A person says no, or nothing
    People,
    /// Two things that last
    Pair,
    /// The machine stops
    Crash,
}

impl From<FailureKind> for Kind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Once => Self::Once,
            FailureKind::Lasting => Self::Lasting,
            FailureKind::People => Self::People,
            FailureKind::Pair => Self::Pair,
            FailureKind::Crash => Self::Crash,
        }
    }
}

/// What must come of every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Expect {
    Achieved,
}

#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// A plan; may be left out where the folder has one
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// A param; said again for each item of a list
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// A TOML file of params
    #[arg(long = "params", value_name = "FILE")]
    pub params_file: Option<PathBuf>,
    /// Steps at once
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// Only these kinds of failures; all otherwise
    #[arg(long = "only", value_enum, value_name = "KIND", value_delimiter = ',')]
    pub kinds: Vec<FailureKind>,
    /// At most so many pairs of failures
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub pairs: usize,
    /// At most so many moments at which the machine stops
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub crashes: usize,
    /// Exit with 1 where a case comes to something else, and show how
    #[arg(long, value_enum, value_name = "STATUS")]
    pub expect: Option<Expect>,
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
    /// Mount files outside of the plan's folder, too
    #[arg(long)]
    pub allow_outside: bool,
}
