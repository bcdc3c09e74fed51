//! What `run` prints while it goes on: one line for each change, and what steps write.
//!
//! Lines go through one bounded channel to one thread, so that a slow terminal holds nothing up
//! and two steps' lines are never mixed.

use std::io::Write;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::output;
use crate::exec::event::{AlertWay, AttemptEnd, Event, Stamped, Status};
use crate::exec::graph::Graph;
use crate::exec::process::OutputLine;
use crate::exec::state::RunState;
use crate::exec::world::Observer;
use crate::report::layout::Paint;
use crate::report::length;

/// Lines that wait to be printed; more are left out, never waited for.
const WAITING: usize = 65_536;

/// The tag of goalc's own lines.
const OWN: u64 = u64::MAX;

/// Lines that are written at once, at most.
const TOGETHER: usize = 1000;

/// How long lines are gathered.
const PAUSE: Duration = Duration::from_millis(20);

/// How long the end of a run waits for the terminal to take the last lines.
const LAST: Duration = Duration::from_secs(2);

/// The printing thread.
#[derive(Debug)]
pub(super) struct Progress {
    lines: Sender<OutputLine>,
    over: Receiver<()>,
    /// Dropped when no more lines come.
    last: Sender<()>,
    colour: bool,
}

impl Progress {
    pub(super) fn start(graph: &Graph, colour: bool) -> Self {
        let (lines, printed) = bounded::<OutputLine>(WAITING);
        let (end, over) = bounded(0);
        let (last, asked_to_end) = bounded::<()>(0);
        // What the root goal itself runs is its cleanup.
        let name = |id: String| if id.is_empty() { "cleanup".to_owned() } else { id };
        let names: Vec<String> =
            graph.nodes().map(|node| name(graph.id(node).to_string())).collect();
        let print = move || {
            let mut err = std::io::stderr();
            while let Ok(first) = printed.recv() {
                let lines = std::iter::once(first).chain(printed.try_iter().take(TOGETHER));
                let text: String = lines.map(|line| shown(&line, &names, colour)).collect();
                let _ = err.write_all(text.as_bytes());
                // What comes at once is written at once: being woken for each line costs more than
                // many a step.
                let _ = asked_to_end.recv_timeout(PAUSE);
            }
            drop(end);
        };
        // Without the thread there is no progress to see; the run goes on.
        let _ = std::thread::Builder::new().name("progress".to_owned()).spawn(print);
        Self { lines, over, last, colour }
    }

    pub(super) fn lines(&self) -> Sender<OutputLine> {
        self.lines.clone()
    }

    pub(super) fn observer(&self) -> Reporter {
        Reporter { lines: self.lines.clone(), paint: Paint(self.colour) }
    }

    /// Waits until all is printed, but not for ever.
    pub(super) fn finish(self) {
        drop((self.lines, self.last));
        let _ = self.over.recv_timeout(LAST);
    }
}

fn shown(line: &OutputLine, names: &[String], colour: bool) -> String {
    if line.tag == OWN {
        return format!("{}\n", line.text);
    }
    let node = usize::try_from(line.tag >> 32).unwrap_or(usize::MAX);
    let name = names.get(node).map_or("", String::as_str);
    let name = match line.tag & u64::from(u32::MAX) {
        0 => name.to_owned(),
        item => format!("{name}[{}]", item - 1),
    };
    format!("{} {}\n", Paint(colour).dim(&format!("{name} |")), harmless(&line.text))
}

/// A step's text without what could move the cursor or forge a prompt: control characters in
/// caret form; colours stay.
fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\t') {
        safe.push_str(&rest[..at]);
        let tail = &rest[at..];
        if let Some(length) = colour_code(tail) {
            safe.push_str(&tail[..length]);
            rest = &tail[length..];
            continue;
        }
        let control = tail.chars().next().unwrap_or_default();
        match u32::from(control) {
            code @ 0..0x20 => {
                safe.push('^');
                safe.push(char::from_u32(code + 0x40).unwrap_or('?'));
            }
            0x7f => safe.push_str("^?"),
            code => safe += &format!("\\u{{{code:x}}}"),
        }
        rest = &tail[control.len_utf8()..];
    }
    safe.push_str(rest);
    if safe.contains('\u{1b}') { safe + "\u{1b}[0m" } else { safe }
}

/// The length of a colour sequence (`ESC [ digits ; … m`) that a text starts with.
fn colour_code(text: &str) -> Option<usize> {
    let body = text.strip_prefix("\u{1b}[")?;
    let end = body.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    body[end..].starts_with('m').then_some(2 + end + 1)
}

/// Tells of events as lines.
#[derive(Debug)]
pub(super) struct Reporter {
    lines: Sender<OutputLine>,
    paint: Paint,
}

impl Reporter {
    fn say(&self, text: String) {
        let _ = self.lines.try_send(OutputLine { tag: OWN, stderr: true, text });
    }

