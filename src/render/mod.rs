//! Diagnostics for people and programs: graphical, short, JSON.
//!
//! The only room that knows how a finding looks. Invariant: output depends on the findings and
//! the texts alone, whatever the order in which the findings came; nothing of a text can act on
//! the terminal.

mod excerpt;
mod fancy;
mod json;
mod line;
mod places;
mod select;
mod short;

pub use fancy::{RenderOptions, fancy};
pub use json::json;
pub use select::{SHOWN, summary};
pub use short::short;

#[cfg(test)]
mod tests;
