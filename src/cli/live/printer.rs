//! The printing thread: gathers what came, and writes it at once.
//!
//! On a terminal it draws the picture anew at most ten times a second; elsewhere it names what runs
//! when nothing was said for a while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select};
use indexmap::IndexMap;

use super::blocks::{Blocks, Due};
use super::board::Board;
use super::harmless::harmless;
use super::picture::picture;
use super::region::Region;
use super::{Look, Loudness, Note, Tails, name_of};
use crate::cli::output;
use crate::exec::process::OutputLine;
use crate::report::layout::Paint;
use crate::report::length;

/// Between two pictures.
const FRAME: Duration = Duration::from_millis(100);

/// How long lines are gathered where there is no picture: being woken for each costs more than many
/// a step.
const PAUSE: Duration = Duration::from_millis(20);

/// How long nothing is said before what runs is named.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Lines that are written at once, at most.
const TOGETHER: usize = 10_000;

/// Steps that a heartbeat names.
const NAMED: usize = 5;

/// Failed steps whose last lines are kept.
const FAILURES: usize = 3;

pub(super) struct Printer {
    names: Vec<String>,
    look: Look,
    board: Option<(Board, Region)>,
    blocks: Blocks,
    /// What runs, and since when.
    running: IndexMap<u64, Instant>,
    /// What they are called.
    called: HashMap<u64, String>,
    failed: IndexMap<u64, (String, Vec<String>)>,
    last_lines: HashMap<u64, String>,
    /// The first line that came after what is told now.
    later: Option<OutputLine>,
    spoke: Instant,
    text: String,
}

impl Printer {
    pub(super) fn new(
        (names, steps): (Vec<String>, usize),
        look: Look,
        board: Option<(Board, Region)>,
    ) -> Self {
        let mixed = look.loudness == Loudness::Verbose;
        if let Some((_, region)) = &board {
            region.begin();
        }
        Self {
            names,
            look,
            board,
            blocks: Blocks::new(mixed, steps),
            running: IndexMap::new(),
            called: HashMap::new(),
            failed: IndexMap::new(),
            last_lines: HashMap::new(),
            later: None,
            spoke: Instant::now(),
            text: String::new(),
        }
    }

    /// Prints until no more can come; gives the last lines of what failed.
    pub(super) fn serve(
        mut self,
        lines: &Receiver<OutputLine>,
        notes: &Receiver<Note>,
        stopped: &Receiver<()>,
    ) -> Tails {
        let over = crossbeam_channel::RecvTimeoutError::Disconnected;
        loop {
            let pause = if self.board.is_some() {
                FRAME
            } else {
                self.sleep(lines, notes, stopped);
                PAUSE
            };
            let ended = stopped.recv_timeout(pause) == Err(over);
            self.gather(lines, notes);
            if ended {
                // Nothing is sent any more, but what was sent may be more than is taken at once.
                while !lines.is_empty() || !notes.is_empty() || self.later.is_some() {
                    self.gather(lines, notes);
                }
                break;
            }
            self.write();
        }
        let rest = self.blocks.rest();
        self.add(rest);
        if let Some((_, region)) = &self.board {
            region.finish(&std::mem::take(&mut self.text));
        } else {
            output::tell(&self.text);
        }
        self.failed.into_values().collect()
    }

    /// Sleeps until something comes, or nothing has for too long.
    fn sleep(&self, lines: &Receiver<OutputLine>, notes: &Receiver<Note>, stopped: &Receiver<()>) {
        let mut select = Select::new();
        select.recv(lines);
        select.recv(notes);
        select.recv(stopped);
        let _ = select.ready_timeout(HEARTBEAT.saturating_sub(self.spoke.elapsed()));
    }

    fn gather(&mut self, lines: &Receiver<OutputLine>, notes: &Receiver<Note>) {
        for note in notes.try_iter().take(TOGETHER) {
            // All that an attempt wrote was sent before the note of its end.
            if let Note::Ends(_, _, order) = note {
                self.take_lines(lines, order);
            }
            self.note(note);
        }
        self.take_lines(lines, u64::MAX);
    }

    /// Takes the lines that were sent before something else was.
    fn take_lines(&mut self, lines: &Receiver<OutputLine>, before: u64) {
        for _ in 0..TOGETHER {
            let Some(line) = self.later.take().or_else(|| lines.try_recv().ok()) else { return };
            if line.order > before {
                self.later = Some(line);
                return;
            }
            self.line(line);
        }
    }

    fn line(&mut self, line: OutputLine) {
        if self.board.is_some() {
            self.last_lines.insert(line.tag, line.text.clone());
        }
        let due = self.blocks.line(line.tag, line.text);
        self.add(due);
    }

    fn add(&mut self, due: Due) {
        if self.look.loudness == Loudness::Quiet {
            return;
        }
        let paint = Paint(self.look.colour);
        for (tag, text) in due {
            let name = paint.dim(&format!("{} |", name_of(tag, &self.names)));
            self.text += &format!("{name} {}\n", harmless(&text, self.look.colour));
        }
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Say(text) => {
                self.text += &text;
                self.text.push('\n');
            }
            Note::Event(stamped) => {
                if let Some((board, _)) = &mut self.board {
                    board.apply(&stamped);
                }
            }
            Note::Begins(tag, name) => {
                self.running.insert(tag, Instant::now());
                self.called.insert(tag, name);
                self.failed.shift_remove(&tag);
                let due = self.blocks.begins(tag);
                self.add(due);
            }
            Note::Serves(tag) => {
                self.running.shift_remove(&tag);
                let due = self.blocks.serves(tag);
                self.add(due);
            }
            Note::Ends(tag, failed, _) => {
                self.running.shift_remove(&tag);
                self.last_lines.remove(&tag);
                let (due, tail) = self.blocks.ends(tag);
                self.add(due);
                let name = self.called.remove(&tag);
                if failed && !tail.is_empty() && self.failed.len() < FAILURES {
                    let name = name.unwrap_or_else(|| name_of(tag, &self.names));
                    self.failed.insert(tag, (name, tail));
                }
            }
        }
    }

    fn write(&mut self) {
        if let Some((board, region)) = &mut self.board {
            let last = |tag| self.last_lines.get(&tag).map(|line| harmless(line, false));
            let lines = picture(board, &last, output::size(), Paint(self.look.colour));
            region.draw(&mut self.text, &lines);
            return;
        }
        if self.text.is_empty() && self.spoke.elapsed() >= HEARTBEAT {
            self.text = self.heartbeat();
        }
        if !self.text.is_empty() {
            output::tell(&std::mem::take(&mut self.text));
            self.spoke = Instant::now();
        }
    }

    /// One line that names what runs, so that a log shows that the run lives.
    fn heartbeat(&mut self) -> String {
        self.spoke = Instant::now();
        if self.running.is_empty() || self.look.loudness == Loudness::Quiet {
            return String::new();
        }
        let named: Vec<String> = self
            .running
            .iter()
            .take(NAMED)
            .map(|(tag, since)| {
                let name = self.called.get(tag).map_or("", String::as_str);
                format!("{name} ({})", length(since.elapsed()))
            })
            .collect();
        let more = self.running.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!("… running: {}{more}\n", named.join(", "))
    }
}
