//! Scenarios: runs that are only played, by the same loop as real ones, and judged.
//!
//! Nothing is executed, read or written. Invariant: the same scenario always goes the same way.

mod imagined;
mod judge;
mod play;
mod script;
mod tape;
mod timeline;
mod unused;
mod world;

pub use judge::{cannot_begin, judge};
pub use play::{Play, play};
pub use timeline::{Line, timeline};
pub use unused::unused;
