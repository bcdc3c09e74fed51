//! `run "script"` as a probe: it holds where the script exits with 0.

use std::time::Duration;

use super::{Answer, STOPPED};
use crate::exec::process::{Controller, ProcessEnd, ProcessOrder, signal_name, supervise};
use crate::value::duration_text;

/// Gives the script as long as `bound` says, where that is shorter than its own time.
///
/// # Errors
/// It was not answered: the script did not run to an end of its own.
pub(super) fn ask(
    order: &ProcessOrder,
    bound: Option<Duration>,
    control: &Controller,
) -> Result<Answer, String> {
    let timeout = order.timeout.into_iter().chain(bound).min();
    let bounded = ProcessOrder { timeout, ..order.clone() };
    let report = supervise(&bounded, control);
    let last = match report.tail.iter().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!(": {}", line.trim()),
        None => String::new(),
    };
    match report.end {
        ProcessEnd::Exited(0) => Ok(Ok("the probe's `run` succeeded".to_owned())),
        ProcessEnd::Exited(code) => Ok(Err(format!("`run` ended with exit code {code}{last}"))),
        ProcessEnd::Signalled(signal) => {
            Err(format!("`run` was ended by {}{last}", signal_name(signal)))
        }
        ProcessEnd::TimedOut => {
            let time = duration_text(timeout.unwrap_or_default());
            Err(format!("`run` did not end within {time}{last}"))
        }
        ProcessEnd::OutOfMemory => Err("`run` used more memory than it may".to_owned()),
        ProcessEnd::Stopped => Err(STOPPED.to_owned()),
        ProcessEnd::CannotStart(why) => Err(format!("`run` cannot start: {why}")),
        ProcessEnd::Lost(why) => Err(format!("`run` was lost: {why}")),
    }
}
