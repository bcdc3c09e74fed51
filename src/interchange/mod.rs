//! Plans from other formats.
//!
//! Makes `.goal` text; knows nothing of runs, and reads no files: the caller brings the text.
//! Whatever is wrong in the input is reported in one go, each with its place.

pub mod decomposed;
mod error;
mod names;
mod text;

pub use error::{ImportError, Problem};
