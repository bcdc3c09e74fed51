//! The world around the plan as a scenario says it: an environment, and files with their texts.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::exec::scope::Surroundings;
use crate::exec::world::Hidden;
use crate::ir::Scenario;
use crate::value::EvalError;

/// Nothing is there but what a scenario says.
#[derive(Debug, Clone, Default)]
pub(super) struct Imagined {
    root: PathBuf,
    env: IndexMap<String, String>,
    files: IndexMap<PathBuf, String>,
}

impl Imagined {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let root = PathBuf::from("/plan");
        let files = scenario.files.iter().map(|(path, text)| (root.join(path), text.clone()));
        Self { files: files.collect(), env: scenario.env.clone(), root }
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files.keys().any(|file| file.starts_with(path) && file != path)
    }
}

impl Surroundings for Imagined {
    fn root(&self) -> &Path {
        &self.root
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn glob(&self, folder: &Path, pattern: &str) -> Result<Vec<String>, EvalError> {
        let matcher = globset::GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|error| EvalError::failed(error.to_string()))?
            .compile_matcher();
        let hidden = Hidden::new(pattern).map_err(EvalError::Failed)?;
        let inside = self.files.keys().filter_map(|file| file.strip_prefix(folder).ok());
        let mut found: Vec<String> = inside
            .filter(|file| matcher.is_match(file) && hidden.allows(file))
            .map(|file| file.to_string_lossy().into_owned())
            .collect();
        found.sort();
        Ok(found)
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.contains_key(path) || self.is_folder(path)
    }

    fn read(&self, path: &Path) -> Result<String, EvalError> {
        self.files.get(path).cloned().ok_or_else(|| {
            let path = path.strip_prefix(&self.root).unwrap_or(path);
            EvalError::failed(format!("the scenario has no file `{}`", path.display()))
        })
    }
}
