//! The person at the terminal: one question at a time, answers by line.
//!
//! The end of input is no answer: from then on nobody is there, and the run waits durably.

use std::io::{BufRead, Write};

use crossbeam_channel::Sender;
use indexmap::IndexMap;

use super::local::Message;
use super::{View, Wake};
use crate::exec::event::{Answer, QuestionKind, Unit};
use crate::exec::state::Question;

/// What else is on the terminal, which steps aside while a person is asked.
pub trait Screen: std::fmt::Debug + Send {
    /// Nothing is drawn until [`Self::release`].
    fn hold(&self);

    fn release(&self);
}

/// Who is asked, if anyone is there.
#[derive(Debug)]
pub(super) struct Person {
    there: bool,
    pub(super) screen: Option<Box<dyn Screen>>,
    sender: Sender<Message>,
    listening: bool,
    /// The question that is on the screen.
    asked: Option<(Unit, QuestionKind)>,
}

impl Person {
    pub(super) fn new(there: bool, sender: Sender<Message>) -> Self {
        Self { there, screen: None, sender, listening: false, asked: None }
    }

    pub(super) fn is_there(&self) -> bool {
        self.there
    }

    /// Shows the first open question, unless one is on the screen that is still open.
    pub(super) fn prompt(&mut self, view: View<'_>) {
        if !self.there {
            return;
        }
        let open: Vec<(Unit, &Question)> = view
            .state
            .open_questions()
            .map(|(unit, question)| (view.state.name(unit), question))
            .collect();
        if let Some((unit, kind)) = &self.asked {
            if open.iter().any(|(open, question)| open == unit && question.kind == *kind) {
                return;
            }
            self.asked = None;
        }
        if let Some((unit, question)) = open.first() {
            self.listen();
            if let Some(screen) = &self.screen {
                screen.hold();
            }
            show(unit, question);
            self.asked = Some((unit.clone(), question.kind));
        } else {
            self.give_back();
        }
    }

    fn give_back(&self) {
        if let Some(screen) = &self.screen {
            screen.release();
        }
    }

    fn listen(&mut self) {
        if std::mem::replace(&mut self.listening, true) {
            return;
        }
        let sender = self.sender.clone();
        super::pool::spawn(move || {
            let mut lines = std::io::stdin().lock().lines();
            loop {
                let line = lines.next().and_then(Result::ok);
                let over = line.is_none();
                if sender.send(Message::Typed(line)).is_err() || over {
                    return;
                }
            }
        });
    }

    /// Takes a typed line as the answer to the question on the screen.
    pub(super) fn typed(&mut self, line: Option<String>, view: View<'_>) -> Option<Wake> {
        let Some(line) = line else {
            self.there = false;
            self.asked = None;
            self.give_back();
            return None;
        };
        let (unit, kind) = self.asked.clone()?;
        let (word, note) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        self.asked = None;
        let Some(answer) = answer(kind, word) else {
            self.prompt(view);
            return None;
        };
        let (by, from) = (user(), "terminal".to_owned());
        Some(Wake::Answered { unit, answer, by, from, note: note.trim().to_owned(), asked: None })
    }
}

/// The name that answers are kept under.
pub fn user() -> String {
    std::env::var("USER")
        .or_else(|_| std::env::var("LOGNAME"))
        .unwrap_or_else(|_| "someone".to_owned())
}

fn answer(kind: QuestionKind, word: &str) -> Option<Answer> {
    match (kind, word) {
        (QuestionKind::Confirm, "y" | "yes" | "approve") => Some(Answer::Approved),
        (QuestionKind::Confirm, "n" | "no" | "deny") => Some(Answer::Denied),
        (QuestionKind::Manual | QuestionKind::InDoubt, "d" | "done") => {
            Some(Answer::Done { outputs: IndexMap::new() })
        }
        (QuestionKind::Manual | QuestionKind::InDoubt, "f" | "fail") => Some(Answer::Failed),
        (QuestionKind::InDoubt, "r" | "rerun") => Some(Answer::Rerun),
        _ => None,
    }
}

fn show(unit: &Unit, question: &Question) {
    let choices = match question.kind {
        QuestionKind::Confirm => "yes / no",
        QuestionKind::Manual => "done / fail",
        QuestionKind::InDoubt => "done / rerun / fail",
    };
    let text: String = question.text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let mut screen = std::io::stderr().lock();
    let _ = write!(screen, "\n? {unit}: {text}\n  {choices} (and a note, if you like): ");
    let _ = screen.flush();
}
