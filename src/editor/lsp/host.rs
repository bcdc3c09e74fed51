//! What the server asks of the world: plans checked as the command line checks them.
//!
//! Knows no protocol.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::sema::Index;
use crate::source::{FileId, SourceMap};
use crate::syntax::Trees;

/// Texts that count in the place of what is on the disk, by path.
pub type Texts = HashMap<PathBuf, Arc<str>>;

/// A plan as it was found.
#[derive(Debug, Default)]
pub struct Checked {
    pub sources: SourceMap,
    /// As `goalc check` tells them, in the same order.
    pub found: Vec<Diagnostic>,
    pub index: Index,
    /// The files as they were read.
    pub trees: Trees,
}

impl Checked {
    /// The file of a path, if the plan has it.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        self.sources.files().find(|(_, file)| file.path == path).map(|(id, _)| id)
    }
}

/// The world as the server sees it.
pub trait Host {
    /// The editor's folder: plans in it are known, and may mount each other.
    fn enter(&mut self, root: &Path);

    /// A path as [`Checked`] has it.
    fn resolved(&self, path: &Path) -> PathBuf;

    /// Checks a plan; `None` where there is none that could be read. `trees`: those of its last
    /// check.
    fn check(&self, plan: &Path, texts: &Texts, trees: Trees) -> Option<Checked>;

    /// The texts after all certain mends, as `goalc check --fix` makes them.
    fn mended(&self, plan: &Path, texts: &Texts) -> Option<Texts>;

    /// Up to so many plans under the editor's folder.
    fn plans(&self, most: usize) -> Vec<PathBuf>;

    /// What is in a folder: names, those of folders with a `/`.
    fn beside(&self, folder: &Path) -> Vec<String>;

    /// A line for whoever looks after the server.
    fn log(&self, line: &str);
}
