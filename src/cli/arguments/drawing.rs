//! What `graph` and `list` take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ShowFormat;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Lines for a terminal
    Text,
    /// A flowchart, as Markdown pages of many sites show it
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture, light or dark as the reader has it
    Svg,
    Json,
}

#[derive(Debug, Args)]
pub struct GraphArguments {
    /// A plan; may be left out where the folder has one
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// If left out, what the ending of OUT says, or text
    #[arg(long, value_enum)]
    pub format: Option<GraphFormat>,
    /// Where to write it; standard output otherwise
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Draw with ASCII alone, as is done where the locale is not UTF-8
    #[arg(long)]
    pub ascii: bool,
    /// A param, for the critical path; said again for each item of a list
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// A TOML file of params
    #[arg(long = "params", value_name = "FILE")]
    pub params_file: Option<PathBuf>,
    /// Steps at once, for the critical path
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// Mount files outside of the plan's folder, too
    #[arg(long)]
    pub allow_outside: bool,
}

#[derive(Debug, Args)]
pub struct ListArguments {
    /// A plan; if left out, what is in this folder
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
    /// Mount files outside of the plan's folder, too
    #[arg(long)]
    pub allow_outside: bool,
}
