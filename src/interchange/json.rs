//! Any JSON, and what is wrong with it in words.

use serde_json::Value;

use super::error::Problems;

/// A JSON text's value; where it is none, that is reported.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<Value> {
    match serde_json::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            problems.add(place, syntax_message(&error.to_string()));
            None
        }
    }
}

/// The parser's own words without the place, which stands in front.
fn syntax_message(text: &str) -> String {
    let said = text.rsplit_once(" at line ").map_or(text, |(said, _)| said);
    if said.contains("recursion limit") {
        "is nested too deep; 127 levels are read".to_owned()
    } else {
        format!("is not JSON: {said}")
    }
}

/// What a value is, for a sentence.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
