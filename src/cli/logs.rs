//! `goalc logs`: what steps wrote, attempt by attempt.

use std::collections::HashMap;
use std::io::{IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::answer;
use super::arguments::LogsArguments;
use super::exit::Failed;
use super::live::harmless;
use super::output;
use super::runs::{Found, find, open_to_read};
use crate::exec::event::{Event, Unit};
use crate::exec::state::label;
use crate::exec::world::readable;
use crate::store::RunFolder;
use crate::value::{NodeId, Value};

/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// What goes on beside the steps, and is logged too.
const BESIDE: [&str; 2] = ["cleanup", "alert"];

/// The log of an attempt or an undo, of a cleanup or an alert.
struct Log {
    /// The number of the event before it, or by which it began.
    seq: u64,
    /// `build, attempt 2`, `build, undo` or `cleanup`.
    title: String,
    path: PathBuf,
}

pub(super) fn logs(arguments: &LogsArguments) -> Result<u8, Failed> {
    let (found, step) = resolve(arguments)?;
    let folder = found.store.folder().run(&found.summary.id);
    let terminal = std::io::stdout().is_terminal();
    let mut shown = Shown { terminal, ..Shown::default() };
    for log in logs_of(&found, step.as_deref(), &folder) {
        shown.print(&log, false);
    }
    if !arguments.follow {
        return found.told();
    }
    follow(found, step.as_deref(), &folder, shown)
}

/// One argument may be a run or a step: a run, if there is one of that name.
fn resolve(arguments: &LogsArguments) -> Result<(Found, Option<String>), Failed> {
    let store = open_to_read()?;
    let found = match (&arguments.run, &arguments.step) {
        (Some(only), None) if store.find_run(Some(only)).is_err() => {
            let newest = find(store, None)?;
            let name = named(&newest, only)
                .map_err(|_| Failed::wrong(format!("there is no run and no step `{only}`")))?;
            return Ok((newest, Some(name)));
        }
        (run, _) => find(store, run.as_deref())?,
    };
    let name = arguments.step.as_ref().map(|step| named(&found, step)).transpose()?;
    Ok((found, name))
}

/// What a step, an instance, or what goes on beside the steps, is called in events.
fn named(found: &Found, text: &str) -> Result<String, Failed> {
    match answer::unit_named(found, text) {
        Err(_) if BESIDE.contains(&text) => Ok(text.to_owned()),
        // An instance that the plan has no more.
        Err(_) if has_run(found, text) => Ok(text.to_owned()),
        unit => unit.map(|unit| found.state.name(unit).to_string()),
    }
}

fn has_run(found: &Found, text: &str) -> bool {
    found.events.iter().any(|stamped| match &stamped.event {
        Event::AttemptStarted { unit, .. } => unit.to_string() == text,
        _ => false,
    })
}

fn logs_of(found: &Found, step: Option<&str>, folder: &RunFolder) -> Vec<Log> {
    let wanted = |unit: &Unit| {
        step.is_none_or(|step| unit.node.as_str() == step || unit.to_string() == step)
    };
    // As they were then: a changed plan may have brought others since.
    let mut items: HashMap<NodeId, &[Value]> = HashMap::new();
    let mut logs = Vec::new();
    for stamped in &found.events {
        let seq = stamped.seq;
        let (unit, what) = match &stamped.event {
            Event::ItemsFixed { step, items: fixed, .. } => {
                items.insert(NodeId::Step(step.clone()), fixed);
                continue;
            }
            Event::AttemptStarted { unit, attempt, .. } => {
                (unit.clone(), format!("attempt {attempt}"))
            }
            Event::HandedOver { unit } => (unit.clone(), "agent".to_owned()),
            Event::UndoStarted { step } => {
                let unit = Unit { node: NodeId::Step(step.clone()), item: None };
                (unit, "undo".to_owned())
            }
            _ => continue,
        };
        if wanted(&unit) {
            let all = items.get(&unit.node).copied().unwrap_or_default();
            let item = unit.item.and_then(|item| all.get(item as usize));
            let title = format!("{}, {what}", readable(&label(&unit, item)));
            logs.push(Log { seq, title, path: folder.logs().join(format!("{seq}.log")) });
        }
    }
    logs.extend(beside(step, folder));
    logs.sort_by_key(|log| log.seq);
    logs
}

/// Logs of cleanups and alerts, which have no event at their beginning.
fn beside(step: Option<&str>, folder: &RunFolder) -> Vec<Log> {
    let entries = std::fs::read_dir(folder.logs()).into_iter().flatten().flatten();
    let log = |path: PathBuf| {
        let (what, seq) = path.file_stem()?.to_str()?.rsplit_once('-')?;
        let wanted = BESIDE.contains(&what) && step.is_none_or(|step| step == what);
        let (seq, title) = (seq.parse().ok()?, what.to_owned());
        wanted.then_some(Log { seq, title, path })
    };
    entries.filter_map(|entry| log(entry.path())).collect()
}

/// How much of each log was printed.
#[derive(Default)]
struct Shown {
    lengths: HashMap<PathBuf, u64>,
    last: Option<PathBuf>,
    /// Into a file or pipe a log goes as it is; on a terminal nothing in it acts.
    terminal: bool,
}

impl Shown {
    /// Prints what is new in it. With `more` to come, a terminal gets whole lines only.
    fn print(&mut self, log: &Log, more: bool) {
        let from = self.lengths.get(&log.path).copied().unwrap_or(0);
        let Ok(mut bytes) = tail(&log.path, from) else { return };
        if self.terminal && more {
            bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        }
        if bytes.is_empty() {
            return;
        }
        if self.last.as_ref() != Some(&log.path) {
            output::print(&format!("==> {}\n", log.title));
            self.last = Some(log.path.clone());
        }
        let length = bytes.len() as u64;
        if self.terminal {
            bytes = for_terminal(&bytes).into_bytes();
        }
        let _ = std::io::stdout().write_all(&bytes);
        let _ = std::io::stdout().flush();
        self.lengths.insert(log.path.clone(), from + length);
    }
}

fn for_terminal(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split_inclusive('\n').map(|line| match line.strip_suffix('\n') {
        Some(line) => harmless(line.trim_end_matches('\r'), output::colour_out()) + "\n",
        None => harmless(line, output::colour_out()),
    });
    lines.collect()
}

fn tail(path: &Path, from: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn follow(
    mut found: Found,
    step: Option<&str>,
    folder: &RunFolder,
    mut shown: Shown,
) -> Result<u8, Failed> {
    loop {
        // Looked at before the logs, so that nothing written last is missed.
        let alive = found.alive;
        for log in logs_of(&found, step, folder) {
            shown.print(&log, alive);
        }
        if !alive {
            return Ok(0);
        }
        std::thread::sleep(LOOK);
        let run = found.summary.id.to_string();
        found = find(found.store, Some(&run))?;
    }
}

/// The last so many bytes of a log, as text.
pub(super) fn end_of(path: &Path, most: u64) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
