//! Keeps what steps depended on when they succeeded, for `unless { unchanged }`.

use std::path::PathBuf;

use crate::exec::event::{Event, Stamped, Status, Unit};
use crate::exec::state::RunState;
use crate::exec::world::{NotedInputs, Observer, Success, Successes, success_key};
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
    fn last(&self, key: &str) -> Option<Success> {
        // What cannot be read is not known, and the step runs.
        let (inputs, outputs) = self.store.last_success(&self.plan, key).ok().flatten()?;
        let outputs = outputs.and_then(|text| serde_json::from_str(&text).ok());
        Some(Success { inputs, outputs })
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
        let (unit, status, outputs) = match &stamped.event {
            Event::StepEnded { step, status, outputs, .. } => {
                (Unit { node: NodeId::Step(step.clone()), item: None }, *status, outputs)
            }
            Event::InstanceEnded { unit, status, outputs, .. } => (unit.clone(), *status, outputs),
            _ => return,
        };
        let Some(inputs) = self.noted.take(&unit).filter(|_| status == Status::Succeeded) else {
            return;
        };
        // The events come here later than to the state: it may be undone by now, and is forgotten then.
        if state.find(&unit).is_some_and(|unit| state.is_taken_back(unit)) {
            return;
        }
        let key = success_key(state, &unit);
        let Ok(outputs) = serde_json::to_string(outputs) else { return };
        // A step whose success is not noted runs once more: that is safe.
        let noted = (inputs.as_str(), outputs.as_str());
        let _ = self.known.store.note_success(&self.known.plan, &key, stamped.at, noted);
    }
}
