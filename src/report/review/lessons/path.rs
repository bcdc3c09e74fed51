//! What the longest chain of steps is made of.

use std::time::Duration;

use super::{WORTH, Weighed, lesson, percent};
use crate::exec::graph::NodeIx;
use crate::report::review::figures::Past;
use crate::report::text::length;

/// Steps of a chain that are named.
const NAMED: usize = 8;

/// One step takes most of the longest chain.
pub(super) fn critical(past: &Past<'_>) -> Vec<Weighed> {
    let whole = past.critical_length;
    let took = |node: &NodeIx| past.waited_for(*node);
    let Some(longest) = past.critical.iter().copied().max_by_key(took) else { return Vec::new() };
    let own = took(&longest);
    if past.critical.len() < 2 || own < WORTH * 2 || own * 2 < whole {
        return Vec::new();
    }
    let text = format!(
        "`{}` took {} of the {} of the longest chain ({}%), {}: the run gets shorter only where \
         that chain does.",
        past.name(longest),
        length(own),
        length(whole),
        percent(own, whole),
        chain(past),
    );
    vec![(Duration::MAX, lesson(past, "critical-path", &past.critical, text))]
}

fn chain(past: &Past<'_>) -> String {
    let names: Vec<String> =
        past.critical.iter().take(NAMED).map(|node| format!("`{}`", past.name(*node))).collect();
    let more = past.critical.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" → … {more} more") } else { String::new() };
    names.join(" → ") + &more
}
