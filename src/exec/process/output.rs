//! What a process writes: masked, logged, shown line by line, captured, its last lines kept.
//!
//! Knows two pipes; knows no processes. Invariant: memory is bounded whatever is written, and
//! nothing that shows output is waited for, but for a moment at the end.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError};
use rustix::buffer::spare_capacity;

use super::log::Log;
use super::{OutputLine, ProcessOrder, in_order};
use crate::value::MaskStream;

/// A longer line is cut where lines are shown, and not waited for in the log.
const LONGEST_LINE: usize = 64 * 1024;

/// Read at once: first what most write at all, then as much as a pipe holds.
const PIECE: (usize, usize) = (4 * 1024, 64 * 1024);

const TAIL: usize = 20;

/// How long, at the end, whoever shows lines may take to make room for the last of them.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The beginning of a line is in the log after this time, also when its end does not come.
const HOLD: Duration = Duration::from_millis(500);

/// Both streams of a process and where they go.
#[derive(Debug)]
pub(super) struct Output<'a> {
    /// Standard output and standard error, until their ends.
    pub(super) streams: [Option<Stream<'a>>; 2],
    sink: Sink<'a>,
    capture: Capture,
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub(super) pipe: OwnedFd,
    mask: MaskStream<'a>,
    line: Line,
}

/// The present line's beginning.
#[derive(Debug, Default)]
struct Line {
    /// At most [`LONGEST_LINE`].
    text: Vec<u8>,
    /// It is longer than `text`; all of it so far is in the log.
    longer: bool,
    /// So much of `text` is in the log.
    logged: usize,
    /// Since when some of it is not in the log.
    since: Option<Duration>,
}

#[derive(Debug)]
struct Sink<'a> {
    log: Log,
    lines: Option<&'a Sender<OutputLine>>,
    tag: u64,
    left_out: u64,
    tail: VecDeque<String>,
}

#[derive(Debug)]
struct Capture {
    limit: usize,
    /// `None` once it was too long, or where nothing is captured.
    kept: Option<Vec<u8>>,
}

/// What is left when all is read.
#[derive(Debug, Default)]
pub(super) struct Remains {
    pub(super) stdout: Option<Vec<u8>>,
    pub(super) tail: Vec<String>,
    pub(super) note: Option<String>,
}

impl<'a> Output<'a> {
    /// Reads these; standard output goes elsewhere where there is none.
    pub(super) fn new(order: &'a ProcessOrder, stdout: Option<OwnedFd>, stderr: OwnedFd) -> Self {
        let stream =
            |pipe| Stream { pipe, mask: MaskStream::new(&order.masker), line: Line::default() };
        Self {
            streams: [stdout.map(stream), Some(stream(stderr))],
            sink: Sink {
                log: Log::new(order.log.clone(), order.log_limit),
                lines: order.lines.as_ref(),
                tag: order.tag,
                left_out: 0,
                tail: VecDeque::new(),
            },
            capture: Capture {
                limit: order.capture.unwrap_or(0),
                kept: order.capture.map(|_| Vec::new()),
            },
            buffer: Vec::new(),
        }
    }

    pub(super) fn at_end(&self) -> bool {
        self.streams.iter().all(Option::is_none)
    }

    /// Reads what is there from one stream; call it when there is something. Says whether there
    /// may be more.
    pub(super) fn read(&mut self, which: usize, now: Duration) -> bool {
        let Some(Some(stream)) = self.streams.get_mut(which) else { return false };
        let filled = self.buffer.len() == self.buffer.capacity() && !self.buffer.is_empty();
        self.buffer.clear();
        self.buffer.reserve(if filled { PIECE.1 } else { PIECE.0 });
        let piece = match rustix::io::read(&stream.pipe, spare_capacity(&mut self.buffer)) {
            Ok(length) if length > 0 => self.buffer.as_slice(),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return true,
            _ => {
                self.close(which);
                return false;
            }
        };
        if which == 0 {
            self.capture.take(piece);
        }
        let shown = stream.mask.push(piece);
        stream.line.take(&shown, which == 1, &mut self.sink, now);
        true
    }

    /// When an unfinished line should be in the log.
    pub(super) fn flush_at(&self) -> Option<Duration> {
        self.streams.iter().flatten().filter_map(|stream| stream.line.since).min().map(|t| t + HOLD)
    }

    /// Puts lines in the log that have been unfinished for long.
    pub(super) fn flush(&mut self, now: Duration) {
        for (which, stream) in self.streams.iter_mut().enumerate() {
            let Some(stream) = stream else { continue };
            if stream.line.since.is_some_and(|since| since + HOLD <= now) {
                stream.line.log(which == 1, &mut self.sink.log);
            }
        }
    }

    fn close(&mut self, which: usize) {
        let Some(mut stream) = self.streams.get_mut(which).and_then(Option::take) else { return };
        let rest = stream.mask.finish();
        stream.line.take(&rest, which == 1, &mut self.sink, Duration::ZERO);
        stream.line.log(which == 1, &mut self.sink.log);
        if !stream.line.text.is_empty() {
            self.sink.show(which == 1, &stream.line.text);
        }
    }

