//! The person at the terminal: one question at a time, answers by line.
//!
//! The end of input is no answer, nor is a line that it cuts off: from then on nobody is there, and
//! the run waits durably. What a person types is kept without the run's secrets.

mod choices;
mod dialog;
mod screen;

use std::io::{BufRead, Read};

use super::message::{Message, MessageSender};
use super::preview::Preview;
use super::{View, Wake};
use crate::exec::state::{Question, UnitIx};
use dialog::{Dialog, Next};
pub use screen::{Screen, readable};

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
}

impl Person {
    pub(super) fn new(there: bool, sender: MessageSender) -> Self {
        Self { there, sender, listening: false, screen: Box::new(screen::Bare), dialog: None }
    }

    pub(super) fn set_screen(&mut self, screen: Box<dyn Screen>) {
        self.screen = screen;
    }

    pub(super) fn is_there(&self) -> bool {
        self.there
    }

    /// Shows the first open question, unless one is on the screen that is still open.
    pub(super) fn prompt(&mut self, view: View<'_>) {
        if !self.there {
            return;
        }
        let mut open = view.state.open_questions();
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
                sender.send(Message::Typed(line));
                if over {
                    return;
                }
            }
        });
    }

    /// Takes a typed line as what is said to the question on the screen.
    pub(super) fn typed(&mut self, line: Option<String>, preview: Preview<'_>) -> Vec<Wake> {
        let Some(line) = line else {
            self.there = false;
            if self.dialog.take().is_some() {
                screen::write("\n");
            }
            self.screen.release();
            return Vec::new();
        };
        let Some(dialog) = &mut self.dialog else { return Vec::new() };
        let Next { say, wakes, over } = dialog.take(&line, preview);
        screen::write(&say);
        if over {
            self.dialog = None;
        }
        wakes
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

/// The name that answers are kept under.
pub fn user() -> String {
    std::env::var("USER")
        .or_else(|_| std::env::var("LOGNAME"))
        .unwrap_or_else(|_| "someone".to_owned())
}
