//! Slow waits for people.

use std::time::Duration;

use super::{Weighed, lesson, percent};
use crate::exec::graph::NodeIx;
use crate::report::review::figures::Past;
use crate::report::review::span::{total, without};
use crate::report::text::length;

/// A shorter wait is none to speak of.
const SLOW: Duration = Duration::from_mins(1);

/// Steps that waited long for an answer, where that is a good part of the run.
pub(super) fn slow(past: &Past<'_>) -> Vec<Weighed> {
    past.graph.nodes().filter_map(|node| waited(past, node)).collect()
}

fn waited(past: &Past<'_>, node: NodeIx) -> Option<Weighed> {
    let asked = past.asked.get(node.at())?;
    let (waited, took) = (total(asked), past.took());
    if waited < SLOW || waited * 10 < took {
        return None;
    }
    let alone = total(&without(asked, &past.active));
    let asks = &past.tracks.node(node).asks;
    let reply = asks.last().and_then(|ask| ask.reply.as_ref());
    let who = match reply {
        None => "nobody has answered yet".to_owned(),
        Some(reply) if reply.from == "timeout" => "nobody answered before its timeout".to_owned(),
        Some(reply) if reply.by.is_empty() => format!("it was {}", reply.answer.word()),
        Some(reply) => format!("{} by {}", reply.answer.word(), reply.by),
    };
    let text = format!(
        "`{}` waited {} for a person ({who}), {}% of the run's {}; nothing else was done in {} of it.",
        past.name(node),
        length(waited),
        percent(waited, took),
        length(took),
        length(alone),
    );
    Some((waited, lesson(past, "person", &[node], text)))
}
