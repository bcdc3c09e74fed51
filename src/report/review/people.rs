//! What people were asked, and what they said.

use super::data::AnswerView;
use super::figures::Past;
use super::track::Ask;
use crate::exec::graph::NodeIx;

/// The most questions that are told of.
const MOST: usize = 200;

/// Questions in the order in which they were asked, and how many are left out.
pub(super) fn answers(past: &Past<'_>) -> (Vec<AnswerView>, usize) {
    let asks = past
        .graph
        .nodes()
        .flat_map(|node| past.tracks.node(node).asks.iter().map(move |ask| (node, ask)));
    let mut asks: Vec<_> = asks.collect();
    asks.sort_by_key(|(_, ask)| ask.at);
    let left_out = asks.len().saturating_sub(MOST);
    (asks.into_iter().take(MOST).map(|(node, ask)| view(past, node, ask)).collect(), left_out)
}

fn view(past: &Past<'_>, node: NodeIx, ask: &Ask) -> AnswerView {
    let reply = ask.reply.as_ref();
    let end = reply.map_or(past.sources.until, |reply| reply.at);
    AnswerView {
        step: past.unit_name(node, ask.item),
        kind: ask.kind.word().to_owned(),
        question: ask.text.clone(),
        asked: Some(ask.at),
        answer: reply.map(|reply| reply.answer.word().to_owned()),
        by: reply.map(|reply| reply.by.clone()).unwrap_or_default(),
        from: reply.map(|reply| reply.from.clone()).unwrap_or_default(),
        at: reply.map(|reply| reply.at),
        waited: end.since(ask.at).as_secs_f64(),
        note: reply.map(|reply| reply.note.clone()).unwrap_or_default(),
    }
}
