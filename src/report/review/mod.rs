//! A run looked back on: how it went, what was tried, and what can be learnt from it.
//!
//! [`ReportView`] is made here from events, state and earlier runs; its formats are beside. Pure.

mod alerts;
mod attempts;
mod build;
mod data;
mod figures;
mod history;
mod lessons;
mod people;
pub(in crate::report) mod span;
#[cfg(test)]
mod tests;
mod track;
mod verdict;

pub use build::Sources;
pub use data::*;
pub use history::EarlierRun;
pub(in crate::report) use verdict::seconds;
