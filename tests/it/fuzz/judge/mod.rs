//! What must hold for any input, however damaged: one function a fuzz target.
//!
//! Used by the targets in `fuzz/` and by the tests that replay seeds and what was found. Knows
//! only what the library shows to everyone. Invariant: a function returns, or panics with what
//! does not hold; it reads and writes no file but those of a folder of its own.

// In `fuzz/` these are a library's, here a module's.
#![allow(unreachable_pub)]

mod check;
mod compile;
mod fmt;
mod import;
mod journal;
mod lsp;
mod output;
mod parse;
mod plan;

pub use check::check;
pub use compile::compile;
pub use fmt::fmt;
pub use import::import;
pub use journal::journal;
pub use lsp::lsp;
pub use output::output;
pub use parse::parse;

/// Holds an input to what the target promises.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: [(&str, Target); 8] = [
    ("parse", parse),
    ("check", check),
    ("fmt", fmt),
    ("compile", compile),
    ("journal", journal),
    ("output", output),
    ("import", import),
    ("lsp", lsp),
];

/// Longer inputs find nothing that shorter ones do not, and take their time.
const LONGEST: usize = 64 << 10;

/// The input as text, where it is one of bearable length.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes.get(..LONGEST).unwrap_or(bytes)).ok()
}
