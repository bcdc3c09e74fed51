//! The person at the terminal: one question at a time, answers by line.
//!
//! The end of input is no answer, nor is a line that it cuts off: from then on nobody is there, and
//! the run waits durably. What a person types is kept without the run's secrets.

mod choices;
mod dialog;
mod screen;

use std::io::{BufRead, Read};
use std::time::Instant;

use rustix::termios::QueueSelector;

use super::message::{Message, MessageSender};
use super::preview::Preview;
use super::{View, Wake};
use crate::exec::state::{Question, UnitIx};
use dialog::{Dialog, Next};
pub use screen::{Screen, readable, readable_behind};

/// The most bytes of a line that are taken.
const LONGEST_LINE: u64 = 64 * 1024;

/// Who is asked, if anyone is there.
#[derive(Debug)]
pub(super) struct Person {
    there: bool,
    sender: MessageSender,
    listening: bool,
    screen: Box<dyn Screen>,
    /// The question that is on the screen.
    dialog: Option<Dialog>,
    /// Since when.
    asked: Instant,
}

impl Person {
    pub(super) fn new(there: bool, sender: MessageSender) -> Self {
        let screen = Box::new(screen::Bare);
        Self { there, sender, listening: false, screen, dialog: None, asked: Instant::now() }
    }

    pub(super) fn set_screen(&mut self, screen: Box<dyn Screen>) {
        self.screen = screen;
    }

    pub(super) fn is_there(&self) -> bool {
        self.there
    }

    /// Shows the first open question that is on disk, up to an event, unless one is on the screen that
    /// is still open.
    pub(super) fn prompt(&mut self, on_disk: u64, view: View<'_>) {
        if !self.there {
            return;
        }
        let mut open = view.state.open_questions().filter(|(_, question)| question.seq <= on_disk);
        if let Some(dialog) = &self.dialog {
            if view.state.open_questions().any(|(_, question)| question.seq == dialog.seq) {
                return;
            }
            let questions = view.state.unit(dialog.unit).map(|unit| unit.questions.as_slice());
            let mut questions = questions.unwrap_or_default().iter();
            let answered = questions.any(|q| q.seq == dialog.seq && q.answer.is_some());
            screen::write(if answered { "\n  (it is answered elsewhere)\n" } else { "\n" });
            self.dialog = None;
        }
        let Some((unit, question)) = open.next() else { return self.screen.release() };
        self.ask(unit, question, view);
    }

    fn ask(&mut self, unit: UnitIx, question: &Question, view: View<'_>) {
        let dialog = Dialog::new(unit, question, view);
        self.screen.hold();
        // What was typed before the question was there does not answer it.
        forget_what_was_typed();
        self.asked = Instant::now();
        self.listen();
        screen::write(&dialog.opening(question, view));
        self.dialog = Some(dialog);
    }

    fn listen(&mut self) {
        if std::mem::replace(&mut self.listening, true) {
            return;
        }
        let sender = self.sender.clone();
        super::pool::spawn(move || {
            let mut input = std::io::stdin().lock();
            loop {
                let line = line(&mut input);
                let over = line.is_none();
                sender.send(Message::Typed(line, Instant::now()));
                if over {
                    return;
                }
            }
        });
    }

    /// Takes a typed line as what is said to the question on the screen.
    pub(super) fn typed(
        &mut self,
        (line, at): (Option<String>, Instant),
        preview: Preview<'_>,
    ) -> Vec<Wake> {
        let Some(line) = line else {
            self.there = false;
            if self.dialog.take().is_some() {
                screen::write("\n");
            }
            self.screen.release();
            return Vec::new();
        };
        let Some(dialog) = self.dialog.as_mut().filter(|_| at >= self.asked) else {
            return Vec::new();
        };
        let Next { say, wakes, over } = dialog.take(&line, preview);
        screen::write(&say);
        if over {
            self.dialog = None;
        }
        wakes
    }
}

/// Throws away what the terminal has for us; not where another program has the terminal.
fn forget_what_was_typed() {
    let input = std::io::stdin();
    let ours = rustix::termios::tcgetpgrp(&input)
        .is_ok_and(|foreground| foreground == rustix::process::getpgrp());
    if ours {
        // Where it cannot be done a line that was typed too early counts as before.
        let _ = rustix::termios::tcflush(&input, QueueSelector::IFlush);
    }
}

/// A whole line without its end. What is behind the longest one is dropped.
fn line(input: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes).ok()?;
    if bytes.last() != Some(&b'\n') {
        if bytes.len() as u64 != LONGEST_LINE {
            return None;
        }
        input.skip_until(b'\n').ok()?;
    }
    let text = String::from_utf8_lossy(&bytes);
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// The name that answers are kept under: what the environment says, or who the process belongs to.
pub fn user() -> String {
    let said = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok();
    said.filter(|name| !name.is_empty()).unwrap_or_else(|| {
        let uid = rustix::process::getuid().as_raw();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        named(&users, uid).map_or_else(|| format!("uid {uid}"), str::to_owned)
    })
}

/// The name that a list of users has for a number.
fn named(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}
