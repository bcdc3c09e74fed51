//! Writing events down, and when they take effect outside.
//!
//! The disk is waited for behind the loop's back: what happens meanwhile shares the next sync.
//! Invariant: what cannot be repeated, or follows from what the machine could still lose, begins
//! only when that is on disk; events are shown in their order, and only once they are there.

use std::collections::VecDeque;

use super::Drive;
use crate::exec::event::{Event, Stamped};
use crate::exec::journal::JournalError;
use crate::exec::world::{Ticket, View, Wake, Work, World};
use crate::ir::{EdgeKind, Progress};

/// So many events that may be lost are sent to the disk after all: were they kept back for longer, an
/// error in writing them would be known too late.
const BEHIND: u64 = 4096;

/// What was recorded and is on its way to the disk, and what waits for it.
#[derive(Debug, Default)]
pub(super) struct Writing {
    /// Events that are not in the journal yet.
    unwritten: Vec<Stamped>,
    /// The number of the last event that must be on disk before anything follows from it.
    wanted: u64,
    /// The number of the last event that is on disk.
    on_disk: u64,
    /// The number of the last event that is waited for.
    urgent: u64,
    /// The number of the last event that may not be lost once anything has followed from it.
    firm: u64,
    /// A sync is under way.
    syncing: bool,
    failed: Option<JournalError>,
    /// What takes effect once the disk has the events up to a number, in its order.
    held: VecDeque<(u64, Effect)>,
}

/// How far an event must have got before it counts outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It may be lost, until something later may not.
    Nothing,
    /// The disk, but it may wait a little for others to come along.
    DiskSoon,
    /// The disk, at once.
    Disk,
}

/// What an event, or what was decided with it, does outside of the run's state.
#[derive(Debug)]
enum Effect {
    Show(Box<Stamped>),
    Begin(Ticket, Work),
    Stop(Ticket),
    /// Something that runs may have to be ended.
    StopOthers,
}

impl Writing {
    pub(super) fn record(&mut self, stamped: Stamped, need: Need) {
        if need != Need::Nothing {
            self.wanted = stamped.seq;
        }
        if need == Need::Disk {
            (self.urgent, self.firm) = (stamped.seq, stamped.seq);
        }
        self.unwritten.push(stamped);
    }

    pub(super) fn take_synced(&mut self, result: Result<u64, JournalError>) {
        self.syncing = false;
        match result {
            Ok(reached) => self.on_disk = self.on_disk.max(reached),
            Err(error) => self.failed = Some(error),
        }
    }

    fn hold(&mut self, effect: Effect) {
        if !matches!(effect, Effect::Show(_)) {
            self.urgent = self.wanted;
        }
        self.held.push_back((self.wanted, effect));
    }

    /// The next thing that may take effect.
    fn next(&mut self) -> Option<Effect> {
        let (needs, _) = self.held.front()?;
        if *needs > self.on_disk {
            return None;
        }
        self.held.pop_front().map(|(_, effect)| effect)
    }
}

