//! A checked plan as a drawing: for the terminal, as Mermaid, DOT or SVG.
//!
//! Pure: each drawing is text made from a `GraphView`, and that from the plan. Knows nothing of runs;
//! the critical path is the forecast's. Invariant: whatever names and titles hold, a drawing is
//! well-formed and shows them as text.

mod diagram;
mod dot;
mod implied;
mod label;
mod mermaid;
mod svg;
mod text;
mod view;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
pub use text::{Style, text};
pub use view::view;
