//! Whose lines are printed when: those of one attempt at once, those of others when it has ended.
//!
//! So two steps' lines are never mixed, and a step that runs alone is seen as it writes. Knows tags
//! and lines, no terminal. Invariant: what is kept is bounded; what is left out is said.

use std::collections::VecDeque;

use indexmap::IndexMap;

/// Lines that are kept of an attempt whose turn has not come.
const KEPT: usize = 2_000;

/// Bytes that are kept of them.
const BYTES: usize = 1 << 20;

/// Lines that are repeated of what failed.
const TAIL: usize = 10;

/// The attempts in flight and their lines.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// All lines go out as they come.
    mixed: bool,
    /// The attempt whose lines go out as they come.
    streaming: Option<u64>,
    /// All attempts that have begun or written something, in this order.
    open: IndexMap<u64, Held>,
    /// Services: whoever needs them is what is looked at.
    serving: Vec<u64>,
    /// Lines of attempts whose beginning has not been told yet.
    early: IndexMap<u64, VecDeque<String>>,
    /// Tags from here on are goals': what they run has no beginning that is told.
    goals: u64,
}

#[derive(Debug, Default)]
struct Held {
    lines: VecDeque<String>,
    bytes: usize,
    left_out: u64,
    tail: VecDeque<String>,
}

/// Lines to print now.
pub(super) type Due = Vec<(u64, String)>;

impl Blocks {
    /// Of a plan with so many steps.
    pub(super) fn new(mixed: bool, steps: usize) -> Self {
        let goals = u64::try_from(steps).unwrap_or(u64::MAX >> 32) << 32;
        Self { mixed, goals, ..Self::default() }
    }

    /// What it wrote before this was told may be due.
    pub(super) fn begins(&mut self, tag: u64) -> Due {
        self.open.entry(tag).or_default();
        if self.streaming.is_none() {
            self.streaming = Some(tag);
        }
        let early = self.early.shift_remove(&tag).unwrap_or_default();
        early.into_iter().flat_map(|line| self.line(tag, line)).collect()
    }

    pub(super) fn line(&mut self, tag: u64, text: String) -> Due {
        if self.serving.contains(&tag) {
            return vec![(tag, text)];
        }
        if tag >= self.goals {
            return vec![(tag, text)];
        }
        if !self.open.contains_key(&tag) {
            let early = self.early.entry(tag).or_default();
            if early.len() == KEPT {
                early.pop_front();
            }
            early.push_back(text);
            return Vec::new();
        }
        let at_once = self.mixed || self.streaming == Some(tag);
        let held = self.open.entry(tag).or_default();
        if held.tail.len() == TAIL {
            held.tail.pop_front();
        }
        held.tail.push_back(text.clone());
        if at_once {
            return vec![(tag, text)];
        }
        held.bytes += text.len();
        held.lines.push_back(text);
        while held.lines.len() > KEPT || held.bytes > BYTES {
            let Some(first) = held.lines.pop_front() else { break };
            held.bytes -= first.len();
            held.left_out += 1;
        }
        Vec::new()
    }

    /// Its lines belong to no block from now on.
    pub(super) fn serves(&mut self, tag: u64) -> Due {
        let early = self.early.shift_remove(&tag).unwrap_or_default();
        let (mut due, _) = self.ends(tag);
        due.extend(early.into_iter().map(|line| (tag, line)));
        self.serving.push(tag);
        due
    }

    /// What is to be printed of it, and its last lines. The next attempt's turn comes with it.
    pub(super) fn ends(&mut self, tag: u64) -> (Due, Vec<String>) {
        self.serving.retain(|serving| *serving != tag);
        let Some(held) = self.open.shift_remove(&tag) else { return (Vec::new(), Vec::new()) };
        let tail = Vec::from(held.tail.clone());
        let mut due = held.release(tag);
        if self.streaming == Some(tag) {
            self.streaming = self.open.keys().next().copied();
            if let Some((next, held)) = self.open.first_mut() {
                due.extend(std::mem::take(held).release_keeping_tail(*next, held));
            }
        }
        (due, tail)
    }

    /// All that is kept yet.
    pub(super) fn rest(&mut self) -> Due {
        let (open, early) = (std::mem::take(&mut self.open), std::mem::take(&mut self.early));
        let early = early
            .into_iter()
            .flat_map(|(tag, lines)| lines.into_iter().map(move |line| (tag, line)));
        open.into_iter().flat_map(|(tag, held)| held.release(tag)).chain(early).collect()
    }
}

impl Held {
    fn release(self, tag: u64) -> Due {
        let cut = (self.left_out > 0)
            .then(|| format!("[goalc: {} lines before these are only in the log]", self.left_out));
        cut.into_iter().chain(self.lines).map(|line| (tag, line)).collect()
    }

    /// Its attempt goes on: the last lines are still needed.
    fn release_keeping_tail(mut self, tag: u64, left: &mut Self) -> Due {
        left.tail = std::mem::take(&mut self.tail);
        self.release(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(due: Due) -> Vec<String> {
        due.into_iter().map(|(tag, text)| format!("{tag} {text}")).collect()
    }

    #[test]
    fn one_attempt_streams_and_the_others_come_whole() {
        let mut blocks = Blocks::new(false, 9);
        assert!(blocks.begins(1).is_empty() && blocks.begins(2).is_empty());
        assert_eq!(texts(blocks.line(1, "a".to_owned())), ["1 a"]);
        assert!(blocks.line(2, "x".to_owned()).is_empty());
        assert_eq!(texts(blocks.line(1, "b".to_owned())), ["1 b"]);
        assert!(blocks.line(3, "early".to_owned()).is_empty());
        let (due, tail) = blocks.ends(1);
        assert_eq!(texts(due), ["2 x"]);
        assert_eq!(tail, ["a", "b"]);
        assert_eq!(texts(blocks.line(2, "y".to_owned())), ["2 y"]);
        assert!(blocks.begins(3).is_empty());
        let (due, tail) = blocks.ends(3);
        assert_eq!(texts(due), ["3 early"]);
        assert_eq!(tail, ["early"]);
        assert_eq!(blocks.ends(2).1, ["x", "y"]);
    }

    #[test]
    fn what_is_kept_is_bounded_and_said() {
        let mut blocks = Blocks::new(false, 9);
        assert!(blocks.begins(1).is_empty() && blocks.begins(2).is_empty());
        for number in 0..KEPT + 5 {
            assert!(blocks.line(2, number.to_string()).is_empty());
        }
        let (due, _) = blocks.ends(2);
        assert_eq!(due.len(), KEPT + 1);
        assert!(due[0].1.contains("5 lines before these"), "{}", due[0].1);
        assert_eq!(due[1].1, "5");
    }

    #[test]
    fn a_service_is_part_of_no_block() {
        let mut blocks = Blocks::new(false, 9);
        assert!(blocks.begins(1).is_empty() && blocks.begins(2).is_empty());
        assert!(blocks.line(2, "up".to_owned()).is_empty());
        assert_eq!(texts(blocks.serves(2)), ["2 up"]);
        assert_eq!(texts(blocks.line(2, "request".to_owned())), ["2 request"]);
    }
}
