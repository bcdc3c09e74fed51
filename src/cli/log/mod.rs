//! A run's log: one record for each event, to a file or to standard error.
//!
//! An observer among others: all that it knows is in the events, in which secrets are `***` already.
//! Invariant: once the run has begun, nothing that happens to the log ends or delays it.

mod file;
mod line;
mod printer;
mod told;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use crossbeam_channel::Sender;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Level, dispatcher};

use super::arguments::LogArguments;
use super::exit::Failed;
use super::live::event_json;
use super::load::Loaded;
use super::output;
use crate::config::{LogFormat, LogLevel};
use crate::exec::event::Stamped;
use crate::exec::state::RunState;
use crate::exec::world::Observer;
use file::LogFile;
use printer::Printer;
use told::{Told, told};

/// What is to be logged, how, and where: opened before anything runs.
#[derive(Debug)]
pub(super) struct Log {
    format: LogFormat,
    level: LogLevel,
    /// None: standard error.
    file: Option<LogFile>,
}

impl Log {
    /// By the command line, else by the project's settings; `None` where neither asks for a log.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn open(given: &LogArguments, loaded: &Loaded) -> Result<Option<Self>, Failed> {
        let settings = &loaded.config.log;
        let of_project = || settings.file.as_ref().map(|file| loaded.project.join(file));
        let path = given.file.clone().or_else(of_project);
        if path.is_none() && given.format.is_none() && given.level.is_none() {
            return Ok(None);
        }
        let format = given.format.or(settings.format).unwrap_or_default();
        let level = given.level.or(settings.level).unwrap_or_default();
        let file = path.as_deref().map(open).transpose()?;
        Ok(Some(Self { format, level, file }))
    }

    /// Whether it takes the place of what is told on standard error.
    pub(super) fn is_on_terminal(&self) -> bool {
        self.file.is_none()
    }

    /// Begins to log a run.
    pub(super) fn observer(self, run: &str) -> Logger {
        let printer = self.file.is_none().then(Printer::start);
        let target = match (self.file, &printer) {
            (Some(file), _) => Target::File(file),
            (None, Some(printer)) => Target::Lines(printer.lines()),
            (None, None) => Target::Nowhere,
        };
        let most = match self.level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
        };
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(most)
            .log_internal_errors(false)
            .event_format(line::Lines(self.format))
            .with_writer(Mutex::new(Sink { target, said: false }))
            .finish();
        Logger {
            dispatch: Dispatch::new(subscriber),
            level: self.level,
            run: run.to_owned(),
            printer,
        }
    }
}

fn open(path: &Path) -> Result<LogFile, Failed> {
    LogFile::open(path).map_err(|why| {
        Failed::wrong(format!("the log file `{}` cannot be written: {why}", path.display()))
    })
}

enum Target {
    File(LogFile),
    /// The thread that prints to standard error.
    Lines(Sender<Vec<u8>>),
    Nowhere,
}

/// Takes lines; that one cannot be written is said once.
struct Sink {
    target: Target,
    said: bool,
}

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = match &mut self.target {
            Target::File(file) => file.write_all(line),
            Target::Lines(lines) => {
                lines.try_send(line.to_vec()).map_err(|_| io::Error::other("nobody reads it"))
            }
            Target::Nowhere => Ok(()),
        };
        if let Err(error) = written
            && !std::mem::replace(&mut self.said, true)
        {
            let why = error.to_string();
            let why = why.split(" (os error").next().unwrap_or_default();
            output::complain(&format!("the log is not complete: {why}; the run goes on"));
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs events.
pub(super) struct Logger {
    dispatch: Dispatch,
    level: LogLevel,
    run: String,
    printer: Option<Printer>,
}

impl Logger {
    /// Waits until all is printed, but not for ever.
    pub(super) fn finish(self) {
        drop(self.dispatch);
        if let Some(printer) = self.printer {
            printer.finish();
        }
    }
}

/// A record at a level; the macro wants the level at compile time.
macro_rules! record {
    ($level:expr, $at:expr, $run:expr, $told:expr, $details:expr) => {
        tracing::event!(
            target: "goalc",
            $level,
            timestamp = $at,
            run = $run,
            step = $told.step.as_deref(),
            attempt = $told.attempt.map(u64::from),
            message = $told.message.as_str(),
            details = $details
        )
    };
}

impl Observer for Logger {
    fn event(&mut self, stamped: &Stamped, state: &RunState) {
        let told = told(&stamped.event, state);
        if told.level > self.level {
            return;
        }
        let details = event_json(stamped).to_string();
        let at = stamped.at.to_string();
        dispatcher::with_default(&self.dispatch, || record(&at, &self.run, &told, &details));
    }
}

fn record(at: &str, run: &str, told: &Told, details: &str) {
    match told.level {
        LogLevel::Error => record!(Level::ERROR, at, run, told, details),
        LogLevel::Warn => record!(Level::WARN, at, run, told, details),
        LogLevel::Info => record!(Level::INFO, at, run, told, details),
        LogLevel::Debug => record!(Level::DEBUG, at, run, told, details),
    }
}
