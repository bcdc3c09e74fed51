//! The language server: requests of an editor, answered from checked plans.
//!
//! Owns the open texts and what was found in them. Reads no files and no streams by itself: the
//! [`Host`] brings texts, the channel messages. Invariant: no message ends it but `exit`.

mod action;
mod call;
mod capability;
mod completion;
mod document;
mod edit;
mod extract;
mod host;
mod hover;
mod member;
mod name;
mod outline;
mod place;
mod publish;
mod rename;
mod reply;
mod route;
mod scenario;
mod server;
mod session;
mod time;
mod token;
mod tree;
mod uri;
mod view;

pub use host::{Checked, Host, Texts, Times};
pub use server::{Incoming, serve};
