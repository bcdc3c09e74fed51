//! The command line's shape: commands, flags and their help.

mod answers;
mod drawing;
mod examples;
mod logging;
mod running;
mod testing;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::export::ExportArguments;
use super::report::{ReportArguments, ReportFormat};
pub(super) use answers::{AnswerArguments, CancelArguments, DoneArguments, NoteArguments};
pub(super) use drawing::{GraphArguments, GraphFormat, ListArguments};
pub(super) use logging::LogArguments;
pub(super) use running::{ExecutorArguments, ResumeArguments, RunArguments, RunFormat};
pub(super) use testing::{SimulateArguments, TestArguments, TestFormat};

/// Checks, runs and resumes goals: plans of steps that matter.
#[derive(Debug, Parser)]
#[command(name = "goalc", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// Whether to use colours; `auto`: on a terminal, as the environment says
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        hide_possible_values = true
    )]
    #[arg(value_parser = clap::builder::EnumValueParser::<clap::ColorChoice>::new())]
    pub color: clap::ColorChoice,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find what is wrong with plans before anything runs
    Check(CheckArguments),
    /// Play the scenarios of plans, and say which do not hold
    Test(TestArguments),
    /// Say what each thing that may go wrong leads to
    Simulate(SimulateArguments),
    /// Write plans in their canonical form
    Fmt(FmtArguments),
    /// Carry a plan out
    Run(RunArguments),
    /// Print the checked plan as JSON, which `run` takes too
    Compile(CompileArguments),
    /// Draw the checked plan: what waits for what
    Graph(GraphArguments),
    /// List what a plan has in it, or the plans of a folder
    List(ListArguments),
    /// List the runs, the newest first
    Runs(RunsArguments),
    /// Show how a run stands
    Show(ShowArguments),
    /// Follow a run on the screen, and answer what it asks
    Watch(WatchArguments),
    /// Print what steps wrote
    Logs(LogsArguments),
    /// Say what a step waits for, or why it did not run
    #[command(override_usage = "goalc why [OPTIONS] [RUN] <STEP>")]
    Why(WhyArguments),
    /// Tell how a run went, and what can be learnt from it
    Report(ReportArguments),
    /// Go on with a run
    Resume(ResumeArguments),
    /// Approve what a step asks
    #[command(override_usage = "goalc approve [OPTIONS] [RUN] <STEP>")]
    Approve(AnswerArguments),
    /// Deny what a step asks
    #[command(override_usage = "goalc deny [OPTIONS] [RUN] <STEP>")]
    Deny(AnswerArguments),
    /// Say that a manual step, or one in doubt, is done
    #[command(override_usage = "goalc done [OPTIONS] [RUN] <STEP>")]
    Done(DoneArguments),
    /// Say that a step in doubt, or that interactive mode asks about, is to run
    #[command(override_usage = "goalc rerun [OPTIONS] [RUN] <STEP>")]
    Rerun(AnswerArguments),
    /// Say that a step that interactive mode asks about is to be skipped
    #[command(override_usage = "goalc skip [OPTIONS] [RUN] <STEP>")]
    Skip(AnswerArguments),
    /// Say that a manual step, or one in doubt, has failed
    #[command(override_usage = "goalc fail [OPTIONS] [RUN] <STEP>")]
    Fail(AnswerArguments),
    /// Write something down about a step, to be kept with the run
    #[command(override_usage = "goalc note [OPTIONS] [RUN] <STEP> [TEXT]…")]
    Note(NoteArguments),
    /// Undo what a run did, in reverse order
    Rollback(RollbackArguments),
    /// Stop a run that goes on elsewhere, or end one that waits or was killed
    Cancel(CancelArguments),
    /// Write a plan to start from
    New(NewArguments),
    /// Make a plan of a file in another format
    Import(ImportArguments),
    /// Write a run for another tool, or send it there
    Export(ExportArguments),
    /// Tell more about a diagnostic's code, or a word of the language
    Explain(ExplainArguments),
    /// Serve an editor: the language server, on standard input and output
    Lsp(LspArguments),
    /// Print the JSON Schema of an output
    Schema(SchemaArguments),
    /// Remove the files of runs that have ended
    Clean(CleanArguments),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
    /// Print the manual page
    Man,
}

impl Command {
    /// Whether standard output carries JSON and nothing else.
    pub fn wants_json(&self) -> bool {
        match self {
            Self::Check(check) => {
                matches!(check.format, Some(CheckFormat::Json | CheckFormat::Sarif))
            }
            Self::Run(run) => run.format != RunFormat::Text,
            Self::Resume(resume) => resume.format != RunFormat::Text,
            Self::Rollback(rollback) => rollback.format != RunFormat::Text,
            Self::Runs(runs) => runs.format == ShowFormat::Json,
            Self::Show(show) => show.format == ShowFormat::Json,
            Self::Why(why) => why.format == ShowFormat::Json,
            Self::Report(report) => report.format == Some(ReportFormat::Json),
            Self::Graph(graph) => graph.format == Some(GraphFormat::Json),
            Self::List(list) => list.format == ShowFormat::Json,
            Self::Simulate(simulate) => simulate.format == ShowFormat::Json,
            Self::Test(test) => test.format == TestFormat::Json,
            _ => false,
        }
    }

