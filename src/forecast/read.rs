//! From a played run to the forecast: each step's times and words, and the figures of the whole.

use std::collections::HashSet;

use super::branches::Doubts;
use super::figures::{self, Path};
use super::play::{Played, since_start};
use super::timeline;
use super::{Forecast, ForecastQuestion, ForecastStep, Odds, action_text};
use crate::exec::drive::attempt_of;
use crate::exec::estimate::Source;
use crate::exec::event::{QuestionKind, Status};
use crate::exec::graph::NodeIx;
use crate::exec::scope::{Place, Surroundings};
use crate::exec::state::{UnitIx, UnitState};
use crate::ir::{Action, Attempt, Step};

pub(super) fn read(
    played: &Played,
    surroundings: &dyn Surroundings,
    sources: &[Source],
    doubts: &Doubts,
) -> Forecast {
    let graph = played.state.graph();
    let path = Path::new(played);
    let on_path: HashSet<NodeIx> = path.steps.iter().copied().collect();
    let taken = timeline::taken(played);
    let (slots, aside) = timeline::rows(played, &taken);
    let steps = graph.steps().filter(|node| !played.left_out(*node)).filter_map(|node| {
        let (start, end) = played.span(node);
        let step = graph.step(node)?;
        Some(ForecastStep {
            id: graph.step_id(node)?.clone(),
            start,
            end,
            slack: path.slack(node),
            critical: on_path.contains(&node),
            attempts_max: attempts_max(played, surroundings, node, step),
            action: action_text(&step.attempt.action),
            asks: asked(played, node),
            may_skip: doubts.may_skip(node),
            skipped: played.state.node(node).status == Status::Skipped,
            source: sources.get(node.at()).copied().unwrap_or(Source::Guess),
        })
    });
    let makespan = played.makespan();
    Forecast {
        steps: steps.collect(),
        critical_path: path.steps.iter().filter_map(|node| graph.step_id(*node).cloned()).collect(),
        critical_length: path.length,
        makespan,
        work: figures::work(&taken),
        lower_bound: figures::lower_bound(played, &taken),
        slots,
        aside,
        questions: questions(played, doubts),
        branches: Vec::new(),
        if_all_skipped: None,
        odds: Odds { p50: makespan, p90: makespan, simulations: 0 },
        late: figures::late(played),
        status: played.end.status,
        reason: played.end.reason.clone(),
    }
}

/// A node's own record, or its instances', each with its number.
fn units(played: &Played, node: NodeIx) -> impl Iterator<Item = (Option<u32>, &UnitState)> {
    let node = played.state.node(node);
    let instances = (0_u32..).zip(&node.instances).map(|(item, unit)| (Some(item), unit));
    std::iter::once((None, &node.unit)).chain(instances)
}

/// All that a person will be asked about a step.
fn asked(played: &Played, node: NodeIx) -> Option<String> {
    let units = units(played, node);
    let questions: Vec<&str> = units
        .flat_map(|(_, unit)| &unit.questions)
        .map(|question| question.text.as_str())
        .collect();
    (!questions.is_empty()).then(|| questions.join("; "))
}

fn questions(played: &Played, doubts: &Doubts) -> Vec<ForecastQuestion> {
    let graph = played.state.graph();
    let mut all: Vec<ForecastQuestion> = Vec::new();
    for node in graph.nodes() {
        for (item, unit) in units(played, node) {
            all.extend(unit.questions.iter().map(|question| ForecastQuestion {
                node: graph.id(node),
                item,
                kind: question.kind,
                text: question.text.clone(),
                at: since_start(question.asked),
                sure: !doubts.may_skip(node)
                    && (question.kind != QuestionKind::Confirm || doubts.asks_for_sure(node)),
            }));
        }
    }
    all.sort_by_key(|question| question.at);
    all
}

fn attempts_max(played: &Played, world: &dyn Surroundings, node: NodeIx, step: &Step) -> u32 {
    let (state, values) = (&played.state, &played.values);
    let goal = state.graph().parent(node).unwrap_or_else(|| state.graph().root());
    let place = Place { state, values, world, goal, unit: Some(UnitIx::of(node)), own: None };
    let tries = |attempt: &Attempt| {
        let retry = attempt.retry.as_ref().filter(|_| !by_hand(attempt));
        let retries = retry.and_then(|retry| place.count(&retry.count).ok());
        retries.unwrap_or(0).saturating_add(1)
    };
    let ways = u32::try_from(step.fallbacks.len()).unwrap_or(u32::MAX);
    // What a person says counts: neither is it tried again, nor is another way behind it.
    let last = (0..=ways).find(|way| attempt_of(step, *way).is_some_and(by_hand)).unwrap_or(ways);
    (0..=last).filter_map(|way| attempt_of(step, way)).map(tries).fold(0, u32::saturating_add)
}

fn by_hand(attempt: &Attempt) -> bool {
    matches!(attempt.action, Action::Manual(_))
}
