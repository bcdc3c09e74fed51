//! `goalc run`: from a plan's file to the end of its run, or a forecast of it.

use std::io::Write;
use std::sync::Arc;

use super::arguments::{RunArguments, RunFormat};
use super::cluster;
use super::exit::{Failed, WRONG, refusal};
use super::forecast;
use super::load::{Loaded, Mounts};
use super::log::Log;
use super::omit::{Omitted, omitted};
use super::output;
use super::params::{self, GivenParams, Params};
use super::plan::checked_for;
use super::preflight;
use super::session::{self, Manner, Session, carry_out, environment};
use crate::config::params::Given;
use crate::exec::estimate;
use crate::exec::event::Event;
use crate::exec::graph::Graph;
use crate::exec::scope::{Place, Surroundings, Values};
use crate::exec::state::RunState;
use crate::exec::world::RealSurroundings;
use crate::forecast::Options;
use crate::ir::{Binding, BindingKind, Plan};
use crate::report::Listed;
use crate::store::{RunRecord, StateFolder, Store};
use crate::value::{BindingId, Type};

/// What a run needs to begin.
struct Start {
    graph: Arc<Graph>,
    surroundings: RealSurroundings,
    env: Vec<(String, String)>,
    params: Params,
    jobs: u32,
    omitted: Omitted,
}

pub(super) fn run(arguments: &RunArguments) -> Result<u8, Failed> {
    if arguments.people.interactive && !arguments.dry_run {
        needs_terminal()?;
    }
    let json = arguments.format != RunFormat::Text;
    let mounts = Mounts::allowed(arguments.allow_outside);
    let executor = arguments.executor.executor.as_deref();
    let (loaded, plan) = checked_for(arguments.file.as_deref(), executor, mounts, json)?;
    can_keep(&plan, arguments)?;
    let start = start(arguments, &loaded, &plan)?;
    if arguments.dry_run {
        return dry_run(arguments, &loaded, start);
    }
    let missing = cluster::missing(&plan, executor);
    if !missing.is_empty() {
        return Err(refuse(&missing, arguments.format));
    }
    begin(arguments, &loaded, start)
}

/// A plan that is JSON is not checked as a text is.
fn can_keep(plan: &Plan, arguments: &RunArguments) -> Result<(), Failed> {
    let chosen = arguments.executor.executor.as_deref();
    let wrong: Vec<String> = plan
        .misplaced(chosen)
        .into_iter()
        .map(|(step, _, why)| format!("`{step}` cannot run there: {why}"))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(refuse(&wrong, arguments.format)) }
}

/// Interactive mode asks, so someone must be there to answer.
pub(super) fn needs_terminal() -> Result<(), Failed> {
    if output::is_interactive() {
        return Ok(());
    }
    Err(Failed::wrong(
        "-i asks a person about each step, and no one can be asked: standard input or standard \
         error is no terminal, or CI is set",
    ))
}

fn start(arguments: &RunArguments, loaded: &Loaded, plan: &Arc<Plan>) -> Result<Start, Failed> {
    let graph = Arc::new(Graph::new(Arc::clone(plan)));
    let env = environment(loaded)?;
    let surroundings = RealSurroundings::new(loaded.folder().to_owned(), env.iter().cloned());
    let mut given = params::given(&arguments.params, arguments.params_file.as_deref())?;
    ask_for_missing(&graph, &mut given, &surroundings);
    let params = params::resolve(&graph, &given, &surroundings)
        .map_err(|wrong| refuse(&wrong, arguments.format))?;
    for name in too_short(&params) {
        output::complain(&format!(
            "param `{name}` is a secret of under 4 bytes: it cannot be hidden in what steps print"
        ));
    }
    let omitted = omitted(&graph, arguments).map_err(|wrong| refuse(&wrong, arguments.format))?;
    let given = arguments.jobs.or_else(|| jobs_of_cluster(arguments, loaded, plan));
    let jobs = jobs(given, loaded, &graph, &params, &surroundings)?;
    Ok(Start { graph, surroundings, env, params, jobs, omitted })
}

fn too_short(params: &Params) -> Vec<String> {
    let short = |value: &crate::value::Value| value.to_text().len() < 4;
    params.secrets.iter().filter(|(_, value)| short(value)).map(|(id, _)| id.to_string()).collect()
}

