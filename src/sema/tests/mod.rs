//! Plans as text, and what checking them gives.

mod advice;
mod catalogue;
mod edges;
mod mounts;
mod names;
mod plans;
mod races;
mod scripts;
mod streams;
mod types;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Loader, NotLoaded, Options, analyze};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::Plan;
use crate::source::SourceMap;

/// Files in memory.
#[derive(Default)]
struct Files(HashMap<PathBuf, &'static str>);

impl Loader for Files {
    fn load(&self, path: &Path) -> Result<Arc<str>, NotLoaded> {
        if !path.starts_with("/plans") {
            return Err(NotLoaded::Outside { by_link: false });
        }
        let missing = || NotLoaded::Unreadable("no such file".to_owned());
        self.0.get(path).map(|text| Arc::from(*text)).ok_or_else(missing)
    }
}

/// What checking gave.
struct Checked {
    sources: SourceMap,
    found: Vec<Diagnostic>,
    plan: Option<Plan>,
}

impl Checked {
    /// `CODE line` of each finding; with the file's name where it is not the first file.
    fn codes(&self) -> Vec<String> {
        let shown = |d: &Diagnostic| {
            let line = self.sources.position(d.span().file, d.span().start).line;
            let file = self.sources.file(d.span().file);
            let code = d.code;
            if d.span().file.0 == 0 {
                format!("{code} {line}")
            } else {
                format!("{code} {}:{line}", file.name)
            }
        };
        self.found.iter().map(shown).collect()
    }

    fn errors(&self) -> Vec<String> {
        self.codes().into_iter().filter(|code| code.starts_with('E')).collect()
    }

    /// The only finding of a code.
    fn only(&self, code: &str) -> &Diagnostic {
        let mut all = self.found.iter().filter(|d| d.code.as_str() == code);
        let first = all.next().unwrap_or_else(|| panic!("no {code} in {:#?}", self.found));
        assert!(all.next().is_none(), "more than one {code} in {:#?}", self.found);
        first
    }

    fn help(&self, code: &str) -> &str {
        self.only(code).help.as_deref().unwrap_or_default()
    }

    fn plan(&self) -> &Plan {
        assert_eq!(self.errors(), [""; 0]);
        self.plan.as_ref().expect("a plan without errors")
    }
}

fn check_files(text: &str, files: &[(&str, &'static str)]) -> Checked {
    check_with(
        text,
        &Files(files.iter().map(|(path, text)| (PathBuf::from(path), *text)).collect()),
    )
}

fn check_with(text: &str, files: &Files) -> Checked {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.goal", "/plans/plan.goal", text);
    let effort = |_: &str| Duration::from_hours(1);
    let options = Options {
        loader: files,
        effort: &effort,
        executor: None,
        shell: None,
        kept: None,
        scenarios: None,
    };
    let mut diagnostics = Diagnostics::new();
    let plan = analyze(&mut sources, file, &options, &mut diagnostics);
    Checked { sources, found: diagnostics.sorted(), plan }
}

fn check(text: &str) -> Checked {
    check_files(text, &[])
}

/// The errors of a goal that holds these lines; its first line is line 2.
fn errors(lines: &str) -> Vec<String> {
    check(&format!("goal g {{\n{lines}\n}}\n")).errors()
}

/// The plan of a goal that holds these lines.
fn plan(lines: &str) -> Plan {
    check(&format!("goal g {{\n{lines}\n}}\n")).plan().clone()
}