    fn ended(&self, name: &str, status: Status, why: &str, state: &RunState) {
        let paint = self.paint;
        let mark = match status {
            Status::Succeeded => paint.green("✓"),
            Status::Failed => paint.red("✗"),
            Status::Cancelled | Status::Blocked => paint.yellow("✗"),
            _ => paint.dim("-"),
        };
        let took = state
            .graph()
            .step_ix(&crate::value::StepId::new(name))
            .map(|node| state.node(node))
            .and_then(|node| Some(node.ended?.since(node.started?)))
            .map_or_else(String::new, |took| format!(" ({})", length(took)));
        let word = if status == Status::Succeeded { String::new() } else { format!(" {status}") };
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        self.say(format!("{mark} {name}{word}{took}{why}"));
    }

    fn attempt(&self, event: &Event) {
        match event {
            Event::AttemptStarted { unit, attempt: 1, .. } => {
                self.say(format!("{} {unit}", self.paint.cyan("▶")));
            }
            Event::AttemptStarted { unit, attempt, way, .. } => {
                let how = if *way > 0 { ", a fallback" } else { "" };
                self.say(format!("{} {unit}: attempt {attempt}{how}", self.paint.cyan("▶")));
            }
            Event::AttemptEnded { unit, attempt, end, notes, .. } => {
                let mark = self.paint.yellow("!");
                if let AttemptEnd::Failed(why) = end {
                    self.say(format!("{mark} {unit}: attempt {attempt} failed: {why}"));
                }
                for note in notes {
                    self.say(format!("{mark} {unit}: {note}"));
                }
            }
            Event::Delayed { unit, length: wait, .. } if !wait.is_zero() => {
                self.say(format!("{} {unit}: again in {}", self.paint.yellow("↻"), length(*wait)));
            }
            _ => {}
        }
    }
}

impl Observer for Reporter {
    fn event(&mut self, stamped: &Stamped, state: &RunState) {
        match &stamped.event {
            Event::StepEnded { step, status, reason, via, .. } => {
                let via = via.as_ref().map(|via| format!("by its fallback `{via}`"));
                let why = via.or_else(|| reason.clone()).unwrap_or_default();
                self.ended(step.as_str(), *status, &why, state);
            }
            Event::GoalEnded { goal, status, reason }
                if !goal.is_root() && *status != Status::Succeeded =>
            {
                self.ended(goal.as_str(), *status, reason.as_deref().unwrap_or_default(), state);
            }
            Event::Asked { unit, question, .. } => {
                self.say(format!("{} {unit}: {question}", self.paint.yellow("?")));
            }
            Event::Answered { unit, answer, by, from, .. } => {
                let by = if by.is_empty() { from.as_str() } else { by.as_str() };
                self.say(format!("  {unit}: {} by {by}", answer.word()));
            }
            Event::CheckpointReached { step, label } => {
                let label = if label.is_empty() { String::new() } else { format!(": {label}") };
                self.say(format!("{} {step}: checkpoint{label}", self.paint.bold("⚑")));
            }
            Event::GoalVerified { goal, failure: Some(why) } => {
                let name = if goal.is_root() { "the goal" } else { goal.as_str() };
                self.say(format!("{} verify of {name}: {why}", self.paint.red("✗")));
            }
            Event::CleanupEnded { failure: Some(why), .. } => {
                self.say(format!("{} cleanup: {why}", self.paint.red("✗")));
            }
            Event::UndoStarted { step } => {
                self.say(format!("{} {step}: undoing", self.paint.yellow("↶")));
            }
            Event::UndoEnded { step, failure: None } => {
                self.say(format!("{} {step} undone", self.paint.yellow("↶")));
            }
            Event::UndoEnded { step, failure: Some(why) } => {
                self.say(format!("{} {step}: its undo failed: {why}", self.paint.red("✗")));
            }
            Event::RestoreEnded { unit, failure: None } => {
                self.say(format!("{} {unit}: its snapshot is put back", self.paint.yellow("↶")));
            }
            Event::RestoreEnded { unit, failure: Some(why) } => {
                let mark = self.paint.red("✗");
                self.say(format!("{mark} {unit}: its snapshot is not put back: {why}"));
            }
            Event::AlertSent { on, text, way, failure: None, .. } => {
                let how = match way {
                    AlertWay::Log => "",
                    AlertWay::Run => " (a script was run)",
                    AlertWay::Webhook => " (a webhook was called)",
                };
                self.say(format!("{} alert on {on}: {text}{how}", self.paint.yellow("!")));
            }
            Event::AlertSent { on, failure: Some(why), .. } => {
                let mark = self.paint.yellow("!");
                self.say(format!("{mark} alert on {on} was not delivered: {why}"));
            }
            Event::StopRequested { .. } => {
                self.say("stopping: what runs is asked to end".to_owned());
            }
            event => self.attempt(event),
        }
    }
}

/// Prints each event as one line of JSON.
#[derive(Debug, Default)]
pub(super) struct JsonLines;

impl Observer for JsonLines {
    fn event(&mut self, stamped: &Stamped, _state: &RunState) {
        let mut value = serde_json::to_value(&stamped.event).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("seq".to_owned(), stamped.seq.into());
            fields.insert("at".to_owned(), stamped.at.to_string().into());
        }
        output::print(&format!("{value}\n"));
    }
}
