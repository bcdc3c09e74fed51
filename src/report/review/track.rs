//! From a run's events to who did what when: attempts, questions, undos, each with its times.
//!
//! How the run stands is `RunState`'s to say; here is only what an end state no longer shows.
//! Invariant: nothing is open longer than the process that had begun it.

use std::collections::HashMap;
use std::time::Duration;

use super::span::{Span, joined};
use crate::exec::event::Usage;
use crate::exec::event::{Event, Stamped, Unit};
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::state::UnitIx;
use crate::exec::{Answer, AttemptEnd, Failure, QuestionKind, Status, Timestamp};

/// One attempt.
#[derive(Debug, Clone)]
pub(super) struct Try {
    pub(super) item: Option<u32>,
    pub(super) seq: u64,
    pub(super) attempt: u32,
    pub(super) way: u32,
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
    pub(super) end: TryEnd,
    pub(super) then: Then,
    pub(super) usage: Option<Usage>,
    pub(super) notes: Vec<String>,
    /// Which process of the run began it, from 0.
    turn: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TryEnd {
    Open,
    Succeeded,
    Failed(Failure),
    /// The process that had begun it was gone before it ended.
    Lost,
}

/// What came next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    End,
    Delay(Duration),
    Again,
    /// A resume took it up again.
    Resumed,
    Fallback(u32),
}

/// A question to a person.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) item: Option<u32>,
    pub(super) kind: QuestionKind,
    pub(super) text: String,
    pub(super) at: Timestamp,
    pub(super) reply: Option<Reply>,
}

#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) by: String,
    pub(super) from: String,
    pub(super) note: String,
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct UndoTry {
    pub(super) seq: u64,
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
    pub(super) failure: Option<String>,
    /// It was begun and not done to its end.
    pub(super) half: bool,
}

/// Why an undo that was begun has no end.
const UNDO_STOPPED: &str = "it was stopped in the middle";

/// A step or goal over time.
#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    pub(super) tries: Vec<Try>,
    pub(super) asks: Vec<Ask>,
    pub(super) delays: Vec<Span>,
    pub(super) undos: Vec<UndoTry>,
    /// How it last ended, before any undo.
    pub(super) ended: Option<(Status, Timestamp)>,
    /// When a service was ready, from when on it holds no slot.
    pub(super) ready: Option<Timestamp>,
}

/// All of a run.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    pub(super) nodes: Vec<Track>,
    /// When a process carried the run out.
    pub(super) turns: Vec<Span>,
    pub(super) checkpoints: Vec<(NodeIx, String, Timestamp)>,
}

impl Track {
    /// Its attempts; what is open lasts until then.
    pub(super) fn tried(&self, until: Timestamp) -> Vec<Span> {
        self.tries.iter().map(|each| Span::new(each.from, each.to.unwrap_or(until))).collect()
    }

    /// When it was tried or was to be tried again, without overlaps.
    pub(super) fn busy(&self, until: Timestamp) -> Vec<Span> {
        let mut spans = self.tried(until);
        spans.extend(&self.delays);
        joined(spans)
    }

    /// When a person was asked, without overlaps.
    pub(super) fn asked(&self, until: Timestamp) -> Vec<Span> {
        let end = |ask: &Ask| ask.reply.as_ref().map_or(until, |reply| reply.at);
        joined(self.asks.iter().map(|ask| Span::new(ask.at, end(ask))))
    }

    /// Whether its last undo was begun, and did not undo it.
    pub(super) fn is_left_by_undo(&self) -> bool {
        let left = |undo: &UndoTry| undo.half || undo.to.is_none() || undo.failure.is_some();
        self.undos.last().is_some_and(left)
    }

    /// The failures of its attempts.
    pub(super) fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.tries.iter().filter_map(|each| match &each.end {
            TryEnd::Failed(failure) => Some(failure),
            _ => None,
        })
    }
}

impl Tracks {
    pub(super) fn new(graph: &Graph, events: &[Stamped], until: Timestamp) -> Self {
        let mut reader = Reader {
            graph,
            tracks: Self { nodes: vec![Track::default(); graph.node_count()], ..Self::default() },
            open: HashMap::new(),
            delayed: HashMap::new(),
            turn: None,
            last: events.first().map_or(until, |event| event.at),
        };
        for stamped in events {
            reader.read(stamped);
            reader.last = reader.last.max(stamped.at);
        }
        reader.end_turn(until.max(reader.last));
        reader.tracks
    }

    pub(super) fn node(&self, node: NodeIx) -> &Track {
        static NONE: std::sync::LazyLock<Track> = std::sync::LazyLock::new(Track::default);
        self.nodes.get(node.at()).unwrap_or(&NONE)
    }
}

/// The events so far.
struct Reader<'g> {
    graph: &'g Graph,
    tracks: Tracks,
    /// The attempt that is under way, or was the last.
    open: HashMap<UnitIx, usize>,
    delayed: HashMap<UnitIx, Timestamp>,
    /// Since when this process carries the run out.
    turn: Option<Timestamp>,
    last: Timestamp,
}

