//! Whom alerts told of what, and which of them were not delivered.

use super::data::AlertReport;
use super::figures::Past;
use crate::exec::event::{AlertWay, Event};
use crate::report::text::clock;

/// The most alerts that are told of.
const MOST: usize = 200;

/// Those that were not delivered first, and how many are left out.
pub(super) fn alerts(past: &Past<'_>) -> (Vec<AlertReport>, usize) {
    let told = past.sources.events.iter().filter_map(|stamped| {
        let Event::AlertSent { goal, on, unit, way, text, failure } = &stamped.event else {
            return None;
        };
        let way = match way {
            AlertWay::Run => "run",
            AlertWay::Webhook => "webhook",
            AlertWay::Log => "log",
        };
        Some(AlertReport {
            goal: goal.to_string(),
            on: on.clone(),
            step: unit.as_ref().map(ToString::to_string),
            way: way.to_owned(),
            text: text.clone(),
            at: Some(stamped.at),
            failure: failure.clone(),
        })
    });
    let mut told: Vec<_> = told.collect();
    told.sort_by_key(|alert| alert.failure.is_none());
    let left_out = told.len().saturating_sub(MOST);
    told.truncate(MOST);
    (told, left_out)
}

impl AlertReport {
    /// One line, with what is code in backticks.
    pub(in crate::report) fn line(&self) -> String {
        let at = self.at.map(clock).unwrap_or_default();
        let head = format!("{} by {} ({at}): {}", self.on, self.way, self.text);
        match &self.failure {
            Some(why) => format!("not delivered: {head}: {why}"),
            None => head,
        }
    }
}
