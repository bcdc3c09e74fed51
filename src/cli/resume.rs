//! `goalc resume`: takes up what was not finished, reruns nothing that succeeded.

use std::path::Path;
use std::sync::Arc;

use super::arguments::{ResumeArguments, RunFormat};
use super::cluster;
use super::exit::Failed;
use super::load::{Aim, Loaded, Mounts, load, load_unchanged};
use super::log::Log;
use super::output;
use super::params::{self, Params};
use super::runs::{fold, open_to_write};
use super::session::{self, Manner, Session, carry_out, environment};
use super::view::view;
use crate::config::Config;
use crate::exec::RunStatus;
use crate::exec::changes::{Changes, is_given};
use crate::exec::estimate::{self, Measured};
use crate::exec::event::{Edits, Event, Stamped};
use crate::exec::graph::Graph;
use crate::exec::scope::Values;
use crate::exec::state::{RunState, Undo};
use crate::exec::world::RealSurroundings;
use crate::ir::Plan;
use crate::store::{RequestKind, RunId, RunRecord, Store};
use crate::value::BindingId;

pub(super) fn resume(arguments: &ResumeArguments) -> Result<u8, Failed> {
    take_up(arguments, None)
}

/// Takes a run up that nobody carries out, only to end it: for `goalc cancel`.
pub(super) fn end_cancelled(arguments: &ResumeArguments, by: String) -> Result<u8, Failed> {
    take_up(arguments, Some(by))
}

fn take_up(arguments: &ResumeArguments, cancelled_by: Option<String>) -> Result<u8, Failed> {
    if arguments.people.interactive {
        super::run::needs_terminal()?;
    }
    let store = open_to_write()?;
    let summary = store.find_run(arguments.run.as_deref())?;
    let folder = store.folder().run(&summary.id);
    let _lock = folder.try_lock(session::now())?;
    // Loaded under the lock: what another process wrote last is in it.
    let (mut record, events) = store.load(&summary.id)?;
    let loaded = current(&record, allowed(&events));
    let env = of_project(&record, loaded.as_ref(), environment)?;
    let log = of_project(&record, loaded.as_ref(), |loaded| Log::open(&arguments.log, loaded))?;
    let slurm = loaded.as_ref().map(|loaded| loaded.config.slurm.clone()).unwrap_or_default();
    let trace_to = loaded.as_ref().and_then(|loaded| loaded.config.log.otlp.clone());
    let changes = changes(&record.plan, loaded.as_ref());
    if arguments.accept_changes {
        let now = loaded.as_ref().and_then(|loaded| loaded.plan.as_ref());
        super::lost::keep_undo((&record, &events), &changes.removed, now)?;
    }
    let accepted = accept(arguments, &mut record, loaded, &changes)?;
    let changes = if accepted { changes } else { Changes::default() };
    let root = record.plan_path.parent().unwrap_or(Path::new("/")).to_owned();
    let surroundings = RealSurroundings::new(root, env.iter().cloned());
    let graph = Arc::new(Graph::new(Arc::clone(&record.plan)));
    let known = Known { record: &record, events: &events, open: &changes.params };
    let params = secrets(&graph, &known, &arguments.params, &surroundings)?;
    let measured = store.measured(&record.plan_path, graph.plan()).unwrap_or_default();
    let state = state(&graph, &events, &params, &surroundings, &measured);
    if let Some(exit) = nothing_to_do(arguments, &state, &record, &changes) {
        if arguments.format == RunFormat::Json {
            output::print_json(&view(&record.id, &state, false));
        }
        return Ok(exit);
    }
    forget_cancels(&store, &record.id)?;
    if let Some(missing) = cluster::missing(&record.plan, state.executor.as_deref()).first() {
        return Err(Failed::wrong(missing.clone()));
    }
    let manner = Manner {
        yes: arguments.yes,
        cancelled_by,
        agent: arguments.people.agent.clone(),
        format: arguments.format,
        loudness: arguments.loudness.get(),
        executor: state.executor.clone(),
        slurm,
    };
    let session = {
        let new_plan = accepted.then(|| (Arc::clone(&record.plan), record.origin.clone()));
        let plan_path = record.plan_path.clone();
        Session {
            store: &store,
            folder: &folder,
            surroundings,
            env,
            manner,
            plan_path,
            new_plan,
            log,
            trace_to,
        }
    };
    let (retry_failed, interactive) = (arguments.retry_failed, arguments.people.interactive);
    let edits = accepted.then(|| Box::new(edits(&changes, &params)));
    let first = Event::RunResumed { retry_failed, changed: changes.steps, interactive, edits };
    carry_out(session, state, params, first)
}

