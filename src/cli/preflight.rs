//! What all goals `requires`, asked before anything runs; with a run to come, and without one.
//!
//! Invariant: nothing of it stays behind, neither a run nor a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use signal_hook::consts::SIGTSTP;

use super::exit::Failed;
use super::omit::Omitted;
use super::params::Params;
use super::session::shared;
use super::signals;
use crate::exec::drive::{Drive, DriveOptions};
use crate::exec::event::Stamped;
use crate::exec::graph::Graph;
use crate::exec::journal::{Journal, JournalError};
use crate::exec::process::{Control, Controller, Guardian};
use crate::exec::scope::Values;
use crate::exec::state::RunState;
use crate::exec::world::{Launcher, LocalWorld, RealSurroundings, RunFiles};

/// Whether any goal requires something.
pub(super) fn is_needed(graph: &Graph) -> bool {
    graph.plan().goals.values().any(|goal| !goal.guards.requires.is_empty())
}

/// Asks in a world, whose processes have this mark. Says each thing that does not hold.
///
/// # Errors
/// A signal came, which has ended what was being asked.
pub(super) fn ask(
    world: LocalWorld,
    mark: &str,
    (graph, params, omitted): (&Arc<Graph>, &Params, &Omitted),
) -> Result<Vec<String>, Failed> {
    let guardian = Guardian::start(mark)
        .map_err(|error| Failed::machine(format!("the guardian cannot be started: {error}")))?;
    let stopped = stop_by_signals(world.preflight_control())?;
    let mut state = RunState::new(Arc::clone(graph), vec![0; graph.node_count()]);
    state.omit(&omitted.left_out, &omitted.skipped);
    state.params.clone_from(&params.values);
    let mut journal = Discard;
    let values = Values::new(params.secrets.clone());
    let mut drive = Drive::new(state, values, world, DriveOptions::default(), &mut journal);
    let faults = drive.preflight();
    signals::stop_listening();
    guardian.finish();
    match stopped.load(Ordering::Relaxed) {
        0 => Ok(faults.iter().map(|fault| format!("requires: {fault}")).collect()),
        signal => Err(Failed::signalled(signal)),
    }
}

/// The first signal asks what runs to end, the second ends it. Gives the number of the last one; 0: none.
fn stop_by_signals(control: Controller) -> Result<Arc<AtomicI32>, Failed> {
    let last = Arc::new(AtomicI32::new(0));
    let heard = Arc::clone(&last);
    signals::listen(move |signal| {
        if signal == SIGTSTP {
            control.send(Control::Suspend);
            let _ = signal_hook::low_level::emulate_default_handler(signal);
            control.send(Control::Resume);
        } else {
            let first = heard.swap(signal, Ordering::Relaxed) == 0;
            control.send(if first { Control::Terminate } else { Control::Kill });
        }
    })?;
    Ok(last)
}

/// Asks where no run is to come, in a folder that goes away again.
pub(super) fn without_run(
    of: (&Arc<Graph>, &Params, &Omitted),
    surroundings: RealSurroundings,
    env: &[(String, String)],
) -> Result<Vec<String>, Failed> {
    if !is_needed(of.0) {
        return Ok(Vec::new());
    }
    let unusable = |error: std::io::Error| {
        Failed::machine(format!("no temporary folder can be made: {error}"))
    };
    let folder = tempfile::tempdir().map_err(unusable)?;
    let files = RunFiles::prepare(folder.path().to_owned()).map_err(unusable)?;
    let mark = format!("preflight.{}", std::process::id());
    let launcher = Launcher {
        run: "preflight".to_owned(),
        mark: mark.clone(),
        files,
        env: shared(env),
        masker: Arc::new(of.1.masker()),
        lines: None,
    };
    let asked = ask(LocalWorld::new(surroundings, launcher, None, false), &mark, of);
    signals::release();
    asked
}

/// Nothing is written before a run exists.
struct Discard;

impl Journal for Discard {
    fn append(&mut self, _events: &[Stamped], _durable: bool) -> Result<(), JournalError> {
        Ok(())
    }
}
