//! The last lines of a terminal, drawn over and over; what is printed goes above them.
//!
//! Knows cursor movements, nothing of goals. Invariant: whoever else writes to the terminal holds
//! the region first; then it is gone, and comes back below what was written.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::harmless::harmless;
use crate::cli::output;
use crate::exec::world::Screen;
use crate::report::layout;

/// No lines wrap, and all of it appears at once where the terminal knows how.
const BEGIN: &str = "\u{1b}[?2026h\u{1b}[?7l";
const END: &str = "\u{1b}[?7h\u{1b}[?2026l";

/// Bytes that wait for a question to be answered, at most.
const MOST_WAITING: usize = 1 << 20;

/// How long a question waits for what came before it to be printed, at most.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The terminal's columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Region {
    shared: Arc<Mutex<Drawn>>,
    drew: Arc<Condvar>,
}

#[derive(Debug, Default)]
struct Drawn {
    /// How wide each line is that stands there.
    widths: Vec<usize>,
    /// Somebody else writes.
    held: bool,
    /// Somebody draws, time after time.
    served: bool,
    /// How often it was drawn, or would have been.
    times: u64,
}

impl Region {
    /// From here on it is drawn time after time.
    pub(super) fn begin(&self) {
        self.lock().served = true;
    }

    /// Prints text above the lines, and the lines anew; takes the text then. While a person is
    /// asked it waits, so that the question stays where it is.
    pub(super) fn draw(&self, text: &mut String, lines: &[String]) {
        let mut drawn = self.lock();
        drawn.times += 1;
        if drawn.held {
            if text.len() > MOST_WAITING {
                write(&std::mem::take(text));
            }
            return;
        }
        let text = std::mem::take(text);
        let columns = output::size().columns;
        let mut out = BEGIN.to_owned() + &drawn.erase(columns);
        // What is printed may be longer than a line, and wraps.
        if !text.is_empty() {
            out += &format!("\u{1b}[?7h{text}\u{1b}[?7l");
        }
        for line in lines {
            out += line;
            out.push('\n');
        }
        drawn.widths = lines.iter().map(|line| layout::width(&harmless(line, false))).collect();
        write(&(out + END));
        self.drew.notify_all();
    }

    /// The lines go; what comes now stays.
    pub(super) fn finish(&self, text: &str) {
        let mut drawn = self.lock();
        let erased = drawn.erase(output::size().columns);
        write(&(erased + text));
        (drawn.held, drawn.served) = (true, false);
        self.drew.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Drawn> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen for Region {
    /// What came before is printed first: a question may be about it. The drawing that is under
    /// way may be without it, the one after that is not.
    fn hold(&self) {
        let mut drawn = self.lock();
        drawn.held = false;
        if drawn.served {
            let enough = drawn.times + 2;
            let more = |it: &mut Drawn| it.served && it.times < enough;
            let waited = self.drew.wait_timeout_while(drawn, LAST_WORDS, more);
            drawn = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drawn.held = true;
        write(&drawn.erase(output::size().columns));
    }

    fn release(&self) {
        self.lock().held = false;
    }
}

impl Drawn {
    /// What takes the lines away. Where the terminal has become narrower it has wrapped them.
    fn erase(&mut self, columns: usize) -> String {
        let rows: usize =
            self.widths.drain(..).map(|width| width.div_ceil(columns.max(1)).max(1)).sum();
        if rows == 0 { String::new() } else { format!("\r\u{1b}[{rows}A\u{1b}[J") }
    }
}

fn write(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_a_narrower_terminal_wrapped_are_all_taken_away() {
        let mut drawn = Drawn { widths: vec![70, 10], ..Drawn::default() };
        assert_eq!(drawn.erase(80), "\r\u{1b}[2A\u{1b}[J");
        assert_eq!(drawn.erase(80), "");
        let mut drawn = Drawn { widths: vec![70, 10, 0], ..Drawn::default() };
        assert_eq!(drawn.erase(30), "\r\u{1b}[5A\u{1b}[J");
    }
}
