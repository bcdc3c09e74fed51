//! One open file as its plan was checked: what a request about it is answered from.

use std::path::Path;
use std::rc::Rc;

use gen_lsp_types::{Location, Position, Range, Uri};

use super::document::{Encoding, offset, range};
use super::session::Session;
use super::{Checked, Times};
use crate::diagnostic::Diagnostics;
use crate::sema::NameKind;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax;

/// In larger plans steps are shown without times.
const MOST_TIMED: usize = 1000;

#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) session: &'a Session,
    pub(super) checked: &'a Checked,
    pub(super) file: FileId,
}

impl<'a> View<'a> {
    pub(super) fn source(self) -> &'a SourceFile {
        self.checked.sources.file(self.file)
    }

    pub(super) fn text(self) -> &'a str {
        &self.source().text
    }

    pub(super) fn encoding(self) -> Encoding {
        self.session.encoding
    }

    pub(super) fn offset(self, at: Position) -> usize {
        let source = self.source();
        offset(&source.text, source.lines(), at, self.encoding())
    }

    pub(super) fn span(self, range: Range) -> Span {
        let start = self.offset(range.start);
        Span::new(self.file, start, self.offset(range.end).max(start))
    }

    pub(super) fn range(self, span: Span) -> Range {
        let source = self.checked.sources.file(span.file);
        range(&source.text, source.lines(), span.range(), self.encoding())
    }

    pub(super) fn location(self, span: Span) -> Location {
        Location {
            uri: self.uri(&self.checked.sources.file(span.file).path),
            range: self.range(span),
        }
    }

    pub(super) fn uri(self, path: &Path) -> Uri {
        self.session.uri(path)
    }

    /// How long the steps of the plan in this file take; none where it is too large for the moment
    /// that it may take to say so.
    pub(super) fn times(self) -> Option<Rc<Times>> {
        let steps = self.checked.index.names.iter().filter(|name| name.kind == NameKind::Step);
        if steps.count() > MOST_TIMED {
            return None;
        }
        let path = &self.source().path;
        let mut kept = self.session.times.borrow_mut();
        let known = kept.take().filter(|(of, _)| of == path);
        let (_, times) = kept.insert(known.unwrap_or_else(|| {
            let texts = self.session.texts();
            (path.clone(), Rc::new(self.session.host.times(path, &texts)))
        }));
        Some(Rc::clone(times))
    }

    /// The file's tree, and what is wrong with its text.
    pub(super) fn document(self) -> Rc<syntax::Document> {
        let source = self.source();
        let read = self.checked.kept.document(&source.path);
        // A file of another kind was not read.
        read.unwrap_or_else(|| {
            Rc::new(syntax::parse(self.file, &source.text, &mut Diagnostics::new()))
        })
    }
}