impl Reader<'_> {
    fn read(&mut self, stamped: &Stamped) {
        let at = stamped.at;
        match &stamped.event {
            Event::RunStarted { .. } => self.turn = Some(at),
            Event::RunResumed { .. } | Event::RollbackRequested { .. } => {
                self.end_turn(self.last);
                self.lose();
                self.turn = Some(at);
            }
            Event::RunEnded { .. } => self.end_turn(at),
            Event::AttemptStarted { unit, attempt, way, .. } => {
                self.start(unit, stamped, *attempt, *way);
            }
            Event::AttemptEnded { unit, end, usage, notes, .. } => {
                let Some(open) = self.last_try(unit) else { return };
                open.to = Some(at);
                open.end = match end {
                    AttemptEnd::Succeeded { .. } => TryEnd::Succeeded,
                    AttemptEnd::Failed(failure) => TryEnd::Failed(failure.clone()),
                };
                (open.usage, open.notes) = (*usage, notes.clone());
            }
            Event::Delayed { unit, length, .. } => {
                if let Some(last) = self.last_try(unit) {
                    last.then = Then::Delay(*length);
                }
                if let Some(unit) = self.unit(unit) {
                    self.delayed.insert(unit, at);
                }
            }
            Event::CheckpointReached { step, label } => {
                let node = self.graph.step_ix(step);
                self.tracks.checkpoints.extend(node.map(|node| (node, label.clone(), at)));
            }
            _ => self.read_node(stamped),
        }
    }

    /// Events of a step or a question.
    fn read_node(&mut self, stamped: &Stamped) {
        let at = stamped.at;
        match &stamped.event {
            Event::Asked { unit, kind, question, .. } => {
                let ask =
                    Ask { item: unit.item, kind: *kind, text: question.clone(), at, reply: None };
                if let Some(track) = self.track(unit) {
                    track.asks.push(ask);
                }
            }
            Event::Answered { unit, answer, by, from, note, said } => {
                let at = said.unwrap_or(at);
                let (answer, by) = (answer.clone(), by.clone());
                let reply = Reply { answer, by, from: from.clone(), note: note.clone(), at };
                let asks = self.track(unit).map(|track| &mut track.asks);
                let open = asks.and_then(|asks| {
                    asks.iter_mut().rev().find(|ask| ask.item == unit.item && ask.reply.is_none())
                });
                if let Some(ask) = open {
                    ask.reply = Some(reply);
                }
            }
            Event::StepEnded { step, status, .. } => {
                if let Some(track) = self.step(step) {
                    track.ended = Some((*status, at));
                }
            }
            Event::ServiceReady { step, .. } => {
                if let Some(track) = self.step(step) {
                    track.ready = Some(at);
                }
            }
            Event::UndoStarted { step } => {
                let seq = stamped.seq;
                if let Some(track) = self.step(step) {
                    track.undos.push(UndoTry {
                        seq,
                        from: at,
                        to: None,
                        failure: None,
                        half: false,
                    });
                }
            }
            Event::UndoStopped { step } => {
                if let Some(undo) = self.step(step).and_then(|track| track.undos.last_mut()) {
                    (undo.to, undo.failure) = (Some(at), Some(UNDO_STOPPED.to_owned()));
                    undo.half = true;
                }
            }
            Event::UndoEnded { step, failure, .. } => {
                if let Some(undo) = self.step(step).and_then(|track| track.undos.last_mut()) {
                    (undo.to, undo.failure) = (Some(at), failure.clone());
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, unit: &Unit, stamped: &Stamped, attempt: u32, way: u32) {
        let Some(at) = self.unit(unit) else { return };
        if let Some(since) = self.delayed.remove(&at) {
            let span = Span::new(since, stamped.at);
            self.tracks.nodes[at.node.at()].delays.push(span);
        }
        let turn = self.tracks.turns.len();
        if let Some(last) = self.last_try(unit) {
            if last.way < way {
                last.then = Then::Fallback(way);
            } else if last.then == Then::End {
                last.then = if last.turn == turn { Then::Again } else { Then::Resumed };
            }
        }
        let tries = &mut self.tracks.nodes[at.node.at()].tries;
        tries.push(Try {
            item: unit.item,
            seq: stamped.seq,
            attempt,
            way,
            from: stamped.at,
            to: None,
            end: TryEnd::Open,
            then: Then::End,
            usage: None,
            notes: Vec::new(),
            turn,
        });
        self.open.insert(at, tries.len() - 1);
    }

    /// What an earlier process had begun and not ended is lost.
    fn lose(&mut self) {
        let last = self.last;
        for (unit, at) in &self.open {
            let found = self.tracks.nodes.get_mut(unit.node.at());
            if let Some(lost) = found.and_then(|track| track.tries.get_mut(*at))
                && lost.to.is_none()
            {
                (lost.to, lost.end) = (Some(last), TryEnd::Lost);
            }
        }
        let undos = self.tracks.nodes.iter_mut().filter_map(|track| track.undos.last_mut());
        for undo in undos.filter(|undo| undo.to.is_none()) {
            (undo.to, undo.failure) = (Some(last), Some(UNDO_STOPPED.to_owned()));
            undo.half = true;
        }
    }

    fn end_turn(&mut self, at: Timestamp) {
        if let Some(from) = self.turn.take() {
            self.tracks.turns.push(Span::new(from, at));
        }
    }

    fn unit(&self, unit: &Unit) -> Option<UnitIx> {
        Some(UnitIx { node: self.graph.node_ix(&unit.node)?, item: unit.item })
    }

    fn track(&mut self, unit: &Unit) -> Option<&mut Track> {
        let node = self.graph.node_ix(&unit.node)?;
        self.tracks.nodes.get_mut(node.at())
    }

    fn step(&mut self, step: &crate::value::StepId) -> Option<&mut Track> {
        let node = self.graph.step_ix(step)?;
        self.tracks.nodes.get_mut(node.at())
    }

    fn last_try(&mut self, unit: &Unit) -> Option<&mut Try> {
        let unit = self.unit(unit)?;
        let at = *self.open.get(&unit)?;
        self.tracks.nodes.get_mut(unit.node.at())?.tries.get_mut(at)
    }
}
