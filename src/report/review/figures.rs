//! What all parts of a report share: the tracks, times by step, the longest chain; and its figures.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::build::Sources;
use super::data::Figures;
use super::history::EarlierStep;
use super::span::{Span, joined, most_at_once, total, without};
use super::track::{Track, Tracks};
use crate::exec::graph::{Graph, NodeIx, Precedence};
use crate::report::run::{StepView, UsageView};

/// A run with what follows from its events.
pub(super) struct Past<'a> {
    pub(super) sources: &'a Sources<'a>,
    pub(super) graph: Arc<Graph>,
    pub(super) tracks: Tracks,
    busy: Vec<Vec<Span>>,
    pub(super) asked: Vec<Vec<Span>>,
    /// The longest chain of steps that ran, in their order, and its length.
    pub(super) critical: Vec<NodeIx>,
    pub(super) critical_length: Duration,
    on_path: HashSet<NodeIx>,
    /// When anything was done or was to be tried again.
    pub(super) active: Vec<Span>,
}

impl<'a> Past<'a> {
    pub(super) fn new(sources: &'a Sources<'a>) -> Self {
        let graph = Arc::clone(sources.state.graph());
        let tracks = Tracks::new(&graph, sources.events, sources.until);
        let busy: Vec<_> = tracks.nodes.iter().map(|track| track.busy(sources.until)).collect();
        let asked: Vec<_> = tracks.nodes.iter().map(|track| track.asked(sources.until)).collect();
        let length = |node: NodeIx| {
            let own = until_ready(tracks.node(node), busy[node.at()].clone());
            total(&joined(own.iter().chain(&asked[node.at()]).copied()))
        };
        let precedence = Precedence::new(&graph, length);
        let mut critical = precedence.critical_path(&graph);
        critical.retain(|node| !length(*node).is_zero());
        let critical_length = critical.iter().map(|node| length(*node)).sum();
        let active = joined(busy.iter().flatten().copied());
        let on_path = critical.iter().copied().collect();
        Self { sources, graph, tracks, busy, asked, critical, critical_length, on_path, active }
    }

    pub(super) fn is_critical(&self, node: NodeIx) -> bool {
        self.on_path.contains(&node)
    }

    /// When a node was tried or was to be tried again.
    pub(super) fn busy(&self, node: NodeIx) -> &[Span] {
        self.busy.get(node.at()).map_or(&[], Vec::as_slice)
    }

    /// How long whoever waits for a node waited while it was busy: for a service, until it was ready.
    pub(super) fn waited_for(&self, node: NodeIx) -> Duration {
        total(&until_ready(self.tracks.node(node), self.busy(node).to_vec()))
    }

    /// From the start to the end, or to now.
    pub(super) fn took(&self) -> Duration {
        let run = self.sources.run;
        let end = run.ended.unwrap_or(self.sources.until);
        run.started.map(|started| end.since(started)).unwrap_or_default()
    }

    pub(super) fn name(&self, node: NodeIx) -> String {
        self.graph.id(node).to_string()
    }

    /// A step's, or one of its instances'.
    pub(super) fn unit_name(&self, node: NodeIx, item: Option<u32>) -> String {
        let name = self.name(node);
        item.map_or(name.clone(), |item| format!("{name}[{item}]"))
    }

    /// The step in earlier runs in which it meant the same, the newest first.
    pub(super) fn earlier(&self, node: NodeIx) -> impl Iterator<Item = &EarlierStep> {
        let step = self.graph.step_id(node).zip(self.graph.step(node));
        let runs = self.sources.earlier.iter();
        runs.filter_map(move |run| step.and_then(|(id, step)| run.step(id, &step.fingerprint)))
    }
}

/// Notes that are not told elsewhere in the report.
pub(super) fn notes(view: &StepView) -> Vec<String> {
    let told = [
        "checkpoint",
        "its failure is ignored because ",
        "its snapshot is put back",
        "undone because it failed: ",
        "it was undone",
        "its undo failed: ",
    ];
    let answers = [
        "approved",
        "denied",
        "done",
        "rerun",
        "failed",
        "run by",
        "all by",
        "skipped",
        "retry",
        "fallback",
        "found done after",
    ];
    let elsewhere = |note: &String| {
        told.iter().any(|start| note.starts_with(start))
            || answers.iter().any(|word| note.starts_with(word) && note.contains("Z)"))
    };
    view.notes.iter().filter(|note| !elsewhere(note)).cloned().collect()
}

pub(super) fn figures(past: &Past<'_>) -> Figures {
    let until = past.sources.until;
    let asked = joined(past.asked.iter().flatten().copied());
    let usages = past.sources.run.steps.iter().filter_map(|step| step.usage);
    let tries = past.tracks.nodes.iter().flat_map(|track| track.tried(until));
    Figures {
        jobs: past.sources.state.jobs,
        peak: most_at_once(&slots(past)),
        work: tries.map(Span::length).sum::<Duration>().as_secs_f64(),
        active: total(&past.active).as_secs_f64(),
        waited: total(&without(&asked, &past.active)).as_secs_f64(),
        critical_path: past.critical.iter().map(|node| past.name(*node)).collect(),
        critical: past.critical_length.as_secs_f64(),
        usage: usages.reduce(together),
        earlier: past.sources.earlier.len(),
    }
}

/// When attempts held a slot of `parallel`.
pub(super) fn slots(past: &Past<'_>) -> Vec<Span> {
    past.graph.steps().flat_map(|node| slots_of(past, node)).collect()
}

/// When attempts of this step did.
pub(super) fn slots_of(past: &Past<'_>, node: NodeIx) -> Vec<Span> {
    if !past.graph.takes_slot(node) {
        return Vec::new();
    }
    let track = past.tracks.node(node);
    until_ready(track, track.tried(past.sources.until))
}

/// A service's times without those that it served.
fn until_ready(track: &Track, mut spans: Vec<Span>) -> Vec<Span> {
    if let (Some(ready), Some(last)) = (track.ready, spans.last_mut()) {
        last.to = last.to.min(ready.max(last.from));
    }
    spans
}

fn together(one: UsageView, other: UsageView) -> UsageView {
    UsageView {
        cpu: one.cpu + other.cpu,
        peak_memory: one.peak_memory.max(other.peak_memory),
        read: one.read.saturating_add(other.read),
        written: one.written.saturating_add(other.written),
    }
}
