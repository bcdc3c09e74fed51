//! `goalc note`: what someone wants to be known of a step, kept with the run.
//!
//! While a process carries the run out, that one writes it down; otherwise it is written here, under
//! the run's lock.

use super::answer::unit_named;
use super::arguments::NoteArguments;
use super::exit::Failed;
use super::output;
use super::runs::{find, open_to_write};
use super::session::now;
use crate::exec::event::{Event, Stamped, Unit};
use crate::exec::journal::Journal;
use crate::exec::world::user;
use crate::store::{Request, RequestKind, RunId, Store};

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
    let (_, events) = store.load(run)?;
    let last = events.last();
    let (by, from, text) = (user(), "command".to_owned(), text.to_owned());
    let stamped = Stamped {
        seq: last.map_or(0, |last| last.seq) + 1,
        at: last.map_or_else(now, |last| last.at.max(now())),
        event: Event::Noted { unit, by, from, text, request: None },
    };
    store.journal(run)?.append(&[stamped], true)?;
    Ok(())
}
