//! From files to a checked plan: reading, mounts, `goal.toml`, JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Disk, plain, read_file, read_settings};
use super::exit::Failed;
use crate::config::{self, Config};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::interchange::{self, packed};
use crate::ir::{Plan, Scenario};
use crate::sema::{self, Kept, Options};
use crate::source::{FileId, Origin, SourceMap, Span};
use crate::value::GoalId;

/// How the file is called that holds scenarios of a plan: `NAME.test.goal` beside `NAME.goal`.
const SCENARIOS: &str = ".test.goal";

/// How much is shown of a file behind what is no text in it.
const SHOWN_BYTES: usize = 80;

/// A plan's file as far as it could be read.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) sources: SourceMap,
    pub(super) diagnostics: Diagnostics,
    pub(super) plan: Option<Plan>,
    /// Where [`Aim::Scenarios`] asked for them.
    pub(super) scenarios: Vec<Scenario>,
    /// Where [`Aim::Names`] asked for it.
    pub(super) index: sema::Index,
    /// The file with scenarios, where it was asked for.
    pub(super) beside: Option<FileId>,
    pub(super) config: Config,
    /// Absolute.
    pub(super) path: PathBuf,
    /// The folder with `goal.toml`, which `[env] files` are relative to.
    pub(super) project: PathBuf,
    /// The folder that mounted files must be in.
    pub(super) tree: PathBuf,
    pub(super) mounts: Mounts,
    /// Where steps are to run that do not say so themselves.
    pub(super) executor: Option<String>,
}

impl Loaded {
    /// The folder in which the plan's steps run.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// The files that it was read from.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&*self.path).chain(self.sources.files().map(|(_, file)| &*file.path))
    }

    /// What the plan was made from; `None` where that was no text, but JSON.
    pub(super) fn origin(&self) -> Option<Origin> {
        let is_text = self.sources.files().any(|(_, file)| file.path == self.path);
        is_text.then(|| Origin::of(&self.sources))
    }
}

/// What a file is read for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aim<'t> {
    /// Only what is wrong with it: the plan is not made.
    Findings,
    /// That, and the names of the plan; texts are read anew only where they changed.
    Names(&'t Kept),
    Plan,
    /// The plan, and its scenarios: those beside its goal, and those in a file of their own.
    Scenarios,
}

/// Which files a plan may mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mounts {
    /// Those in the plan's folder: the nearest upwards with a `goal.toml`; else the one that goalc
    /// was called from, if the plan is in it; else the plan's own.
    Inside,
    /// All (`--allow-outside`).
    Anywhere,
}

impl Mounts {
    pub(super) fn allowed(outside: bool) -> Self {
        if outside { Self::Anywhere } else { Self::Inside }
    }
}

pub(super) use crate::editor::lsp::Texts;

/// The plans in this folder, sorted.
pub(super) fn here() -> Result<Vec<PathBuf>, Failed> {
    let entries = std::fs::read_dir(".").map_err(|error| Failed::machine(plain(&error)))?;
    let mut plans: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .map(|entry| PathBuf::from(entry.file_name()))
        .filter(|name| name.extension().is_some_and(|extension| extension == "goal"))
        .filter(|name| plan_of(name).is_none())
        .collect();
    plans.sort();
    Ok(plans)
}

/// The plan that a command is about: the given file, or the only one in this folder.
pub(super) fn choose(file: Option<&Path>) -> Result<PathBuf, Failed> {
    if let Some(file) = file {
        return Ok(file.to_owned());
    }
    let plans = here()?;
    match plans.as_slice() {
        [] => Err(Failed::wrong("there is no plan (`*.goal`) in this folder: name one")),
        [one] => Ok(one.clone()),
        several => {
            let names: Vec<_> =
                several.iter().take(5).map(|path| path.display().to_string()).collect();
            Err(Failed::wrong(format!(
                "this folder has several plans: name one of {}",
                names.join(", ")
            )))
        }
    }
}

/// Reads and checks a plan.
///
/// # Errors
/// Where the file itself cannot be read, or is JSON that holds no plan.
pub(super) fn load(file: &Path, aim: Aim<'_>, mounts: Mounts) -> Result<Loaded, Failed> {
    load_with(file, aim, mounts, &Texts::new())
}

/// The same, with other texts than the files have.
///
/// # Errors
/// As [`load`].
pub(super) fn load_with(
    file: &Path,
    aim: Aim<'_>,
    mounts: Mounts,
    texts: &Texts,
) -> Result<Loaded, Failed> {
    load_for(file, (aim, None), mounts, texts)
}

