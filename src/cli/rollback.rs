//! `goalc rollback`: undoes what a run did, later, where no process holds it.

use std::path::Path;
use std::sync::Arc;

use super::arguments::{LogArguments, RollbackArguments, RunFormat};
use super::exit::Failed;
use super::live::Loudness;
use super::load::Loaded;
use super::log::Log;
use super::output;
use super::resume::{Known, allowed, current, nothing_to_accept, secrets, state, without_plan};
use super::runs::open_to_write;
use super::session::{self, Manner, Session, carry_out, environment};
use super::view::view;
use crate::diagnostic::closest;
use crate::exec::estimate::Measured;
use crate::exec::event::Event;
use crate::exec::graph::{Graph, NodeIx};
use crate::exec::state::{RunState, Saved};
use crate::exec::ways_back;
use crate::exec::world::{RealSurroundings, user};
use crate::store::{RunFolder, RunId, RunRecord};
use crate::value::StepId;

pub(super) fn rollback(arguments: &RollbackArguments) -> Result<u8, Failed> {
    let store = open_to_write()?;
    let summary = store.find_run(arguments.run.as_deref())?;
    let folder = store.folder().run(&summary.id);
    let _lock = folder.try_lock(session::now())?;
    // Loaded under the lock: what another process wrote last is in it.
    let (mut record, events) = store.load(&summary.id)?;
    let loaded = current(&record, allowed(&events));
    let edited = edited(&record, loaded.as_ref());
    let taken = arguments.accept_changes && take(&mut record, loaded.as_ref(), &edited)?;
    let loaded = loaded.unwrap_or_else(|| without_plan(&record.plan_path));
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
    if !taken {
        tell_edited(&state, since, &edited, (&record.id, arguments.to.as_deref()));
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
        // Not all of the file is in it: what the plan was made from is not known.
        new_plan: taken.then(|| (Arc::clone(&record.plan), None)),
        log,
        trace_to: loaded.config.log.otlp.clone(),
    };
    carry_out(session, state, params, Event::RollbackRequested { since, by: user() })
}

/// Steps whose `rollback` was edited since the run began.
fn edited(record: &RunRecord, loaded: Option<&Loaded>) -> Vec<StepId> {
    let now = loaded.and_then(|loaded| loaded.plan.as_ref());
    now.map(|now| ways_back::edited(&record.plan, now)).unwrap_or_default()
}

/// Has these steps undone as they are now; says whether there are any.
fn take(
    record: &mut RunRecord,
    loaded: Option<&Loaded>,
    edited: &[StepId],
) -> Result<bool, Failed> {
    let Some(loaded) = loaded else { return Err(nothing_to_accept(record)) };
    // Where nothing was edited since, there is no plan.
    let Some(now) = loaded.plan.as_ref().filter(|_| !edited.is_empty()) else { return Ok(false) };
    record.plan = Arc::new(ways_back::taken(&record.plan, now, edited));
    Ok(true)
}

/// What is undone by an older `rollback` than the one in the plan's file.
fn tell_edited(state: &RunState, since: u64, edited: &[StepId], (run, to): (&RunId, Option<&str>)) {
    let due = |step: &&StepId| {
        let node = state.graph().step_ix(step);
        node.is_some_and(|node| state.is_to_undo(node, since))
    };
    let steps: Vec<String> =
        edited.iter().filter(due).map(|step| format!("         {step}\n")).collect();
    if steps.is_empty() {
        return;
    }
    output::complain("the `rollback` of these steps was edited since this run began:");
    output::tell(&steps.concat());
    output::tell("         they are undone by the one that the run holds;\n");
    let to = to.map_or_else(String::new, |to| format!(" --to {to}"));
    output::tell(&format!(
        "         to undo them as they are now: goalc rollback {run}{to} --accept-changes\n"
    ));
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
