//! The clause table: each word of the language, what it takes, what it means.
//!
//! One file a clause; each declares a [`ClauseSpec`] and how it lowers to the IR. Checking,
//! completion, hover, formatting, highlighting and `docs/clauses.md` are derived from the specs.
//! Names are resolved by whoever implements [`Context`]; this room knows no scopes and no graph.

mod arguments;
mod context;
mod known;
mod outline;
mod reach;
mod reader;
mod reference;
mod spec;
mod table;
mod usage;

pub use arguments::{argument_lines, as_sentence, stands};
pub use context::{Context, Form, Target, Want};
pub use known::KnownSteps;
pub use outline::{
    Argument, Clause, FallbackOutline, GoalOutline, LetOutline, MountOutline, OptionValue,
    ParamOutline, Reference, ResourceOutline, Said, ScenarioOutline, StepOutline,
};
pub use reach::value_out_of_reach;
pub use reader::{
    TYPES, outline, outline_again, outline_streamed, own_variable, recognised, scenarios,
};
pub use reference::reference;
pub use spec::{
    BlockShape, Check, ClauseSpec, Count, Lower, OptionSpec, Place, Repeat, Role, Shape, Slot,
};
pub use table::{
    BOUNDED, EVENTS, FAILURES, NO_OUTPUTS, find, listed_words, no_pattern, table, words,
};
pub use usage::usage;

#[cfg(test)]
mod tests;
