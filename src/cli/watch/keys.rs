//! What each key does.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::model::{Mode, Model};

/// How it goes on after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Stay,
    Leave,
}

/// The keys, as the help shows them.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("↑ ↓ k j", "another step"),
    ("PgUp PgDn", "ten steps, or lines, further"),
    ("Home End", "the first, the last"),
    ("Enter", "the log of the step's last attempt; Esc goes back"),
    ("a", "approve what it asks"),
    ("d", "deny it"),
    ("o", "a manual step, or one in doubt, is done"),
    ("f", "it has failed"),
    ("r", "run it, or run it again"),
    ("s", "skip it, where interactive mode asks"),
    ("n", "write a note: with the next answer, where something is asked"),
    ("c", "stop the run"),
    ("q", "leave; the run goes on"),
];

const PAGE: usize = 10;

/// A note is at most so long, in bytes.
const LONGEST_NOTE: usize = 4096;

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Then {
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return Then::Leave;
    }
    match model.mode.clone() {
        Mode::Note(text) => type_note(model, text, key),
        Mode::Cancel => {
            if key.code == KeyCode::Char('y') {
                model.cancel();
            } else {
                "it goes on".clone_into(&mut model.said);
            }
            model.mode = Mode::List;
        }
        Mode::Help => model.mode = Mode::List,
        Mode::Log { up } => match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('h') => model.mode = Mode::List,
            KeyCode::Char('q') => return Then::Leave,
            code => model.mode = Mode::Log { up: scrolled(up, code) },
        },
        Mode::List => return in_list(model, key),
    }
    Then::Stay
}

fn in_list(model: &mut Model, key: KeyEvent) -> Then {
    model.said.clear();
    let last = model.units().len().saturating_sub(1);
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => return Then::Leave,
        KeyCode::Up | KeyCode::Char('k') => model.selected = model.selected.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => model.selected = (model.selected + 1).min(last),
        KeyCode::PageUp => model.selected = model.selected.saturating_sub(PAGE),
        KeyCode::PageDown => model.selected = (model.selected + PAGE).min(last),
        KeyCode::Home => model.selected = 0,
        KeyCode::End => model.selected = last,
        KeyCode::Enter | KeyCode::Char('l') => model.mode = Mode::Log { up: 0 },
        KeyCode::Char('a') => model.answer("approve"),
        KeyCode::Char('d') => model.answer("deny"),
        KeyCode::Char('o') => model.answer("done"),
        KeyCode::Char('f') => model.answer("fail"),
        KeyCode::Char('r') => model.answer("rerun"),
        KeyCode::Char('s') => model.answer("skip"),
        KeyCode::Char('n') => model.mode = Mode::Note(model.note.clone()),
        KeyCode::Char('c') => model.mode = Mode::Cancel,
        KeyCode::Char('?' | 'h') => model.mode = Mode::Help,
        _ => {}
    }
    Then::Stay
}

fn type_note(model: &mut Model, mut text: String, key: KeyEvent) {
    match key.code {
        KeyCode::Enter => {
            model.mode = Mode::List;
            model.take_note(text);
            return;
        }
        KeyCode::Esc => {
            model.mode = Mode::List;
            return;
        }
        KeyCode::Backspace => {
            text.pop();
        }
        KeyCode::Char(c) if text.len() < LONGEST_NOTE => text.push(c),
        _ => {}
    }
    model.mode = Mode::Note(text);
}

fn scrolled(up: usize, code: KeyCode) -> usize {
    match code {
        KeyCode::Up | KeyCode::Char('k') => up.saturating_add(1),
        KeyCode::Down | KeyCode::Char('j') => up.saturating_sub(1),
        KeyCode::PageUp => up.saturating_add(PAGE),
        KeyCode::PageDown => up.saturating_sub(PAGE),
        KeyCode::Home => usize::MAX,
        KeyCode::End => 0,
        _ => up,
    }
}
