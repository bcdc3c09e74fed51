//! The report put together from what is known of a run.

use std::time::Duration;

use super::data::{
    CheckpointView, KeptView, LogView, RangeView, ReportView, StepReport, UndoReport, UndoneView,
    VerifyView,
};
use super::figures::{Past, notes};
use super::history::{EarlierRun, compared};
use super::span::total;
use super::track::TryEnd;
use super::{alerts, attempts, figures, lessons, people, verdict};
use crate::exec::event::ProbeAnswer;
use crate::exec::graph::NodeIx;
use crate::exec::state::RunState;
use crate::exec::{Stamped, Status, Timestamp};
use crate::ir::StepFailure;
use crate::report::list::Listed;
use crate::report::run::{RunView, StepView};

/// The most logs of which the end is shown.
const MOST_LOGS: usize = 40;

/// The most logs of one step's instances.
const LOGS_OF_STEP: usize = 3;

/// What a report is made from.
#[derive(Debug)]
pub struct Sources<'a> {
    pub run: &'a RunView,
    pub state: &'a RunState,
    pub events: &'a [Stamped],
    /// The plan's file.
    pub plan: String,
    /// Now, where the run goes on or waits; its last event's time otherwise.
    pub until: Timestamp,
    /// A process carries it out now.
    pub alive: bool,
    /// By node: the shortest and longest time that the plan expects.
    pub estimates: &'a [Option<(Duration, Duration)>],
    /// Earlier runs of the plan, the newest first.
    pub earlier: &'a [EarlierRun],
    /// What is wrong with the journal.
    pub damage: Option<String>,
}

impl ReportView {
    /// The report, but for the lines of its logs.
    pub fn new(sources: &Sources<'_>) -> Self {
        let past = Past::new(sources);
        let (answers, answers_left_out) = people::answers(&past);
        let (alerts, alerts_left_out) = alerts::alerts(&past);
        let root = past.graph.goal(past.graph.root());
        let mut view = Self {
            run: sources.run.run.clone(),
            goal: sources.run.goal.clone(),
            title: root.and_then(|root| root.title.clone()),
            documentation: Listed::documented(past.graph.plan()),
            plan: sources.plan.clone(),
            status: sources.run.status,
            exit: sources.run.exit,
            started: sources.run.started,
            ended: sources.run.ended,
            took: past.took().as_secs_f64(),
            damage: sources.damage.clone(),
            verify: verify(sources.state),
            cleanup: sources.run.cleanup.clone(),
            figures: figures::figures(&past),
            steps: steps(&past),
            answers,
            answers_left_out,
            alerts,
            alerts_left_out,
            undo: undo(&past),
            checkpoints: checkpoints(&past),
            logs: logs(&past),
            lessons: lessons::lessons(&past),
            ..Self::default()
        };
        view.verdict = verdict::verdict(&past);
        view.summary = verdict::summary(&past, &view);
        view
    }

    /// What the plan says of each of its goals and steps, by their names.
    pub(in crate::report) fn documented(&self) -> impl Iterator<Item = (&str, String)> {
        self.documentation.iter().map(|one| {
            let name = if one.id.is_empty() { &self.goal } else { &one.id };
            (name.as_str(), one.in_one_line())
        })
    }
}

fn verify(state: &RunState) -> Vec<VerifyView> {
    let graph = state.graph();
    let goals = graph.nodes().filter(|node| !graph.is_step(*node));
    let asked = goals.filter_map(|goal| Some((goal, state.node(goal).verified.as_ref()?)));
    asked
        .map(|(goal, failure)| {
            let (held, failed): (Vec<_>, Vec<_>) =
                state.node(goal).probes.iter().partition(|probe| probe.holds);
            let found = |probes: Vec<&ProbeAnswer>| -> Vec<String> {
                probes.into_iter().map(|probe| probe.found.clone()).collect()
            };
            // In older journals there is only what failed.
            let failures =
                if failed.is_empty() { failure.iter().cloned().collect() } else { found(failed) };
            VerifyView { goal: graph.id(goal).to_string(), failures, held: found(held) }
        })
        .collect()
}

fn steps(past: &Past<'_>) -> Vec<StepReport> {
    let views = past.sources.run.steps.iter();
    past.graph.steps().zip(views).map(|(node, view)| step(past, node, view)).collect()
}