/// A cancel that came too late for the process that it was meant for says nothing of this one.
fn forget_cancels(store: &Store, run: &RunId) -> Result<(), Failed> {
    let mut inbox = store.inbox(run)?;
    for posted in inbox.poll()? {
        if posted.request.kind == RequestKind::Cancel {
            inbox.dismiss(posted.id, session::now())?;
        }
    }
    Ok(())
}

/// The plan's file as it is now; `None` where it is gone or has errors: the run holds its own. Where
/// nothing was edited since, there is no plan in it: it would be the run's.
pub(super) fn current(record: &RunRecord, mounts: Mounts) -> Option<Loaded> {
    let path = &record.plan_path;
    let unchanged = record.origin.as_ref().and_then(|origin| load_unchanged(path, origin, mounts));
    let loaded = match unchanged {
        Some(loaded) => loaded,
        None => load(path, Aim::Plan, mounts).ok()?,
    };
    (!loaded.diagnostics.has_errors()).then_some(loaded)
}

/// What is asked of the project's settings; where the plan is gone, there are none.
fn of_project<T>(
    record: &RunRecord,
    loaded: Option<&Loaded>,
    ask: impl FnOnce(&Loaded) -> Result<T, Failed>,
) -> Result<T, Failed> {
    match loaded {
        Some(loaded) => ask(loaded),
        None => ask(&without_plan(&record.plan_path)),
    }
}

/// What the run's first call allowed.
pub(super) fn allowed(events: &[Stamped]) -> Mounts {
    let outside = events
        .iter()
        .any(|each| matches!(each.event, Event::RunStarted { allow_outside: true, .. }));
    Mounts::allowed(outside)
}

pub(super) fn without_plan(path: &Path) -> Loaded {
    let project = path.parent().unwrap_or(Path::new("/")).to_owned();
    Loaded {
        sources: crate::source::SourceMap::new(),
        diagnostics: crate::diagnostic::Diagnostics::new(),
        plan: None,
        scenarios: Vec::new(),
        beside: None,
        index: crate::sema::Index::default(),
        config: Config::default(),
        path: path.to_owned(),
        tree: project.clone(),
        project,
        mounts: Mounts::Inside,
        executor: None,
    }
}

/// What the plan's file changes in the run; nothing where it is gone, has errors or was not edited.
fn changes(began: &Plan, loaded: Option<&Loaded>) -> Changes {
    let now = loaded.and_then(|loaded| loaded.plan.as_ref());
    now.map(|now| Changes::between(began, now)).unwrap_or_default()
}

/// What of the changes besides steps is kept with the run.
fn edits(changes: &Changes, params: &Params) -> Edits {
    let value = |id: &BindingId| Some((id.clone(), params.values.get(id)?.clone()));
    Edits {
        goals: changes.goals.clone(),
        lets: changes.lets.clone(),
        params: changes.params.iter().filter_map(value).collect(),
    }
}

pub(super) fn nothing_to_accept(record: &RunRecord) -> Failed {
    let path = record.plan_path.display();
    Failed::wrong(format!("there are no changes to accept: `{path}` is gone or has errors"))
}

/// Says what changed. Takes the new plan where that was asked for.
fn accept(
    arguments: &ResumeArguments,
    record: &mut RunRecord,
    loaded: Option<Loaded>,
    changes: &Changes,
) -> Result<bool, Failed> {
    if arguments.accept_changes {
        let Some(loaded) = loaded else { return Err(nothing_to_accept(record)) };
        let origin = loaded.origin();
        if let Some(plan) = loaded.plan {
            record.plan = Arc::new(plan);
            record.origin = origin;
        }
        return Ok(true);
    }
    let Changes { steps, goals, removed, .. } = changes;
    if !steps.is_empty() || !goals.is_empty() || !removed.is_empty() {
        output::complain(
            "the plan was edited since this run began; these steps and goals changed, or depend on one that did:",
        );
        for goal in goals {
            let what = if goal.is_root() {
                "the whole goal".to_owned()
            } else {
                format!("{goal} (the goal itself)")
            };
            output::tell(&format!("         {what}\n"));
        }
        for step in steps {
            output::tell(&format!("         {step}\n"));
        }
        for step in removed {
            output::tell(&format!("         {step} (no longer in the plan)\n"));
        }
        output::tell("         the run goes on with the plan that it began with;\n");
        output::tell(&format!(
            "         to run them as they are now: goalc resume {} --accept-changes\n",
            record.id
        ));
    }
    Ok(false)
}

