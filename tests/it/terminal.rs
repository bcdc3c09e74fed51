//! The program on a terminal of its own, with a person at it.
//!
//! Invariant: what is waited for comes in time or the test fails with all that was shown.

use std::process::{Command, Stdio};

use rexpect::process::{Signal, WaitStatus};
use rexpect::session::{PtySession, spawn_command};

use crate::support::{PATIENCE, Project, eventually};

pub(crate) struct Terminal {
    session: PtySession,
    /// What a terminal of 80 columns and 24 rows shows, once it is looked at.
    screen: vt100::Parser,
}

impl Terminal {
    /// `goalc …` in the project's folder, as `ada`.
    pub(crate) fn of(project: &Project, arguments: &[&str]) -> Self {
        Self::with(project.command(arguments))
    }

    pub(crate) fn with(mut command: Command) -> Self {
        command.env("USER", "ada").env("TERM", "xterm-256color").stdin(Stdio::inherit());
        let patience = u64::try_from(PATIENCE.as_millis()).expect("it fits");
        let session = spawn_command(command, Some(patience)).expect("a terminal");
        Self { session, screen: vt100::Parser::default() }
    }

    pub(crate) fn run(project: &Project, arguments: &[&str]) -> Self {
        Self::of(project, &[&["run", "plan.goal"], arguments].concat())
    }

    /// Waits until a text is shown; what came before it.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> String {
        let seen = self.session.exp_string(&bytewise(text));
        decoded(
            &seen.unwrap_or_else(|error| panic!("no {text:?}: {}", decoded(&error.to_string()))),
        )
    }

    /// Waits until the screen shows a text, wherever; what a program draws over and over is no
    /// text in a row.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) {
        let (mut holds, mut shown) = (false, String::new());
        let begun = std::time::Instant::now();
        while !holds && begun.elapsed() < PATIENCE {
            while let Some(byte) = self.session.try_read() {
                self.screen.process(&[u8::try_from(byte).expect("a byte")]);
            }
            shown = self.screen.screen().contents();
            holds = shown.contains(text);
            std::thread::yield_now();
        }
        assert!(holds, "no {text:?} on the screen:\n{shown}");
    }

    /// Types a line.
    pub(crate) fn says(&mut self, line: &str) {
        self.session.send_line(line).expect("the terminal takes a line");
    }

    /// Waits for a text, and types a line then.
    #[track_caller]
    pub(crate) fn answers(&mut self, text: &str, line: &str) {
        self.sees(text);
        self.says(line);
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.session.send(text).expect("the terminal takes a text");
        self.session.flush().expect("it is sent");
    }

    /// Ctrl and a letter.
    pub(crate) fn presses(&mut self, letter: char) {
        self.session.send_control(letter).expect("the terminal takes a key");
    }

    /// As a machine that stops: nothing in the process has its say.
    pub(crate) fn kill(mut self) {
        self.session.process_mut().kill(Signal::SIGKILL).expect("it is killed");
    }

    /// Waits for the end: what was shown last, and the exit code.
    #[track_caller]
    pub(crate) fn ends(mut self, code: i32) -> String {
        let shown = decoded(&self.session.exp_eof().expect("its output ends"));
        let mut status = WaitStatus::StillAlive;
        eventually("the end of the process", || {
            status = self.session.process().status().expect("its state is known");
            status != WaitStatus::StillAlive
        });
        match status {
            WaitStatus::Exited(_, found) => assert_eq!(found, code, "{shown}"),
            other => panic!("it ended by {other:?}: {shown}"),
        }
        shown
    }
}

fn bytewise(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// The session gives each byte as a character of its own.
fn decoded(shown: &str) -> String {
    let bytes: Vec<u8> = shown.chars().filter_map(|c| u8::try_from(c).ok()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
