//! Loads the file and all that it mounts, each once, and refuses mounts in a circle.
//!
//! Invariant: the mounts that it gives form no circle, so whoever follows them comes to an end.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::allow::{self, Allowed};
use crate::clause::{self, GoalOutline, MountOutline, ScenarioOutline};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::sema::{NotLoaded, Options};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::{self, NotSound};

/// More files than this are refused.
const MOST_FILES: usize = 1000;

/// One file.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) file: FileId,
    pub(super) outline: GoalOutline,
    /// The unit of each mount in it, by where the mount starts; none for one that was refused.
    pub(super) mounts: HashMap<Span, usize>,
    /// Relative to the first file's folder.
    pub(super) folder: String,
    /// Advice that is not wanted in parts of it.
    pub(super) allowed: Vec<Allowed>,
}

/// Reads the file and all that it mounts; the first unit is the file. `None`: it holds no goal.
pub(super) fn load(
    sources: &mut SourceMap,
    file: FileId,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Unit>> {
    let path = normal(&sources.file(file).path);
    let (root, allowed) = outline(sources, file, options, diagnostics)?;
    let mut loading = Loading {
        sources,
        options,
        diagnostics,
        base: folder_of(&path),
        known: HashMap::from([(path, Some(0))]),
        units: Vec::new(),
        waiting: VecDeque::from([0]),
    };
    loading.units.push(Unit {
        file,
        outline: root,
        allowed,
        mounts: HashMap::new(),
        folder: ".".to_owned(),
    });
    while let Some(unit) = loading.waiting.pop_front() {
        loading.mounts_of(unit);
    }
    let mut units = loading.units;
    refuse_circles(&mut units, diagnostics);
    Some(units)
}

/// Scenarios that stand in a file of their own.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) outlines: Vec<ScenarioOutline>,
    pub(super) allowed: Vec<Allowed>,
}

/// Reads the file with scenarios, where there is one.
pub(super) fn scenarios(
    sources: &SourceMap,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
) -> Beside {
    let Some(file) = options.scenarios else { return Beside::default() };
    let source = sources.file(file);
    let text = source.text.clone();
    let (document, outlines) = if let Some(kept) = options.kept {
        kept.read_scenarios(file, &source.path, &text, diagnostics)
    } else {
        let document = Rc::new(syntax::parse(file, &text, diagnostics));
        let outlines = clause::scenarios(&document, &text, diagnostics);
        (document, outlines)
    };
    let allowed = allow::read(&document, &text, diagnostics);
    Beside { outlines, allowed }
}

fn outline(
    sources: &SourceMap,
    file: FileId,
    options: &Options<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<(GoalOutline, Vec<Allowed>)> {
    let source = sources.file(file);
    let text = source.text.clone();
    if let Some(kept) = options.kept {
        let (document, outline) = kept.read(file, &source.path, &text, diagnostics);
        return Some((outline?, allow::read(&document, &text, diagnostics)));
    }
    if let Ok(streamed) = streamed(file, &text, diagnostics) {
        return streamed;
    }
    let document = syntax::parse(file, &text, diagnostics);
    let mut advice = Diagnostics::new();
    let allowed = allow::read(&document, &text, &mut advice);
    let outline = clause::outline(Cow::Owned(document), &text, diagnostics)?;
    diagnostics.extend(advice.sorted());
    Some((outline, allowed))
}

/// The outline of a text in which nothing is wrong, without a tree of it.
fn streamed(
    file: FileId,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Result<Option<(GoalOutline, Vec<Allowed>)>, NotSound> {
    let stream = syntax::Stream::new(file, text)?;
    let (mut found, mut advice) = (Diagnostics::new(), Diagnostics::new());
    let mut allowing = allow::Reading::new(text, &mut advice);
    let mut show = |statement: &syntax::Statement| allowing.statement(statement);
    let outline = clause::outline_streamed(stream, text, &mut found, &mut show)?;
    let allowed = allowing.found;
    diagnostics.extend(found.sorted());
    let Some(outline) = outline else { return Ok(None) };
    diagnostics.extend(advice.sorted());
    Ok(Some((outline, allowed)))
}

struct Loading<'a> {
    sources: &'a mut SourceMap,
    options: &'a Options<'a>,
    diagnostics: &'a mut Diagnostics,
    base: PathBuf,
    /// The unit of each path; none where it cannot be read.
    known: HashMap<PathBuf, Option<usize>>,
    units: Vec<Unit>,
    waiting: VecDeque<usize>,
}

impl Loading<'_> {
    fn mounts_of(&mut self, unit: usize) {
        let asked: Vec<(Span, String, Span)> = all_mounts(&self.units[unit].outline)
            .into_iter()
            // That it is no constant text was reported.
            .filter(|mount| !mount.file.value.contains("${"))
            .map(|mount| (mount.span, mount.file.value.clone(), mount.file.span))
            .collect();
        for (mount, written, place) in asked {
            if let Some(target) = self.target(unit, &written, place) {
                self.units[unit].mounts.insert(mount, target);
            }
        }
    }

    fn target(&mut self, from: usize, written: &str, place: Span) -> Option<usize> {
        if written.is_empty() {
            let found = Diagnostic::new(Code::E0601, "no file is named here", place, "empty");
            self.diagnostics.report(found.help("write its path: `from \"./other.goal\"`"));
            return None;
        }
        let mounting = self.sources.file(self.units[from].file);
        let path = normal(&folder_of(&mounting.path).join(written));
        let name = normal(&folder_of(Path::new(&mounting.name)).join(written));
        if let Some(Some(known)) = self.known.get(&path) {
            return Some(*known);
        }
        if self.units.len() >= MOST_FILES {
            self.diagnostics.report(
                Diagnostic::new(
                    Code::E0601,
                    format!("a plan mounts at most {MOST_FILES} files"),
                    place,
                    "one file too many",
                )
                .help("split the plan into several that run on their own"),
            );
            return None;
        }
        let unit = self.read(&path, &name.to_string_lossy(), written, place);
        self.known.insert(path, unit);
        unit
    }

    fn read(&mut self, path: &Path, name: &str, written: &str, place: Span) -> Option<usize> {
        let text = match self.options.loader.load(path) {
            Ok(text) => text,
            Err(why) => {
                self.diagnostics.report(not_loaded(&why, name, written, place));
                return None;
            }
        };
        let file = self.sources.add(name, path, text);
        let (outline, allowed) = outline(self.sources, file, self.options, self.diagnostics)?;
        let folder = relative(&self.base, &folder_of(path));
        self.units.push(Unit { file, outline, mounts: HashMap::new(), folder, allowed });
        self.waiting.push_back(self.units.len() - 1);
        Some(self.units.len() - 1)
    }
}

