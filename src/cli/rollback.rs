//! `goalc rollback`: undoes what a run did, later, where no process holds it.

use std::path::Path;
use std::sync::Arc;

use super::arguments::{LogArguments, RollbackArguments, RunFormat};
use super::exit::Failed;
use super::live::Loudness;
use super::log::Log;
use super::output;
use super::resume::{Known, allowed, current, secrets, state, without_plan};
use super::runs::open_to_write;
use super::session::{self, Manner, Session, carry_out, environment};
use super::view::view;
use crate::diagnostic::closest;
use crate::exec::estimate::Measured;
use crate::exec::event::Event;
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::state::{RunState, Saved};
use crate::exec::world::{RealSurroundings, user};
use crate::store::RunFolder;
use crate::value::StepId;

pub(super) fn rollback(arguments: &RollbackArguments) -> Result<u8, Failed> {
    let store = open_to_write()?;
    let summary = store.find_run(arguments.run.as_deref())?;
    let folder = store.folder().run(&summary.id);
    let _lock = folder.try_lock(session::now())?;
    // Loaded under the lock: what another process wrote last is in it.
    let (record, events) = store.load(&summary.id)?;
    let loaded =
        current(&record, allowed(&events)).unwrap_or_else(|| without_plan(&record.plan_path));
    let env = environment(&loaded)?;
    let log = Log::open(&LogArguments::default(), &loaded)?;
    let root = record.plan_path.parent().unwrap_or(Path::new("/")).to_owned();
    let surroundings = RealSurroundings::new(root, env.iter().cloned());
    let graph = Arc::new(Graph::new(Arc::clone(&record.plan)));
    let known = Known { record: &record, events: &events, open: &[] };
    let params = secrets(&graph, &known, &arguments.params, &surroundings)?;
    // In which order things would start does not matter any more.
    let state = state(&graph, &events, &params, &surroundings, &Measured::new());
    let since = since(&state, arguments.to.as_deref())?;
    let undoes = |node: NodeIx| state.is_to_undo(node, since);
    if since > 0 && !state.graph().steps().any(undoes) {
        let run = &record.id;
        output::tell(&format!(
            "nothing of run {run} is to be undone behind its last checkpoint; all the way: \
             goalc rollback {run} --to start\n"
        ));
        if arguments.format == RunFormat::Json {
            output::print_json(&view(run, &state, false));
        }
        return Ok(0);
    }
    if let Some(step) = without_snapshot(&state, since, &folder) {
        return Err(Failed::wrong(format!(
            "the snapshot of step `{step}` is no longer there (`goalc clean` has removed it), so run {} cannot be \
             undone; nothing was touched",
            record.id
        )));
    }
    let (format, loudness) = (arguments.format, Loudness::Usual);
    let manner = Manner {
        yes: false,
        cancelled_by: None,
        agent: None,
        format,
        loudness,
        executor: state.executor.clone(),
        slurm: loaded.config.slurm.clone(),
    };
    let session = Session {
        store: &store,
        folder: &folder,
        surroundings,
        env,
        manner,
        plan_path: record.plan_path.clone(),
        new_plan: None,
        log,
        trace_to: loaded.config.log.otlp.clone(),
    };
    carry_out(session, state, params, Event::RollbackRequested { since, by: user() })
}

/// A step that is to be put back as it was and whose snapshot is gone.
fn without_snapshot<'s>(state: &'s RunState, since: u64, folder: &RunFolder) -> Option<&'s StepId> {
    let gone = |node: &NodeIx| {
        let is_gone = |id: &String| !folder.snapshots().join(id).exists();
        let gone = |saved: &Saved| !saved.put_back && saved.ids.iter().any(is_gone);
        state.is_to_undo(*node, since) && state.node(*node).saved().any(gone)
    };
    state.graph().steps().find(gone).and_then(|node| state.graph().step_id(node))
}

/// The number of the event up to which what had succeeded is kept.
fn since(state: &RunState, to: Option<&str>) -> Result<u64, Failed> {
    let Some(to) = to else { return Ok(state.last_checkpoint()) };
    let graph = state.graph();
    let node = graph.step_ix(&StepId::new(to));
    // A step may be called `start`, too: with a checkpoint, it is the one that is meant.
    if let Some(seq) = node.and_then(|node| state.node(node).checkpoint_seq) {
        return Ok(seq);
    }
    if to == "start" {
        return Ok(0);
    }
    let checkpoints: Vec<&str> = graph
        .steps()
        .filter(|node| state.node(*node).checkpoint_seq.is_some())
        .filter_map(|node| graph.step_id(node).map(StepId::as_str))
        .collect();
    let known = if checkpoints.is_empty() {
        "it has none: `--to start` goes all the way".to_owned()
    } else {
        format!("its checkpoints: {}", checkpoints.join(", "))
    };
    let what = if node.is_some() {
        format!("step `{to}` has made no checkpoint in this run")
    } else {
        let hint = closest(to, graph.plan().steps.keys().map(StepId::as_str));
        let hint = hint.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
        format!("there is no step `{to}`{hint}")
    };
    Err(Failed::wrong(format!("{what}; {known}")))
}
