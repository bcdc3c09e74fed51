//! Writing events down, and what may begin while the disk is still waited for.
//!
//! Invariant: what cannot be repeated, or follows from what the machine could still lose, begins
//! only when that is on disk.

use super::Drive;
use crate::exec::event::{JournalError, Stamped};
use crate::exec::world::{View, Work, World};
use crate::ir::EdgeKind;

impl<W: World> Drive<'_, W> {
    /// Has the journal keep events. What may begin early begins while the disk is waited for.
    pub(super) fn keep(&mut self, events: &[Stamped]) -> Result<(), JournalError> {
        if !std::mem::take(&mut self.durable) {
            return self.journal.append(events, false);
        }
        self.journal.write(events)?;
        let due = std::mem::take(&mut self.to_begin);
        let (early, later): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|(_, work)| self.may_begin_early(work));
        self.to_begin = later;
        for (ticket, work) in early {
            let view = View { state: &self.state, values: &self.values };
            self.world.begin(ticket, &work, view);
        }
        self.journal.sync()?;
        self.on_disk = self.state.seq;
        Ok(())
    }

    /// Whether work may begin before its start is on disk: the first attempt of an idempotent step
    /// that follows from nothing but what is on disk. Its start is written, so only the end of the
    /// machine can lose it; and then it is no harm to do it again.
    fn may_begin_early(&self, work: &Work) -> bool {
        let Work::Attempt(order) = work else { return false };
        let graph = self.state.graph();
        let Some(step) = graph.step(order.unit.node) else { return false };
        let asks = step.guards.confirm.is_some() || !step.guards.snapshot.is_empty();
        let node = order.unit.node;
        let mut edges = std::iter::once(node)
            .chain(graph.enclosing(node))
            .flat_map(|node| graph.incoming(node));
        step.idempotent
            && order.attempt == 1
            && step.service.is_none()
            && !asks
            && edges.all(|edge| {
                let from = self.state.node(edge.from);
                edge.kind != EdgeKind::Item
                    && from.status.is_end()
                    && from.ended_seq <= self.on_disk
            })
    }
}
