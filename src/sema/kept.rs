//! What is kept of a plan's files from one check of it to the next: trees, and steps as read.
//!
//! Knows no files: it is told each text. Invariant: what it gives is what reading the text gives.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::clause::{self, GoalOutline, KnownSteps, ScenarioOutline};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::FileId;
use crate::syntax::{Changed, Document, Reading};

/// Files as they were read last, by path.
#[derive(Debug, Default)]
pub struct Kept {
    files: RefCell<HashMap<PathBuf, KeptFile>>,
}

#[derive(Debug)]
struct KeptFile {
    reading: Reading,
    steps: KnownSteps,
    /// It was asked for since [`Kept::begin`].
    used: bool,
}

impl Kept {
    /// From here on a plan is checked: what it no longer has is forgotten at its [`Kept::end`].
    pub fn begin(&mut self) {
        self.files.get_mut().values_mut().for_each(|file| file.used = false);
    }

    pub fn end(&mut self) {
        self.files.get_mut().retain(|_, file| file.used);
    }

    /// The tree of a file that was read.
    pub fn document(&self, path: &Path) -> Option<Rc<Document>> {
        Some(Rc::clone(self.files.borrow().get(path)?.reading.document()))
    }

    /// The same, of a text in which nothing is wrong.
    pub fn sound(&self, path: &Path) -> Option<Rc<Document>> {
        let files = self.files.borrow();
        let reading = &files.get(path)?.reading;
        (!reading.findings().any(Diagnostic::is_error)).then(|| Rc::clone(reading.document()))
    }

    /// The tree and the outline of a file; what is wrong with them is reported.
    pub(super) fn read(
        &self,
        file: FileId,
        path: &Path,
        text: &Arc<str>,
        diagnostics: &mut Diagnostics,
    ) -> (Rc<Document>, Option<GoalOutline>) {
        let mut files = self.files.borrow_mut();
        let (reading, mut steps) = match files.remove(path) {
            Some(kept) => (kept.reading.again(file, Arc::clone(text)), kept.steps),
            None => (Reading::new(file, Arc::clone(text)), KnownSteps::default()),
        };
        match reading.changed() {
            Changed::Nothing => {}
            Changed::Part(old, shift) => steps.change(old, *shift),
            Changed::Whole => steps = KnownSteps::default(),
        }
        diagnostics.unclosed(reading.document().unclosed);
        diagnostics.extend(reading.findings().cloned());
        let document = Rc::clone(reading.document());
        let outline = clause::outline_again(&document, text, &mut steps, diagnostics);
        files.insert(path.to_owned(), KeptFile { reading, steps, used: true });
        (document, outline)
    }

    /// The tree and the scenarios of a file that holds no goal.
    pub(super) fn read_scenarios(
        &self,
        file: FileId,
        path: &Path,
        text: &Arc<str>,
        diagnostics: &mut Diagnostics,
    ) -> (Rc<Document>, Vec<ScenarioOutline>) {
        let mut files = self.files.borrow_mut();
        let reading = match files.remove(path) {
            Some(kept) => kept.reading.again(file, Arc::clone(text)),
            None => Reading::new(file, Arc::clone(text)),
        };
        diagnostics.unclosed(reading.document().unclosed);
        diagnostics.extend(reading.findings().cloned());
        let document = Rc::clone(reading.document());
        let outlines = clause::scenarios(&document, text, diagnostics);
        let steps = KnownSteps::default();
        files.insert(path.to_owned(), KeptFile { reading, steps, used: true });
        (document, outlines)
    }

    /// Takes back the outline of a file that was read.
    pub(super) fn give_back(&self, path: &Path, outline: GoalOutline) {
        if let Some(file) = self.files.borrow_mut().get_mut(path) {
            file.steps.keep(outline);
        }
    }
}
