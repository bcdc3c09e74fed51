//! Exit codes, and how a command that cannot be carried out says so.

use std::process::ExitCode;

use crate::exec::JournalError;
use crate::report::{DiagnosticView, SeverityView};
use crate::store::StoreError;

/// The goal failed.
pub(super) const FAILED: u8 = 1;
/// Nothing ran: the plan, the command line or a `requires` is wrong.
pub(super) const WRONG: u8 = 2;
/// The state or the machine failed goalc.
pub(super) const MACHINE: u8 = 4;

/// Why a command ends without its result.
#[derive(Debug)]
pub(super) struct Failed {
    exit: u8,
    /// One sentence for standard error; empty where all has been said.
    message: String,
}

impl Failed {
    /// The plan or the command line is wrong.
    pub(super) fn wrong(message: impl Into<String>) -> Self {
        Self { exit: WRONG, message: message.into() }
    }

    /// The disk, permissions, or another process.
    pub(super) fn machine(message: impl Into<String>) -> Self {
        Self { exit: MACHINE, message: message.into() }
    }

    /// A signal came before anything ran.
    pub(super) fn signalled(signal: i32) -> Self {
        let exit = u8::try_from(signal).map_or(FAILED, |signal| 128_u8.saturating_add(signal));
        Self { exit, message: "stopped by a signal: nothing has run".to_owned() }
    }

    /// Whether a signal has ended it.
    pub(super) fn is_signalled(&self) -> bool {
        self.exit > 128
    }

    /// What is wrong; `None` where all has been said.
    pub(super) fn message(&self) -> Option<&str> {
        (!self.message.is_empty()).then_some(&*self.message)
    }

    /// Says what went wrong; gives the exit code.
    pub(super) fn say(&self) -> u8 {
        if !self.message.is_empty() {
            super::output::complain(&self.message);
        }
        self.exit
    }

    /// What is wrong has been printed.
    pub(super) fn said(exit: u8) -> Self {
        Self { exit, message: String::new() }
    }
}

/// What `--format json` prints where there is no result: what is wrong with no place in a plan.
pub(super) fn refusal<'m>(texts: impl IntoIterator<Item = &'m str>) -> serde_json::Value {
    serde_json::json!({ "diagnostics": messages(texts) })
}

/// What is wrong with no place in a plan, as values for `{"diagnostics": […]}`.
pub(super) fn messages<'m>(texts: impl IntoIterator<Item = &'m str>) -> Vec<serde_json::Value> {
    let found = texts.into_iter().map(|message| DiagnosticView {
        code: None,
        severity: SeverityView::Error,
        message: message.to_owned(),
        place: None,
        help: None,
        related: Vec::new(),
        fixes: Vec::new(),
    });
    found.map(|found| serde_json::to_value(found).unwrap_or_default()).collect()
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        let exit = if error.is_wrong_name() { WRONG } else { MACHINE };
        Self { exit, message: error.to_string() }
    }
}

impl From<JournalError> for Failed {
    fn from(error: JournalError) -> Self {
        Self::machine(error.to_string())
    }
}

/// Says what went wrong, if anything, and turns it into the process's exit code.
pub(super) fn finish(result: Result<u8, Failed>) -> ExitCode {
    let exit = match result {
        Ok(exit) => exit,
        Err(failed) => failed.say(),
    };
    if let Some(why) = super::output::unwritten() {
        super::output::complain(&format!("the result could not be written: {why}"));
    }
    // What went wrong before counts more.
    ExitCode::from(if exit == 0 && super::output::unwritten().is_some() { MACHINE } else { exit })
}
