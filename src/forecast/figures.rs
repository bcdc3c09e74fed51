//! Figures of the whole: critical path, slack, work, and what no schedule can do better.
//!
//! Pure arithmetic on a played run. Invariant: the bound is never above the makespan.

use std::collections::HashMap;
use std::time::Duration;

use super::Late;
use super::play::{Played, since_start};
use super::timeline::Taken;
use crate::exec::event::Timestamp;
use crate::exec::graph::{NodeIx, Precedence};

/// Who must come before whom, with what it takes.
pub(super) struct Path {
    /// The steps of the longest way that run.
    pub(super) steps: Vec<NodeIx>,
    pub(super) length: Duration,
    slack: Vec<Duration>,
}

impl Path {
    pub(super) fn new(played: &Played) -> Self {
        let graph = played.state.graph();
        let took = |node| until_done(played, node).saturating_sub(played.span(node).0);
        let precedence =
            Precedence::new(
                graph,
                |node| if played.ran(node) { took(node) } else { Duration::ZERO },
            );
        let (ranks, starts) = (precedence.upward_ranks(), precedence.earliest_starts());
        let length = precedence.critical_length();
        let slack = ranks.iter().zip(&starts);
        let slack =
            slack.map(|((rank, _), start)| length.saturating_sub(start.saturating_add(*rank)));
        let steps = precedence.critical_path(graph).into_iter().filter(|node| played.ran(*node));
        Self { steps: steps.collect(), length, slack: slack.collect() }
    }

    pub(super) fn slack(&self, node: NodeIx) -> Duration {
        self.slack.get(node.at()).copied().unwrap_or_default()
    }
}

/// When those who depend on a step may start: a service need not end for that.
fn until_done(played: &Played, node: NodeIx) -> Duration {
    let ready = played.state.node(node).ready.map(since_start);
    ready.unwrap_or_else(|| played.span(node).1)
}

pub(super) fn work(taken: &[Taken]) -> Duration {
    taken.iter().map(length).fold(Duration::ZERO, Duration::saturating_add)
}

fn length(taken: &Taken) -> Duration {
    taken.end.saturating_sub(taken.start)
}

/// What no schedule with so many jobs can be shorter than: the longest way, in which instances of
/// a step run side by side, and the work in slots, evenly spread.
pub(super) fn lower_bound(played: &Played, taken: &[Taken]) -> Duration {
    let graph = played.state.graph();
    let jobs = played.state.jobs.max(1);
    let mut longest: HashMap<NodeIx, Duration> = HashMap::new();
    for each in taken {
        let known = longest.entry(each.unit.node).or_default();
        *known = (*known).max(length(each));
    }
    let way = Precedence::new(graph, |node| longest.get(&node).copied().unwrap_or_default());
    let spread = |each: &&Taken| {
        // Steps joined by pipes that are more than there are slots run together all the same.
        let group = u32::try_from(graph.joined(each.unit.node).len()).unwrap_or(u32::MAX);
        length(each) / jobs.max(group)
    };
    let in_slots = taken.iter().filter(|each| graph.takes_slot(each.unit.node));
    let work = in_slots.map(|each| spread(&each)).fold(Duration::ZERO, Duration::saturating_add);
    way.critical_length().max(work)
}

/// Goals that would be stopped by their deadline.
pub(super) fn late(played: &Played) -> Vec<Late> {
    let graph = played.state.graph();
    let goals = graph.nodes().filter(|node| !graph.is_step(*node));
    goals
        .filter_map(|node| {
            let state = played.state.node(node);
            let (until, _) = state.deadline?;
            // Unstarted steps end with their goal, whenever that is known.
            let inside = graph.descendants(node).into_iter().filter(|node| played.ran(*node));
            let end = inside.map(|node| played.span(node).1).max()?;
            let late = end > since_start(until);
            let opened = state.started.unwrap_or(Timestamp(0));
            late.then_some(Late {
                goal: graph.goal_id(node)?.clone(),
                deadline: until.since(opened),
                takes: end.saturating_sub(since_start(opened)),
            })
        })
        .collect()
}