/// A cluster takes more steps at once than this machine has cores, where the goal does not bound
/// them itself.
fn jobs_of_cluster(arguments: &RunArguments, loaded: &Loaded, plan: &Plan) -> Option<u32> {
    let root = plan.goals.get(&crate::value::GoalId::root())?;
    let on_cluster = arguments.executor.executor.as_deref() == Some("slurm");
    (on_cluster && root.parallel.is_none()).then_some(loaded.config.slurm.jobs)
}

/// `-j`, else the goal's `parallel`, else the project's default, else the cores.
pub(super) fn jobs(
    given: Option<u32>,
    loaded: &Loaded,
    graph: &Arc<Graph>,
    params: &Params,
    world: &dyn Surroundings,
) -> Result<u32, Failed> {
    if let Some(jobs) = given {
        return Ok(jobs);
    }
    let parallel = graph.goal(graph.root()).and_then(|goal| goal.parallel.as_ref());
    if let Some(parallel) = parallel {
        let mut state = RunState::new(Arc::clone(graph), Vec::new());
        state.params.clone_from(&params.values);
        let values = Values::new(params.secrets.clone());
        let place = Place {
            state: &state,
            values: &values,
            world,
            goal: graph.root(),
            unit: None,
            own: None,
        };
        return match place.count(parallel) {
            Ok(0) => Err(Failed::wrong("`parallel` must be at least 1, and it is 0")),
            Ok(jobs) => Ok(jobs),
            Err(why) => Err(Failed::wrong(format!("`parallel` has no value: {why}"))),
        };
    }
    let cores =
        || std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
    Ok(loaded.config.defaults.jobs.map_or_else(cores, Into::into))
}

/// On a terminal, what is missing or wrong is asked for, each until it is right or the input ends.
fn ask_for_missing(graph: &Arc<Graph>, given: &mut GivenParams, world: &dyn Surroundings) {
    if !output::is_interactive() {
        return;
    }
    for (id, binding) in params::unanswered(graph, given, world) {
        while let Some(why) = params::problem(graph, given, world, id) {
            // Of one that is only missing nothing is wrong yet.
            if params::is_given(id, given, world) {
                output::complain(&why);
            }
            let Some(line) = ask_for(id, binding) else { return };
            given.insert(id.to_string(), Given::One(line));
        }
    }
}

