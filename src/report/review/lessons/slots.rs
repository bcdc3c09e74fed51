//! What `parallel`, `-j` and locks held back, and what of them was not used.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::{WORTH, Weighed, lesson, named, percent};
use crate::exec::Timestamp;
use crate::exec::graph::{NodeIx, Precedence};
use crate::ir::LockScope;
use crate::report::review::figures::{Past, slots, slots_of};
use crate::report::review::span::{Span, full, joined, most_at_once, total, within, without};
use crate::report::review::verdict::many;
use crate::report::text::length;

/// Attempts that are shorter on average gain nothing by more slots.
const SHORT: Duration = Duration::from_millis(100);

/// Steps that were ready, and waited because as many ran as may.
pub(super) fn waited(past: &Past<'_>) -> Vec<Weighed> {
    let limit = limit(past);
    let active = total(&past.active);
    let Some((more, best)) = better(past, limit) else { return Vec::new() };
    let gain = active.saturating_sub(best);
    if gain < WORTH || gain * 10 < active {
        return Vec::new();
    }
    let taken = full(&slots(past), limit);
    let mut held: Vec<(Duration, NodeIx, Span)> = past
        .graph
        .steps()
        .filter(|node| past.graph.takes_slot(*node))
        .flat_map(|node| {
            waiting(past, node)
                .into_iter()
                .chain(items_wait(past, node))
                .map(move |span| (node, span))
        })
        .map(|(node, span)| (within(span, &taken), node, span))
        .filter(|(waited, ..)| waited.as_millis() > 0)
        .collect();
    held.sort_by_key(|(waited, node, _)| (std::cmp::Reverse(*waited), *node));
    let waits = joined(held.iter().map(|(.., span)| *span));
    let waited: Duration = waits.iter().map(|span| within(*span, &taken)).sum();
    if waited < WORTH {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let steps: Vec<NodeIx> =
        held.iter().map(|(_, node, _)| *node).filter(|node| seen.insert(*node)).collect();
    let load = load(past);
    let text = format!(
        "For {} {} waited for a free slot, for at most {limit} ran at once. With {more} at once the \
         run could take {} instead of {}, if the machine bears it: each attempt used {load}% of a \
         processor.",
        length(waited),
        named(past, &steps),
        length(best),
        length(active),
    );
    let mut found = lesson(past, "slots", &steps, text);
    // What keeps processors busy may gain nothing by running beside each other.
    found.write = (load < 50).then(|| format!("parallel {more}"));
    vec![(gain, found)]
}

/// As many attempts may run at once in the whole run.
fn limit(past: &Past<'_>) -> u32 {
    let state = past.sources.state;
    let root = state.node(past.graph.root()).parallel;
    root.map_or(state.jobs, |own| own.min(state.jobs)).max(1)
}

/// From when a step could have started to when it did.
fn waiting(past: &Past<'_>, node: NodeIx) -> Option<Span> {
    let track = past.tracks.node(node);
    let start = track.tries.first()?.from;
    let state = past.sources.state;
    let edges = past.graph.incoming(node).iter();
    let ended = edges.filter_map(|edge| ended(past, edge.from));
    let opened = past.graph.parent(node).and_then(|goal| state.node(goal).started);
    let answered = past.asked.get(node.at()).and_then(|asked| asked.last()).map(|last| last.to);
    let ready = ended.chain(opened).chain(answered).chain(state.started).max()?;
    (ready < start).then(|| Span::new(ready, start))
}

fn ended(past: &Past<'_>, node: NodeIx) -> Option<Timestamp> {
    let own = past.tracks.node(node);
    own.ready.or(own.ended.map(|(_, at)| at)).or(past.sources.state.node(node).ended)
}

/// While a `foreach` step's items waited behind each other, where only the run's slots bound them.
fn items_wait(past: &Past<'_>, node: NodeIx) -> Option<Span> {
    let found = past.sources.state.node(node);
    if found.items.is_none() || found.parallel.is_some() {
        return None;
    }
    let starts = || past.tracks.node(node).tries.iter().filter(|each| each.attempt == 1);
    let (first, last) =
        (starts().map(|each| each.from).min()?, starts().map(|each| each.from).max()?);
    (first < last).then(|| Span::new(first, last))
}

/// A better number of slots, and what the run could take with it at best.
fn better(past: &Past<'_>, limit: u32) -> Option<(u32, Duration)> {
    let chain = Precedence::new(&past.graph, |node| unbounded(past, node)).critical_length();
    let spans = slots(past);
    let work: Duration = spans.iter().map(|span| span.length()).sum();
    let many = u32::try_from(spans.len()).unwrap_or(u32::MAX).max(1);
    // What is that short is mostly the start of its process, which slots do not speed up.
    if work / many < SHORT {
        return None;
    }
    let wanted = work.as_secs_f64() / chain.as_secs_f64().max(0.001);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small, and not negative
    let wanted = wanted.ceil().clamp(1.0, f64::from(limit) * 2.0) as u32;
    (wanted > limit).then(|| (wanted, chain.max(work / wanted)))
}

/// What a step would take if it had all slots that it could use.
fn unbounded(past: &Past<'_>, node: NodeIx) -> Duration {
    let found = past.sources.state.node(node);
    if found.items.is_none() || found.parallel.is_some() {
        return past.waited_for(node);
    }
    longest_item(past, node)
}

fn longest_item(past: &Past<'_>, node: NodeIx) -> Duration {
    let mut items: HashMap<Option<u32>, Duration> = HashMap::new();
    for each in &past.tracks.node(node).tries {
        let took = each.to.unwrap_or(past.sources.until).since(each.from);
        *items.entry(each.item).or_default() += took;
    }
    items.into_values().max().unwrap_or_default()
}

/// How much of a processor attempts used on average, in percent.
fn load(past: &Past<'_>) -> u32 {
    let used = past.sources.run.steps.iter().filter_map(|step| step.usage).map(|usage| usage.cpu);
    let work: Duration = slots(past).iter().map(|span| span.length()).sum();
    percent(Duration::try_from_secs_f64(used.sum()).unwrap_or_default(), work)
}

/// Steps that waited for a lock while another step held it.
pub(super) fn locked(past: &Past<'_>) -> Vec<Weighed> {
    let mut holders: HashMap<&Arc<str>, Vec<NodeIx>> = HashMap::new();
    for node in past.graph.steps() {
        let locks = past.graph.step(node).map_or(&[][..], |step| &step.guards.locks);
        for lock in locks.iter().filter(|lock| lock.scope != LockScope::Shared) {
            holders.entry(&lock.name).or_default().push(node);
        }
    }
    let mut found: Vec<Weighed> = holders
        .iter()
        .filter(|(_, nodes)| nodes.len() > 1)
        .filter_map(|(lock, nodes)| lock_waits(past, lock, nodes))
        .collect();
    found.sort_by(|a, b| a.1.text.cmp(&b.1.text));
    found
}

fn lock_waits(past: &Past<'_>, lock: &str, nodes: &[NodeIx]) -> Option<Weighed> {
    let held =
        joined(nodes.iter().flat_map(|node| past.tracks.node(*node).tried(past.sources.until)));
    let mut waits: Vec<(Duration, NodeIx)> = nodes
        .iter()
        .filter_map(|node| Some((within(waiting(past, *node)?, &held), *node)))
        .filter(|(waited, _)| waited.as_millis() > 0)
        .collect();
    waits.sort_by_key(|(waited, node)| (std::cmp::Reverse(*waited), *node));
    let sum: Duration = waits.iter().map(|(waited, _)| *waited).sum();
    let active = total(&past.active);
    if sum < WORTH || sum * 10 < active {
        return None;
    }
    let steps: Vec<NodeIx> = waits.iter().map(|(_, node)| *node).collect();
    let text = format!(
        "{} waited {} for the lock `{lock}`, in a run of {} of work: steps that only read may \
         share it (`lock shared {lock}`), and a shorter step that holds it helps too.",
        named(past, &steps),
        length(sum),
        length(active),
    );
    Some((sum, lesson(past, "lock", &steps, text)))
}

/// `foreach` steps whose own `parallel` left slots free.
pub(super) fn items(past: &Past<'_>) -> Vec<Weighed> {
    past.graph.steps().filter_map(|node| narrow(past, node)).collect()
}

fn narrow(past: &Past<'_>, node: NodeIx) -> Option<Weighed> {
    let found = past.sources.state.node(node);
    let (own, count) = (found.parallel?, found.items.as_ref()?.len());
    let limit = limit(past);
    let at_once = limit.min(u32::try_from(count).unwrap_or(u32::MAX));
    let busy = total(past.busy(node));
    let others = most_at_once(&slots(past)).saturating_sub(own);
    let free = limit.saturating_sub(own + others);
    if own >= at_once || free == 0 || busy < WORTH * 2 || busy * 4 < total(&past.active) {
        return None;
    }
    let more = (own + free).min(at_once);
    let work: Duration = slots_of(past, node).iter().map(|span| span.length()).sum();
    let best = longest_item(past, node).max(work / more.max(1));
    let gain = busy.saturating_sub(best);
    if gain * 10 < busy {
        return None;
    }
    let text = format!(
        "The {} of `{}` ran at most {own} at once, while {free} of {limit} slots were never used: \
         with `parallel {more}` in its `foreach` they could take {} instead of {}, if they may run \
         at once.",
        many(count, "item"),
        past.name(node),
        length(best),
        length(busy),
    );
    Some((gain, lesson(past, "items", &[node], text)))
}

/// A `parallel` of the plan that is much more than what ever ran at once.
pub(super) fn unused(past: &Past<'_>) -> Vec<Weighed> {
    let peak = most_at_once(&slots(past));
    let root = past.graph.root();
    let stated = past.sources.state.node(root).parallel.unwrap_or(0);
    let active = total(&past.active);
    if peak == 0 || peak * 2 > stated || past.critical.len() < 2 || active < WORTH * 10 {
        return Vec::new();
    }
    let idle = total(&without(&past.active, &joined(slots(past))));
    let text = format!(
        "At most {peak} of `parallel {stated}` ran at once: what is on the longest chain waits for \
         each other, {} of {} of work ({} of it delays). A `depends` less would let more run at \
         once; more slots would not.",
        length(past.critical_length.min(active)),
        length(active),
        length(idle),
    );
    vec![(Duration::ZERO, lesson(past, "parallel", &past.critical, text))]
}
