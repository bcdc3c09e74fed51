//! Renames a name wherever it is written.
//!
//! Invariant: afterwards each place means what it meant before; where that cannot be, nothing is
//! changed, and why is said.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{PrepareRenamePlaceholder, TextEdit, WorkspaceEdit};

use super::Checked;
use super::document::range;
use super::name::{Written, written, written_in};
use super::reply::{Refusal, Reply};
use super::view::View;
use crate::sema::Kept;
use crate::source::LineIndex;
use crate::syntax::is_name;

/// The name at an offset, if it can be renamed.
pub(super) fn prepare(view: View<'_>, offset: usize) -> Option<PrepareRenamePlaceholder> {
    let (at, span) = view.checked.index.at(view.file, offset)?;
    let placeholder = view.checked.index.names.get(at)?.text.clone();
    Some(PrepareRenamePlaceholder { range: view.range(span), placeholder })
}

/// The edits that give the name at an offset another one.
pub(super) fn rename(view: View<'_>, offset: usize, new: &str) -> Reply<WorkspaceEdit> {
    let refuse = |why: String| Err(Refusal::failed(why));
    if !is_name(new) {
        return refuse(format!(
            "`{new}` is no name: a name begins with a letter or `_`, and goes on with letters, \
             digits, `_` and `-`"
        ));
    }
    let index = &view.checked.index;
    let name = index.at(view.file, offset).and_then(|(at, _)| index.names.get(at));
    let (Some(name), Some(places)) = (name, written(view, offset)) else {
        return refuse("there is no name here that could be renamed".to_owned());
    };
    let declared = view.checked.sources.file(name.place.file).path.clone();
    let renaming = Renaming { new, declared, at: name.place.range(), places };
    let before = renaming.texts(view);
    let after: HashMap<PathBuf, Arc<str>> = before
        .iter()
        .map(|(path, text)| (path.clone(), renaming.renamed(path, text).into()))
        .collect();
    let mut texts = view.session.texts();
    texts.extend(after);
    let mut wrong = None;
    view.session.each_plan(|plan, checked| {
        let has = renaming.places.iter().any(|(path, _, _)| checked.file(path).is_some());
        if wrong.is_none() && has {
            let now = view.session.host.check(plan, &texts, Kept::default());
            wrong = now.and_then(|now| renaming.worse(checked, &now));
        }
    });
    match wrong {
        Some(why) => refuse(format!("`{}` cannot be called `{new}`: {why}", name.text)),
        None => Ok(renaming.edits(view, &before)),
    }
}

struct Renaming<'a> {
    new: &'a str,
    /// The file and the bytes of the declaration.
    declared: PathBuf,
    at: std::ops::Range<usize>,
    places: Written,
}

impl Renaming<'_> {
    /// The texts of the files that it is written in.
    fn texts(&self, view: View<'_>) -> HashMap<PathBuf, Arc<str>> {
        let mut texts = HashMap::new();
        view.session.each_plan(|_, checked| {
            for (path, _, _) in &self.places {
                if let Some(file) = checked.file(path) {
                    texts.insert(path.clone(), checked.sources.file(file).text.clone());
                }
            }
        });
        texts
    }

    fn word(&self, variable: bool) -> String {
        if variable { self.new.replace('-', "_") } else { self.new.to_owned() }
    }

    fn renamed(&self, path: &Path, text: &str) -> String {
        let mut text = text.to_owned();
        let own = self.places.iter().rev().filter(|(each, _, _)| each == path);
        for (_, (start, end), variable) in own {
            if text.get(*start..*end).is_some() {
                text.replace_range(*start..*end, &self.word(*variable));
            }
        }
        text
    }

    /// Where the declaration begins afterwards.
    fn moved(&self) -> usize {
        let before = self
            .places
            .iter()
            .filter(|(path, (start, _), _)| *path == self.declared && *start < self.at.start);
        before.fold(self.at.start, |at, (_, (start, end), variable)| {
            (at + self.word(*variable).len()).saturating_sub(end - start)
        })
    }

    /// What is worse in a plan than before, if anything.
    fn worse(&self, before: &Checked, now: &Checked) -> Option<String> {
        if now.errors() > before.errors() {
            let old: Vec<_> =
                before.found.iter().map(|found| (found.code, &found.message)).collect();
            let fresh = now.found.iter().filter(|each| each.is_error());
            let mut fresh = fresh.filter(|each| !old.contains(&(each.code, &each.message)));
            let message = fresh.next().map(|found| found.message.clone());
            return Some(message.unwrap_or_else(|| "it would be an error elsewhere".to_owned()));
        }
        let start = self.moved();
        let was = written_in(before, &self.declared, self.at.clone()).len();
        let is = written_in(now, &self.declared, start..start + self.new.len()).len();
        let other = || "another of this name would be meant in some places".to_owned();
        (was != is).then(other)
    }

    fn edits(&self, view: View<'_>, texts: &HashMap<PathBuf, Arc<str>>) -> WorkspaceEdit {
        let mut changes = HashMap::new();
        for (path, text) in texts {
            let lines = LineIndex::new(text);
            let own = self.places.iter().filter(|(each, _, _)| each == path);
            let edits: Vec<TextEdit> = own
                .map(|(_, (start, end), variable)| TextEdit {
                    range: range(text, &lines, *start..*end, view.encoding()),
                    new_text: self.word(*variable),
                })
                .collect();
            changes.insert(view.uri(path), edits);
        }
        WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
    }
}
