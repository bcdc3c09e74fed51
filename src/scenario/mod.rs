//! Scenarios: runs that are only played, by the same loop as real ones, and judged.
//!
//! Nothing is executed, read or written. Invariant: the same scenario always goes the same way.

mod explore;
mod imagined;
mod judge;
mod play;
mod script;
mod tape;
mod timeline;
mod unused;
mod world;

pub use explore::{Case, Class, Explored, Kind, Outcome, Wanted, events_of, explore};
pub use judge::{judge, unplayed};
pub use play::{Play, Setting, play, play_in};
pub use script::Unsaid;
pub use timeline::{Line, timeline};
pub use unused::unused;
