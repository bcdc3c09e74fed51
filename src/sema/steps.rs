//! Lowered steps by their indices.
//!
//! Where a plan is only checked, steps that read alike in all that is looked at are kept once: most steps of
//! a large plan do not differ but in their names, scripts and edges.

use std::ops::{Index, IndexMut};

use super::world::StepIx;
use crate::ir::Step;

/// With how many that were kept last a step is compared.
const COMPARED: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Steps {
    kept: Vec<Step>,
    /// Which of them each step is.
    places: Vec<u32>,
}

impl Steps {
    pub(super) fn push(&mut self, step: Step) {
        self.places.push(u32::try_from(self.kept.len()).unwrap_or(u32::MAX));
        self.kept.push(step);
    }

    /// Adds a step, and keeps it only where none of the last ones is like it.
    pub(super) fn push_alike(&mut self, step: Step) {
        let first = self.kept.len().saturating_sub(COMPARED);
        let last = self.kept.get(first..).unwrap_or_default();
        match last.iter().rposition(|other| *other == step) {
            Some(at) => self.places.push(u32::try_from(first + at).unwrap_or(u32::MAX)),
            None => self.push(step),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Step> + Clone {
        self.places.iter().map(|place| &self.kept[*place as usize])
    }

    /// All steps in their order, where each was kept.
    pub(super) fn into_each(self) -> Vec<Step> {
        debug_assert!(self.kept.len() == self.places.len(), "some were not kept");
        self.kept
    }
}

impl Index<StepIx> for Steps {
    type Output = Step;

    fn index(&self, ix: StepIx) -> &Step {
        &self.kept[self.places[ix.at()] as usize]
    }
}

/// Changes all that are alike.
impl IndexMut<StepIx> for Steps {
    fn index_mut(&mut self, ix: StepIx) -> &mut Step {
        &mut self.kept[self.places[ix.at()] as usize]
    }
}
