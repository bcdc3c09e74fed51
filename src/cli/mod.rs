//! The command line: one file a command, and the exit codes.
//!
//! The only room that sees all others. Standard output carries a command's result, standard error
//! everything else.

mod answer;
mod arguments;
mod check;
mod clean;
mod exit;
mod explain;
mod fmt;
mod import;
mod load;
mod logs;
mod new;
mod omit;
mod output;
mod params;
mod plan;
mod progress;
mod resume;
mod rollback;
mod run;
mod runs;
mod session;
mod show;
mod successes;
mod view;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

pub use arguments::{Arguments, Command};
use exit::Failed;

use crate::exec::process::{GUARDIAN_ARGUMENT, guardian_main};

/// Carries out what the process's arguments ask for.
pub fn main() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    if given.get(1).is_some_and(|first| first == GUARDIAN_ARGUMENT) {
        return guardian_main(given.get(2..).unwrap_or_default());
    }
    match Arguments::try_parse_from(&given) {
        Ok(arguments) => {
            let json = arguments.command.wants_json();
            let result = dispatch(arguments.command);
            if let Some(refusal) = result.as_ref().err().filter(|_| json).and_then(Failed::json) {
                output::print_json(&refusal);
            }
            exit::finish(result)
        }
        Err(error) => {
            if error.use_stderr() && asks_for_json(&given) {
                output::print_json(&exit::refusal([first_line(&error.to_string())]));
            }
            // Help and version are results, not errors.
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { exit::WRONG } else { 0 })
        }
    }
}

/// Whether a command line that cannot be read has `--format json` or `jsonl` in it.
fn asks_for_json(given: &[OsString]) -> bool {
    let is_json = |word: &OsString| word.to_str().is_some_and(|w| w == "json" || w == "jsonl");
    given.windows(2).any(|pair| matches!(pair, [f, word] if f == "--format" && is_json(word)))
        || given.iter().any(|word| word == "--format=json" || word == "--format=jsonl")
}

fn first_line(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line)
}

fn dispatch(command: Command) -> Result<u8, Failed> {
    match command {
        Command::Check(arguments) => check::check(&arguments),
        Command::Fmt(arguments) => fmt::fmt(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Compile(arguments) => plan::compile(&arguments),
        Command::Runs(arguments) => runs::runs(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Logs(arguments) => logs::logs(&arguments),
        Command::Why(arguments) => why::why(&arguments),
        Command::Resume(arguments) => resume::resume(&arguments),
        Command::Approve(arguments) => answer::approve(&arguments),
        Command::Deny(arguments) => answer::deny(&arguments),
        Command::Done(arguments) => answer::done(&arguments),
        Command::Rerun(arguments) => answer::rerun(&arguments),
        Command::Fail(arguments) => answer::fail(&arguments),
        Command::Rollback(arguments) => rollback::rollback(&arguments),
        Command::Cancel(arguments) => answer::cancel(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Schema(arguments) => explain::schema(&arguments),
        Command::Clean(arguments) => clean::clean(&arguments),
        Command::Completions(arguments) => Ok(explain::completions(&arguments)),
        Command::Man => explain::man(),
    }
}