/// What a person types for a param; `None`: the input has ended.
fn ask_for(id: &BindingId, binding: &Binding) -> Option<String> {
    let help = match &binding.kind {
        BindingKind::Param { help: Some(help), .. } => format!("{help}\n"),
        _ => String::new(),
    };
    let quiet = (binding.ty == Type::Secret).then(output::Unseen::begin);
    output::tell(&format!("{help}{id} ({}): ", binding.ty));
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line).unwrap_or(0);
    drop(quiet);
    (read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Nothing ran, and why: in one report.
fn refuse(wrong: &[String], format: RunFormat) -> Failed {
    if format != RunFormat::Text {
        output::print_json(&refusal(wrong.iter().map(String::as_str)));
    }
    for message in wrong {
        output::complain(message);
    }
    Failed::said(WRONG)
}

fn first_event(arguments: &RunArguments, start: &Start) -> Event {
    Event::RunStarted {
        params: start.params.values.clone(),
        jobs: start.jobs,
        keep_going: arguments.keep_going,
        left_out: start.omitted.left_out.clone(),
        skipped: start.omitted.skipped.clone(),
        allow_outside: arguments.allow_outside,
        interactive: arguments.people.interactive,
    }
}

fn begin(arguments: &RunArguments, loaded: &Loaded, start: Start) -> Result<u8, Failed> {
    let log = Log::open(&arguments.log, loaded)?;
    let at = session::now();
    let chosen = std::env::var_os("GOALC_STATE_DIR").map(std::path::PathBuf::from);
    let state_path = StateFolder::locate(chosen.as_deref(), loaded.folder());
    let folder = StateFolder::open_or_create(&state_path)?;
    let run_folder = folder.new_run(at)?;
    let lock = run_folder.try_lock(at)?;
    let store = Store::open_to_write(folder)?;
    let order = order(&start, &store, loaded);
    let manner = Manner {
        cancelled_by: None,
        yes: arguments.yes,
        agent: arguments.people.agent.clone(),
        format: arguments.format,
        loudness: arguments.loudness.get(),
        executor: arguments.executor.executor.clone(),
        slurm: loaded.config.slurm.clone(),
    };
    let first = first_event(arguments, &start);
    let mut session = Session {
        store: &store,
        folder: &run_folder,
        surroundings: start.surroundings,
        env: start.env,
        manner,
        plan_path: loaded.path.clone(),
        new_plan: None,
        log,
        trace_to: loaded.config.log.otlp.clone(),
    };
    let asked = preflight(&mut session, &start.graph, &start.params, &start.omitted);
    let asked = asked.and_then(|faults| {
        if faults.is_empty() { Ok(()) } else { Err(refuse(&faults, arguments.format)) }
    });
    if let Err(refused) = asked {
        drop(lock);
        let _ = std::fs::remove_dir_all(run_folder.path());
        return Err(refused);
    }
    store.create_run(&RunRecord {
        id: run_folder.id().clone(),
        goal: start.graph.plan().name.clone(),
        plan_path: loaded.path.clone(),
        plan: without_secrets(start.graph.plan(), &start.params),
        origin: loaded.origin(),
        given: start
            .params
            .values
            .iter()
            .map(|(id, value)| (id.to_string(), value.clone()))
            .collect(),
        created: at,
    })?;
    let state = RunState::new(start.graph, order);
    carry_out(session, state, start.params, first)
}

/// The scheduler's order, by what earlier runs took.
fn order(start: &Start, store: &Store, loaded: &Loaded) -> Vec<u32> {
    let values = Values::new(start.params.secrets.clone());
    // Without them the run goes in another order, and no worse.
    let measured = store.measured(&loaded.path, start.graph.plan()).unwrap_or_default();
    estimate::order(&start.graph, &start.params.values, &values, &start.surroundings, &measured)
}

/// The plan as the state keeps it: a secret that a comment or title quotes is hidden there too.
fn without_secrets(plan: &Arc<Plan>, params: &Params) -> Arc<Plan> {
    let masker = params.masker();
    if masker.is_empty() {
        return Arc::clone(plan);
    }
    let mut plan = Plan::clone(plan);
    let hide = |text: &mut Option<Arc<str>>| {
        *text = text.take().map(|text| masker.mask(&text).into());
    };
    for goal in plan.goals.values_mut() {
        hide(&mut goal.doc);
        hide(&mut goal.title);
    }
    for step in plan.steps.values_mut() {
        hide(&mut step.doc);
        hide(&mut step.title);
    }
    Arc::new(plan)
}

/// Asks what all goals require before anything is written of the run.
fn preflight(
    session: &mut Session<'_>,
    graph: &Arc<Graph>,
    params: &Params,
    omitted: &Omitted,
) -> Result<Vec<String>, Failed> {
    if !preflight::is_needed(graph) {
        return Ok(Vec::new());
    }
    let run = session.folder.id().clone();
    let world = session::world(session, &run, params, None)?;
    let mark = session.folder.mark();
    preflight::ask(world, &mark, (graph, params, omitted))
}

fn dry_run(arguments: &RunArguments, loaded: &Loaded, start: Start) -> Result<u8, Failed> {
    let mut faults = Vec::new();
    if arguments.preflight {
        let surroundings = start.surroundings.clone();
        let of = (&start.graph, &start.params, &start.omitted);
        faults = preflight::without_run(of, surroundings, &start.env)?;
        if arguments.format != RunFormat::Text && !faults.is_empty() {
            return Err(refuse(&faults, arguments.format));
        }
    }
    let measured = forecast::measured(loaded, start.graph.plan());
    let documentation = Listed::documented(&without_secrets(start.graph.plan(), &start.params));
    let options = Options {
        params: start.params.values,
        secrets: start.params.secrets,
        jobs: start.jobs,
        keep_going: arguments.keep_going,
        left_out: start.omitted.left_out,
        skipped: start.omitted.skipped,
        interactive: arguments.people.interactive,
        expected_only: false,
    };
    let found = crate::forecast::forecast(&start.graph, &start.surroundings, &options, &measured)
        .map_err(Failed::machine)?;
    let mut view = forecast::view(&start.graph.plan().name, start.jobs, found);
    view.documentation = documentation;
    view.requires_hold = arguments.preflight.then_some(faults.is_empty());
    forecast::print(&view, arguments.format);
    if faults.is_empty() { Ok(0) } else { Err(refuse(&faults, arguments.format)) }
}
