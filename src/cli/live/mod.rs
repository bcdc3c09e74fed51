//! What `run` prints while it goes on.
//!
//! One thread writes to the terminal; events and what steps write come to it by channels, so that
//! a slow terminal holds nothing up. On a terminal the last lines are a picture of what runs;
//! elsewhere each change is a line. Invariant: what is printed above the picture stays readable.

mod blocks;
mod board;
mod harmless;
mod picture;
mod printer;
mod region;
mod reporter;

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub(super) use board::Board;
pub(super) use harmless::harmless;
pub(super) use region::{Region, Size};
pub(super) use reporter::{JsonLines, Reporter, event_json};

use crate::exec::event::Stamped;
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::process::OutputLine;
use crate::exec::world::ALERT_TAG;
use crate::report::layout::Paint;
use printer::Printer;

/// Lines of steps that wait to be printed; more are left out, never waited for.
const WAITING: usize = 65_536;

/// How long the end of a run waits for the terminal to take the last lines.
const LAST: Duration = Duration::from_secs(2);

/// How much is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loudness {
    /// Failures, questions and the end.
    Quiet,
    #[default]
    Usual,
    /// What steps write as it comes, whoever writes.
    Verbose,
}

/// How it is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) loudness: Loudness,
    pub(super) colour: bool,
}

/// What the printing thread is told.
enum Note {
    /// A line of goalc's own.
    Say(String),
    /// An event, for the picture.
    Event(Box<Stamped>),
    /// An attempt at what has this tag begins; what it is called.
    Begins(u64, String),
    /// It has ended, whether it failed, and when: what it wrote came before.
    Ends(u64, bool, u64),
    /// What it writes belongs to no block.
    Serves(u64),
}

/// The printing thread.
#[derive(Debug)]
pub(super) struct Progress {
    lines: Sender<OutputLine>,
    notes: Sender<Note>,
    over: Receiver<Tails>,
    /// Dropped when no more comes.
    last: Sender<()>,
    look: Look,
    drawn: bool,
}

/// The last lines of what failed, by its name.
pub(super) type Tails = Vec<(String, Vec<String>)>;

impl Progress {
    /// With a board there is a picture.
    pub(super) fn start(graph: &Graph, look: Look, board: Option<(Board, Region)>) -> Self {
        let (lines, written) = bounded::<OutputLine>(WAITING);
        let (notes, told) = unbounded();
        let (end, over) = bounded(1);
        let (last, stopped) = bounded::<()>(0);
        // What the root goal itself runs is its cleanup.
        let name = |id: String| if id.is_empty() { "cleanup".to_owned() } else { id };
        let names: Vec<String> =
            graph.nodes().map(|node| name(graph.id(node).to_string())).collect();
        let (drawn, steps) = (board.is_some(), graph.step_count());
        let print = move || {
            let printer = Printer::new((names, steps), look, board);
            let _ = end.send(printer.serve(&written, &told, &stopped));
        };
        // Without the thread there is no progress to see; the run goes on.
        let _ = std::thread::Builder::new().name("progress".to_owned()).spawn(print);
        Self { lines, notes, over, last, look, drawn }
    }

    /// Where steps' lines go.
    pub(super) fn lines(&self) -> Sender<OutputLine> {
        self.lines.clone()
    }

    pub(super) fn observer(&self) -> Reporter {
        Reporter::new(self.notes.clone(), Paint(self.look.colour), self.look.loudness, self.drawn)
    }

    /// Waits until all is printed, but not for ever; gives the last lines of what failed.
    pub(super) fn finish(self) -> Tails {
        drop((self.lines, self.notes, self.last));
        self.over.recv_timeout(LAST).unwrap_or_default()
    }
}

/// The tag of what a unit writes, as the launcher gives it.
fn tag(node: NodeIx, item: Option<u32>) -> u64 {
    u64::from(node.0) << 32 | u64::from(item.map_or(0, |item| item.saturating_add(1)))
}

/// The name of what has a tag.
fn name_of(tag: u64, names: &[String]) -> String {
    let node = usize::try_from(tag >> 32).unwrap_or(usize::MAX);
    let name = names.get(node).map_or("", String::as_str);
    match u32::try_from(tag & u64::from(u32::MAX)).unwrap_or_default() {
        0 => name.to_owned(),
        ALERT_TAG => "alert".to_owned(),
        item => format!("{name}[{}]", item - 1),
    }
}
