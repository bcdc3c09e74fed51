//! One line a finding, for editors, build logs and `grep`.

use codespan_reporting::diagnostic as codespan;
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::{Config, DisplayStyle, emit_into_string};

use super::places;
use super::said;
use super::select::select;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, SourceFile, SourceMap};

/// `file:line:column: error[E0201]: message (help: …)`, one line a finding, at most
/// [`super::SHOWN`] of them; then how many more there are.
pub fn short(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let config = Config { display_style: DisplayStyle::Short, ..Config::default() };
    let files = Texts(sources);
    let selection = select(diagnostics);
    let line = |found: &Diagnostic| {
        emit_into_string(&config, &files, &one_line(found, sources))
            // Never seen: `one_line` names only files that are there.
            .unwrap_or_else(|_| format!("{}: {}\n", found.code, said(&found.message)))
    };
    let mut lines: Vec<_> = selection.shown.iter().map(|found| line(found)).collect();
    lines.extend(selection.rest());
    lines.concat()
}

fn one_line(found: &Diagnostic, sources: &SourceMap) -> codespan::Diagnostic<FileId> {
    let severity = match found.severity() {
        Severity::Error => codespan::Severity::Error,
        Severity::Warning => codespan::Severity::Warning,
    };
    let help = found.help.as_ref().map(|help| format!(" (help: {help})")).unwrap_or_default();
    let message = format!("{}{help}", found.message);
    let lines: Vec<_> = message.lines().map(str::trim).collect();
    // A finding without a file is still a finding: codespan would refuse its label.
    let place = found.labels.first().map(|label| label.span);
    let place = place.filter(|span| places::file(sources, span.file).is_some());
    codespan::Diagnostic::new(severity)
        .with_code(found.code.as_str())
        .with_message(said(&lines.join(" ")))
        .with_labels_iter(place.map(|span| codespan::Label::primary(span.file, span.range())))
}

/// The texts as codespan asks for them, by the line index that is there already.
struct Texts<'a>(&'a SourceMap);

impl<'a> Texts<'a> {
    fn file(&self, id: FileId) -> Result<&'a SourceFile, Error> {
        places::file(self.0, id).ok_or(Error::FileMissing)
    }
}

impl<'a> Files<'a> for Texts<'_> {
    type FileId = FileId;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, id: FileId) -> Result<String, Error> {
        Ok(said(&self.file(id)?.name))
    }

    fn source(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: FileId, offset: usize) -> Result<usize, Error> {
        Ok(self.file(id)?.lines().line_of(offset))
    }

    fn line_range(&'a self, id: FileId, line: usize) -> Result<std::ops::Range<usize>, Error> {
        let file = self.file(id)?;
        let start = file.lines().start_of(line).unwrap_or(file.text.len());
        Ok(start..file.lines().start_of(line + 1).unwrap_or(file.text.len()))
    }

    fn column_number(&'a self, id: FileId, line: usize, offset: usize) -> Result<usize, Error> {
        let place = self.0.position(id, u32::try_from(offset).unwrap_or(u32::MAX));
        Ok(if place.line == line + 1 { place.column } else { 1 })
    }
}
