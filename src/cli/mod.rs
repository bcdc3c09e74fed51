//! The command line: one file a command, and the exit codes.
//!
//! The only room that sees all others. Standard output carries a command's result, standard error
//! everything else.

mod answer;
mod arguments;
mod check;
mod clean;
mod cluster;
mod disk;
mod exit;
mod explain;
mod export;
mod findings;
mod fmt;
mod forecast;
mod graph;
mod hints;
mod import;
mod list;
mod live;
mod load;
mod log;
mod logs;
mod lost;
mod lsp;
mod mend;
mod new;
mod note;
mod omit;
mod output;
mod params;
mod plan;
mod preflight;
mod report;
mod resume;
mod rollback;
mod run;
mod runs;
mod session;
mod show;
mod signals;
mod simulate;
mod successes;
mod telling;
mod test;
mod view;
mod watch;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

pub use arguments::{Arguments, Command};
use exit::Failed;

use crate::exec::executor::{ATTEMPT_ARGUMENT, PILOT_ARGUMENT, attempt_main, pilot_main};
use crate::exec::process::{GUARDIAN_ARGUMENT, guardian_main};
use crate::render;

/// Carries out what the process's arguments ask for.
pub fn main() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    if given.get(1).is_some_and(|first| first == GUARDIAN_ARGUMENT) {
        return guardian_main(given.get(2..).unwrap_or_default());
    }
    if given.get(1).is_some_and(|first| first == ATTEMPT_ARGUMENT) {
        return attempt_main(given.get(2..).unwrap_or_default());
    }
    if given.get(1).is_some_and(|first| first == PILOT_ARGUMENT) {
        return pilot_main(given.get(2..).unwrap_or_default());
    }
    match Arguments::read(&given) {
        Ok(arguments) => {
            output::choose_colour(arguments.color);
            output::choose_lines(arguments.command.wants_lines());
            let (json, sarif) = (arguments.command.wants_json(), arguments.command.wants_sarif());
            let result = dispatch(arguments.command);
            if let Some(message) = result.as_ref().err().filter(|_| json).and_then(Failed::message)
            {
                print_refusal(message, sarif);
            }
            exit::finish(result)
        }
        Err(error) => {
            if error.use_stderr() && asks_for(&given, &["json", "jsonl", "sarif"]) {
                output::choose_lines(asks_for(&given, &["jsonl"]));
                print_refusal(first_line(&error.to_string()), asks_for(&given, &["sarif"]));
            }
            // Help and version are results, not errors.
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { exit::WRONG } else { 0 })
        }
    }
}

/// Why there is no result, for who reads standard output as JSON.
fn print_refusal(message: &str, sarif: bool) {
    if sarif {
        let mut log = render::Sarif::new();
        log.fail(message);
        output::print_json(&log.finish());
    } else {
        output::print_json(&exit::refusal([message]));
    }
}

/// Whether a command line that cannot be read has `--format` with one of these words in it.
fn asks_for(given: &[OsString], formats: &[&str]) -> bool {
    let is_one = |word: &str| formats.contains(&word);
    let is_word = |word: &OsString| word.to_str().is_some_and(is_one);
    let joined = |word: &OsString| {
        word.to_str().and_then(|w| w.strip_prefix("--format=")).is_some_and(is_one)
    };
    given.windows(2).any(|pair| matches!(pair, [f, word] if f == "--format" && is_word(word)))
        || given.iter().any(joined)
}

fn first_line(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line)
}

fn dispatch(command: Command) -> Result<u8, Failed> {
    match command {
        Command::Check(arguments) => check::check(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Simulate(arguments) => simulate::simulate(&arguments),
        Command::Fmt(arguments) => fmt::fmt(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Compile(arguments) => plan::compile(&arguments),
        Command::Graph(arguments) => graph::graph(&arguments),
        Command::List(arguments) => list::list(&arguments),
        Command::Runs(arguments) => runs::runs(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Logs(arguments) => logs::logs(&arguments),
        Command::Watch(arguments) => watch::watch(&arguments),
        Command::Why(arguments) => why::why(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::Resume(arguments) => resume::resume(&arguments),
        Command::Approve(arguments) => answer::approve(&arguments),
        Command::Deny(arguments) => answer::deny(&arguments),
        Command::Done(arguments) => answer::done(&arguments),
        Command::Rerun(arguments) => answer::rerun(&arguments),
        Command::Skip(arguments) => answer::skip(&arguments),
        Command::Fail(arguments) => answer::fail(&arguments),
        Command::Rollback(arguments) => rollback::rollback(&arguments),
        Command::Note(arguments) => note::note(&arguments),
        Command::Cancel(arguments) => answer::cancel(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Schema(arguments) => explain::schema(&arguments),
        Command::Clean(arguments) => clean::clean(&arguments),
        Command::Completions(arguments) => Ok(explain::completions(&arguments)),
        Command::Lsp(_) => lsp::lsp(),
        Command::Man => explain::man(),
    }
}
