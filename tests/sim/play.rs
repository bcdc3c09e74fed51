//! A whole run: the real loop in the scripted world, taken up again after each crash until it ends.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use goalc::diagnostic::{Diagnostics, Severity};
use goalc::exec::drive::{Drive, DriveOptions};
use goalc::exec::event::{Event, Stamped};
use goalc::exec::graph::{Graph, NodeIx};
use goalc::exec::schedule;
use goalc::exec::scope::Values;
use goalc::exec::state::RunState;
use goalc::sema::{Loader, NotLoaded, Options, analyze};
use goalc::source::SourceMap;

use super::disk::{Kept, Shared};
use super::random::Case;
use super::trace::{self, At, Run, Seen, What};
use super::tree::Tree;
use super::world::Scripted;

/// So many processes may work on one run.
const MOST_PROCESSES: u8 = 14;

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
    let options =
        Options { loader: &Nothing, effort: &effort, executor: None, kept: None, scenarios: None };
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

fn first_event(case: &Case, first: bool) -> Event {
    if first {
        return Event::RunStarted {
            params: IndexMap::new(),
            jobs: case.plan.jobs,
            keep_going: case.plan.keep_going,
            left_out: Vec::new(),
            skipped: Vec::new(),
            allow_outside: false,
            interactive: false,
        };
    }
    Event::RunResumed { retry_failed: false, changed: Vec::new(), interactive: false }
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

pub(crate) fn play(case: &Case, tree: &Rc<Tree<'_>>, graph: &Arc<Graph>) -> Played {
    let mut played = Played { seen: Vec::new(), journal: Vec::new(), processes: 0 };
    let (mut now, mut someone) = (0, false);
    while played.processes < MOST_PROCESSES {
        let process = played.processes;
        played.processes += 1;
        played.seen.push(Seen::Process { first: played.journal.is_empty() });
        let crash = case.script.crashes.get(usize::from(process)).copied();
        let before = std::mem::take(&mut played.journal);
        let first = before.is_empty();
        let disk = Shared::new(before, now, &case.script.disk, crash);
        let end = drive(case, tree, graph, &disk, (process, someone), first);
        let mut left = disk.lock();
        played.seen.append(&mut left.seen);
        played.journal = std::mem::take(&mut left.events);
        now = left.now + i64::from(case.script.away);
        if let Some((how, exit)) = end {
            played.seen.push(Seen::End { how, exit });
            // Whoever finds a run that waits answers all that it asks.
            someone = how == Run::Waiting;
            if !someone && exit < 128 {
                return played;
            }
        } else {
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
    tree: &Rc<Tree<'_>>,
    graph: &Arc<Graph>,
    disk: &Shared,
    who: (u8, bool),
    first: bool,
) -> Option<(Run, u8)> {
    let mut state = RunState::new(Arc::clone(graph), order(graph, case.script.order));
    let mut seen = Vec::new();
    for event in &disk.lock().events {
        state.apply(event);
        seen.push(trace::of(event, tree));
    }
    let world = Scripted::new(tree, &case.script, disk, who, ended(&seen));
    let see = Box::new(|event: &Stamped| trace::of(event, tree));
    let mut journal = Kept { disk: disk.clone(), see };
    let options = DriveOptions { yes: case.plan.yes, ..DriveOptions::default() };
    let values = Values::new(HashMap::new());
    let mut drive = Drive::new(state, values, world, options, &mut journal);
    let end = drive.run(first_event(case, first)).ok();
    end.and_then(|end| Some((trace::run(end.status)?, end.exit)))
}
