//! The process's signals: told to whoever listens at the moment, from a thread of their own.
//!
//! Invariant: from the first listener on no signal is lost; one that comes between two listeners is the
//! next one's.

use std::sync::{Mutex, OnceLock, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};

use super::exit::Failed;

type Sink = Box<dyn Fn(i32) + Send>;

#[derive(Default)]
struct Ears {
    sink: Option<Sink>,
    unheard: Vec<i32>,
}

static EARS: OnceLock<Mutex<Ears>> = OnceLock::new();

fn with_ears(change: impl FnOnce(&mut Ears)) {
    let ears = EARS.get_or_init(Mutex::default);
    change(&mut ears.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Tells `sink` of signals from now on, in the place of who listened before.
pub(super) fn listen(sink: impl Fn(i32) + Send + 'static) -> Result<(), Failed> {
    if EARS.get().is_none() {
        hear()?;
    }
    with_ears(|ears| {
        std::mem::take(&mut ears.unheard).into_iter().for_each(&sink);
        ears.sink = Some(Box::new(sink));
    });
    Ok(())
}

/// What comes from now on waits for the next listener.
pub(super) fn stop_listening() {
    with_ears(|ears| ears.sink = None);
}

/// From now on signals do what they do by themselves, also those that have come meanwhile.
pub(super) fn release() {
    let default = |signal| {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    };
    with_ears(|ears| {
        std::mem::take(&mut ears.unheard).into_iter().for_each(default);
        ears.sink = Some(Box::new(default));
    });
}

fn hear() -> Result<(), Failed> {
    let failed =
        |error: std::io::Error| Failed::machine(format!("signals cannot be handled: {error}"));
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP]).map_err(failed)?;
    let tell = move || {
        for signal in signals.forever() {
            with_ears(|ears| match &ears.sink {
                Some(sink) => sink(signal),
                None => ears.unheard.push(signal),
            });
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(tell).map_err(failed)?;
    Ok(())
}
