//! Keeps what steps depended on when they succeeded, for `unless { unchanged }`.

use std::path::PathBuf;

use crate::exec::event::{Event, Stamped, Status, Unit};
use crate::exec::state::RunState;
use crate::exec::world::{NotedInputs, Observer, Successes, success_key};
use crate::store::Store;
use crate::value::NodeId;

/// The successes of a plan's steps, in the database.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) store: Store,
    /// The plan's file.
    pub(super) plan: PathBuf,
}

impl Successes for Known {
    fn last(&self, key: &str) -> Option<String> {
        // What cannot be read is not known, and the step runs.
        self.store.last_success(&self.plan, key).ok().flatten()
    }
}

/// Writes down what a unit found before the attempt that succeeded.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) known: Known,
    pub(super) noted: NotedInputs,
}

impl Observer for Keeper {
    fn event(&mut self, stamped: &Stamped, state: &RunState) {
        let (unit, status) = match &stamped.event {
            Event::StepEnded { step, status, .. } => {
                (Unit { node: NodeId::Step(step.clone()), item: None }, *status)
            }
            Event::InstanceEnded { unit, status, .. } => (unit.clone(), *status),
            _ => return,
        };
        let Some(inputs) = self.noted.take(&unit).filter(|_| status == Status::Succeeded) else {
            return;
        };
        let key = success_key(state, &unit);
        // A step whose success is not noted runs once more: that is safe.
        let _ = self.known.store.note_success(&self.known.plan, &key, stamped.at, &inputs);
    }
}
