//! Recorded runs of workflows: `WfFormat` 1.5, as the `WfCommons` collection has them.
//!
//! A task becomes a step: its measured time is the `estimate`, its recorded command is what the
//! step runs, and where none was recorded a person does it. Edges are the union of what tasks say
//! of their parents and of their children, without those that follow from others.

mod edges;
mod read;
#[cfg(test)]
mod tests;
mod write;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::{ImportError, Problems};
use super::{LARGEST, graph};

/// Turns a recorded run into the text of a plan, in canonical form.
///
/// # Errors
/// All that is wrong with the input, each with its place.
pub fn import(json: &str) -> Result<String, ImportError> {
    let mut problems = Problems::default();
    let text = convert(json, &mut problems);
    problems.into_result().map(|()| text.unwrap_or_default())
}

/// The text, where nothing is wrong.
fn convert(json: &str, problems: &mut Problems) -> Option<String> {
    if json.len() > LARGEST {
        problems.add("", format!("is larger than {} MiB", LARGEST >> 20));
        return None;
    }
    let workflow = read::read(json.trim_start_matches('\u{feff}'), problems)?;
    let dependencies = edges::dependencies(&workflow.tasks, problems);
    Some(write::plan(&workflow, &graph::reduced(&dependencies)?))
}

/// Whether a JSON text is meant as a recorded run.
pub fn looks_like_recorded(json: &str) -> bool {
    #[derive(Deserialize)]
    struct Shape {
        workflow: Option<IgnoredAny>,
        original_goal: Option<IgnoredAny>,
        format: Option<IgnoredAny>,
    }
    match serde_json::from_str::<Shape>(json.trim_start_matches('\u{feff}')) {
        Ok(shape) => {
            shape.workflow.is_some() && shape.original_goal.is_none() && shape.format.is_none()
        }
        // Damaged, but its author's mind is clear.
        Err(_) => json.contains("\"workflow\"") && json.contains("\"schemaVersion\""),
    }
}
