//! What `run` and `resume` take about their log.

use std::path::PathBuf;

use clap::Args;

use crate::config::{LogFormat, LogLevel};

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Log")]
pub struct LogArguments {
    /// Append a line for each event to this file
    #[arg(id = "log_file", long = "log-file", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How its lines are written; without a file they go to standard error, instead of the progress
    #[arg(id = "log_format", long = "log-format", value_enum, value_name = "FORMAT")]
    pub format: Option<LogFormat>,
    /// The least that is logged [default: info]
    #[arg(id = "log_level", long = "log-level", value_enum, value_name = "LEVEL")]
    pub level: Option<LogLevel>,
}
