//! Outputs of what runs nothing: of an `await`, and of a step that is already done.
//!
//! Invariant: an output is what a file holds now, or what the step gave when it last succeeded with
//! all that it depends on as it is now. Nothing else is taken for one.

use std::sync::Arc;

use indexmap::IndexMap;

use super::attempt::read_file;
use super::launch::place_of;
use super::local::LocalWorld;
use super::secrets::keep_secret;
use super::{Outputs, View};
use crate::exec::outputs::{Sources, read_one};
use crate::exec::state::UnitIx;
use crate::ir::{OutputSource, OutputSpec};
use crate::value::Value;

/// What an `await` gives once its probes hold.
///
/// # Errors
/// The first output that is missing or of another type, in the user's words.
pub(super) fn awaited(world: &LocalWorld, unit: UnitIx, view: View<'_>) -> Result<Outputs, String> {
    let graph = Arc::clone(view.state.graph());
    let Some(step) = graph.step(unit.node) else { return Ok(Outputs::new()) };
    let give = |each: (&Arc<str>, &OutputSpec)| {
        let name = Arc::clone(each.0);
        let value = from_file(world, unit, view, each).unwrap_or_else(|| {
            Err(format!("`{name}` is missing: what an `await` gives can only come `from file`"))
        });
        Ok((name, value?))
    };
    step.outputs.iter().map(give).collect()
}

/// What a step gives whose `unless` held; `last` is what it gave when it last succeeded, where
/// nothing has changed since. What is not known of its outputs is left out.
pub(super) fn done(
    world: &LocalWorld,
    unit: UnitIx,
    view: View<'_>,
    last: Option<Outputs>,
) -> Outputs {
    let graph = Arc::clone(view.state.graph());
    let Some(step) = graph.step(unit.node) else { return Outputs::new() };
    let mut outputs = last.unwrap_or_default();
    outputs.retain(|name, _| step.outputs.contains_key(name));
    for each in &step.outputs {
        if let Some(Ok(value)) = from_file(world, unit, view, each) {
            outputs.insert(Arc::clone(each.0), value);
        }
    }
    outputs
}

/// An output that is read from a file; `None`: this one is not.
fn from_file(
    world: &LocalWorld,
    unit: UnitIx,
    view: View<'_>,
    (name, spec): (&Arc<str>, &OutputSpec),
) -> Option<Result<Value, String>> {
    let OutputSource::File(path) = &spec.source else { return None };
    let place = place_of(view, &world.surroundings, unit);
    let file = place.text(path).map_err(|why| why.to_string());
    let mut sources = Sources::default();
    sources.files.insert(Arc::clone(name), file.and_then(|path| read_file(place, &path)));
    let mut value = read_one(name, spec, &IndexMap::new(), &sources);
    if let Ok(value) = &mut value {
        keep_secret(value, &world.launcher.masker);
    }
    Some(value)
}
