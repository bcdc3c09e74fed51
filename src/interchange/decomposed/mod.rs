//! Goals taken apart by a goal-decomposition tool: JSON with `original_goal` and `steps`.
//!
//! A step without a command becomes a manual step with its description. Dependencies that follow
//! from others are left out. A `retry` is written as a clause only where the input also says
//! `"idempotent": true`; elsewhere it stays as a comment, since only the author knows whether the
//! command may run twice.

mod graph;
mod read;
#[cfg(test)]
mod tests;
mod write;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::{ImportError, Problems};
use super::{LARGEST, graph as edges};

/// Turns a decomposed goal into the text of a plan, in canonical form.
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
    let source = read::read(json.trim_start_matches('\u{feff}'), problems)?;
    let dependencies = graph::dependencies(&source.steps, problems);
    Some(write::plan(&source, &edges::reduced(&dependencies)?))
}

/// Whether a JSON text is meant as a decomposed goal, and not as a compiled plan.
pub fn looks_like_decomposed(json: &str) -> bool {
    #[derive(Deserialize)]
    struct Shape {
        original_goal: Option<IgnoredAny>,
        format: Option<IgnoredAny>,
        steps: Option<Steps>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code)] // only which one it is matters
    enum Steps {
        Listed(Vec<IgnoredAny>),
        Other(IgnoredAny),
    }
    match serde_json::from_str::<Shape>(json.trim_start_matches('\u{feff}')) {
        Ok(shape) => {
            let listed = matches!(shape.steps, Some(Steps::Listed(_)));
            shape.original_goal.is_some() || (listed && shape.format.is_none())
        }
        // Damaged, but its author's mind is clear.
        Err(_) => json.contains("\"original_goal\""),
    }
}
