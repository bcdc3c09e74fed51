//! `goalc simulate`: what each thing that may go wrong leads to.

use std::sync::Arc;

use super::arguments::{ShowFormat, SimulateArguments};
use super::exit::Failed;
use super::load::Mounts;
use super::output;
use super::params;
use super::plan::checked;
use super::run::jobs;
use super::session::environment;
use super::test::happened;
use crate::exec::RunStatus;
use crate::exec::graph::Graph;
use crate::exec::world::RealSurroundings;
use crate::report::layout::Paint;
use crate::report::{CaseView, CounterexampleView, SimulationView, simulation_text};
use crate::scenario::{
    Case, Class, Explored, Kind, Outcome, Setting, Unsaid, Wanted, events_of, explore, timeline,
};

pub(super) fn simulate(arguments: &SimulateArguments) -> Result<u8, Failed> {
    let json = arguments.format == ShowFormat::Json;
    let mounts = Mounts::allowed(arguments.allow_outside);
    let (loaded, plan) = checked(arguments.file.as_deref(), mounts, json)?;
    let graph = Arc::new(Graph::new(Arc::clone(&plan)));
    let env = environment(&loaded)?;
    let surroundings = RealSurroundings::new(loaded.folder().to_owned(), env.iter().cloned());
    let given = params::given(&arguments.params, arguments.params_file.as_deref())?;
    let params = params::resolve(&graph, &given, &surroundings)
        .map_err(|wrong| Failed::wrong(wrong.join("\ngoalc: ")))?;
    let jobs = jobs(arguments.jobs, &loaded, &graph, &params, &surroundings)?;
    let setting = Setting {
        graph: &graph,
        surroundings: &surroundings,
        params: params.values,
        secrets: params.secrets,
        jobs,
        outputs: Unsaid::Full,
    };
    let explored = explore(&setting, &wanted(arguments)).map_err(Failed::machine)?;
    let mut view = view(&plan.name, &explored);
    let failing = arguments.expect.and_then(|_| counterexample(&explored));
    if let Some((case, _)) = failing {
        let events = events_of(&setting, case).map_err(Failed::machine)?;
        let timeline = timeline(&events).into_iter().map(happened).collect();
        view.counterexample = Some(CounterexampleView { what: case.what.clone(), timeline });
    }
    if json {
        output::print_json(&view);
    } else {
        output::print(&simulation_text(&view, Paint(output::colour_out())));
    }
    Ok(u8::from(failing.is_some()))
}

fn wanted(arguments: &SimulateArguments) -> Wanted {
    let chosen: Vec<Kind> = arguments.kinds.iter().map(|kind| (*kind).into()).collect();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Wanted {
        kinds: if chosen.is_empty() { Kind::ALL.to_vec() } else { chosen },
        pairs: arguments.pairs,
        crashes: arguments.crashes,
        threads,
    }
}

/// The worst case in which the goal is not achieved.
fn counterexample(explored: &Explored) -> Option<&(Case, Outcome)> {
    let lost = |(_, outcome): &&(Case, Outcome)| outcome.status != RunStatus::Achieved;
    // Of those that are as bad the simplest one is shown.
    explored.cases.iter().filter(lost).min_by_key(|(case, outcome)| {
        (case.what.len(), outcome.class, usize::MAX - outcome.blocked.len())
    })
}

fn view(goal: &str, explored: &Explored) -> SimulationView {
    let mut cases: Vec<&(Case, Outcome)> = explored.cases.iter().collect();
    cases.retain(|(case, outcome)| case.kind != Kind::Pair || is_news(explored, case, outcome));
    cases.sort_by_key(|(_, outcome)| (outcome.class, usize::MAX - outcome.blocked.len()));
    SimulationView {
        goal: goal.to_owned(),
        played: explored.cases.len() + 1,
        left_out: explored.left_out,
        baseline: explored.baseline.took.as_secs_f64(),
        cases: cases.into_iter().map(|(case, outcome)| case_view(case, outcome)).collect(),
        counterexample: None,
    }
}

/// Whether two failures come to something worse than the worse of them alone.
fn is_news(explored: &Explored, pair: &Case, outcome: &Outcome) -> bool {
    let alone = |what: &String| {
        let same =
            |(case, _): &&(Case, Outcome)| case.what.as_slice() == std::slice::from_ref(what);
        explored.cases.iter().find(same).map(|(_, outcome)| outcome.class)
    };
    let worse = pair.what.iter().filter_map(alone).min();
    worse.is_none_or(|worse| outcome.class < worse)
}

fn case_view(case: &Case, outcome: &Outcome) -> CaseView {
    let single = matches!(case.kind, Kind::Once | Kind::Lasting | Kind::People);
    CaseView {
        kind: case.kind.word().to_owned(),
        what: case.what.clone(),
        status: outcome.status,
        took: outcome.took.as_secs_f64(),
        reason: outcome.reason.clone(),
        loses_the_goal: single && matches!(outcome.class, Class::HalfDone | Class::Failed),
        via: outcome.via.clone(),
        ignored: outcome.ignored.clone(),
        blocked: outcome.blocked.clone(),
        undone: outcome.undone.clone(),
        half_done: outcome.half_done.clone(),
        open: outcome.open.clone(),
    }
}
