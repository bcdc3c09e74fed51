//! The folder in which what is launched runs, and in which the paths of a step begin.

use std::path::PathBuf;

use super::launch::goals_around;
use crate::exec::scope::{Place, folder_of};
use crate::ir::{Environment, Step};
use crate::value::EvalError;

/// The innermost `dir`, relative to the folder of the file that it is written in.
pub(super) fn dir(place: Place<'_>, ways: &[&Environment]) -> Result<PathBuf, EvalError> {
    if let Some(dir) = ways.iter().rev().find_map(|environment| environment.dir.as_ref()) {
        return Ok(place.folder().join(place.text(dir)?));
    }
    let graph = place.state.graph();
    for goal in goals_around(place) {
        let Some(found) = graph.goal(goal) else { continue };
        if let Some(dir) = &found.environment.dir {
            let outer = Place { goal, unit: None, ..place };
            return Ok(folder_of(place.state, place.world, goal).join(outer.text(dir)?));
        }
        if found.folder.is_some() {
            break;
        }
    }
    Ok(place.folder())
}

/// Where a step's `reads`, `writes` and `snapshot` begin. They are the step's whichever way it is
/// done, so the `dir` of a fallback does not move them.
pub(super) fn dir_of(place: Place<'_>, step: &Step) -> Result<PathBuf, EvalError> {
    dir(place, &[&*step.attempt.environment])
}
