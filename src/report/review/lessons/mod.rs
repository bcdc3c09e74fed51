//! Computed advice: what a run, and those before it, say of the plan.
//!
//! Invariant: each lesson has a figure in it, and there is none where there is nothing to learn.

mod estimates;
mod path;
mod people;
mod slots;
mod tries;

use std::time::Duration;

use super::data::LessonView;
use super::figures::Past;
use crate::exec::graph::NodeIx;

/// The most lessons of one kind.
const MOST: usize = 5;

/// Steps that are named in a sentence.
const NAMED: usize = 3;

/// Less than that is not worth a change.
const WORTH: Duration = Duration::from_secs(1);

/// A lesson and how much time it is about: the longest come first.
type Weighed = (Duration, LessonView);

/// All that can be learnt, by kind; of a kind the most that matter.
pub(super) fn lessons(past: &Past<'_>) -> Vec<LessonView> {
    let kinds: [fn(&Past<'_>) -> Vec<Weighed>; 10] = [
        path::critical,
        slots::waited,
        slots::locked,
        slots::items,
        slots::unused,
        tries::absorbed,
        tries::by_fallback,
        tries::flaky,
        estimates::off,
        people::slow,
    ];
    kinds.iter().flat_map(|find| foremost(find(past))).collect()
}

fn foremost(mut found: Vec<Weighed>) -> impl Iterator<Item = LessonView> {
    found.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    found.into_iter().take(MOST).map(|(_, lesson)| lesson)
}

fn lesson(past: &Past<'_>, kind: &str, steps: &[NodeIx], text: String) -> LessonView {
    let steps = steps.iter().take(super::attempts::MOST_INSTANCES);
    LessonView {
        kind: kind.to_owned(),
        steps: steps.map(|node| past.name(*node)).collect(),
        text,
        write: None,
    }
}

/// At most three of them by name: "`a`, `b` and 5 more".
fn named(past: &Past<'_>, nodes: &[NodeIx]) -> String {
    let mut names: Vec<String> =
        nodes.iter().take(NAMED).map(|node| format!("`{}`", past.name(*node))).collect();
    let more = nodes.len().saturating_sub(NAMED);
    let last = if more > 0 { Some(format!("{more} more")) } else { names.pop() };
    match (names.is_empty(), last) {
        (false, Some(last)) => format!("{} and {last}", names.join(", ")),
        (_, last) => last.unwrap_or_default(),
    }
}

/// A share of a whole, in percent.
fn percent(part: Duration, whole: Duration) -> u32 {
    let share = part.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE) * 100.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 100
    let percent = share.clamp(0.0, 100.0).round() as u32;
    percent
}
