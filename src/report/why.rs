//! Why a step waits or did not run, in words and as JSON.
//!
//! Knows what each cause means to a person; finds none itself.

use schemars::JsonSchema;
use serde::Serialize;

use super::layout::wrap;
use super::run::status_schema;
use crate::diagnostic::visible;
use crate::exec::event::{Status, Timestamp, Unit};
use crate::exec::why::{Awaited, Cause};
use crate::ir::EdgeKind;
use crate::value::duration_text;

/// The answer to `goalc why`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WhyView {
    /// The run's id.
    pub run: String,
    /// The step, goal or instance that was asked about.
    pub step: String,
    #[schemars(schema_with = "status_schema")]
    pub status: Status,
    /// What holds it back or ended it, then what holds that back.
    pub because: Vec<BecauseView>,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BecauseView {
    /// Whom it holds back.
    pub step: String,
    /// `ended running requires edge goal service question delay slots instances lock machine-lock resource
    /// joined in-doubt inside due`.
    pub kind: String,
    /// One sentence.
    pub text: String,
    /// The steps, goals or instances that it waits for.
    pub on: Vec<String>,
}

impl BecauseView {
    pub fn new(of: &Unit, cause: &Cause, now: Timestamp) -> Self {
        Self {
            step: of.to_string(),
            kind: kind(cause).to_owned(),
            text: sentence(cause, of, now),
            on: on(cause),
        }
    }
}

/// For a terminal: one paragraph a cause.
pub fn why_text(view: &WhyView) -> String {
    let lines = view.because.iter().flat_map(|because| wrap(&visible(&because.text), 80));
    lines.map(|line| line + "\n").collect()
}

/// Without a full stop.
fn sentence(cause: &Cause, of: &Unit, now: Timestamp) -> String {
    match cause {
        Cause::Ended { status, reason: Some(reason) } => format!("{of} {}: {reason}", was(*status)),
        Cause::Ended { status, reason: None } => format!("{of} {}", was(*status)),
        Cause::Running { attempt, .. } if *attempt == 0 => format!("{of} is being prepared"),
        Cause::Running { attempt, awaited, .. } => {
            let waits = match awaited {
                Some(Awaited::Ready(probes)) if probes.is_empty() => String::new(),
                Some(Awaited::Ready(probes)) => {
                    format!(", whose `ready` does not hold yet: {}", probes.join("; "))
                }
                Some(Awaited::Probes(probes)) => {
                    format!(", whose probes do not hold yet: {}", probes.join("; "))
                }
                None => String::new(),
            };
            format!("{of} runs: attempt {attempt}{waits}")
        }
        Cause::Requires { probes } => {
            format!("{of} waits for what it `requires`: {}", probes.join("; "))
        }
        Cause::Edge { on, status, kind } => {
            format!("{of} waits for `{on}`{}, which is {status}", awaited(*kind))
        }
        Cause::ClosedGoal { goal } => format!("{of} waits for its goal `{goal}` to begin"),
        Cause::Service { on, status } => {
            format!("{of} waits for the service `{on}` to be ready; it is {status}")
        }
        Cause::Question { text, until, .. } => {
            let left = until.map(|until| {
                let left = duration_text(until.since(now));
                format!(" (in {left} it is answered by its timeout)")
            });
            format!("{of} waits for a person: {text}{}", left.unwrap_or_default())
        }
        Cause::Delay { until } => {
            let left = duration_text(until.since(now));
            format!("{of} is tried again in {left}")
        }
        Cause::Slots { running } => {
            format!("{of} waits for a free slot, all are taken{}", those(running))
        }
        Cause::Instances { running } => {
            format!("{of} waits for others of its step or goal{}", those(running))
        }
        Cause::Lock { name, holders } => {
            format!("{of} waits for the lock `{name}`{}", those(holders))
        }
        Cause::Circle { with } => {
            format!(
                "{of} waits for the end of `{with}`: each may come to need what the other keeps"
            )
        }
        Cause::MachineLock { name } => {
            format!("{of} waits for the machine's lock `{name}`, which another run may hold")
        }
        Cause::Resource { name, wants, all, holders } => {
            format!("{of} waits for {wants} of {all} `{name}`{}", those(holders))
        }
        Cause::Joined { with } => {
            format!("{of} starts together with `{with}`, which cannot start yet")
        }
        Cause::InDoubt => {
            format!("{of} was running when goalc was killed: whether it is done, no one knows yet")
        }
        Cause::Inside { ended, all } => {
            format!("{of} is under way: {ended} of {all} in it have ended")
        }
        Cause::Due => format!("nothing holds {of} back: it is about to start"),
    }
}

/// A word for programs.
fn kind(cause: &Cause) -> &'static str {
    match cause {
        Cause::Ended { .. } => "ended",
        Cause::Running { .. } => "running",
        Cause::Requires { .. } => "requires",
        Cause::Edge { .. } => "edge",
        Cause::ClosedGoal { .. } => "goal",
        Cause::Service { .. } => "service",
        Cause::Question { .. } => "question",
        Cause::Delay { .. } => "delay",
        Cause::Slots { .. } => "slots",
        Cause::Instances { .. } => "instances",
        Cause::Lock { .. } => "lock",
        Cause::Circle { .. } => "circle",
        Cause::MachineLock { .. } => "machine-lock",
        Cause::Resource { .. } => "resource",
        Cause::Joined { .. } => "joined",
        Cause::InDoubt => "in-doubt",
        Cause::Inside { .. } => "inside",
        Cause::Due => "due",
    }
}

fn on(cause: &Cause) -> Vec<String> {
    match cause {
        Cause::Edge { on, .. } | Cause::Service { on, .. } => vec![on.to_string()],
        Cause::ClosedGoal { goal } => vec![goal.to_string()],
        Cause::Joined { with } | Cause::Circle { with } => vec![with.to_string()],
        Cause::Slots { running } | Cause::Instances { running } => names(running),
        Cause::Lock { holders, .. } | Cause::Resource { holders, .. } => names(holders),
        _ => Vec::new(),
    }
}

fn was(status: Status) -> String {
    match status {
        Status::Succeeded | Status::Failed => status.to_string(),
        Status::NotRun => "was not run".to_owned(),
        Status::UndoFailed => "could not be undone".to_owned(),
        status => format!("was {status}"),
    }
}

fn awaited(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::After => " to end",
        EdgeKind::DependsOptional => " to succeed or be skipped",
        EdgeKind::Item => "'s items",
        EdgeKind::Depends | EdgeKind::Stdin => "",
    }
}

/// At most three of them by name.
fn those(units: &[Unit]) -> String {
    const SHOWN: usize = 3;
    let named: Vec<String> = units.iter().take(SHOWN).map(|unit| format!("`{unit}`")).collect();
    match (named.as_slice(), units.len()) {
        ([], _) => String::new(),
        (named, all) if all > SHOWN => {
            format!(": {} and {} more", named.join(", "), all - SHOWN)
        }
        (named, _) => format!(": {}", named.join(", ")),
    }
}

fn names(units: &[Unit]) -> Vec<String> {
    units.iter().map(ToString::to_string).collect()
}
