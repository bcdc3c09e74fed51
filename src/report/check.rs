//! What `check --format json` prints. Lines and columns count from 1, columns in characters.

use schemars::JsonSchema;
use serde::Serialize;

/// All findings of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckView {
    /// In the order of the text, file by file.
    pub diagnostics: Vec<DiagnosticView>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiagnosticView {
    /// Its kind, as `E0201`; `goalc explain` tells more. Null for what is no finding in a file: a
    /// param, or a `requires` that does not hold.
    pub code: Option<String>,
    pub severity: SeverityView,
    pub message: String,
    /// Left out where `code` is null.
    #[serde(flatten)]
    pub place: Option<PlaceView>,
    /// What to write instead.
    pub help: Option<String>,
    /// Further places that it is about. Left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedView>,
    /// Edits that mend it with certainty, as `check --fix` does; all or none of them. Left out where
    /// there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<FixView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeverityView {
    /// Nothing runs; or advice that the project denies.
    Error,
    /// Advice.
    Warning,
}

/// A range in a file; its end is right behind the last character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlaceView {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

/// A further place and what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RelatedView {
    pub message: String,
    #[serde(flatten)]
    pub place: PlaceView,
}

/// Put `text` in the place of what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FixView {
    pub text: String,
    #[serde(flatten)]
    pub place: PlaceView,
}
