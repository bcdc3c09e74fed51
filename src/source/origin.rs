//! What a plan was made from: its files, and what stood in them.
//!
//! Where all of that is as it was, so is the plan, and it need not be made again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::SourceMap;

/// Another version may make another plan of the same texts.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The files that a plan was made from, `goal.toml` too, each with a digest of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The goalc that made the plan.
    version: String,
    files: BTreeMap<PathBuf, String>,
}

impl Origin {
    /// Of all texts that were read for a plan.
    pub fn of(sources: &SourceMap) -> Self {
        let files = sources.files().map(|(_, file)| file);
        let files = files.map(|file| (file.path.clone(), digest(file.text.as_bytes())));
        Self { version: VERSION.to_owned(), files: files.collect() }
    }

    /// Whether the same would be read now: `first` are the texts that are read in any case, and
    /// `read` gives the bytes of a file, if it can be read.
    pub fn is_unchanged(&self, first: &SourceMap, read: impl Fn(&Path) -> Option<Vec<u8>>) -> bool {
        let is_same =
            |path: &Path, bytes: &[u8]| self.files.get(path).is_some_and(|it| *it == digest(bytes));
        self.version == VERSION
            && first.files().all(|(_, file)| is_same(&file.path, file.text.as_bytes()))
            && self.files.keys().all(|path| read(path).is_some_and(|bytes| is_same(path, &bytes)))
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_unchanged_only_where_every_file_is_and_no_other_is_read() {
        let mut sources = SourceMap::new();
        sources.add("goal.toml", "/p/goal.toml", "[defaults]");
        let first = sources.clone();
        sources.add("a.goal", "/p/a.goal", "goal a {}");
        let origin = Origin::of(&sources);
        let disk = |plan: &'static str| {
            move |path: &Path| match path.to_str() {
                Some("/p/goal.toml") => Some(b"[defaults]".to_vec()),
                Some("/p/a.goal") => Some(plan.as_bytes().to_vec()),
                _ => None,
            }
        };
        assert!(origin.is_unchanged(&first, disk("goal a {}")));
        assert!(!origin.is_unchanged(&first, disk("goal a { }")));
        assert!(!origin.is_unchanged(&first, |_| None), "a file is gone");
        let mut nearer = SourceMap::new();
        nearer.add("goal.toml", "/p/q/goal.toml", "");
        assert!(!origin.is_unchanged(&nearer, disk("goal a {}")), "another goal.toml counts");
        let other = Origin { version: "0".to_owned(), ..origin };
        assert!(!other.is_unchanged(&first, disk("goal a {}")), "another goalc made it");
    }
}
