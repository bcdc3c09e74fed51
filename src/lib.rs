//! goalc compiles and runs goals: plans of steps that matter.
//!
//! Text becomes a tree (`syntax`), the tree a checked plan (`clause`, `sema`, `ir`), and a plan
//! events (`exec`), kept in a journal (`store`). Rooms import upwards in this list only; the test
//! `layering` holds them to it.

pub mod source;

pub mod diagnostic;

pub mod value;

pub mod syntax;

pub mod ir;

pub mod config;

pub mod clause;

pub mod sema;

pub mod format;

pub mod exec;

pub mod forecast;

pub mod scenario;

pub mod store;

pub mod report;

pub mod graph;

pub mod interchange;

pub mod render;

pub mod editor;

pub mod cli;
