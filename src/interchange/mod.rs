//! Plans from other formats.
//!
//! Makes `.goal` text; knows nothing of runs, and reads no files: the caller brings the bytes.
//! Whatever is wrong in the input is reported in one go, each with its place.

pub mod decomposed;
mod error;
mod graph;
mod json;
mod names;
pub mod packed;
pub mod recorded;
mod text;

pub use error::{ImportError, Problem};

/// The largest input that is read, in bytes, unpacked.
const LARGEST: usize = 16 << 20;

/// Turns another format's text into that of a plan, in canonical form.
///
/// # Errors
/// All that is wrong with the input, each with its place.
pub fn import(json: &str) -> Result<String, ImportError> {
    if recorded::looks_like_recorded(json) {
        recorded::import(json)
    } else {
        decomposed::import(json)
    }
}

/// Whether a JSON text is meant as one of these formats, and not as a compiled plan.
pub fn is_foreign(json: &str) -> bool {
    recorded::looks_like_recorded(json) || decomposed::looks_like_decomposed(json)
}
