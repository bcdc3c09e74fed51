//! What all goals `requires`, asked before anything runs; with a run to come, and without one.
//!
//! Invariant: nothing of it stays behind, neither a run nor a file.

use std::sync::Arc;

use super::exit::Failed;
use super::omit::Omitted;
use super::params::Params;
use super::session::shared;
use crate::exec::drive::{Drive, DriveOptions};
use crate::exec::event::Stamped;
use crate::exec::graph::Graph;
use crate::exec::journal::{Journal, JournalError};
use crate::exec::scope::Values;
use crate::exec::state::RunState;
use crate::exec::world::{Launcher, LocalWorld, RealSurroundings, RunFiles};

/// Whether any goal requires something.
pub(super) fn is_needed(graph: &Graph) -> bool {
    graph.plan().goals.values().any(|goal| !goal.guards.requires.is_empty())
}

/// Asks in a world. Says each thing that does not hold.
pub(super) fn ask(
    world: LocalWorld,
    graph: &Arc<Graph>,
    params: &Params,
    omitted: &Omitted,
) -> Vec<String> {
    let mut state = RunState::new(Arc::clone(graph), vec![0; graph.node_count()]);
    state.omit(&omitted.left_out, &omitted.skipped);
    state.params.clone_from(&params.values);
    let mut journal = Discard;
    let values = Values::new(params.secrets.clone());
    let mut drive = Drive::new(state, values, world, DriveOptions::default(), &mut journal);
    drive.preflight().iter().map(|fault| format!("requires: {fault}")).collect()
}

/// Asks where no run is to come, in a folder that goes away again.
pub(super) fn without_run(
    (graph, params, omitted): (&Arc<Graph>, &Params, &Omitted),
    surroundings: RealSurroundings,
    env: &[(String, String)],
) -> Result<Vec<String>, Failed> {
    if !is_needed(graph) {
        return Ok(Vec::new());
    }
    let unusable = |error: std::io::Error| {
        Failed::machine(format!("no temporary folder can be made: {error}"))
    };
    let folder = tempfile::tempdir().map_err(unusable)?;
    let files = RunFiles::prepare(folder.path().to_owned()).map_err(unusable)?;
    let launcher = Launcher {
        run: "preflight".to_owned(),
        mark: format!("preflight.{}", std::process::id()),
        files,
        env: shared(env),
        masker: Arc::new(params.masker()),
        lines: None,
    };
    Ok(ask(LocalWorld::new(surroundings, launcher, None, false), graph, params, omitted))
}

/// Nothing is written before a run exists.
struct Discard;

impl Journal for Discard {
    fn append(&mut self, _events: &[Stamped], _durable: bool) -> Result<(), JournalError> {
        Ok(())
    }
}