    /// Reads no more.
    pub(super) fn finish(mut self) -> Remains {
        self.close(0);
        self.close(1);
        self.sink.end();
        Remains {
            stdout: self.capture.kept,
            tail: self.sink.tail.into(),
            note: self.sink.log.note(),
        }
    }
}

impl Capture {
    fn take(&mut self, piece: &[u8]) {
        if let Some(kept) = &mut self.kept {
            if kept.len() + piece.len() > self.limit {
                self.kept = None;
            } else {
                kept.extend_from_slice(piece);
            }
        }
    }
}

impl Line {
    /// Adds what was written; complete lines go on at once.
    fn take(&mut self, piece: &[u8], stderr: bool, sink: &mut Sink<'_>, now: Duration) {
        let Some(end) = piece.iter().rposition(|&byte| byte == b'\n') else {
            return self.grow(piece, stderr, sink, now);
        };
        let (complete, rest) = piece.split_at(end + 1);
        self.log(stderr, &mut sink.log);
        sink.log.write(stderr, complete);
        sink.show_all(stderr, &self.text, complete);
        *self = Self { text: std::mem::take(&mut self.text), ..Self::default() };
        self.text.clear();
        self.grow(rest, stderr, sink, now);
    }

    fn grow(&mut self, piece: &[u8], stderr: bool, sink: &mut Sink<'_>, now: Duration) {
        let room = LONGEST_LINE - self.text.len().min(LONGEST_LINE);
        let fits = piece.get(..room).unwrap_or(piece);
        self.text.extend_from_slice(fits);
        let beyond = piece.get(fits.len()..).unwrap_or_default();
        if !fits.is_empty() {
            self.since = self.since.or(Some(now));
        }
        if !beyond.is_empty() {
            self.log(stderr, &mut sink.log);
            sink.log.write(stderr, beyond);
            self.longer = true;
        }
    }

    fn log(&mut self, stderr: bool, log: &mut Log) {
        log.write(stderr, self.text.get(self.logged..).unwrap_or_default());
        self.logged = self.text.len();
        self.since = None;
    }
}

impl Sink<'_> {
    /// Complete lines, of which the first began with `before`.
    fn show_all(&mut self, stderr: bool, before: &[u8], complete: &[u8]) {
        // Where nobody looks, only the last lines are of use.
        let start = if self.lines.is_some() { 0 } else { start_of_last(TAIL, complete) };
        let lines = complete.get(start..).unwrap_or_default();
        for (number, line) in lines.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let whole = if number + start == 0 && !before.is_empty() {
                Cow::Owned([before, line].concat())
            } else {
                Cow::Borrowed(line)
            };
            self.show(stderr, &whole);
        }
    }

    fn show(&mut self, stderr: bool, line: &[u8]) {
        let line = line.get(..LONGEST_LINE).unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Of what was written over itself, a terminal shows the last.
        let line = line.rsplit(|&byte| byte == b'\r').next().unwrap_or(line);
        let text = String::from_utf8_lossy(line).into_owned();
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        if self.lines.is_some() && self.is_told_of_what_was_left_out() {
            self.send(OutputLine { tag: self.tag, stderr, text: text.clone(), order: in_order() });
        }
        self.tail.push_back(text);
    }

    /// What was left out is told in its place, once there is room for a good many lines: else there would be
    /// a word about each few of them. While there is none the next line is left out, too.
    fn is_told_of_what_was_left_out(&mut self) -> bool {
        if self.left_out == 0 {
            return true;
        }
        let has_room = |lines: &Sender<OutputLine>| {
            lines.capacity().is_none_or(|most| lines.len() <= most - most.div_ceil(4))
        };
        if !self.lines.is_some_and(has_room) {
            self.left_out += 1;
            return false;
        }
        let text = left_out(std::mem::take(&mut self.left_out));
        self.send(OutputLine { tag: self.tag, stderr: true, text, order: in_order() });
        true
    }

    /// At the end a little time is given to the reader: it is told of what was left out, and sees the last
    /// lines after all.
    fn end(&mut self) {
        let Some(lines) = self.lines else { return };
        let last = usize::try_from(self.left_out).unwrap_or(usize::MAX).min(self.tail.len());
        let hidden = self.left_out - last as u64;
        let told = (hidden > 0).then(|| left_out(hidden));
        let shown = self.tail.iter().skip(self.tail.len() - last).cloned();
        let until = Instant::now() + LAST_WORDS;
        for text in told.into_iter().chain(shown) {
            let line = OutputLine { tag: self.tag, stderr: false, text, order: in_order() };
            if lines.send_deadline(line, until).is_err() {
                return;
            }
        }
    }

    fn send(&mut self, line: OutputLine) {
        match self.lines.map(|lines| lines.try_send(line)) {
            Some(Err(TrySendError::Full(_))) => self.left_out += 1,
            Some(Err(TrySendError::Disconnected(_))) => self.lines = None,
            _ => {}
        }
    }
}

fn left_out(lines: u64) -> String {
    format!("[goalc: {lines} lines are only in the log]")
}

/// Where the last so many lines start.
fn start_of_last(count: usize, lines: &[u8]) -> usize {
    let ends = lines.iter().enumerate().rev().filter(|&(_, &byte)| byte == b'\n');
    ends.map(|(at, _)| at + 1).nth(count).unwrap_or(0)
}
