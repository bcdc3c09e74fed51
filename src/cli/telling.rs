//! Who is told of a run while this process carries it out: a person, a program, a log.
//!
//! Knows what goes where, not what is said. Invariant: a log on standard error, and JSON lines on
//! standard output, are alone there.

use super::arguments::RunFormat;
use super::live::{JsonLines, Progress, Reporter, Tails};
use super::log::{Log, Logger};
use super::session::Lines;
use crate::exec::drive::Drive;
use crate::exec::world::World;

/// Observers, and the thread that prints for them.
pub(super) struct Telling {
    progress: Option<Progress>,
    reporter: Option<Reporter>,
    json_lines: Option<JsonLines>,
    logger: Option<Logger>,
    quiet: bool,
}

impl Telling {
    pub(super) fn start(
        log: Option<Log>,
        run: &str,
        format: RunFormat,
        progress: impl FnOnce() -> Progress,
    ) -> Self {
        let quiet = log.as_ref().is_some_and(Log::is_on_terminal);
        let json = format == RunFormat::Jsonl;
        let progress = (!json && !quiet).then(progress);
        Self {
            reporter: progress.as_ref().map(Progress::observer),
            json_lines: json.then(JsonLines::default),
            logger: log.map(|log| log.observer(run)),
            progress,
            quiet,
        }
    }

    /// Whether standard error is a log's.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Where steps' lines go.
    pub(super) fn lines(&self) -> Lines {
        self.progress.as_ref().map(Progress::lines)
    }

    pub(super) fn observe<'a, W: World>(&'a mut self, drive: &mut Drive<'a, W>) {
        if let Some(reporter) = &mut self.reporter {
            drive.observe(reporter);
        }
        if let Some(json_lines) = &mut self.json_lines {
            drive.observe(json_lines);
        }
        if let Some(logger) = &mut self.logger {
            drive.observe(logger);
        }
    }

    /// Waits until all is told, but not for ever; the last lines of steps.
    pub(super) fn finish(self) -> Tails {
        drop(self.reporter);
        if let Some(logger) = self.logger {
            logger.finish();
        }
        self.progress.map(Progress::finish).unwrap_or_default()
    }
}