/// The same, for a run with this executor.
///
/// # Errors
/// As [`load`].
pub(super) fn load_for(
    file: &Path,
    (aim, executor): (Aim<'_>, Option<&str>),
    mounts: Mounts,
    texts: &Texts,
) -> Result<Loaded, Failed> {
    let plan = plan_of(file);
    let beside = match (&plan, aim) {
        (Some(_), Aim::Plan) => return Err(no_goal(file)),
        (Some(_), _) => Some(file.to_owned()),
        (None, Aim::Scenarios | Aim::Names(_)) => scenarios_of(file, texts),
        (None, _) => None,
    };
    let file = plan.as_deref().unwrap_or(file);
    let unreadable =
        |why: String| Failed::wrong(format!("`{}` cannot be read: {why}", file.display()));
    let path = absolute(file).map_err(|error| unreadable(plain(&error)))?;
    let given = texts.get(&path).map(Arc::clone);
    let bytes = if given.is_none() { read_file(file).map_err(unreadable)? } else { Vec::new() };
    let mut loaded = begin(&path, mounts, texts);
    loaded.executor = executor.map(str::to_owned);
    if let Some(beside) = beside {
        loaded.beside = Some(read_beside(&mut loaded.sources, &beside, texts)?);
    }
    if let Some(text) = given {
        analyze_text(&mut loaded, &file.display().to_string(), text, aim, texts);
        return Ok(loaded);
    }
    if is_json(file) {
        let text = String::from_utf8(packed::unpacked(bytes).map_err(unreadable)?)
            .map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
        return load_json(loaded, file, &text, aim);
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            analyze_text(&mut loaded, &file.display().to_string(), text.into(), aim, texts);
        }
        Err(error) => report_not_utf8(&mut loaded, file, &error),
    }
    Ok(loaded)
}

/// A plan's settings, without the plan; `None` where something of what the plan was made from has
/// changed since.
pub(super) fn load_unchanged(file: &Path, origin: &Origin, mounts: Mounts) -> Option<Loaded> {
    let path = absolute(file).ok()?;
    let loaded = begin(&path, mounts, &Texts::new());
    origin.is_unchanged(&loaded.sources, |path| read_file(path).ok()).then_some(loaded)
}

/// The plan that a file of scenarios is about; `None` where it is no such file.
pub(super) fn plan_of(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?.to_str()?.strip_suffix(SCENARIOS)?;
    (!name.is_empty()).then(|| file.with_file_name(format!("{name}.goal")))
}

/// The file with scenarios of a plan, where it is there.
fn scenarios_of(plan: &Path, texts: &Texts) -> Option<PathBuf> {
    let name = plan.file_name()?.to_str()?.strip_suffix(".goal")?;
    let file = plan.with_file_name(format!("{name}{SCENARIOS}"));
    let known = absolute(&file).is_ok_and(|path| texts.contains_key(&path));
    (known || file.symlink_metadata().is_ok()).then_some(file)
}

/// Whether a file is no plan's text, but JSON that a plan is made of.
pub(super) fn is_json(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".json") || name.ends_with(".json.gz")
}

/// A file's path from the root on, without links in its folder; the file itself may be one.
fn absolute(file: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(file)?;
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => Ok(folder.canonicalize()?.join(name)),
        _ => Ok(path),
    }
}

/// Checks a plan's text, as it came from standard input or an import.
fn analyze_text(loaded: &mut Loaded, name: &str, text: Arc<str>, aim: Aim<'_>, texts: &Texts) {
    let file = loaded.sources.add(name, &loaded.path, text);
    let effort = loaded.config.effort;
    let disk = Disk::new(&loaded.tree, loaded.mounts, texts);
    let kept = if let Aim::Names(kept) = aim { Some(kept) } else { None };
    let executor = loaded.executor.clone();
    let shell = loaded.config.defaults.shell.clone();
    let options = Options {
        loader: &disk,
        effort: &|word| effort.length(word),
        executor: executor.as_deref(),
        shell: shell.as_deref(),
        scenarios: loaded.beside,
        kept,
    };
    let (sources, diagnostics) = (&mut loaded.sources, &mut loaded.diagnostics);
    match aim {
        Aim::Findings => sema::check(sources, file, &options, diagnostics),
        Aim::Names(_) => loaded.index = sema::index(sources, file, &options, diagnostics),
        Aim::Plan => loaded.plan = sema::analyze(sources, file, &options, diagnostics),
        Aim::Scenarios => {
            let found = sema::rehearse(sources, file, &options, diagnostics);
            let (plan, scenarios) = found.unzip();
            (loaded.plan, loaded.scenarios) = (plan, scenarios.unwrap_or_default());
        }
    }
    if loaded.diagnostics.has_errors() {
        loaded.plan = None;
    }
}

