//! What editors ask while a plan is written.
//!
//! Knows the language through `syntax`, `clause`, `sema` and `format` alone. Invariant: nothing
//! here runs a plan.

pub mod lsp;
