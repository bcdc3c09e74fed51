//! How a run is told in a sentence, and in two or three more.

use std::time::Duration;

use super::data::{ReportView, StepReport};
use super::figures::Past;
use crate::exec::graph::NodeIx;
use crate::exec::{RunStatus, Status};
use crate::report::text::length;

/// How the goal stands, without a full stop.
pub(super) fn verdict(past: &Past<'_>) -> String {
    let (run, state) = (past.sources.run, past.sources.state);
    let because = run.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    match run.status {
        RunStatus::Achieved if run.exit.unwrap_or(0) == 0 => "achieved".to_owned(),
        RunStatus::Achieved => format!("achieved, but not all went well{because}"),
        RunStatus::Failed => not_verified(past)
            .or_else(|| first_failed(past).filter(|_| run.reason.is_none()))
            .unwrap_or_else(|| format!("not achieved{because}")),
        RunStatus::Waiting => match state.open_questions().count() {
            0 => format!("not achieved yet{because}"),
            1 => "waiting for a person, who is asked one thing".to_owned(),
            many => format!("waiting for people, who are asked {many} things"),
        },
        RunStatus::Cancelled => format!("stopped before it was achieved{because}"),
        RunStatus::Undone if run.exit.unwrap_or(0) == 0 => "undone, as a person asked".to_owned(),
        RunStatus::Undone => format!("not all undone{because}"),
        RunStatus::Running if past.sources.alive => "still going on".to_owned(),
        RunStatus::Running => format!("not ended{because}"),
    }
}

/// All steps did their part, and still the goal's own `verify` does not hold.
fn not_verified(past: &Past<'_>) -> Option<String> {
    let failed = |node: NodeIx| {
        let ended = past.tracks.node(node).ended.map(|(status, _)| status);
        let ignored = past.sources.state.is_ignored(node);
        matches!(ended, Some(Status::Failed | Status::Blocked | Status::Cancelled)) && !ignored
    };
    if past.graph.steps().any(failed) {
        return None;
    }
    let goals = past.graph.nodes().filter(|node| !past.graph.is_step(*node));
    let (goal, why) = goals
        .filter_map(|node| Some((node, past.sources.state.node(node).verified.clone()??)))
        .last()?;
    let whose = match past.name(goal) {
        name if name.is_empty() => String::new(),
        name => format!(" of `{name}`"),
    };
    let done = past.graph.steps().all(|node| {
        past.tracks.node(node).ended.is_some_and(|(status, _)| status == Status::Succeeded)
    });
    let steps = if done { "all steps succeeded" } else { "no step failed" };
    Some(format!("{steps}, but the goal is not achieved: its `verify`{whose} does not hold: {why}"))
}

fn first_failed(past: &Past<'_>) -> Option<String> {
    let failed =
        past.sources.run.steps.iter().find(|s| s.status == Status::Failed && !s.tolerated)?;
    let why = failed.reason.as_deref().unwrap_or("it failed");
    Some(format!("not achieved: `{}`: {why}", failed.id))
}

/// Two or three sentences in figures.
pub(super) fn summary(past: &Past<'_>, view: &ReportView) -> String {
    let mut said = vec![counts(past, view)];
    said.extend(work(view));
    said.extend(absorbed(view));
    said.join(" ")
}

fn counts(past: &Past<'_>, view: &ReportView) -> String {
    let order = [
        Status::Succeeded,
        Status::Undone,
        Status::Failed,
        Status::UndoFailed,
        Status::Blocked,
        Status::Skipped,
        Status::Cancelled,
        Status::InDoubt,
        Status::Waiting,
        Status::Running,
        Status::Ready,
        Status::Pending,
        Status::NotRun,
    ];
    let counted: Vec<String> = order
        .iter()
        .filter_map(|status| {
            let many = past.sources.run.count(*status);
            (many > 0).then(|| format!("{many} {status}"))
        })
        .collect();
    let steps = many(view.steps.len(), "step");
    let after = length(past.took());
    let time = if view.ended.is_some() { format!("in {after}") } else { format!("after {after}") };
    match counted.as_slice() {
        [] => format!("The plan has no steps ({time})."),
        [one] if view.steps.len() == 1 => {
            let word = one.split_once(' ').map_or(one.as_str(), |(_, word)| word);
            format!("Its one step: {word}, {time}.")
        }
        all => format!("Of {steps}, {time}: {}.", all.join(", ")),
    }
}

/// How much was done at once, and how long people were waited for.
fn work(view: &ReportView) -> Option<String> {
    let figures = &view.figures;
    let mut said = Vec::new();
    if figures.peak > 0 && figures.active > 0.0 {
        let attempts = seconds(figures.work);
        said.push(format!("{attempts} of work, at most {} at once", figures.peak));
    }
    if figures.waited >= 1.0 {
        said.push(format!("{} in which only people were waited for", seconds(figures.waited)));
    }
    (!said.is_empty()).then(|| format!("It was {}.", said.join(", and ")))
}

/// Failures that did no harm.
fn absorbed(view: &ReportView) -> Option<String> {
    let count = |holds: fn(&StepReport) -> bool| view.steps.iter().filter(|s| holds(s)).count();
    let done = |s: &StepReport| s.status == Status::Succeeded;
    let failures: usize = view
        .steps
        .iter()
        .filter(|step| done(step) && step.instances.is_none())
        .map(|step| {
            step.attempts.iter().filter(|each| each.error.is_some() && !each.resumed).count()
        })
        .sum();
    let ignored = count(|step| step.ignored.is_some());
    let via = count(|step| step.via.is_some());
    let mut said = Vec::new();
    if failures > 0 {
        said.push(format!("{} absorbed by retries and fallbacks", many(failures, "failure")));
    }
    if via > 0 {
        said.push(format!("{} done by a fallback", many(via, "step")));
    }
    if ignored > 0 {
        said.push(format!("{} ignored, as the plan says", many(ignored, "failure")));
    }
    (!said.is_empty()).then(|| format!("Besides: {}.", said.join(", ")))
}

pub(super) fn many(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Seconds as people read them.
pub(in crate::report) fn seconds(seconds: f64) -> String {
    length(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default())
}