fn not_loaded(why: &NotLoaded, name: &str, written: &str, place: Span) -> Diagnostic {
    // A folder's own name is empty here, as `.` is.
    let name = if name.is_empty() { written } else { name };
    let (code, message, help) = match why {
        NotLoaded::Unreadable(why) => (
            Code::E0601,
            format!("the file `{name}` cannot be read: {why}"),
            format!("`{written}` is looked up from the folder of the file that mounts it"),
        ),
        NotLoaded::Outside { by_link } => {
            let message = if *by_link {
                format!("a symbolic link leads from `{name}` out of the plan's folder")
            } else {
                format!("the file `{name}` is outside of the plan's folder")
            };
            let help = "move it into the plan's folder, put a `goal.toml` into a folder that \
                        holds both, or allow it with `--allow-outside`";
            (Code::E0604, message, help.to_owned())
        }
    };
    Diagnostic::new(code, message, place, "mounted here").help(help)
}

/// The mounts of a goal and of those inside it, in the order of the text.
fn all_mounts(goal: &GoalOutline) -> Vec<&MountOutline> {
    let mut found = Vec::new();
    let mut waiting = vec![goal];
    while let Some(goal) = waiting.pop() {
        found.extend(&goal.mounts);
        waiting.extend(&goal.goals);
    }
    found.sort_by_key(|mount| mount.span.start);
    found
}

/// One file on the way from the first file, and the mounts of it that are still to be followed.
struct Visit {
    unit: usize,
    rest: std::vec::IntoIter<(Span, Span, usize)>,
    /// The place of the mount that is being followed.
    taken: Span,
}

fn visit(units: &[Unit], unit: usize) -> Visit {
    let found: Vec<_> = all_mounts(&units[unit].outline)
        .into_iter()
        .filter_map(|mount| {
            let target = units[unit].mounts.get(&mount.span)?;
            Some((mount.span, mount.file.span, *target))
        })
        .collect();
    Visit { unit, rest: found.into_iter(), taken: Span::default() }
}

/// Takes out each mount that closes a circle, and reports the whole circle.
fn refuse_circles(units: &mut [Unit], diagnostics: &mut Diagnostics) {
    let mut done = vec![false; units.len()];
    let mut way = vec![visit(units, 0)];
    while let Some(last) = way.last_mut() {
        let Some((mount, place, target)) = last.rest.next() else {
            done[last.unit] = true;
            way.pop();
            continue;
        };
        last.taken = place;
        let unit = last.unit;
        if let Some(first) = way.iter().position(|visit| visit.unit == target) {
            diagnostics.report(circle(units, &way[first..]));
            units[unit].mounts.remove(&mount);
        } else if !done[target] {
            way.push(visit(units, target));
        }
    }
}

fn circle(units: &[Unit], hops: &[Visit]) -> Diagnostic {
    let name = |hop: &Visit| units[hop.unit].outline.name.value.clone();
    let mut chain: Vec<String> = hops.iter().map(|hop| format!("`{}`", name(hop))).collect();
    chain.extend(chain.first().cloned());
    let message = match hops {
        [only] => format!("the file of goal `{}` mounts itself", name(only)),
        _ => format!("these files mount each other in a circle: {}", chain.join(" → ")),
    };
    let first = hops.first().map(|hop| hop.taken).unwrap_or_default();
    let mut found = Diagnostic::new(Code::E0602, message, first, "the circle begins here");
    for (hop, next) in hops.iter().zip(hops.iter().skip(1).chain(hops.first())).skip(1) {
        let text = format!("`{}` mounts `{}`", name(hop), name(next));
        found = found.label(hop.taken, text);
    }
    found.help("take one of these mounts out, or move what both need into a file of its own")
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A path without `.` and inner `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            _ => parts.push(part),
        }
    }
    parts.iter().collect()
}

/// The way from one folder to another, by their texts.
fn relative(from: &Path, to: &Path) -> String {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(shared)).collect();
    match way.to_string_lossy() {
        here if here.is_empty() => ".".to_owned(),
        way => way.into_owned(),
    }
}
