//! One process's turn at a run: lock, guardian, signals, the loop, the end.
//!
//! `run` and `resume` differ only in the event that they begin with.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::RunFormat;
use super::cluster::with_cluster;
use super::disk::read_settings;
use super::exit::Failed;
use super::export;
use super::hints;
use super::live::{Board, Look, Loudness, Progress, Region, Tails};
use super::load::Loaded;
use super::log::Log;
use super::output;
use super::params::Params;
use super::signals;
use super::successes::{Keeper, Known};
use super::telling::Telling;
use super::view::view;
use crate::config::{SlurmSettings, dotenv};
use crate::exec::drive::{Drive, DriveOptions, RunEnd};
use crate::exec::estimate::{self, Measured};
use crate::exec::event::{Answer, Event, StopReason, Unit};
use crate::exec::graph::Graph;
use crate::exec::process::{Guardian, SharedEnv, become_subreaper, end_leftovers};
use crate::exec::scope::Values;
use crate::exec::state::RunState;
use crate::exec::world::{
    Launcher, LocalWorld, MachineLocks, NotedInputs, RealSurroundings, Requests, RunFiles, Wake,
    user,
};
use crate::exec::{RunStatus, Timestamp};
use crate::ir::{AlertEvent, Plan};
use crate::report;
use crate::source::Origin;
use crate::store::{
    FixedItems, Inbox, MachineLock, Posted, Request, RequestKind, RunFolder, RunId, Store,
};
use crate::value::{GoalId, NodeId};

/// How the person wants the run carried out and told.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    pub(super) yes: bool,
    /// The run is only taken up to be ended: who cancels it.
    pub(super) cancelled_by: Option<String>,
    /// The command that manual steps are handed to.
    pub(super) agent: Option<String>,
    pub(super) format: RunFormat,
    pub(super) loudness: Loudness,
    /// Where commands run of steps that do not say so themselves.
    pub(super) executor: Option<String>,
    /// How a cluster is used, where one is.
    pub(super) slurm: SlurmSettings,
}

/// A run that this process holds.
pub(super) struct Session<'s> {
    pub(super) store: &'s Store,
    pub(super) folder: &'s RunFolder,
    pub(super) surroundings: RealSurroundings,
    pub(super) env: Vec<(String, String)>,
    pub(super) manner: Manner,
    /// The plan's file.
    pub(super) plan_path: PathBuf,
    /// The plan that the run goes on with, where it is another than before.
    pub(super) new_plan: Option<(Arc<Plan>, Option<Origin>)>,
    pub(super) log: Option<Log>,
    /// Where the run is sent as a trace when it has ended.
    pub(super) trace_to: Option<String>,
}

/// The wall clock.
pub(super) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX))
}

/// The environment that steps see: `[env] files` of the project, below the caller's own.
pub(super) fn environment(loaded: &Loaded) -> Result<Vec<(String, String)>, Failed> {
    let mut env = Vec::new();
    for file in &loaded.config.env_files {
        let path = loaded.project.join(file);
        let wrong = |why: String| Failed::wrong(format!("`{}`: {why}", path.display()));
        let text = read_settings(&path).map_err(wrong)?;
        env.extend(dotenv::parse(&text).map_err(|found| {
            let lines = found.iter().map(|each| format!("line {}: {}", each.line, each.message));
            wrong(output::first_of(lines).join("; "))
        })?);
    }
    let own = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("GOALC_"));
    for (name, value) in std::env::vars_os().filter(|(name, _)| !own(name)) {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
            env.retain(|(known, _)| *known != name);
            env.push((name, value));
        }
    }
    Ok(env)
}

/// For all processes of a run.
pub(super) fn shared(env: &[(String, String)]) -> Arc<SharedEnv> {
    Arc::new(env.iter().map(|(name, value)| (name.into(), value.into())).collect())
}

