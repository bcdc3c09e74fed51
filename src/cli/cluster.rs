//! The executors of a run besides this machine, made from the project's settings.
//!
//! Knows which steps need one; a run without any starts none.

use std::path::PathBuf;

use super::exit::Failed;
use super::session::Session;
use crate::exec::executor::{Slurm, SlurmSettings, slurm_missing};
use crate::exec::world::LocalWorld;
use crate::ir::{Plan, executor_of};
use crate::store::RunId;

/// What a plan's steps run on and is not on this machine, in one line each.
pub(super) fn missing(plan: &Plan, chosen: Option<&str>) -> Vec<String> {
    if uses_slurm(plan, chosen) { slurm_missing().into_iter().collect() } else { Vec::new() }
}

fn uses_slurm(plan: &Plan, chosen: Option<&str>) -> bool {
    plan.steps.values().any(|step| executor_of(step, chosen) == "slurm")
}

/// A world with all that a plan's steps run on.
pub(super) fn with_cluster(
    world: LocalWorld,
    session: &Session<'_>,
    run: &RunId,
    plan: &Plan,
) -> Result<LocalWorld, Failed> {
    let chosen = session.manner.executor.as_deref();
    if !uses_slurm(plan, chosen) {
        return Ok(world);
    }
    let slurm = session.manner.slurm.clone();
    let program = match &slurm.goalc {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()
            .map_err(|error| Failed::machine(format!("goalc does not find itself: {error}")))?,
    };
    let attempts = session.folder.attempts();
    let slurm = Slurm::start(SlurmSettings { slurm, run: run.to_string(), attempts, program })
        .map_err(|error| Failed::machine(format!("the cluster cannot be used: {error}")))?;
    Ok(world.with_executor(Box::new(slurm)))
}