/// What is kept of a run's params.
pub(super) struct Known<'r> {
    pub(super) record: &'r RunRecord,
    pub(super) events: &'r [Stamped],
    /// Params that an accepted change brings: they may be given now.
    pub(super) open: &'r [BindingId],
}

impl Known<'_> {
    /// By path, as text; without secrets, which are not kept.
    fn texts(&self) -> params::GivenParams {
        let accepted = self.events.iter().filter_map(|stamped| match &stamped.event {
            Event::RunResumed { edits: Some(edits), .. } => Some(&edits.params),
            _ => None,
        });
        let accepted = accepted.flatten().map(|(id, value)| (id.as_str(), value));
        let began = self.record.given.iter().map(|(name, value)| (name.as_str(), value));
        let all = began.chain(accepted).filter(|(_, value)| !value.is_secret());
        all.map(|(name, value)| {
            (name.to_owned(), crate::config::params::Given::One(value.to_text()))
        })
        .collect()
    }
}

/// Secrets are not kept with a run: they come again from where they came from.
pub(super) fn secrets(
    graph: &Arc<Graph>,
    known: &Known<'_>,
    given: &[String],
    world: &RealSurroundings,
) -> Result<Params, Failed> {
    let given = params::given(given, None)?;
    let bindings = &graph.plan().bindings;
    let stray = given.keys().find(|name| {
        let secret = bindings.get(name.as_str()).is_some_and(|binding| binding.ty.is_secret());
        !secret && !known.open.iter().any(|open| open.as_str() == name.as_str())
    });
    if let Some(name) = stray {
        return Err(Failed::wrong(format!(
            "a run keeps its params: `{name}` is no secret param of it"
        )));
    }
    let mut kept = known.texts();
    kept.retain(|name, _| bindings.get(name.as_str()).is_some_and(is_given));
    kept.extend(given);
    params::resolve(graph, &kept, world).map_err(|wrong| Failed::wrong(wrong.join("\ngoalc: ")))
}

pub(super) fn state(
    graph: &Arc<Graph>,
    events: &[Stamped],
    params: &Params,
    world: &RealSurroundings,
    measured: &Measured,
) -> RunState {
    let values = Values::new(params.secrets.clone());
    let order = estimate::order(graph, &params.values, &values, world, measured);
    let mut state = fold(Arc::clone(graph), order, events);
    // Params that an accepted change brings, before that is written down.
    for (id, value) in &params.values {
        state.params.entry(id.clone()).or_insert_with(|| value.clone());
    }
    state
}

/// Whether the run has nothing left that this call would take up; its exit code then.
fn nothing_to_do(
    arguments: &ResumeArguments,
    state: &RunState,
    record: &RunRecord,
    changes: &Changes,
) -> Option<u8> {
    let again = !changes.steps.is_empty() || !changes.goals.is_empty();
    match state.status {
        RunStatus::Achieved if !again => {
            let Some(why) = state.failed_cleanup() else {
                output::tell(&format!("run {} is achieved already\n", record.id));
                return Some(0);
            };
            let mut goals = state.graph().nodes();
            if goals.any(|goal| state.is_cleanup_due(goal, arguments.retry_failed)) {
                return None;
            }
            let id = &record.id;
            output::complain(&format!(
                "run {id} is achieved already, but not all is cleaned up: {why}\n\
                 goalc resume {id} --retry-failed cleans up again"
            ));
            Some(1)
        }
        RunStatus::Undone if !arguments.retry_failed => {
            let id = &record.id;
            output::complain(&format!(
                "run {id} is undone: goalc resume {id} --retry-failed does it again"
            ));
            Some(1)
        }
        RunStatus::Failed if !again && !arguments.retry_failed => {
            let id = &record.id;
            let failed = |node| matches!(state.node(node).undo, Undo::Failed(_));
            let undo = if state.graph().steps().any(failed) {
                format!("\nnot all is undone: goalc rollback {id} tries that again")
            } else {
                String::new()
            };
            output::complain(&format!(
                "run {id} has failed: goalc resume {id} --retry-failed tries again what failed{undo}"
            ));
            Some(1)
        }
        _ => None,
    }
}