/// A world for a run, not yet in anything.
pub(super) fn world(
    session: &mut Session<'_>,
    run: &RunId,
    params: &Params,
    lines: Lines,
) -> Result<LocalWorld, Failed> {
    let files = RunFiles::prepare(session.folder.path().to_owned())
        .map_err(|error| Failed::machine(format!("the run's folder cannot be used: {error}")))?;
    let launcher = Launcher {
        run: run.to_string(),
        mark: session.folder.mark(),
        files,
        env: shared(&session.env),
        masker: Arc::new(params.masker()),
        lines,
    };
    let requests =
        session.store.inbox(run).ok().map(|inbox| Box::new(Answers { inbox }) as Box<dyn Requests>);
    let surroundings = session.surroundings.clone();
    let world = LocalWorld::new(surroundings, launcher, requests, output::is_interactive());
    Ok(world.with_machine_locks(Box::new(Locks)))
}

/// Where steps' lines go.
pub(super) type Lines = Option<crossbeam_channel::Sender<crate::exec::process::OutputLine>>;

/// Carries a run out from its first event of this process on, and prints what it came to.
pub(super) fn carry_out(
    mut session: Session<'_>,
    state: RunState,
    params: Params,
    first: Event,
) -> Result<u8, Failed> {
    let run = session.folder.id().clone();
    let mark = session.folder.mark();
    if !matches!(first, Event::RunStarted { .. }) {
        // Two of a step's processes at once would undo each other's work, and what still writes
        // would undo an undo.
        end_leftovers(&mark);
    }
    let mut journal = session.store.journal(&run)?;
    if let Some((plan, origin)) = session.new_plan.take() {
        journal.replace_plan(&plan, origin.as_ref())?;
    }
    let graph = Arc::clone(state.graph());
    journal.measure(&session.plan_path, graph.plan());
    journal.forget_undone(&session.plan_path, fixed_items(&state));
    let Manner { format, loudness, .. } = session.manner;
    let look = Look { loudness, colour: output::colour_err() };
    let region = Region::default();
    let mut telling = Telling::start(session.log.take(), run.as_str(), format, || {
        let board = board(&session, &state, &params, loudness);
        Progress::start(&graph, look, board.map(|board| (board, region.clone())))
    });
    let world = world(&mut session, &run, &params, telling.lines())?;
    world.forget_after(state.seq);
    // Where the system does not know how, lost processes are still found by their environment.
    let _ = become_subreaper();
    let guardian = Guardian::start(&mark).map_err(|error| {
        Failed::machine(format!("the run's guardian cannot be started: {error}"))
    })?;
    signals::listen(world.signal_sink())?;
    let agent = session.manner.agent.take();
    let options = DriveOptions {
        cancelled_by: session.manner.cancelled_by.clone(),
        yes: session.manner.yes,
        agent: agent.is_some(),
        user: user(),
        executor: session.manner.executor.clone(),
    };
    let known = Known { store: session.store.clone(), plan: session.plan_path.clone() };
    let noted = NotedInputs::default();
    let world =
        world.with_successes(Box::new(known.clone()), noted.clone()).with_screen(Box::new(region));
    let world = world.with_agent(agent).with_history(usual(&session, &graph));
    let world = with_cluster(world, &session, &run, graph.plan())?;
    let mut keeper = Keeper { known, noted };
    let mut drive = Drive::new(state, Values::new(params.secrets), world, options, &mut journal);
    drive.observe(&mut keeper);
    let quiet = telling.is_quiet();
    telling.observe(&mut drive);
    if loudness > Loudness::Quiet && !quiet {
        tell_start(&run, &graph, format);
    }
    let end = drive.run_with_crew(first);
    let state = drive.state;
    drive.world.remove_work(end.is_ok());
    drop(drive.world);
    let tails = telling.finish();
    let told = (!quiet).then_some(&tails);
    journal.flush()?;
    guardian.finish();
    let end = end.map_err(|error| hints::journal_failed(&run, &error))?;
    tell_end((&run, session.store.folder().path()), &state, &end, format, told);
    if let Some(url) = &session.trace_to {
        export::send_at_end(session.store, &run, state.graph(), url);
    }
    Ok(end.exit)
}

fn fixed_items(state: &RunState) -> FixedItems {
    let graph = state.graph();
    let fixed = graph
        .steps()
        .filter_map(|node| Some((graph.step_id(node)?, state.node(node).items.as_ref()?)));
    fixed.map(|(step, items)| (step.clone(), items.clone())).collect()
}