/// The text of a file with scenarios.
fn read_beside(sources: &mut SourceMap, file: &Path, texts: &Texts) -> Result<FileId, Failed> {
    let unreadable =
        |why: String| Failed::wrong(format!("`{}` cannot be read: {why}", file.display()));
    let path = absolute(file).map_err(|error| unreadable(plain(&error)))?;
    let text = match texts.get(&path) {
        Some(text) => Arc::clone(text),
        None => String::from_utf8(read_file(file).map_err(unreadable)?)
            .map_err(|_| unreadable("it is not UTF-8".to_owned()))?
            .into(),
    };
    Ok(sources.add(file.display().to_string(), &path, text))
}

fn no_goal(file: &Path) -> Failed {
    let name = file.display();
    Failed::wrong(format!("`{name}` holds scenarios and no goal: goalc test {name} plays them"))
}

/// A file of other bytes than UTF-8: what can be read is shown, so that the place can be.
fn report_not_utf8(loaded: &mut Loaded, file: &Path, error: &std::string::FromUtf8Error) {
    let at = error.utf8_error().valid_up_to();
    // Its beginning is enough to show the place.
    let read = error.as_bytes().get(..at + SHOWN_BYTES).unwrap_or(error.as_bytes());
    let text = String::from_utf8_lossy(read).into_owned();
    let id = loaded.sources.add(file.display().to_string(), &loaded.path, text);
    let span = Span::new(id, at, at + '\u{fffd}'.len_utf8());
    loaded.diagnostics.report(
        Diagnostic::new(Code::E0105, "the file is not UTF-8", span, "these bytes are no character")
            .help("save the file as UTF-8"),
    );
}

fn load_json(mut loaded: Loaded, file: &Path, text: &str, aim: Aim<'_>) -> Result<Loaded, Failed> {
    if interchange::is_foreign(text) {
        let plan = interchange::import(text).map_err(|error| {
            Failed::wrong(format!("`{}` cannot be imported: {error}", file.display()))
        })?;
        analyze_text(&mut loaded, &file.display().to_string(), plan.into(), aim, &Texts::new());
        return Ok(loaded);
    }
    let refuse = |why: String| Failed::wrong(format!("`{}` is no plan: {why}", file.display()));
    let mut plan: Plan = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    plan.validate().map_err(|error| refuse(error.to_string()))?;
    if let Some(shell) = &loaded.config.defaults.shell
        && let Some(root) = plan.goals.get_mut(&GoalId::root())
    {
        root.name_shell(shell);
    }
    loaded.plan = Some(plan);
    Ok(loaded)
}

/// Reads the project's `goal.toml`, the nearest one upwards.
fn begin(path: &Path, mounts: Mounts, texts: &Texts) -> Loaded {
    let mut sources = SourceMap::new();
    let mut diagnostics = Diagnostics::new();
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    // Also one that is no file, so that this is said and not passed over.
    let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
    let toml = folder.ancestors().map(|folder| folder.join("goal.toml")).find(is_there);
    let config = match &toml {
        Some(toml) => read_config(toml, texts, &mut sources, &mut diagnostics),
        None => Config::default(),
    };
    let settings = toml.and_then(|toml| toml.parent().map(Path::to_owned));
    let tree = settings.clone().unwrap_or_else(|| called_from(&folder));
    let project = settings.unwrap_or(folder);
    Loaded {
        sources,
        diagnostics,
        plan: None,
        scenarios: Vec::new(),
        index: sema::Index::default(),
        beside: None,
        config,
        path: path.to_owned(),
        project,
        tree,
        mounts,
        executor: None,
    }
}

/// The folder that goalc was called from, where the plan's folder is in it; else the plan's.
fn called_from(folder: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    here.filter(|here| folder.starts_with(here)).unwrap_or_else(|| folder.to_owned())
}

fn read_config(
    path: &Path,
    texts: &Texts,
    sources: &mut SourceMap,
    diagnostics: &mut Diagnostics,
) -> Config {
    let read = match texts.get(path) {
        Some(text) => Ok(Arc::clone(text)),
        None => read_settings(path).map(Arc::from),
    };
    match read {
        Ok(text) => {
            let file = sources.add(shown(path), path, Arc::clone(&text));
            config::read(file, &text, diagnostics)
        }
        Err(why) => {
            let file = sources.add(shown(path), path, "");
            let message = format!("`goal.toml` cannot be read: {why}");
            diagnostics.report(Diagnostic::new(Code::E0801, message, Span::new(file, 0, 0), ""));
            Config::default()
        }
    }
}

/// A path as the person in this folder would write it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let short = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    short.unwrap_or(path).display().to_string()
}

/// Reads a text as the only file of a new map, for commands that take standard input.
pub(super) fn source_of(name: &str, text: &str) -> (SourceMap, FileId) {
    let mut sources = SourceMap::new();
    let file = sources.add(name, name, text);
    (sources, file)
}
