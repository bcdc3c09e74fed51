//! `goalc check --fix`: the mends that are certain, made in the files.
//!
//! Knows no codes: a finding carries its mend. Invariant: a file is written only where the check,
//! made again, finds the mended finding gone and no more errors than before; bytes outside of
//! mends stay.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::read_file;
use super::exit::Failed;
use super::findings::findings;
use super::fmt::{diff, replace};
use super::load::{Aim, Loaded, Mounts, Texts, is_json, load_with};
use crate::diagnostic::{Diagnostic, Fix};
use crate::source::{FileId, Span};

/// A mend may uncover the next one; past so many rounds the rest is left for another call.
const MOST_ROUNDS: usize = 500;
/// So many mends are tried one by one where all at once made it worse.
const MOST_SINGLE: usize = 200;
/// So many are made in one round.
const MOST_AT_ONCE: usize = 1000;

/// What tells findings apart while their places move: code, message and file.
type Key = (&'static str, String, PathBuf);

/// Mends plans, one after another.
#[derive(Debug)]
pub(super) struct Mender {
    /// Whether nothing is written.
    preview: bool,
    /// The texts that count instead of the files; what was written is not in it any more.
    texts: Texts,
}

/// A plan, and what is wrong with it.
struct State {
    texts: Texts,
    loaded: Loaded,
    found: Vec<Diagnostic>,
}

impl Mender {
    pub(super) fn new(preview: bool) -> Self {
        Self { preview, texts: Texts::new() }
    }

    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Mends what is certain in a plan and the files that it mounts. Gives the changes as a diff.
    pub(super) fn mend(&mut self, file: &Path, loaded: &Loaded) -> Result<String, Failed> {
        // A plan that was made of another file has no text to mend.
        if is_json(file) {
            return Ok(String::new());
        }
        let names = named(loaded);
        let mended = best(file, self.texts.clone(), loaded.mounts)?;
        let mut changes = String::new();
        for (path, after) in mended.into_iter().collect::<BTreeMap<_, _>>() {
            let (name, before) = match names.get(&path) {
                Some((name, before)) => (name.clone(), Arc::clone(before)),
                None => continue,
            };
            if before == after {
                continue;
            }
            changes += &diff(&name, &before, &after);
            if self.preview {
                self.texts.insert(path, after);
            } else {
                write(&path, &name, &before, &after)?;
            }
        }
        Ok(changes)
    }
}

/// The files of a plan: their names and texts by path.
fn named(loaded: &Loaded) -> HashMap<PathBuf, (String, Arc<str>)> {
    let files = loaded.sources.files();
    files.map(|(_, f)| (f.path.clone(), (f.name.clone(), Arc::clone(&f.text)))).collect()
}

fn write(path: &Path, name: &str, before: &str, after: &str) -> Result<(), Failed> {
    let now = read_file(path);
    if now.as_deref() != Ok(before.as_bytes()) {
        return Err(Failed::machine(format!(
            "`{name}` was changed by another program: not mended"
        )));
    }
    replace(path, after)
        .map_err(|error| Failed::machine(format!("`{name}` cannot be written: {error}")))
}

/// The texts after all mends that make nothing worse.
pub(super) fn best(file: &Path, texts: Texts, mounts: Mounts) -> Result<Texts, Failed> {
    let mut now = State::of(file, texts, mounts)?;
    let mut refused: HashSet<Key> = HashSet::new();
    for _ in 0..MOST_ROUNDS {
        let mends = now.mends(&refused);
        if mends.is_empty() {
            break;
        }
        if let Some(better) = now.with(file, &mends)? {
            now = better;
            continue;
        }
        for mend in mends.into_iter().take(MOST_SINGLE) {
            if let Some(better) = now.with(file, &[mend])? {
                // The other mends' places may have moved.
                now = better;
                break;
            }
            refused.extend(now.found.get(mend).map(|found| now.key(found)));
        }
    }
    Ok(now.texts)
}

impl State {
    fn of(file: &Path, texts: Texts, mounts: Mounts) -> Result<Self, Failed> {
        let loaded = load_with(file, Aim::Findings, mounts, &texts)?;
        let found = findings(&loaded, false);
        Ok(Self { texts, loaded, found })
    }

    /// The findings, by position, whose mends can be made side by side. Of those that touch each
    /// other the first is taken; the others' turn is when it has been made.
    fn mends(&self, refused: &HashSet<Key>) -> Vec<usize> {
        let mut taken: Vec<Span> = Vec::new();
        let mut mends = Vec::new();
        let wanted =
            |found: &Diagnostic| !found.fixes.is_empty() && !refused.contains(&self.key(found));
        let turn = self.found.iter().filter(|found| wanted(found)).map(turn).min();
        for (at, found) in self.found.iter().enumerate() {
            if Some(self::turn(found)) != turn || !wanted(found) {
                continue;
            }
            let free = |fix: &Fix| !taken.iter().rev().any(|span| touch(*span, fix.span));
            if found.fixes.iter().all(free) {
                taken.extend(found.fixes.iter().map(|fix| fix.span));
                mends.push(at);
            }
            if mends.len() >= MOST_AT_ONCE {
                break;
            }
        }
        mends
    }

    /// What comes of some mends; `None` where it is no better.
    fn with(&self, file: &Path, mends: &[usize]) -> Result<Option<Self>, Failed> {
        let mended: Vec<&Diagnostic> = mends.iter().filter_map(|at| self.found.get(*at)).collect();
        let fixes = mended.iter().flat_map(|found| &found.fixes).collect();
        let after = Self::of(file, self.applied(fixes), self.loaded.mounts)?;
        let (before_counts, after_counts) = (self.counts(), after.counts());
        let gone = mended.iter().all(|found| {
            let key = self.key(found);
            after_counts.get(&key) < before_counts.get(&key)
        });
        // Several are made at once only where they uncover nothing: one that uncovers more than it
        // mends could hide behind the others.
        let mended_errors = mended.iter().filter(|found| found.is_error()).count();
        let spared = if mends.len() > 1 { mended_errors } else { 0 };
        Ok((gone && after.errors() + spared <= self.errors()).then_some(after))
    }

    /// The texts with these edits, which do not touch each other.
    fn applied(&self, mut fixes: Vec<&Fix>) -> Texts {
        let mut texts = self.texts.clone();
        let mut changed: BTreeMap<FileId, String> = BTreeMap::new();
        // From the end, so that the places before stay where they are.
        fixes.sort_by_key(|fix| std::cmp::Reverse(fix.span));
        for fix in fixes {
            let file = self.loaded.sources.file(fix.span.file);
            let text = changed.entry(fix.span.file).or_insert_with(|| file.text.to_string());
            if text.get(fix.span.range()).is_some() {
                text.replace_range(fix.span.range(), &fix.text);
            }
        }
        for (file, text) in changed {
            texts.insert(self.loaded.sources.file(file).path.clone(), text.into());
        }
        texts
    }

    fn errors(&self) -> usize {
        self.found.iter().filter(|found| found.is_error()).count()
    }

    fn counts(&self) -> HashMap<Key, usize> {
        let mut counts = HashMap::new();
        for found in &self.found {
            *counts.entry(self.key(found)).or_insert(0) += 1;
        }
        counts
    }

    fn key(&self, found: &Diagnostic) -> Key {
        let path = self.loaded.sources.file(found.span().file).path.clone();
        (found.code.as_str(), found.message.clone(), path)
    }
}

/// Words are mended first, as what is missing or too much may only seem so until they are right;
/// then what is missing is added, then what is too much is taken out.
fn turn(found: &Diagnostic) -> u8 {
    let of = |fix: &Fix| match (fix.span.is_empty(), fix.text.is_empty()) {
        (false, false) => 0,
        (true, _) => 1,
        (false, true) => 2,
    };
    found.fixes.iter().map(of).max().unwrap_or_default()
}

/// Whether two edits cannot be made side by side. One that adds text may not stand at the other's
/// end: which of them comes first would be chance.
fn touch(a: Span, b: Span) -> bool {
    a.file == b.file
        && a.start <= b.end
        && b.start <= a.end
        && (a.is_empty() || b.is_empty() || (a.start < b.end && b.start < a.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touching(a: (usize, usize), b: (usize, usize)) -> bool {
        let span = |(start, end)| Span::new(FileId(0), start, end);
        assert_eq!(touch(span(a), span(b)), touch(span(b), span(a)));
        touch(span(a), span(b))
    }

    #[test]
    fn edits_beside_each_other_do_not_touch_but_where_one_adds() {
        assert!(!touching((0, 4), (4, 8)));
        assert!(!touching((0, 4), (6, 6)));
        assert!(touching((0, 4), (3, 8)));
        assert!(touching((0, 4), (4, 4)));
        assert!(touching((4, 4), (4, 4)));
    }
}
