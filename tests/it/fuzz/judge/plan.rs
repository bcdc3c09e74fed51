//! Plans for the other targets: checked texts, and a world around them in which nothing is.
//!
//! Knows no files: what a plan mounts is made up here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use goalc::diagnostic::{Diagnostic, Diagnostics};
use goalc::exec::scope::Surroundings;
use goalc::ir::Plan;
use goalc::sema::{self, Kept, Loader, NotLoaded, Options};
use goalc::source::{FileId, SourceMap};
use goalc::value::EvalError;

const PART: &str = "goal part { param of: string; param to = 'x'; step s { run 'true' } }";

/// `self.goal` is the plan itself, `part.goal` one with params; other files are not there.
struct Mounted<'t>(&'t str);

impl Loader for Mounted<'_> {
    fn load(&self, path: &Path) -> Result<Arc<str>, NotLoaded> {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("self.goal") => Ok(self.0.into()),
            Some("part.goal") => Ok(PART.into()),
            Some("outside.goal") => Err(NotLoaded::Outside { by_link: true }),
            _ => Err(NotLoaded::Unreadable("there is no such file".to_owned())),
        }
    }
}

/// What a pass is called with, and what it finds, in the order of the text.
pub(super) fn with<T>(
    text: &str,
    pass: impl FnOnce(&mut SourceMap, FileId, &Options<'_>, &mut Diagnostics) -> T,
) -> (T, SourceMap, Vec<Diagnostic>) {
    with_kept(text, None, pass)
}

/// The same, with what an earlier check of the plan left.
pub(super) fn with_kept<T>(
    text: &str,
    kept: Option<&Kept>,
    pass: impl FnOnce(&mut SourceMap, FileId, &Options<'_>, &mut Diagnostics) -> T,
) -> (T, SourceMap, Vec<Diagnostic>) {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.goal", "/plans/plan.goal", text);
    let effort = |word: &str| Duration::from_secs(word.len() as u64);
    let options = Options {
        loader: &Mounted(text),
        effort: &effort,
        kept,
        executor: None,
        shell: None,
        scenarios: None,
    };
    let mut diagnostics = Diagnostics::new();
    let made = pass(&mut sources, file, &options, &mut diagnostics);
    (made, sources, diagnostics.sorted())
}

/// The plan of a text in which nothing is wrong.
pub(super) fn analyzed(text: &str) -> Option<Plan> {
    with(text, sema::analyze).0
}

/// A machine with no files and no environment.
#[derive(Debug)]
pub(super) struct Nowhere;

impl Surroundings for Nowhere {
    fn root(&self) -> &Path {
        Path::new("/plans")
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn glob(&self, _: &Path, _: &str) -> Result<Vec<String>, EvalError> {
        Ok(Vec::new())
    }

    fn exists(&self, _: &Path) -> bool {
        false
    }

    fn read(&self, _: &Path) -> Result<String, EvalError> {
        Ok(String::new())
    }
}
