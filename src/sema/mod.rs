//! The semantic pass: outline to checked plan.
//!
//! Names, types, graph, lowering. The only room with petgraph; never sees `exec`. A plan comes out
//! only where nothing was reported as an error.

mod advice;
mod alike;
mod allow;
mod amount;
mod binding;
mod chain;
mod condition;
mod context;
mod deadline;
mod declare;
mod defaults;
mod edit;
mod elsewhere;
mod export;
mod fingerprint;
mod gather;
mod given;
mod graph;
mod index;
mod infer;
mod join;
mod kept;
mod lookup;
mod lower;
mod mount;
mod need;
mod operator;
mod param;
mod pass;
mod quoted;
mod race;
mod reach;
mod redundant;
mod rows;
mod scenario;
mod script;
mod shell;
mod steps;
mod stream;
mod together;
mod undo;
mod unknown;
mod want;
mod world;

#[cfg(test)]
mod tests;

pub use index::{Index, Mention, Name, NameKind};
pub use kept::Kept;

use std::path::Path;
use std::sync::Arc;

use crate::clause::ScenarioOutline;
use crate::diagnostic::Diagnostics;
use crate::ir::{Plan, Scenario};
use crate::source::{FileId, SourceMap};

/// Brings the texts of mounted files; the command line reads them from disk.
pub trait Loader {
    /// The text of a file, by its path.
    ///
    /// # Errors
    /// Where it cannot be read, or may not be.
    fn load(&self, path: &Path) -> Result<Arc<str>, NotLoaded>;
}

/// Why there is no text of a mounted file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotLoaded {
    /// Why it cannot be read, in the user's words.
    Unreadable(String),
    /// It is outside of the folder that a plan's files are in; `by_link`: only a symbolic link
    /// leads there, its path does not.
    Outside { by_link: bool },
}

/// What the semantic pass may know besides the texts.
#[allow(missing_debug_implementations)] // holds a function
pub struct Options<'a> {
    pub loader: &'a dyn Loader,
    /// What `small`, `medium` and `large` mean.
    pub effort: &'a dyn Fn(&str) -> std::time::Duration,
    /// Where steps are to run that do not say so themselves.
    pub executor: Option<&'a str>,
    /// The shell of scripts for which the plan names none; `sh -eu -c` if there is none here.
    pub shell: Option<&'a [String]>,
    /// A file with scenarios of the plan, besides those that stand beside its goal.
    pub scenarios: Option<FileId>,
    /// The files as they were read for an earlier check, and will be for the next one.
    pub kept: Option<&'a Kept>,
}

/// Checks a file and all that it mounts. The plan is there where no error was reported.
pub fn analyze(
    sources: &mut SourceMap,
    file: FileId,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Plan> {
    look(sources, file, options, diagnostics, Aim::Plan, |mut pass, mut lowered, known| {
        export::export(&pass, &mut lowered, &known);
        fingerprint::fingerprint(&mut pass, &mut lowered);
        lowered.into_plan(&pass)
    })
}

/// As [`analyze`], and gives the plan's scenarios.
pub fn rehearse(
    sources: &mut SourceMap,
    file: FileId,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<(Plan, Vec<Scenario>)> {
    look(sources, file, options, diagnostics, Aim::Plan, |mut pass, mut lowered, known| {
        let scenarios = std::mem::take(&mut lowered.scenarios);
        export::export(&pass, &mut lowered, &known);
        fingerprint::fingerprint(&mut pass, &mut lowered);
        (lowered.into_plan(&pass), scenarios)
    })
}

/// Checks a file and all that it mounts, without the work that only a plan to be run needs.
pub fn check(
    sources: &mut SourceMap,
    file: FileId,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
) {
    look(sources, file, options, diagnostics, Aim::Findings, |_, _, _| ());
}

/// As [`check`], and gives the names of the plan, also of one that is wrong.
pub fn index(
    sources: &mut SourceMap,
    file: FileId,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
) -> Index {
    let mut index = Index::default();
    look(sources, file, options, diagnostics, Aim::Names(&mut index), |_, _, _| ());
    index
}

/// What a text is looked at for.
enum Aim<'a> {
    /// What is wrong with it.
    Findings,
    /// The names in it, too.
    Names(&'a mut Index),
    /// A plan to be run.
    Plan,
}

/// Looks for all that is wrong, and finishes what is not.
fn look<T>(
    sources: &mut SourceMap,
    file: FileId,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
    aim: Aim<'_>,
    finish: impl FnOnce(pass::Pass<'_>, lower::Lowered, need::Known) -> T,
) -> Option<T> {
    let beside = mount::scenarios(sources, options, diagnostics);
    let units = mount::load(sources, file, options, diagnostics)?;
    let texts = Texts { sources, units: &units, beside: &beside.outlines };
    let finished = look_at(&texts, options, diagnostics, aim, finish);
    allow::apply(&beside.allowed, diagnostics);
    for unit in units {
        allow::apply(&unit.allowed, diagnostics);
        if let Some(kept) = options.kept {
            kept.give_back(&sources.file(unit.file).path, unit.outline);
        }
    }
    finished
}

/// All that was read for one check.
struct Texts<'a> {
    sources: &'a SourceMap,
    units: &'a [mount::Unit],
    /// Scenarios that stand in a file of their own.
    beside: &'a [ScenarioOutline],
}

fn look_at<T>(
    texts: &Texts<'_>,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
    aim: Aim<'_>,
    finish: impl FnOnce(pass::Pass<'_>, lower::Lowered, need::Known) -> T,
) -> Option<T> {
    let Texts { sources, units, beside } = *texts;
    let world = declare::declare(units, diagnostics);
    if diagnostics.is_full() {
        return None;
    }
    let mut pass = pass::Pass::new(&world, sources, options, diagnostics);
    pass.noted = matches!(aim, Aim::Names(_)).then(Vec::new);
    binding::resolve(&mut pass);
    let mut lowered = lower::lower(&mut pass, matches!(aim, Aim::Plan));
    let own = units.iter().take(1).flat_map(|unit| &unit.outline.scenarios);
    let outlines: Vec<&ScenarioOutline> = own.chain(beside).collect();
    let scenarios = scenario::lower(&mut pass, &outlines);
    if let Aim::Names(index) = aim {
        *index = gather::gather(&mut pass, &lowered);
    }
    amount::report(&mut pass);
    let graph = graph::Graph::build(&pass);
    graph::report_cycles(&graph, &mut pass);
    let chains = stream::check(&mut pass, &lowered);
    amount::report_sums(&mut pass, &chains);
    together::report(&mut pass, &lowered, &graph, &chains);
    elsewhere::report(&mut pass, &lowered, options.executor);
    given::report(&mut pass, &lowered);
    let known = need::check(&graph, &mut pass);
    advice::advise(&mut pass, &lowered, &graph);
    scenario::check(&mut pass, &lowered, &graph, &scenarios);
    lowered.scenarios = scenarios;
    if pass.diagnostics.has_errors() {
        return None;
    }
    Some(finish(pass, lowered, known))
}
