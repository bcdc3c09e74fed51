//! The parser that pest makes of `grammar/goal.pest`.
//!
//! Nothing outside `syntax` sees its rules; the grammar's text says what they mean.

#![allow(missing_debug_implementations, clippy::pedantic)] // the derived code

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/goal.pest"]
pub(super) struct Grammar;
