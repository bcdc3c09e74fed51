//! Diagnostics for people and programs: graphical, short, JSON, SARIF, annotations.
//!
//! The only room that knows how a finding looks. Invariant: output depends on the findings and
//! the texts alone, whatever the order in which the findings came; nothing of a text can act on
//! the terminal.

mod excerpt;
mod fancy;
mod github;
mod json;
mod line;
mod places;
mod sarif;
mod select;
mod short;

pub use fancy::{RenderOptions, fancy};
pub use github::{github, github_message};
pub use json::json;
pub use sarif::Sarif;
pub use select::{SHOWN, summary};
pub use short::short;

/// A message as it is shown: what hides is named, and a tab, of a file's name say, is a space.
fn said(text: &str) -> String {
    crate::diagnostic::visible(text).replace('\t', " ")
}

#[cfg(test)]
mod tests;
