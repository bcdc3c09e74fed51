//! The real environment and files, for expressions.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher};
use walkdir::WalkDir;

use super::plain;
use crate::exec::scope::Surroundings;
use crate::value::EvalError;

/// The largest file that `read()` takes.
const LARGEST_READ: u64 = 16 << 20;

/// The caller's environment, with files of `[env]` in `goal.toml` below it, and the plan's folder.
#[derive(Debug, Clone)]
pub struct RealSurroundings {
    root: PathBuf,
    env: std::sync::Arc<HashMap<String, String>>,
}

impl RealSurroundings {
    /// `root` is the plan's folder, absolute.
    pub fn new(root: PathBuf, env: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { root, env: std::sync::Arc::new(env.into_iter().collect()) }
    }
}

impl Surroundings for RealSurroundings {
    fn root(&self) -> &Path {
        &self.root
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn glob(&self, folder: &Path, pattern: &str) -> Result<Vec<String>, EvalError> {
        let hidden = Hidden::new(pattern).map_err(EvalError::Failed)?;
        let mut found: Vec<String> = matching(folder, pattern)
            .map_err(EvalError::Failed)?
            .into_iter()
            .filter(|path| hidden.allows(path))
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        found.sort();
        Ok(found)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn read(&self, path: &Path) -> Result<String, EvalError> {
        let failed = |why: &dyn std::fmt::Display| {
            EvalError::failed(format!("{} cannot be read: {why}", path.display()))
        };
        let file = plain::open(path).map_err(|error| failed(&error))?;
        let mut text = String::new();
        let mut limited = file.take(LARGEST_READ + 1);
        limited.read_to_string(&mut text).map_err(|error| failed(&error))?;
        if text.len() as u64 > LARGEST_READ {
            return Err(failed(&"it is larger than 16 MiB"));
        }
        Ok(text)
    }
}

/// Which hidden names a pattern of `glob()` means: as in a shell, those alone that a part of it with a
/// dot in front names.
pub(crate) struct Hidden {
    /// Those parts of the pattern.
    dotted: Vec<GlobMatcher>,
}

impl Hidden {
    /// # Errors
    /// Where the pattern is malformed.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let begins = |part: &&str| {
            part.starts_with('.')
                || part.starts_with('{') && (part.contains("{.") || part.contains(",."))
        };
        let dotted = pattern.split('/').filter(begins).map(|part| {
            let glob =
                Glob::new(part).map_err(|error| format!("{part:?} is not a pattern: {error}"));
            Ok(glob?.compile_matcher())
        });
        Ok(Self { dotted: dotted.collect::<Result<_, String>>()? })
    }

    pub(crate) fn allows(&self, path: &Path) -> bool {
        path.components().all(|part| {
            let Component::Normal(name) = part else { return true };
            let hidden = name.as_encoded_bytes().starts_with(b".");
            !hidden || self.dotted.iter().any(|dotted| dotted.is_match(name))
        })
    }
}

/// The paths under a folder that a pattern matches, relative to it unless the pattern is
/// absolute. `*` and `?` stop at `/`; `**` does not. Links to folders are not followed.
///
/// # Errors
/// Where the pattern is malformed.
pub(crate) fn matching(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let directories_only = pattern.ends_with('/');
    let pattern = pattern.trim_end_matches('/');
    let matcher = GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| format!("{pattern:?} is not a pattern: {error}"))?
        .compile_matcher();
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let start = folder.join(&fixed);
    let below = Path::new(pattern).components().count() - fixed.components().count();
    let depth = if pattern.contains("**") { usize::MAX } else { below };
    let mut found = Vec::new();
    for entry in
        WalkDir::new(&start).max_depth(depth).follow_links(false).into_iter().filter_map(Result::ok)
    {
        let path = if Path::new(pattern).is_absolute() {
            entry.path().to_owned()
        } else {
            entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_owned()
        };
        let fits = !path.as_os_str().is_empty() && matcher.is_match(&path);
        if fits && (!directories_only || entry.file_type().is_dir()) {
            found.push(path);
        }
    }
    Ok(found)
}
