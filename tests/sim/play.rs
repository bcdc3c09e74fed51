//! A whole run: the real loop in the scripted world, taken up again after each crash until it ends.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use goalc::diagnostic::{Diagnostics, Severity};
use goalc::exec::drive::{Drive, DriveOptions};
use goalc::exec::event::{Edits, Event, Stamped};
use goalc::exec::graph::{Graph, NodeIx};
use goalc::exec::schedule;
use goalc::exec::scope::Values;
use goalc::exec::state::RunState;
use goalc::sema::{Loader, NotLoaded, Options, analyze};
use goalc::source::SourceMap;
use goalc::value::{BindingId, GoalId, StepId, Value};

use super::disk::{Kept, Shared};
use super::plan::Omit;
use super::random::Case;
use super::script::Next;
use super::trace::{At, Run, Seen, What};
use super::translate;
use super::tree::Tree;
use super::world::{Elsewhere, Scripted};

/// So many processes may work on one run.
const MOST_PROCESSES: u8 = 20;

struct Nothing;

impl Loader for Nothing {
    fn load(&self, _path: &Path) -> Result<Arc<str>, NotLoaded> {
        Err(NotLoaded::Unreadable("no such file".to_owned()))
    }
}

/// What was seen of a run, to its end.
pub(crate) struct Played {
    pub(crate) seen: Vec<Seen>,
    /// The journal as it stands at the end.
    pub(crate) journal: Vec<Stamped>,
    pub(crate) processes: u8,
}

/// A plan's graph, or what `check` says against it.
pub(crate) fn compile(text: &str) -> Result<Arc<Graph>, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.goal", "/plan.goal", text);
    let effort = |_: &str| Duration::ZERO;
    let mut found = Diagnostics::new();
    let options = Options {
        loader: &Nothing,
        effort: &effort,
        executor: None,
        shell: None,
        kept: None,
        scenarios: None,
    };
    let plan = analyze(&mut sources, file, &options, &mut found);
    let errors = || {
        let all = found.sorted();
        let errors = all.iter().filter(|one| one.severity() == Severity::Error);
        errors.map(|one| format!("{} {}", one.code, one.message)).collect::<Vec<_>>().join("\n")
    };
    plan.map(|plan| Arc::new(Graph::new(Arc::new(plan)))).ok_or_else(errors)
}

/// Each node's place in the queue: goalc's own, or any other in which what takes no slot is first.
fn order(graph: &Graph, shuffle: u64) -> Vec<u32> {
    if shuffle == 0 {
        return schedule::order(graph, &[]);
    }
    let count = u32::try_from(graph.node_count()).unwrap_or(u32::MAX);
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by_key(|at| {
        let mixed = (u64::from(*at) + 1).wrapping_mul(shuffle | 1).rotate_left(17);
        (graph.takes_slot(NodeIx(*at)), mixed)
    });
    let mut places = vec![0; order.len()];
    for (place, node) in order.into_iter().enumerate() {
        places[node as usize] = u32::try_from(place).unwrap_or(u32::MAX);
    }
    places
}

/// How a process of goalc is called.
#[derive(Clone, Copy)]
enum Call {
    Run,
    Resume,
    Next(Next),
}

/// What a process begins with.
fn first_event(
    case: &Case,
    tree: &Tree<'_>,
    state: &RunState,
    (call, interactive): (Call, bool),
) -> Event {
    let id = |node: usize| StepId::new(tree.nodes[node].id.as_str());
    let omitted = |omit| {
        let steps = (0..tree.nodes.len()).filter(move |node| tree.omitted(*node) == Some(omit));
        steps.map(id).collect()
    };
    let resumed = |retry_failed, changed: Vec<usize>| {
        let changed = changed.into_iter().map(id).collect();
        Event::RunResumed { retry_failed, changed, interactive, edits: None }
    };
    let edited = |goal: usize| {
        let changed = tree.with_dependents(goal).into_iter().map(id).collect();
        let goals = vec![GoalId::new(tree.nodes[goal].id.as_str())];
        let edits = Some(Box::new(Edits { goals, ..Edits::default() }));
        Event::RunResumed { retry_failed: false, changed, interactive, edits }
    };
    match call {
        Call::Run => Event::RunStarted {
            params: IndexMap::from([(BindingId::new("p"), Value::Int(1))]),
            jobs: case.plan.jobs,
            keep_going: case.plan.keep_going,
            left_out: omitted(Omit::LeftOut),
            skipped: omitted(Omit::Skipped),
            allow_outside: false,
            interactive,
        },
        Call::Resume => resumed(false, Vec::new()),
        Call::Next(Next::RetryFailed) => resumed(true, Vec::new()),
        Call::Next(Next::Changed(step)) => {
            let steps: Vec<usize> = tree.steps().map(|(node, _)| node).collect();
            let step = steps.get(usize::from(step) % steps.len().max(1));
            resumed(false, step.map_or_else(Vec::new, |step| tree.with_dependents(*step)))
        }
        Call::Next(Next::ChangedGoal(goal)) => {
            let nodes = 0..tree.nodes.len();
            let goals: Vec<usize> = nodes.filter(|node| tree.goal(*node).is_some()).collect();
            edited(goals[usize::from(goal) % goals.len()])
        }
        Call::Next(Next::RollBack { to_start }) => {
            let since = if to_start { 0 } else { state.last_checkpoint() };
            Event::RollbackRequested { since, by: "ada".to_owned() }
        }
    }
}

