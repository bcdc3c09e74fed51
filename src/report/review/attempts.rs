//! A step's attempts and instances: what went wrong, and what was done about it.

use std::time::Duration;

use super::data::{AttemptView, BadInstance, InstancesView};
use super::figures::Past;
use super::track::{Then, Try, TryEnd};
use crate::diagnostic::shortened;
use crate::exec::graph::NodeIx;
use crate::exec::state::RunState;
use crate::exec::{Failure, Status};
use crate::ir::{FailurePolicy, StepFailure};
use crate::report::run::UsageView;
use crate::report::text::length;

/// The most attempts of one step that are told of.
const MOST_ATTEMPTS: usize = 400;

/// The most instances of one step that are named.
pub(super) const MOST_INSTANCES: usize = 50;

/// In characters.
const LONGEST_ITEM: usize = 200;

/// A step's attempts, and how many are left out: those that failed stay.
pub(super) fn attempts(past: &Past<'_>, node: NodeIx) -> (Vec<AttemptView>, usize) {
    let tries = &past.tracks.node(node).tries;
    let told: Vec<&Try> = if tries.len() <= MOST_ATTEMPTS {
        tries.iter().collect()
    } else {
        let (bad, good): (Vec<&Try>, Vec<&Try>) =
            tries.iter().partition(|each| each.end != TryEnd::Succeeded);
        bad.into_iter().chain(good).take(MOST_ATTEMPTS).collect()
    };
    let left_out = tries.len() - told.len();
    (told.into_iter().map(|each| attempt(past, node, each)).collect(), left_out)
}

fn attempt(past: &Past<'_>, node: NodeIx, each: &Try) -> AttemptView {
    let error = match &each.end {
        TryEnd::Failed(failure) => Some(failure.to_string()),
        TryEnd::Lost => Some("goalc was gone before it ended".to_owned()),
        TryEnd::Open | TryEnd::Succeeded => None,
    };
    let delay = match each.then {
        Then::Delay(length) => Some(length),
        _ => None,
    };
    AttemptView {
        item: each.item,
        attempt: each.attempt,
        fallback: fallback(past, node, each.way),
        started: Some(each.from),
        ended: each.to,
        took: each.to.unwrap_or(past.sources.until).since(each.from).as_secs_f64(),
        resumed: each.then == Then::Resumed,
        then: error.is_some().then(|| consequence(past, node, each)),
        error,
        delay: delay.map(|delay| delay.as_secs_f64()),
        usage: each.usage.map(UsageView::new),
        notes: each.notes.clone(),
    }
}

/// The k-th fallback's name; `None` for a step's own action.
fn fallback(past: &Past<'_>, node: NodeIx, way: u32) -> Option<String> {
    let at = usize::try_from(way).ok()?.checked_sub(1)?;
    Some(past.graph.step(node)?.fallbacks.get(at)?.name.to_string())
}

/// What was done about a failed attempt.
fn consequence(past: &Past<'_>, node: NodeIx, each: &Try) -> String {
    match each.then {
        Then::Delay(Duration::ZERO) | Then::Again => "tried again at once".to_owned(),
        Then::Resumed => "tried again when the run was resumed".to_owned(),
        Then::Delay(delay) => format!("tried again after {}", length(delay)),
        Then::Fallback(way) => match fallback(past, node, way) {
            Some(name) => format!("the fallback `{name}` was tried"),
            None => "tried again".to_owned(),
        },
        Then::End => last_consequence(past, node, each),
    }
}

/// What was done about the failure of a last attempt: the step's or the goal's policy.
fn last_consequence(past: &Past<'_>, node: NodeIx, each: &Try) -> String {
    let state = past.sources.state;
    let found = state.node(node);
    if matches!(each.end, TryEnd::Failed(Failure::Cancelled)) {
        return "stopped with the run".to_owned();
    }
    let Some((status, _)) = past.tracks.node(node).ended else {
        return if each.end == TryEnd::Lost { "in doubt" } else { "not decided yet" }.to_owned();
    };
    if each.item.is_some() && status == Status::Succeeded {
        return "tolerated".to_owned();
    }
    if status == Status::Succeeded {
        return "found done".to_owned();
    }
    let restored = found.unit.saved.as_ref().is_some_and(|saved| saved.put_back);
    let given_up = if restored { "given up, its snapshot put back" } else { "given up" };
    let step = past.graph.step(node);
    let goal = step.and_then(|step| past.graph.plan().goals.get(&step.goal));
    let policy = goal.map(|goal| goal.on_failure).unwrap_or_default();
    let rolled = state.rolling(node);
    match step.and_then(|step| step.on_failure.as_ref()) {
        Some(StepFailure::Ignore { because }) => format!("ignored because {because}"),
        _ if rolled.is_some() => {
            let undone = rolled.map_or("", |top| what_was_undone(state, top));
            format!("{given_up}; {undone}")
        }
        Some(StepFailure::Skip | StepFailure::Continue) => {
            format!("{given_up}; only what depends on it is blocked")
        }
        None if state.keep_going || policy == FailurePolicy::Continue => {
            format!("{given_up}; only what depends on it is blocked")
        }
        _ => format!("{given_up}; nothing new was started"),
    }
}

/// What the rollback that followed a failure came to.
fn what_was_undone(state: &RunState, top: NodeIx) -> &'static str {
    let (failed, left) = (state.steps_with_failed_undo(top), state.left_standing(top));
    match state.node(top).undone.is_empty() {
        _ if !failed.is_empty() => "not all that was done could be undone",
        _ if state.is_half_rolled_back(top) => "what was done is being undone",
        false if left.is_empty() => "what was done was undone",
        false => "what has a way to be undone was undone",
        true if left.is_empty() => "nothing was to be undone",
        true => "nothing that was done has a way to be undone",
    }
}

/// A `foreach` step's instances in numbers, and those that did not succeed.
pub(super) fn instances(past: &Past<'_>, node: NodeIx) -> Option<InstancesView> {
    let found = past.sources.state.node(node);
    let items = found.items.as_ref()?;
    let of = |status| found.instances.iter().filter(|each| each.status() == status).count();
    let all = items.iter().zip(&found.instances).enumerate();
    let bad: Vec<BadInstance> = all
        .filter(|(_, (_, unit))| unit.status().is_end() && unit.status() != Status::Succeeded)
        .take(MOST_INSTANCES)
        .map(|(item, (value, unit))| {
            let text = value.to_public_json();
            let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
            BadInstance {
                item,
                text: shortened(text, LONGEST_ITEM),
                status: unit.status(),
                reason: unit.last_failure.as_ref().map(ToString::to_string),
            }
        })
        .collect();
    let ended = found.instances.iter().filter(|each| each.is_ended()).count();
    let succeeded = of(Status::Succeeded);
    Some(InstancesView {
        all: found.instances.len(),
        succeeded,
        failed: of(Status::Failed),
        bad_left_out: (ended - succeeded).saturating_sub(bad.len()),
        bad,
    })
}
