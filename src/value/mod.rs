//! Types, values and resolved expressions, and their evaluation.
//!
//! Pure: whatever an expression needs from outside comes through [`Scope`]. Knows no syntax and
//! no steps beyond their ids.

mod eval;
mod expr;
mod function;
mod literal;
mod mask;
mod show;
mod text;
mod types;

pub use eval::{EvalError, Scope, evaluate, glob_fault, matches_whole, pattern_fault};
pub use expr::{BinaryOperator, BindingId, Expr, GoalId, ListPart, NodeId, StepId};
pub use function::{Function, Signature};
pub use literal::{
    DURATION_UNITS, Literal, LiteralError, SIZE_UNITS, is_too_fine, parse_duration, parse_number,
    parse_size,
};
pub use mask::{MaskStream, Masker};
pub use text::{duration_text, read_text, size_text};
pub use types::{Type, Value};