/// How many attempts of each unit have ended by these events.
fn ended(seen: &[Seen]) -> HashMap<At, usize> {
    let mut ended = HashMap::new();
    for one in seen {
        if let Seen::Event { what: What::Tried { at, .. }, .. } = one {
            *ended.entry(*at).or_default() += 1;
        }
    }
    ended
}

pub(crate) fn play(case: &Case, tree: &Arc<Tree<'_>>, graph: &Arc<Graph>) -> Played {
    let mut played = Played { seen: Vec::new(), journal: Vec::new(), processes: 0 };
    let (mut now, mut someone) = (0, false);
    let elsewhere = Elsewhere::default();
    let (mut call, mut next) = (Call::Run, case.script.next.iter());
    while played.processes < MOST_PROCESSES {
        let process = played.processes;
        played.processes += 1;
        if played.journal.is_empty() {
            call = Call::Run;
        }
        let (first, agent) = (played.journal.is_empty(), case.script.has_agent(process));
        played.seen.push(Seen::Process { first, agent });
        let crash = case.script.crashes.get(usize::from(process)).copied();
        let before = std::mem::take(&mut played.journal);
        let disk = Shared::new(before, now, &case.script.disk, crash);
        let end = drive(case, tree, graph, &disk, (process, someone), (call, &elsewhere));
        let mut left = disk.lock();
        played.seen.append(&mut left.seen);
        played.journal = std::mem::take(&mut left.events);
        now = left.now + i64::from(case.script.away);
        if let Some((how, exit)) = end {
            played.seen.push(Seen::End { how, exit });
            // Whoever finds a run that waits answers all that it asks.
            someone = how == Run::Waiting;
            call = match (next.next(), how) {
                // Nothing of it failed.
                (Some(Next::RetryFailed) | None, Run::Achieved)
                | (Some(Next::Changed(_) | Next::ChangedGoal(_)), Run::Undone)
                | (None, Run::Failed | Run::Undone) => return played,
                (Some(next), _) => Call::Next(*next),
                (None, Run::Waiting | Run::Cancelled) => Call::Resume,
            };
        } else {
            call = Call::Resume;
            let kept = left.kept();
            played.journal.retain(|event| event.seq <= kept);
            played.seen.push(Seen::Crash { kept });
            if crash.is_none() {
                return played;
            }
        }
    }
    played
}

fn drive(
    case: &Case,
    tree: &Arc<Tree<'_>>,
    graph: &Arc<Graph>,
    disk: &Shared,
    who: (u8, bool),
    (call, elsewhere): (Call, &Elsewhere),
) -> Option<(Run, u8)> {
    let mut state = RunState::new(Arc::clone(graph), order(graph, case.script.order));
    let mut seen = Vec::new();
    for event in &disk.lock().events {
        state.apply(event);
        seen.push(translate::of(event, tree));
    }
    let interactive = case.script.is_interactive(who.0);
    let first = first_event(case, tree, &state, (call, interactive));
    let kept = (ended(&seen), Elsewhere::clone(elsewhere));
    let world = Scripted::new(tree, &case.script, disk, who, kept);
    let see = Box::new(|event: &Stamped| translate::of(event, tree));
    let mut journal = Kept { disk: disk.clone(), see };
    let agent = case.script.has_agent(who.0);
    let options = DriveOptions { yes: case.plan.yes, agent, ..DriveOptions::default() };
    let values = Values::new(HashMap::new());
    let mut drive = Drive::new(state, values, world, options, &mut journal);
    let end = drive.run(first).ok();
    end.and_then(|end| Some((translate::run(end.status)?, end.exit)))
}
