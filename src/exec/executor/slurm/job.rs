//! One attempt as its keeper has it: what it was told, where it stands, what it has shown.
//!
//! Reads the attempt's folder and nothing else. Invariant: a line that was shown is not shown again
//! by the same process.

use std::io::{Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::options::Request;
use super::seen::Fate;
use crate::exec::executor::files::{AttemptFiles, Order, Started, Stop};
use crate::exec::executor::{Done, Key, Task};
use crate::exec::process::{Controller, OutputLine, ProcessReport, in_order};

/// Between looks at a folder: at first, at most, and as a part of how long it has gone on.
const LOOK: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));
const PART: u32 = 10;

/// So much of the lines is read at once.
const PIECE: u64 = 1 << 20;

/// Where an attempt stands that nobody has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// It is to be submitted.
    Waiting,
    /// It is in the queue of a pool.
    Pooled(String),
    /// `sbatch` is being called.
    Submitting,
    /// It may have been submitted before this.
    Unsure(Instant),
    Submitted(Instant),
}

/// What is known of an order to end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopping {
    pub(super) how: Stop,
    pub(super) since: Instant,
    pub(super) cancelled: Option<Instant>,
}

/// What accounting says of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    Unasked,
    Asked(Instant),
    Told(Option<Fate>),
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) start: u64,
    pub(super) name: String,
    pub(super) files: AttemptFiles,
    pub(super) control: Controller,
    pub(super) request: Request,
    pub(super) timeout: Option<Duration>,
    pub(super) grace: Duration,
    pub(super) way: Way,
    /// Who has it, and since when that is known.
    pub(super) started: Option<(Started, Instant)>,
    pub(super) begun: Instant,
    pub(super) look_at: Instant,
    pub(super) stopping: Option<Stopping>,
    /// Since when its job is not there, or over.
    pub(super) odd_since: Option<Instant>,
    /// When nothing of it can go on any more.
    pub(super) fenced: Option<Instant>,
    pub(super) account: Account,
    /// Since when its command has ended because its job was told to.
    pub(super) cut_since: Option<Instant>,
    pub(super) submissions: u32,
    /// Since when the cluster does not take it.
    pub(super) refused_since: Option<Instant>,
    pub(super) refusal: String,
    done: Option<DoneBox>,
    lines: Option<Sender<OutputLine>>,
    tag: u64,
    read: u64,
    partial: Vec<u8>,
}

struct DoneBox(Done);

impl std::fmt::Debug for DoneBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Done")
    }
}

impl Job {
    pub(super) fn new(task: Task, request: Request) -> Self {
        let now = Instant::now();
        Self {
            start: task.key.start,
            name: name(&task.key),
            files: AttemptFiles::new(task.folder),
            control: task.control,
            request,
            timeout: task.process.timeout,
            grace: task.process.grace,
            way: Way::Waiting,
            started: None,
            begun: now,
            look_at: now,
            stopping: None,
            odd_since: None,
            fenced: None,
            account: Account::Unasked,
            cut_since: None,
            submissions: 0,
            refused_since: None,
            refusal: String::new(),
            done: Some(DoneBox(task.done)),
            lines: task.process.lines,
            tag: task.process.tag,
            read: 0,
            partial: Vec::new(),
        }
    }

    /// The name of the job that has it, or is to have it.
    pub(super) fn carrier(&self) -> &str {
        self.started.as_ref().map_or(&self.name, |(started, _)| &started.job)
    }

    /// Whether the job that has it has others, too.
    pub(super) fn shares(&self) -> bool {
        self.carrier() != self.name
    }

    /// Since when a look at its job could find it there.
    pub(super) fn could_be_seen(&self) -> Option<Instant> {
        match (&self.started, &self.way) {
            (Some((_, since)), _) => Some(*since),
            (None, Way::Submitted(at)) => Some(*at),
            _ => None,
        }
    }

    pub(super) fn look_later(&mut self, now: Instant) {
        let pause = ((now - self.begun) / PART).clamp(LOOK.0, LOOK.1);
        self.look_at = now + pause;
    }

    pub(super) fn see_start(&mut self, now: Instant) {
        if self.started.is_none()
            && let Some(started) = self.files.started().filter(|started| !started.job.is_empty())
        {
            self.started = Some((started, now));
            self.odd_since = None;
        }
    }

    /// Shows what it has written since the last look.
    pub(super) fn show_lines(&mut self) {
        let Some(lines) = &self.lines else { return };
        loop {
            let Ok(mut file) = std::fs::File::open(self.files.lines()) else { return };
            let mut piece = Vec::new();
            let found = file.seek(SeekFrom::Start(self.read));
            let read = found.and_then(|_| file.take(PIECE).read_to_end(&mut piece));
            let Ok(length @ 1..) = read else { return };
            self.read += length as u64;
            self.partial.extend_from_slice(&piece);
            while let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.partial.drain(..=end).collect();
                let Some((stream, text)) = line.split_first() else { continue };
                let text = text.strip_suffix(b"\n").unwrap_or(text);
                let text = String::from_utf8_lossy(text).into_owned();
                let (tag, stderr) = (self.tag, *stream == b'e');
                // Where nobody can keep up, the log has them.
                let _ = lines.try_send(OutputLine { tag, stderr, text, order: in_order() });
            }
        }
    }

    pub(super) fn report(mut self, report: ProcessReport) {
        self.show_lines();
        self.files.forget_order();
        if let Some(DoneBox(done)) = self.done.take() {
            done(report);
        }
    }
}

/// What is sent of a task.
pub(super) fn order(task: &Task) -> Result<Order, String> {
    Order::new(&task.process)
}

/// The name of an attempt's job, which is the key under which it is submitted: of safe characters
/// only, and no two attempts have the same, for no two starts of a run have one number.
pub(super) fn name(key: &Key) -> String {
    format!("{}{}.{}", prefix(&key.run), safe(&key.unit), key.start)
}

/// How the names of all jobs of a run begin.
pub(super) fn prefix(run: &str) -> String {
    format!("goalc.{}.", safe(run))
}

fn safe(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    text.chars().map(plain).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_safe_characters_and_no_two_attempts_share_one() {
        let key =
            |unit: &str, start| Key { run: "20300101-ab".to_owned(), unit: unit.to_owned(), start };
        assert_eq!(name(&key("a.b[3]", 7)), "goalc.20300101-ab.a.b_3_.7");
        assert_eq!(
            name(&key("x\n#SBATCH -w all %j", 8)),
            "goalc.20300101-ab.x__SBATCH_-w_all__j.8"
        );
        assert_ne!(name(&key("ä", 9)), name(&key("ö", 10)));
        assert!(name(&key(&"long".repeat(200), 11)).len() < 100);
    }
}
