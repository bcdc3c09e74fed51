//! The trees of a plan's files, kept from one check of it to the next.
//!
//! Knows no files: it is told each text. Invariant: what it gives is what reading the text gives.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::{Document, Reading};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::FileId;

/// Files as they were read last, by path.
#[derive(Debug, Default)]
pub struct Trees {
    readings: RefCell<HashMap<PathBuf, Kept>>,
}

#[derive(Debug)]
struct Kept {
    reading: Reading,
    /// It was asked for since [`Trees::begin`].
    used: bool,
}

impl Trees {
    /// From here on a plan is checked: what it no longer has is forgotten at its [`Trees::end`].
    pub fn begin(&mut self) {
        self.readings.get_mut().values_mut().for_each(|kept| kept.used = false);
    }

    pub fn end(&mut self) {
        self.readings.get_mut().retain(|_, kept| kept.used);
    }

    /// The tree of a file; what is wrong with its text is reported.
    pub fn read(
        &self,
        file: FileId,
        path: &Path,
        text: &Arc<str>,
        diagnostics: &mut Diagnostics,
    ) -> Rc<Document> {
        let mut readings = self.readings.borrow_mut();
        let reading = match readings.remove(path) {
            Some(kept) => kept.reading.again(file, Arc::clone(text)),
            None => Reading::new(file, Arc::clone(text)),
        };
        diagnostics.extend(reading.findings().cloned());
        let document = Rc::clone(reading.document());
        readings.insert(path.to_owned(), Kept { reading, used: true });
        document
    }

    /// The tree of a file that was read.
    pub fn document(&self, path: &Path) -> Option<Rc<Document>> {
        Some(Rc::clone(self.readings.borrow().get(path)?.reading.document()))
    }

    /// The same, of a text in which nothing is wrong.
    pub fn sound(&self, path: &Path) -> Option<Rc<Document>> {
        let readings = self.readings.borrow();
        let reading = &readings.get(path)?.reading;
        (!reading.findings().any(Diagnostic::is_error)).then(|| Rc::clone(reading.document()))
    }
}
