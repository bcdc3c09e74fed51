//! The commands that carry a plan out: `run` and `resume`.

use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Args, ValueEnum};

use super::LogArguments;
use crate::cli::live::Loudness;
use crate::ir::EXECUTOR_NAMES;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    #[default]
    Text,
    /// One JSON value at the end
    Json,
    /// One event a line, as they come
    Jsonl,
}

// Each is a flag of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Args)]
pub struct RunArguments {
    /// A plan (`.goal`, or JSON from `compile`, a goal decomposition or a recorded run)
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
    /// Go on with what does not depend on a failure
    #[arg(short, long)]
    pub keep_going: bool,
    /// Approve each confirm that is not marked `always`
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub people: PeopleArguments,
    /// Show what would happen, and when, without running anything
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// With --dry-run: ask what the goals require, too
    #[arg(long, requires = "dry_run")]
    pub preflight: bool,
    #[command(flatten)]
    pub executor: ExecutorArguments,
    /// Only these steps and what they depend on
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Skip these steps, as if their `when` were false
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    pub skip: Vec<String>,
    /// This step and what comes after it; what comes before is taken as done
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
    /// Mount files outside of the plan's folder, too
    #[arg(long)]
    pub allow_outside: bool,
    /// How the run is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: RunFormat,
    #[command(flatten)]
    pub loudness: LoudnessArguments,
    #[command(flatten)]
    pub log: LogArguments,
}

/// Where commands run.
#[derive(Debug, Args)]
pub struct ExecutorArguments {
    /// Where commands run of steps that do not say so themselves; `local`: all of them here
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(EXECUTOR_NAMES))]
    pub executor: Option<String>,
}

/// Who is asked what.
#[derive(Debug, Default, Args)]
pub struct PeopleArguments {
    /// Ask before each step's first attempt and after its last failure; needs a terminal
    #[arg(short, long)]
    pub interactive: bool,
    /// Hand each manual step to this command for `sh`; what is to be done is on its standard input
    #[arg(long, value_name = "COMMAND", value_parser = NonEmptyStringValueParser::new())]
    pub agent: Option<String>,
}

/// How much is told of a run while it goes on.
#[derive(Debug, Default, Args)]
pub struct LoudnessArguments {
    /// Tell of failures, questions and the end only
    #[arg(short, long)]
    pub quiet: bool,
    /// Show what steps write as it comes, also where several run
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
}

impl LoudnessArguments {
    pub(in crate::cli) fn get(&self) -> Loudness {
        match (self.quiet, self.verbose) {
            (true, _) => Loudness::Quiet,
            (_, true) => Loudness::Verbose,
            _ => Loudness::Usual,
        }
    }
}

#[derive(Debug, Default, Args)]
pub struct ResumeArguments {
    /// A run, or its beginning; the newest if left out
    pub run: Option<String>,
    /// Take the plan as it is now, and run again what changed
    #[arg(long)]
    pub accept_changes: bool,
    /// Try failed steps again, and what they blocked
    #[arg(long)]
    pub retry_failed: bool,
    /// A secret param, which a run does not keep
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Approve each confirm that is not marked `always`
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub people: PeopleArguments,
    #[arg(long, value_enum, default_value_t)]
    pub format: RunFormat,
    #[command(flatten)]
    pub loudness: LoudnessArguments,
    #[command(flatten)]
    pub log: LogArguments,
}
