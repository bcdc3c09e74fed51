//! Lines of a log on standard error, printed by a thread of their own.
//!
//! Invariant: who logs never waits for who reads; what finds no room is refused, not kept.

use std::io::Write;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

/// Lines that wait to be printed.
const WAITING: usize = 65_536;

/// How long the end of a run waits for the last lines to be taken.
const LAST: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Printer {
    lines: Sender<Vec<u8>>,
    over: Receiver<()>,
}

impl Printer {
    pub(super) fn start() -> Self {
        let (lines, printed) = bounded::<Vec<u8>>(WAITING);
        let (end, over) = bounded::<()>(0);
        let print = move || {
            let mut err = std::io::stderr();
            printed.iter().for_each(|line| {
                let _ = err.write_all(&line);
            });
            drop(end);
        };
        // Without the thread nothing is printed, and that is said with the first line.
        let _ = std::thread::Builder::new().name("log".to_owned()).spawn(print);
        Self { lines, over }
    }

    pub(super) fn lines(&self) -> Sender<Vec<u8>> {
        self.lines.clone()
    }

    /// Waits until all is printed, but not for ever.
    pub(super) fn finish(self) {
        drop(self.lines);
        let _ = self.over.recv_timeout(LAST);
    }
}