    /// Whether each JSON value is to be a line.
    pub fn wants_lines(&self) -> bool {
        let format = match self {
            Self::Run(run) => run.format,
            Self::Resume(resume) => resume.format,
            Self::Rollback(rollback) => rollback.format,
            _ => RunFormat::Text,
        };
        format == RunFormat::Jsonl
    }

    /// Whether that JSON is to be a SARIF log.
    pub fn wants_sarif(&self) -> bool {
        matches!(self, Self::Check(check) if check.format == Some(CheckFormat::Sarif))
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With the text and arrows (the default)
    #[default]
    Fancy,
    /// One line each
    Short,
    Json,
    /// A log in SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations for GitHub's workflows
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    Warnings,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // flags that have nothing to do with each other
pub struct CheckArguments {
    /// Plans; may be left out where the folder has one
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How findings are printed
    #[arg(long, value_enum)]
    pub format: Option<CheckFormat>,
    #[command(flatten)]
    pub executor: ExecutorArguments,
    /// Take warnings as errors
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Option<Deny>,
    /// Mount files outside of the plan's folder, too
    #[arg(long)]
    pub allow_outside: bool,
    /// Mend what is certain, in place; print what changed, then what is left
    #[arg(long)]
    pub fix: bool,
    /// As `--fix`, but change nothing
    #[arg(long)]
    pub diff: bool,
    /// Ask what the goals require, as a run does before anything runs
    #[arg(long)]
    pub preflight: bool,
    /// A param, for `--preflight`; said again for each item of a list
    #[arg(short, long = "param", value_name = "NAME=VALUE", requires = "preflight")]
    pub params: Vec<String>,
    /// A TOML file of params, for `--preflight`
    #[arg(long = "params", value_name = "FILE", requires = "preflight")]
    pub params_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct FmtArguments {
    /// Plans, changed in place; `-` reads standard input and prints
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Change nothing; exit with 1 where something would change
    #[arg(long)]
    pub check: bool,
    /// Change nothing; print what would change
    #[arg(long)]
    pub diff: bool,
}

#[derive(Debug, Args)]
pub struct CompileArguments {
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Where to write it; standard output otherwise
    #[arg(short, long, value_name = "OUT.json")]
    pub output: Option<PathBuf>,
    /// Mount files outside of the plan's folder, too
    #[arg(long)]
    pub allow_outside: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Args)]
pub struct RunsArguments {
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
}

#[derive(Debug, Args)]
pub struct WatchArguments {
    /// A run, or its beginning; the newest if left out
    pub run: Option<String>,
}

#[derive(Debug, Args)]
pub struct ShowArguments {
    /// A run, or its beginning; the newest if left out
    pub run: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
}

#[derive(Debug, Args)]
pub struct LogsArguments {
    /// A run, or its beginning
    pub run: Option<String>,
    /// Only this step's
    pub step: Option<String>,
    /// Go on printing while the run goes on
    #[arg(short, long)]
    pub follow: bool,
}

#[derive(Debug, Args)]
pub struct WhyArguments {
    /// The run (may be left out: the newest) and the step, as `a.b` or `a.b[3]`
    #[arg(required = true, num_args = 1..=2, value_names = ["RUN", "STEP"])]
    pub which: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
}

#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// A run, or its beginning; the newest if left out
    pub run: Option<String>,
    /// Back to the checkpoint of this step, or `start`: all the way; otherwise to the last one
    #[arg(long, value_name = "STEP|start")]
    pub to: Option<String>,
    /// Undo by each step's `rollback` as it is now in the plan's file
    #[arg(long)]
    pub accept_changes: bool,
    /// A secret param, which a run does not keep
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: RunFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Template {
    Release,
    Migration,
    Data,
    Runbook,
}

#[derive(Debug, Args)]
pub struct NewArguments {
    /// Of the goal, and of its file
    pub name: Option<String>,
    /// What to start from; a plan of two steps otherwise
    #[arg(short, long, value_enum)]
    pub template: Option<Template>,
    /// Where to write the plan, `-` is standard output; NAME.goal otherwise
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Say which templates there are
    #[arg(long)]
    pub list: bool,
}

#[derive(Debug, Args)]
pub struct ImportArguments {
    /// A goal decomposition or a recorded workflow run in JSON, also packed with gzip; `-` is standard input
    pub file: PathBuf,
    /// Where to write the plan; standard output otherwise
    #[arg(short, long, value_name = "OUT.goal")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A code as `E0401`, or a clause, probe or function as `retry`; all codes if left out
    #[arg(value_name = "CODE|WORD")]
    pub topic: Vec<String>,
}

#[derive(Debug, Args)]
pub struct LspArguments {
    /// The only way to talk to it; taken, as many editors say so
    #[arg(long, hide = true)]
    pub stdio: bool,
}

#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// `check`, `run`, `show`, `dry-run`, `graph`, `list`, `runs`, `why`, `report` or `ir`
    pub name: String,
}

#[derive(Debug, Args)]
pub struct CleanArguments {
    /// Keep so many of the newest runs
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub keep: usize,
    /// Only what ended so long ago, as `30d`; then also runs that failed or were stopped
    #[arg(long, value_name = "DURATION")]
    pub older: Option<String>,
}

#[derive(Debug, Args)]
pub struct CompletionsArguments {
    pub shell: clap_complete::Shell,
}
