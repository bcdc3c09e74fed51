//! What the probe `unchanged` found, until the step has ended; and what was kept of earlier
//! successes.
//!
//! Knows neither files nor the database. Invariant: what is noted of a unit is what it found
//! before its attempt, so a change meanwhile is seen the next time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Outputs;
use crate::exec::event::Unit;
use crate::exec::probe::Noted;
use crate::exec::state::RunState;
use crate::value::{NodeId, Value};

/// Where successes of earlier runs of the same plan are kept.
pub trait Successes: Send {
    /// A unit's last success, by [`key`].
    fn last(&self, key: &str) -> Option<Success>;
}

/// What is kept of a unit's success.
#[derive(Debug, Clone)]
pub struct Success {
    /// What it depended on, as it was noted.
    pub inputs: String,
    /// What it gave; `None` where that was not kept.
    pub outputs: Option<Outputs>,
}

/// What is noted of units in flight. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct NotedInputs(Arc<Mutex<HashMap<Unit, Noted>>>);

impl NotedInputs {
    pub(super) fn note(&self, unit: Unit, noted: Noted) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(unit, noted);
    }

    /// Takes what was found before the unit's attempt.
    pub fn take(&self, unit: &Unit) -> Option<String> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(unit)?;
        noted.get().cloned()
    }
}

/// Names a unit in every run of its plan: a step by its path, an instance by its item.
pub fn key(state: &RunState, unit: &Unit) -> String {
    let item = state.find(unit).and_then(|unit| state.item(unit));
    unit_key(&unit.node, item)
}

/// As [`key`], of a step or its instance for an item.
pub fn unit_key(node: &NodeId, item: Option<&Value>) -> String {
    match item {
        Some(item) => format!("{node}[{}]", item.to_public_json()),
        None => node.to_string(),
    }
}
