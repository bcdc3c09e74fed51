//! `goalc note`: what someone wants to be known of a step, kept with the run.
//!
//! While a process carries the run out, that one writes it down; otherwise it is written here, under
//! the run's lock. Where the run's secrets are not known here, it is left for the process that takes
//! the run up: only who knows them can hide them.

use std::path::Path;
use std::sync::Arc;

use super::answer::unit_named;
use super::arguments::NoteArguments;
use super::exit::Failed;
use super::output;
use super::resume::{Known, allowed, current, secrets, without_plan};
use super::runs::{find, open_to_write};
use super::session::{environment, now};
use crate::exec::event::{Event, Stamped, Unit};
use crate::exec::graph::Graph;
use crate::exec::journal::Journal;
use crate::exec::world::{RealSurroundings, user};
use crate::ir::Binding;
use crate::store::{Posted, Request, RequestKind, RunId, RunRecord, Store};
use crate::value::Masker;

/// The most characters of a note.
const LONGEST: usize = 20_000;

pub(super) fn note(arguments: &NoteArguments) -> Result<u8, Failed> {
    let (run, step, text) = match arguments.what.as_slice() {
        [run, step, text] => (Some(run.as_str()), step, text),
        [step, text] => (None, step, text),
        _ => return Err(Failed::wrong("name the step, and say what to write down")),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(Failed::wrong("there is nothing to write down: the text is empty"));
    }
    if text.chars().count() > LONGEST {
        return Err(Failed::wrong(format!("a note has at most {LONGEST} characters")));
    }
    let found = find(open_to_write()?, run)?.sound()?;
    let unit = found.state.name(unit_named(&found, step)?);
    keep(&found.store, &found.summary.id, found.alive, unit, text)?;
    output::tell(&format!("{step} of run {}: noted\n", found.summary.id));
    Ok(0)
}

/// By whoever carries the run out, where somebody does.
pub(super) fn keep(
    store: &Store,
    run: &RunId,
    alive: bool,
    unit: Unit,
    text: &str,
) -> Result<(), Failed> {
    if alive { post(store, run, unit, text) } else { write(store, run, unit, text) }
}

fn post(store: &Store, run: &RunId, unit: Unit, text: &str) -> Result<(), Failed> {
    let request = Request {
        unit: Some(unit),
        kind: RequestKind::Note,
        by: user(),
        note: text.to_owned(),
        outputs: indexmap::IndexMap::new(),
        asked: None,
    };
    store.post(run, now(), &request)?;
    Ok(())
}

fn write(store: &Store, run: &RunId, unit: Unit, text: &str) -> Result<(), Failed> {
    let _lock = store.folder().run(run).try_lock(now())?;
    // Loaded under the lock: what another process wrote last is in it.
    let (record, events) = store.load(run)?;
    let Some(masker) = masker(&record, &events) else {
        return post(store, run, unit, text);
    };
    let last = events.last();
    let (by, from, text) = (user(), "command".to_owned(), masker.mask(text).into_owned());
    let stamped = Stamped {
        seq: last.map_or(0, |last| last.seq) + 1,
        at: last.map_or_else(now, |last| last.at.max(now())),
        event: Event::Noted { unit, by, from, text, request: None },
    };
    store.journal(run)?.append(&[stamped], true)?;
    Ok(())
}

/// Hides the run's secrets; `None` where one is not known here.
fn masker(record: &RunRecord, events: &[Stamped]) -> Option<Masker> {
    let secret = |binding: &Binding| binding.ty.is_secret();
    if !record.plan.bindings.values().any(secret) {
        return Some(Masker::default());
    }
    let loaded =
        current(record, allowed(events)).unwrap_or_else(|| without_plan(&record.plan_path));
    let root = record.plan_path.parent().unwrap_or(Path::new("/")).to_owned();
    let surroundings = RealSurroundings::new(root, environment(&loaded).ok()?);
    let graph = Arc::new(Graph::new(Arc::clone(&record.plan)));
    let known = Known { record, events, open: &[] };
    secrets(&graph, &known, &[], &surroundings).ok().map(|params| params.masker())
}

/// Notes that nobody has taken up, as events that come after all others.
pub(super) fn left(store: &Store, run: &RunId, last: u64) -> Vec<Stamped> {
    // What cannot be read now is said when the run goes on.
    let posted = store.inbox(run).and_then(|mut inbox| inbox.poll()).unwrap_or_default();
    let notes = posted.into_iter().filter(|posted| posted.request.kind == RequestKind::Note);
    let event = |(seq, posted): (u64, Posted)| {
        let Request { unit, by, note: text, .. } = posted.request;
        let (from, request) = ("command".to_owned(), Some(posted.id));
        Some(Stamped {
            seq,
            at: posted.at,
            event: Event::Noted { unit: unit?, by, from, text, request },
        })
    };
    (last + 1..).zip(notes).filter_map(event).collect()
}
