//! What failed and did no harm, what does so often, and what fails always.

use std::collections::HashSet;
use std::time::Duration;

use super::{Weighed, lesson};
use crate::exec::Status;
use crate::exec::graph::NodeIx;
use crate::report::review::figures::Past;
use crate::report::review::history::EarlierStep;
use crate::report::review::span::total;
use crate::report::review::track::{Then, TryEnd};
use crate::report::review::verdict::many;
use crate::report::text::length;

/// Fewer runs say nothing of what is usual.
const RUNS: usize = 3;

/// Failures that a `retry` made good, and what they cost.
pub(super) fn absorbed(past: &Past<'_>) -> Vec<Weighed> {
    past.graph.steps().filter_map(|node| retried(past, node)).collect()
}

fn retried(past: &Past<'_>, node: NodeIx) -> Option<Weighed> {
    let track = past.tracks.node(node);
    if !track.ended.is_some_and(|(status, _)| status == Status::Succeeded) {
        return None;
    }
    let step = past.graph.step(node)?;
    let mut ways =
        std::iter::once(&step.attempt).chain(step.fallbacks.iter().map(|it| &it.attempt));
    // What a person or a resume tried again, no `retry` did.
    if !ways.any(|way| way.retry.is_some()) {
        return None;
    }
    let again = |then: Then| matches!(then, Then::Delay(_) | Then::Again);
    let done: HashSet<Option<u32>> = track
        .tries
        .iter()
        .filter(|each| each.end == TryEnd::Succeeded)
        .map(|each| each.item)
        .collect();
    let failed: Vec<_> = track
        .tries
        .iter()
        .filter(|each| matches!(each.end, TryEnd::Failed(_)) && again(each.then))
        .filter(|each| done.contains(&each.item))
        .collect();
    let first = match &failed.first()?.end {
        TryEnd::Failed(failure) => failure.to_string(),
        _ => return None,
    };
    let tries = failed.iter().filter_map(|each| each.to.map(|to| to.since(each.from)));
    let cost: Duration = tries.sum::<Duration>() + total(&track.delays);
    let text = format!(
        "`{}` succeeded although {} failed ({first}): its `retry` absorbed that, at a cost of {}.",
        past.name(node),
        many(failed.len(), "attempt"),
        length(cost),
    );
    Some((cost, lesson(past, "retry", &[node], text)))
}

/// Steps that were done by a fallback.
pub(super) fn by_fallback(past: &Past<'_>) -> Vec<Weighed> {
    past.graph.steps().filter_map(|node| fallen_back(past, node)).collect()
}

fn fallen_back(past: &Past<'_>, node: NodeIx) -> Option<Weighed> {
    let via = past.sources.state.node(node).via.as_ref()?;
    let track = past.tracks.node(node);
    let before: Duration = track
        .tries
        .iter()
        .filter(|each| each.end != TryEnd::Succeeded)
        .filter_map(|each| Some(each.to?.since(each.from)))
        .sum();
    let failures = many(track.failures().count(), "failed attempt");
    let (runs, times) = past
        .earlier(node)
        .fold((1, 1), |(runs, times), step| (runs + 1, times + usize::from(step.via)));
    let name = past.name(node);
    let usual = match runs {
        1 => String::new(),
        RUNS.. if times == runs => {
            format!("; so in each of its last {runs} runs: its own action does not work any more")
        }
        _ => format!("; so in {times} of its last {runs} runs"),
    };
    let text = format!(
        "`{name}` was done by its fallback `{via}` after {failures} that took {}{usual}.",
        length(before)
    );
    Some((before, lesson(past, "fallback", &[node], text)))
}

/// Steps that fail in some runs and not in others although they mean the same; and ignored ones
/// that always fail.
pub(super) fn flaky(past: &Past<'_>) -> Vec<Weighed> {
    if past.sources.earlier.is_empty() {
        return Vec::new();
    }
    past.graph.steps().filter_map(|node| unsteady(past, node)).collect()
}

fn unsteady(past: &Past<'_>, node: NodeIx) -> Option<Weighed> {
    let step = past.graph.step(node)?;
    let now = EarlierStep::new(&step.fingerprint, past.tracks.node(node), past.sources.until);
    let runs: Vec<&EarlierStep> = now.iter().chain(past.earlier(node)).collect();
    let (all, lost) = (runs.len(), runs.iter().filter(|run| run.status == Status::Failed).count());
    let hit = runs.iter().filter(|run| run.failures > 0).count();
    let name = past.name(node);
    if all < RUNS {
        return None;
    }
    if lost == all && past.sources.state.is_ignored(node) {
        let text = format!(
            "`{name}` failed in each of its last {all} runs, and its failure is ignored: as it is, \
             it tells nothing. Mend it, or leave it out."
        );
        return Some((Duration::ZERO, lesson(past, "useless", &[node], text)));
    }
    if hit < 2 || hit == all || lost == all {
        return None;
    }
    let bare = step.attempt.retry.is_none() && step.foreach.is_none();
    let advice = match (bare, step.idempotent) {
        (true, true) => " It is `idempotent` and has no `retry`, which could absorb that.",
        (true, false) => " Were it `idempotent`, a `retry` could absorb that.",
        (false, _) => "",
    };
    let text = format!(
        "`{name}` is flaky: in {hit} of its last {all} runs an attempt failed, though it meant the \
         same in all of them; it failed in the end in {lost}.{advice}"
    );
    Some((Duration::from_secs(hit as u64), lesson(past, "flaky", &[node], text)))
}
