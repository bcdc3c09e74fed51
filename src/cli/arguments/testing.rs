//! The shape of `test`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Deny;

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