/// What the picture of the run is made from; none where nothing can be drawn, or is wanted.
fn board(
    session: &Session<'_>,
    state: &RunState,
    params: &Params,
    loudness: Loudness,
) -> Option<Board> {
    if loudness == Loudness::Quiet || !output::is_drawable() {
        return None;
    }
    let plan = state.graph().plan();
    // Without them remaining times are worse, and the run is as it is.
    let measured = session.store.measured(&session.plan_path, plan).unwrap_or_default();
    let mut state = state.clone();
    // Lengths of estimates may depend on them, and the run has not said them yet.
    if state.params.is_empty() {
        state.params.clone_from(&params.values);
    }
    let values = Values::new(params.secrets.clone());
    let expected = estimate::expected(&state, &values, &session.surroundings, &measured);
    let lengths = expected.into_iter().map(|each| each.map(|each| each.length)).collect();
    Some(Board::new(state, lengths))
}

/// What earlier runs took, where an alert asks for it.
fn usual(session: &Session<'_>, graph: &Graph) -> Measured {
    let mut alerts = graph.plan().goals.values().flat_map(|goal| &goal.alerts);
    if !alerts.any(|alert| alert.on.contains(&AlertEvent::Overrun)) {
        return Measured::new();
    }
    // Without them only what has an estimate overruns.
    session.store.measured(&session.plan_path, graph.plan()).unwrap_or_default()
}

fn tell_start(run: &RunId, graph: &Graph, format: RunFormat) {
    if format == RunFormat::Text {
        output::tell(&format!("run {run} of {}\n", graph.plan().name));
    }
}

fn tell_end(
    (run, folder): (&RunId, &Path),
    state: &RunState,
    end: &RunEnd,
    format: RunFormat,
    tails: Option<&Tails>,
) {
    let view = view(run, state, false);
    match format {
        RunFormat::Json => output::print_json(&view),
        RunFormat::Jsonl => {}
        RunFormat::Text => {
            output::print(&format!("\n{}", report::text(&view, None, output::colour_out())));
        }
    }
    // Without them standard error is a log's.
    let Some(tails) = tails else { return };
    if end.status != RunStatus::Achieved {
        output::tell(&hints::last_lines(tails));
    }
    output::tell(&hints::hints(run, folder, state, end));
}

/// The machine's locks, as files that the kernel frees with their holder.
struct Locks;

impl MachineLocks for Locks {
    fn try_lock(&mut self, name: &str) -> Option<Box<dyn std::any::Any + Send>> {
        match MachineLock::try_lock(name) {
            Ok(lock) => lock.map(|lock| Box::new(lock) as Box<dyn std::any::Any + Send>),
            Err(error) => {
                output::complain(&format!("the lock `{name}` cannot be taken: {error}"));
                None
            }
        }
    }
}

/// Requests of other terminals, from the store.
struct Answers {
    inbox: Inbox,
}

impl Requests for Answers {
    fn take(&mut self) -> Vec<Wake> {
        // A database that cannot be read now is found out by the next write, which ends the run.
        self.inbox.poll().unwrap_or_default().into_iter().map(wake).collect()
    }
}

fn wake(posted: Posted) -> Wake {
    let (id, said, request) = (posted.id, Some(posted.at), posted.request);
    let answer = match request.kind {
        RequestKind::Note => {
            let Request { unit, by, note: text, .. } = request;
            let unit = unit.unwrap_or(Unit { node: NodeId::Goal(GoalId::root()), item: None });
            return Wake::Noted { unit, by, from: "command".to_owned(), text, request: Some(id) };
        }
        RequestKind::Approve => Answer::Approved,
        RequestKind::Deny => Answer::Denied,
        RequestKind::Done => Answer::Done { outputs: request.outputs },
        RequestKind::Rerun => Answer::Rerun,
        RequestKind::Fail => Answer::Failed,
        RequestKind::Run => Answer::Run,
        RequestKind::Retry => Answer::Retry,
        RequestKind::Skip => Answer::Skipped,
        RequestKind::Cancel => return Wake::Stop(StopReason::Cancelled { by: request.by }),
    };
    let Some(unit) = request.unit else {
        return Wake::Stop(StopReason::Cancelled { by: request.by });
    };
    let (by, from, note) = (request.by, "command".to_owned(), request.note);
    Wake::Answered { unit, answer, by, from, note, asked: request.asked, said }
}
