//! The open texts, and the plans that were checked with them.
//!
//! Each open file is checked as a plan of its own, with all that it mounts; open texts count in the
//! place of files. Invariant: after [`Session::refresh`] what was found is that of the open texts.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gen_lsp_types::Uri;

use super::document::{Document, Encoding};
use super::view::View;
use super::{Checked, Host, Texts, Times, uri};
use crate::sema::Kept;

/// So many plans of the editor's folder are looked through for names.
const MOST_PLANS: usize = 200;

pub(super) struct Session {
    pub(super) encoding: Encoding,
    pub(super) host: Box<dyn Host>,
    pub(super) documents: BTreeMap<PathBuf, Document>,
    pub(super) checked: BTreeMap<PathBuf, Checked>,
    /// The times that were asked for last, and of which plan.
    pub(super) times: RefCell<Option<(PathBuf, Rc<Times>)>>,
    /// Files whose text is no longer what was checked.
    stale: HashSet<PathBuf>,
    all_stale: bool,
}

impl Session {
    pub(super) fn new(host: Box<dyn Host>) -> Self {
        Self {
            encoding: Encoding::default(),
            host,
            documents: BTreeMap::new(),
            checked: BTreeMap::new(),
            times: RefCell::new(None),
            stale: HashSet::new(),
            all_stale: false,
        }
    }

    /// The path that stands for an address.
    pub(super) fn path(&self, address: &Uri) -> PathBuf {
        let open = self.documents.iter().find(|(_, document)| document.uri == *address);
        open.map_or_else(
            || {
                self.host
                    .resolved(&uri::path(&address.0).unwrap_or_else(|| uri::stand_in(&address.0)))
            },
            |(path, _)| path.clone(),
        )
    }

    /// The address of a path, as the editor writes it where it is open.
    pub(super) fn uri(&self, path: &Path) -> Uri {
        self.documents.get(path).map_or_else(|| Uri(uri::of(path)), |document| document.uri.clone())
    }

    pub(super) fn open(&mut self, document: Document) {
        let path = self.path(&document.uri);
        self.stale.insert(path.clone());
        self.documents.insert(path, document);
    }

    pub(super) fn close(&mut self, address: &Uri) {
        let path = self.path(address);
        self.documents.remove(&path);
        self.checked.remove(&path);
        self.stale.insert(path);
    }

    pub(super) fn changed(&mut self, path: PathBuf) {
        self.stale.insert(path);
    }

    /// Something on the disk is not as it was.
    pub(super) fn disk_changed(&mut self) {
        self.all_stale = true;
    }

    pub(super) fn texts(&self) -> Texts {
        let texts = self.documents.iter();
        texts.map(|(path, document)| (path.clone(), document.text.clone())).collect()
    }

    /// Checks anew what has changed; whether anything had.
    pub(super) fn refresh(&mut self) -> bool {
        if self.stale.is_empty() && !self.all_stale {
            return false;
        }
        self.times.get_mut().take();
        let texts = self.texts();
        for path in self.documents.keys() {
            let fresh = self.checked.get(path).is_some_and(|checked| {
                !self.all_stale
                    && !checked.sources.files().any(|(_, file)| self.stale.contains(&file.path))
                    // A mount that could not be read may be able to now.
                    && checked.found.iter().all(|found| !found.code.as_str().starts_with("E06"))
            });
            if !fresh {
                // The old one first: both at once would be twice the memory.
                let kept = self.checked.remove(path).map(|old| old.kept).unwrap_or_default();
                let checked = self.host.check(path, &texts, kept).unwrap_or_default();
                self.checked.insert(path.clone(), checked);
            }
        }
        self.stale.clear();
        self.all_stale = false;
        true
    }

    /// An open file as it was checked.
    pub(super) fn view(&self, address: &Uri) -> Option<View<'_>> {
        self.view_of(&self.path(address))
    }

    pub(super) fn view_of(&self, path: &Path) -> Option<View<'_>> {
        let checked = self.checked.get(path)?;
        Some(View { session: self, checked, file: checked.file(path)? })
    }

    /// Looks at all plans that are known: the open ones, and those in the editor's folder.
    pub(super) fn each_plan(&self, mut look: impl FnMut(&Path, &Checked)) {
        for (path, checked) in &self.checked {
            look(path, checked);
        }
        let texts = self.texts();
        for path in self.host.plans(MOST_PLANS) {
            if self.checked.contains_key(&path) {
                continue;
            }
            if let Some(checked) = self.host.check(&path, &texts, Kept::default()) {
                look(&path, &checked);
            }
        }
    }
}
