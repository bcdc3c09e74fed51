//! What the server asks of the world: plans checked as the command line checks them.
//!
//! Knows no protocol.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::exec::estimate::Measured;
use crate::forecast::Forecast;
use crate::sema::{Index, Kept};
use crate::source::{FileId, SourceMap};

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
    pub kept: Kept,
}

impl Checked {
    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.found.iter().filter(|each| each.is_error()).count()
    }

    /// The file of a path, if the plan has it.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        self.sources.files().find(|(_, file)| file.path == path).map(|(id, _)| id)
    }
}

/// How long the steps of a plan take.
#[derive(Debug, Default)]
pub struct Times {
    /// As it is expected to go. None where the plan is wrong, or a param has no value yet.
    pub forecast: Option<Forecast>,
    /// In earlier runs.
    pub measured: Measured,
}

/// The world as the server sees it.
pub trait Host {
    /// A folder of the editor's: plans in it are known, and may mount each other. The first is the
    /// one that paths are told from.
    fn enter(&mut self, root: &Path);

    /// A path as [`Checked`] has it.
    fn resolved(&self, path: &Path) -> PathBuf;

    /// Checks a plan; `None` where there is none that could be read. `kept`: what
    /// its last check left.
    fn check(&self, plan: &Path, texts: &Texts, kept: Kept) -> Option<Checked>;

    /// How long a plan's steps take. Nothing is executed for it, and no file read that a value names.
    fn times(&self, plan: &Path, texts: &Texts) -> Times;

    /// The texts after all certain mends, as `goalc check --fix` makes them.
    fn mended(&self, plan: &Path, texts: &Texts) -> Option<Texts>;

    /// Up to so many plans under the editor's folder.
    fn plans(&self, most: usize) -> Vec<PathBuf>;

    /// What is in a folder: names, those of folders with a `/`.
    fn beside(&self, folder: &Path) -> Vec<String>;

    /// A line for whoever looks after the server.
    fn log(&self, line: &str);
}