impl<W: World> Drive<'_, W> {
    /// Under `progress checkpoints` only what may not be forgotten is written at once: starts that
    /// cannot be repeated, answers, checkpoints, ends.
    pub(super) fn need(&self, event: &Event) -> Need {
        let graph = self.state.graph();
        let idempotent = |step| graph.step(step).is_some_and(|step| step.idempotent);
        match event {
            // What goes on without this process is found by the number of its start.
            Event::AttemptStarted { unit, .. }
                if graph
                    .node_ix(&unit.node)
                    .is_some_and(|node| self.state.executor_of(node).is_some()) =>
            {
                Need::Disk
            }
            // Steps that are no harm to do again.
            Event::AttemptStarted { unit, .. }
            | Event::AttemptEnded { unit, .. }
            | Event::InstanceEnded { unit, .. }
                if graph.node_ix(&unit.node).is_some_and(idempotent) =>
            {
                self.soon()
            }
            Event::StepEnded { step, .. } if graph.step_ix(step).is_some_and(idempotent) => {
                self.soon()
            }
            Event::AttemptStarted { .. }
            | Event::RunStarted { .. }
            | Event::RunResumed { .. }
            | Event::ExecutorChosen { .. }
            | Event::RunEnded { .. }
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::Noted { .. }
            | Event::ParamChanged { .. }
            | Event::HandedOver { .. }
            | Event::SnapshotTaken { .. }
            | Event::RestoreStarted { .. }
            | Event::UndoStarted { .. }
            | Event::UndoEnded { .. }
            | Event::RollbackRequested { .. }
            | Event::CheckpointReached { .. }
            | Event::StopRequested { .. } => Need::Disk,
            _ if self.progress == Progress::Realtime => Need::Disk,
            _ => Need::Nothing,
        }
    }

    fn soon(&self) -> Need {
        if self.progress == Progress::Realtime { Need::DiskSoon } else { Need::Nothing }
    }

    /// Whether something recorded has not taken effect yet.
    pub(super) fn is_writing(&self) -> bool {
        self.writing.syncing || !self.writing.held.is_empty()
    }

    /// After an error nothing of what waits may happen.
    pub(super) fn forget_what_waits(&mut self) {
        for (ticket, _) in std::mem::take(&mut self.to_begin) {
            self.in_flight.remove(&ticket);
        }
        for (_, effect) in std::mem::take(&mut self.writing.held) {
            if let Effect::Begin(ticket, _) = effect {
                self.in_flight.remove(&ticket);
            }
        }
    }

    /// Writes what was recorded, and lets what is on disk take effect.
    pub(super) fn flush(&mut self) -> Result<(), JournalError> {
        self.write()?;
        self.sync()?;
        self.let_happen();
        Ok(())
    }

    /// Writes what was recorded, waits until it is on disk, and lets it take effect.
    pub(super) fn flush_all(&mut self) -> Result<(), JournalError> {
        self.write()?;
        self.journal.sync()?;
        self.writing.on_disk = self.state.seq;
        self.let_happen();
        Ok(())
    }

    /// Has the journal take what was recorded; what may begin before it is on disk begins.
    fn write(&mut self) -> Result<(), JournalError> {
        if let Some(error) = self.writing.failed.take() {
            return Err(error);
        }
        let events = std::mem::take(&mut self.writing.unwritten);
        if !events.is_empty() {
            self.journal.append(&events, false)?;
        }
        for stamped in events {
            self.writing.hold(Effect::Show(Box::new(stamped)));
        }
        for (ticket, work) in std::mem::take(&mut self.to_begin) {
            if self.may_begin_early(&work) {
                self.begin_now(ticket, &work);
            } else {
                self.writing.hold(Effect::Begin(ticket, work));
            }
        }
        for ticket in std::mem::take(&mut self.to_stop) {
            self.writing.hold(Effect::Stop(ticket));
        }
        if std::mem::take(&mut self.stop_due) {
            self.writing.hold(Effect::StopOthers);
        }
        Ok(())
    }

    /// Has the disk reached where it must be; one sync at a time.
    fn sync(&mut self) -> Result<(), JournalError> {
        let writing = &mut self.writing;
        let hurry = writing.urgent > writing.on_disk;
        let behind = self.state.seq.saturating_sub(writing.on_disk);
        let wanted = if behind >= BEHIND { self.state.seq } else { writing.wanted };
        if wanted <= writing.on_disk {
            return Ok(());
        }
        if writing.syncing {
            if hurry {
                self.journal.hurry();
            }
            return Ok(());
        }
        let Some(mailbox) = self.world.mailbox() else {
            self.journal.sync()?;
            writing.on_disk = wanted;
            return Ok(());
        };
        writing.syncing = true;
        let say = Box::new(move |result| mailbox(Wake::Synced(result)));
        self.journal.sync_behind(wanted, hurry, say);
        Ok(())
    }

    fn let_happen(&mut self) {
        while let Some(effect) = self.writing.next() {
            match effect {
                Effect::Show(stamped) => {
                    for observer in &mut self.observers {
                        observer.event(&stamped, &self.state);
                    }
                    let view = View { state: &self.state, values: &self.values };
                    self.world.happened(&stamped, view);
                }
                Effect::Begin(ticket, work) => self.begin_now(ticket, &work),
                Effect::Stop(ticket) => self.world.stop(ticket, false),
                Effect::StopOthers => self.stop_what_must_end(),
            }
        }
    }

    fn begin_now(&mut self, ticket: Ticket, work: &Work) {
        let view = View { state: &self.state, values: &self.values };
        self.world.begin(ticket, work, view);
        if self.force {
            self.world.stop(ticket, true);
        }
    }

    /// Whether work may begin before its start is on disk: the first attempt of an idempotent step
    /// that follows from nothing but what is on disk, no answer and no decision. Its start is on its
    /// way there; where this process or the machine ends before it has arrived, it is no harm to do
    /// it again.
    fn may_begin_early(&self, work: &Work) -> bool {
        let Work::Attempt(order) = work else { return false };
        let graph = self.state.graph();
        let Some(step) = graph.step(order.unit.node) else { return false };
        let asks = self.state.interactive
            || step.guards.confirm.is_some()
            || !step.guards.snapshot.is_empty();
        let node = order.unit.node;
        let mut edges = std::iter::once(node)
            .chain(graph.enclosing(node))
            .flat_map(|node| graph.incoming(node));
        step.idempotent
            && self.writing.firm <= self.writing.on_disk
            && self.state.executor_of(node).is_none()
            && order.attempt == 1
            && step.service.is_none()
            && !asks
            && edges.all(|edge| {
                let from = self.state.node(edge.from);
                edge.kind != EdgeKind::Item
                    && from.status.is_end()
                    && from.ended_seq <= self.writing.on_disk
            })
    }
}