fn step(past: &Past<'_>, node: NodeIx, view: &StepView) -> StepReport {
    let plan = past.graph.step(node);
    let track = past.tracks.node(node);
    let busy = total(past.busy(node));
    let (attempts, attempts_left_out) = attempts::attempts(past, node);
    let range = past.sources.estimates.get(node.at()).copied().flatten();
    StepReport {
        id: view.id.clone(),
        goal: plan.map(|step| step.goal.to_string()).unwrap_or_default(),
        title: plan.and_then(|step| step.title.clone()),
        status: view.status,
        started: view.started,
        ended: view.ended,
        took: (!track.tries.is_empty()).then_some(busy.as_secs_f64()),
        waited: total(&past.asked[node.at()]).as_secs_f64(),
        estimate: range
            .map(|(from, to)| RangeView { from: from.as_secs_f64(), to: to.as_secs_f64() }),
        earlier: compared(past.earlier(node)),
        via: view.via.clone(),
        reason: view.reason.clone(),
        ignored: plan.and_then(|step| match &step.on_failure {
            Some(StepFailure::Ignore { because }) if view.tolerated => Some(because.to_string()),
            _ => None,
        }),
        critical: past.is_critical(node),
        needs: past.graph.incoming(node).iter().map(|edge| past.name(edge.from)).collect(),
        attempts,
        attempts_left_out,
        usage: view.usage,
        outputs: view.outputs.clone(),
        notes: notes(view),
        instances: attempts::instances(past, node),
    }
}

fn undo(past: &Past<'_>) -> UndoReport {
    let mut found = UndoReport::default();
    let state = past.sources.state;
    for node in past.graph.steps() {
        let undos = &past.tracks.node(node).undos;
        found.undone.extend(undos.iter().map(|undo| UndoneView {
            step: past.name(node),
            started: Some(undo.from),
            ended: undo.to,
            failure: undo.failure.clone(),
        }));
        let units = std::iter::once(&state.node(node).unit).chain(&state.node(node).instances);
        let put_back = units.filter_map(|unit| unit.saved.as_ref()).any(|saved| saved.put_back);
        if put_back && undos.is_empty() {
            found.restored.push(past.name(node));
        }
    }
    found.undone.sort_by_key(|undone| undone.started);
    let rolling = past.graph.nodes().filter(|node| state.rolling(*node) == Some(*node));
    let left = rolling.flat_map(|top| state.left_standing(top));
    // What was begun is told already.
    let left = left.filter(|node| !past.tracks.node(*node).is_left_by_undo());
    found.kept = left.map(|node| kept(past, node)).collect();
    found
}

fn kept(past: &Past<'_>, node: NodeIx) -> KeptView {
    let step = past.graph.step(node);
    let state = past.sources.state;
    if state.must_be_undone(node) && state.waits_for_failed_undo(node) {
        let why = "an undo before it failed: `goalc rollback` tries again".to_owned();
        return KeptView { step: past.name(node), why };
    }
    if state.must_be_undone(node) && !past.sources.alive {
        let why = "the rollback has not come to its end: `goalc resume` goes on".to_owned();
        return KeptView { step: past.name(node), why };
    }
    let bare = step.is_some_and(|step| step.rollback.is_empty());
    let why = if bare { "it has no `rollback`" } else { "a rollback before it failed" };
    KeptView { step: past.name(node), why: why.to_owned() }
}

fn checkpoints(past: &Past<'_>) -> Vec<CheckpointView> {
    let made = past.tracks.checkpoints.iter();
    made.map(|(node, label, at)| CheckpointView {
        step: past.name(*node),
        label: label.clone(),
        at: Some(*at),
    })
    .collect()
}

/// The logs of the last attempts of what failed, and of undos that failed.
fn logs(past: &Past<'_>) -> Vec<LogView> {
    let mut found = Vec::new();
    for node in past.graph.steps() {
        let track = past.tracks.node(node);
        let ended = past.sources.state.status(node);
        let bad = |s| matches!(s, Status::Failed | Status::Cancelled | Status::InDoubt);
        if bad(ended) || track.ended.is_some_and(|(status, _)| bad(status)) {
            let last = track.tries.iter().filter(|each| {
                each.then == super::track::Then::End && each.end != TryEnd::Succeeded
            });
            found.extend(last.take(LOGS_OF_STEP).map(|each| LogView {
                step: past.unit_name(node, each.item),
                attempt: Some(each.attempt),
                lines: Vec::new(),
                seq: each.seq,
            }));
        }
        let undos = track.undos.iter().filter(|undo| undo.failure.is_some());
        found.extend(undos.map(|undo| LogView {
            step: past.name(node),
            attempt: None,
            lines: Vec::new(),
            seq: undo.seq,
        }));
        if found.len() >= MOST_LOGS {
            break;
        }
    }
    found.truncate(MOST_LOGS);
    found
}
