//! `goalc clean`: removes the files of runs that are over; their records stay.
//!
//! Invariant: a run that goes on, waits, or can be undone or taken up again keeps all it has.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::arguments::CleanArguments;
use super::exit::Failed;
use super::output;
use super::runs::{fold, open_to_write};
use super::session::now;
use crate::exec::RunStatus;
use crate::exec::graph::Graph;
use crate::exec::snapshot::{prune, remove_beneath};
use crate::exec::state::RunState;
use crate::store::{RunSummary, Store};
use crate::value::{Type, Value, read_text, size_text};

pub(super) fn clean(arguments: &CleanArguments) -> Result<u8, Failed> {
    let older = arguments.older.as_deref().map(age).transpose()?;
    let store = open_to_write()?;
    let (mut runs, mut freed) = (0, 0);
    let mut newest: HashSet<PathBuf> = HashSet::new();
    for (place, run) in store.runs()?.into_iter().enumerate() {
        // What the plan's last run did is how things are now: it can be undone.
        let is_newest = newest.insert(run.plan_path.clone());
        let age = now().since(run.ended.unwrap_or(run.created));
        let due = place >= arguments.keep && older.is_none_or(|older| age >= older);
        if !due || is_newest || !is_over(&store, &run, older.is_some())? {
            continue;
        }
        let removed = remove_files(&store, &run)?;
        runs += u32::from(removed.is_some());
        freed += removed.unwrap_or(0);
    }
    let objects = store.folder().path().join("objects");
    freed += prune(&objects).map_err(|error| cannot_remove(&objects, &error))?;
    let runs = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    output::tell(&format!("the files of {runs} are removed: {} freed\n", size_text(freed)));
    Ok(0)
}

fn age(text: &str) -> Result<Duration, Failed> {
    match read_text(text, &Type::Duration) {
        Ok(Value::Duration { length }) => Ok(length),
        _ => Err(Failed::wrong(format!("--older takes a duration as `30d`, and not `{text}`"))),
    }
}

/// Whether nothing of a run is needed any more. One that did not come to its end can be taken up
/// again: it is over only where its age was asked for, and nothing of it can be undone.
fn is_over(store: &Store, run: &RunSummary, by_age: bool) -> Result<bool, Failed> {
    if store.folder().run(&run.id).holder()?.is_some() {
        return Ok(false);
    }
    match run.status {
        RunStatus::Achieved | RunStatus::Undone => Ok(true),
        RunStatus::Failed | RunStatus::Cancelled if by_age => {
            let (record, events) = store.load(&run.id)?;
            let graph = std::sync::Arc::new(Graph::new(record.plan));
            let order = vec![0; graph.node_count()];
            Ok(!can_be_undone(&fold(graph, order, &events)))
        }
        _ => Ok(false),
    }
}

fn can_be_undone(state: &RunState) -> bool {
    state.graph().steps().any(|node| {
        let undoes = state.graph().step(node).is_some_and(|step| !step.rollback.is_empty());
        let found = state.node(node);
        let saved = found.saved().any(|saved| !saved.put_back);
        found.is_touched() && (undoes || saved)
    })
}

/// The bytes that were freed; `None` where there was nothing.
fn remove_files(store: &Store, run: &RunSummary) -> Result<Option<u64>, Failed> {
    let folder = store.folder().run(&run.id);
    let mut freed = None;
    for part in [folder.logs(), folder.work(), folder.attempts(), folder.snapshots()] {
        let size = size_of(&part);
        let Some(name) = part.file_name().filter(|_| part.symlink_metadata().is_ok()) else {
            continue;
        };
        remove_beneath(folder.path(), Path::new(name))
            .map_err(|error| cannot_remove(&part, &error))?;
        freed = Some(freed.unwrap_or(0) + size);
    }
    Ok(freed)
}

/// What is freed with a folder: of files that have other names, nothing.
fn size_of(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let files =
        entries.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file);
    files.filter(|meta| meta.nlink() == 1).map(|meta| meta.blocks() * 512).sum()
}

fn cannot_remove(path: &Path, error: &dyn std::fmt::Display) -> Failed {
    Failed::machine(format!("`{}` cannot be removed: {error}", path.display()))
}
