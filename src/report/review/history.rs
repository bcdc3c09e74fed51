//! Earlier runs of the same plan, as far as a report compares with them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::data::EarlierView;
use super::span::total;
use super::track::{Track, Tracks, TryEnd};
use crate::exec::graph::Graph;
use crate::exec::{Failure, Stamped, Status, Timestamp};
use crate::ir::Plan;
use crate::value::StepId;

/// What an earlier run is remembered for.
#[derive(Debug, Default)]
pub struct EarlierRun {
    steps: HashMap<StepId, EarlierStep>,
}

/// A step in one run.
#[derive(Debug, Clone)]
pub(super) struct EarlierStep {
    /// What it meant then.
    pub(super) fingerprint: String,
    pub(super) status: Status,
    /// In attempts and delays.
    pub(super) took: Duration,
    /// Attempts of its own that failed for themselves: not those that were stopped or denied.
    pub(super) failures: usize,
    /// A fallback did it.
    pub(super) via: bool,
}

impl EarlierRun {
    /// A run by its plan and events.
    pub fn new(plan: Arc<Plan>, events: &[Stamped]) -> Self {
        let last = events.last().map_or(Timestamp(0), |event| event.at);
        let graph = Graph::new(plan);
        let tracks = Tracks::new(&graph, events, last);
        let steps = graph.steps().filter_map(|node| {
            let step = EarlierStep::new(&graph.step(node)?.fingerprint, tracks.node(node), last)?;
            Some((graph.step_id(node)?.clone(), step))
        });
        Self { steps: steps.collect() }
    }

    /// A step that meant the same then.
    pub(super) fn step(&self, id: &StepId, fingerprint: &str) -> Option<&EarlierStep> {
        self.steps.get(id).filter(|step| step.fingerprint == fingerprint)
    }
}

impl EarlierStep {
    /// `None` where it was not tried to its end.
    pub(super) fn new(fingerprint: &str, track: &Track, until: Timestamp) -> Option<Self> {
        let (status, _) = track.ended.filter(|_| !track.tries.is_empty())?;
        Some(Self {
            fingerprint: fingerprint.to_owned(),
            status,
            took: total(&track.busy(until)),
            failures: own_failures(track),
            via: status == Status::Succeeded && track.tries.last().is_some_and(|last| last.way > 0),
        })
    }

    pub(super) fn succeeded(&self) -> bool {
        self.status == Status::Succeeded
    }
}

/// How often its own action failed for reasons of its own.
pub(super) fn own_failures(track: &Track) -> usize {
    let own = |failure: &Failure| {
        !matches!(
            failure,
            Failure::Cancelled
                | Failure::Denied { .. }
                | Failure::Said { .. }
                | Failure::Service { .. }
        )
    };
    let failed = |end: &TryEnd| matches!(end, TryEnd::Failed(failure) if own(failure));
    track.tries.iter().filter(|each| each.way == 0 && failed(&each.end)).count()
}

/// What a step took in earlier runs; `None` where it never succeeded in one.
pub(super) fn compared<'e>(steps: impl Iterator<Item = &'e EarlierStep>) -> Option<EarlierView> {
    let mut times: Vec<Duration> = steps.filter(|s| s.succeeded()).map(|s| s.took).collect();
    times.sort_unstable();
    Some(EarlierView {
        runs: times.len(),
        shortest: times.first()?.as_secs_f64(),
        median: median(&times)?.as_secs_f64(),
        longest: times.last()?.as_secs_f64(),
    })
}

/// Of times in order.
pub(super) fn median(times: &[Duration]) -> Option<Duration> {
    let middle = times.len() / 2;
    let upper = *times.get(middle)?;
    if times.len() % 2 == 1 {
        return Some(upper);
    }
    Some((upper + *times.get(middle.checked_sub(1)?)?) / 2)
}
