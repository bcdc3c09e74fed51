//! A compiled plan is read again as it was written, and any plan that is read can be looked at.

use std::sync::Arc;

use goalc::exec::estimate::Measured;
use goalc::exec::graph::Graph;
use goalc::forecast::{self, Options};
use goalc::graph::{self, Style};
use goalc::ir::Plan;
use goalc::report::{ListView, list_text};
use goalc::scenario::{judge, play, timeline, unused};
use goalc::sema;

use super::plan::{Nowhere, analyzed, with};
use super::text;

pub fn compile(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if text.starts_with('{') {
        let plan = serde_json::from_str::<Plan>(text).ok();
        let Some(plan) = plan.filter(|plan| plan.validate().is_ok()) else { return };
        looked_at(plan);
    } else if let Some(plan) = analyzed(text) {
        plan.validate().unwrap_or_else(|why| panic!("a checked plan that is none: {why}"));
        let json = serde_json::to_string(&plan).expect("a plan is JSON");
        let again: Plan = serde_json::from_str(&json).expect("it is read again");
        assert_eq!(again, plan);
        assert_eq!(serde_json::to_string(&again).expect("a plan is JSON"), json);
        looked_at(plan);
        rehearsed(text);
    }
}

/// Its scenarios are played and judged.
fn rehearsed(text: &str) {
    let Some((plan, scenarios)) = with(text, sema::rehearse).0 else { return };
    let graph = Arc::new(Graph::new(Arc::new(plan)));
    for scenario in scenarios.iter().take(2) {
        if let Ok(played) = play(&graph, scenario) {
            let _ = (judge(scenario, &played), unused(scenario, &played), timeline(&played.events));
        }
    }
}

/// Drawn, listed and played through.
fn looked_at(plan: Plan) {
    let _ = list_text(&ListView::of(&plan), false);
    let graph = Arc::new(Graph::new(Arc::new(plan)));
    let view = graph::view(&graph, None);
    let _ = graph::text(&view, Style { ascii: false, colour: false });
    let _ = (graph::mermaid(&view), graph::dot(&view), graph::svg(&view));
    let options = Options { jobs: 3, expected_only: true, ..Options::default() };
    let _ = forecast::forecast(&graph, &Nowhere, &options, &Measured::default());
}
