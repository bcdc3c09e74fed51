//! What items of a `foreach` step did before the step started over.
//!
//! Its list is fixed anew then. An item that is in it again takes up what it left; what an edit
//! removed is kept, so that it is undone with the step. Invariant: what is kept was begun, and not
//! undone.

use std::collections::VecDeque;

use super::{NodeState, RunState, Saved, UnitIx, UnitState};
use crate::exec::graph::NodeIx;
use crate::ir::Rare;
use crate::value::Value;

/// An item whose instance is gone, and what has to be known to undo it.
#[derive(Debug, Clone)]
pub struct Leftover {
    pub item: Value,
    pub unit: UnitState,
}

impl NodeState {
    /// Takes what the instances did that is not undone, before they are forgotten.
    pub(super) fn take_leftovers(&mut self) -> Rare<VecDeque<Leftover>> {
        let items = self.items.take().unwrap_or_default();
        let instances = std::mem::take(&mut self.instances);
        let mut left = std::mem::take(&mut self.leftovers).into_inner();
        let touched = items.into_iter().zip(instances).filter(|(_, unit)| unit.touched);
        left.extend(touched.map(|(item, mut unit)| Leftover { item, unit: kept(&mut unit) }));
        left.into()
    }

    /// The instance of an item, with what an earlier one of the same item left.
    pub(super) fn instance_of(&mut self, item: &Value) -> UnitState {
        let at = self.leftovers.iter().position(|left| left.item == *item);
        match at.and_then(|at| self.leftovers.remove(at)) {
            Some(Leftover { unit: UnitState { saved, touched, .. }, .. }) => {
                UnitState { saved, touched, ..UnitState::default() }
            }
            None => UnitState::default(),
        }
    }

    /// All that was saved for it.
    pub fn saved(&self) -> impl Iterator<Item = &Saved> {
        let left = self.leftovers.iter().map(|left| &left.unit);
        std::iter::once(&self.unit)
            .chain(&self.instances)
            .chain(left)
            .filter_map(|unit| unit.saved.as_deref())
    }

    /// What its `snapshot` names may be more than is saved.
    pub(super) fn outdate_snapshots(&mut self) {
        let left = self.leftovers.written().into_iter().flatten().map(|left| &mut left.unit);
        let units = std::iter::once(&mut self.unit).chain(&mut self.instances).chain(left);
        for saved in units.filter_map(|unit| unit.saved.as_mut()) {
            saved.outdated = true;
        }
    }
}

impl RunState {
    /// What is undone of a step, one by one: itself, or its instances, and those of items that are
    /// not in its list any more. These are numbered behind the others.
    pub fn parts(&self, node: NodeIx) -> Vec<(UnitIx, &UnitState)> {
        let state = self.node(node);
        if self.graph().step(node).is_none_or(|step| step.foreach.is_none()) {
            return vec![(UnitIx::of(node), &state.unit)];
        }
        let left = state.leftovers.iter().map(|left| &left.unit);
        let number = |item| UnitIx { node, item: u32::try_from(item).ok() };
        let parts = state.instances.iter().chain(left).enumerate();
        parts.map(|(item, unit)| (number(item), unit)).collect()
    }
}

fn kept(unit: &mut UnitState) -> UnitState {
    UnitState {
        phase: std::mem::take(&mut unit.phase),
        ended: unit.ended,
        saved: unit.saved.take().filter(|saved| !saved.put_back),
        touched: true,
        doubted: unit.doubted,
        ..UnitState::default()
    }
}
