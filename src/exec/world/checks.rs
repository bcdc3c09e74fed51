//! Asking what guards and goals want: `unless`, `requires`, a goal's `verify`.
//!
//! Knows which probes are whose; how they are asked is `probe`'s. Invariant: what `unchanged` finds
//! is noted whether or not the step runs then.

use std::sync::Arc;
use std::time::Duration;

use super::asking;
use super::attempt::{Pending, evaluate, verify_of};
use super::launch::{LogName, Subject, place_of};
use super::local::LocalWorld;
use super::message::Message;
use super::noted;
use super::pool::spawn;
use super::{AttemptOrder, Outputs, Ticket, View};
use crate::exec::drive::attempt_of;
use crate::exec::event::ProbeAnswer;
use crate::exec::graph::NodeIx;
use crate::exec::probe::{Probe, ProbeKind, check, check_each};
use crate::exec::process::Controller;
use crate::exec::schedule::guards_of;
use crate::exec::scope::is_forgotten;
use crate::exec::state::UnitIx;
use crate::value::Value;

/// Probes of steps that are asked at once; more wait their turn.
const MOST_CHECKS: usize = 64;

/// Whether probes behind one that does not hold are asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asking {
    UpToAFailure { most: Option<Duration> },
    Each,
}

/// What comes of each probe.
fn answers(probes: &[Probe], control: &Controller) -> Vec<ProbeAnswer> {
    let answer = |found: Result<String, String>| ProbeAnswer {
        holds: found.is_ok(),
        found: found.unwrap_or_else(|why| why),
    };
    check_each(probes, control).into_iter().map(answer).collect()
}

impl LocalWorld {
    /// Asks probes in a thread of their own, when it is their turn; from then on for no longer than `most`.
    pub(super) fn ask(&mut self, ticket: Ticket, probes: Vec<Probe>, most: Option<Duration>) {
        self.ask_as(ticket, probes, Asking::UpToAFailure { most });
    }

    pub(super) fn ask_as(&mut self, ticket: Ticket, probes: Vec<Probe>, how: Asking) {
        if self.checks >= MOST_CHECKS {
            self.queued.push_back((ticket, probes, how));
            return;
        }
        self.checks += 1;
        let (sender, control) = (self.sender.clone(), self.control(ticket));
        spawn(move || {
            sender.send(match how {
                Asking::UpToAFailure { most } => {
                    Message::Checked(ticket, check(&probes, &control, most))
                }
                Asking::Each => Message::Verified(ticket, answers(&probes, &control)),
            });
        });
    }

    pub(super) fn next_check(&mut self) {
        self.checks -= 1;
        if let Some((ticket, probes, how)) = self.queued.pop_front() {
            self.ask_as(ticket, probes, how);
        }
    }

    pub(super) fn begin_checks(
        &mut self,
        ticket: Ticket,
        unit: UnitIx,
        view: View<'_>,
        unless: bool,
    ) {
        let graph = Arc::clone(view.state.graph());
        let Some(guards) = guards_of(&graph, unit.node) else { return };
        let probes = if unless { &guards.unless } else { &guards.requires };
        let ways: Vec<_> =
            graph.step(unit.node).map(|s| &*s.attempt.environment).into_iter().collect();
        let place = place_of(view, &self.surroundings, unit);
        let (node, number, log) = (unit.node, ticket.0, LogName::Nowhere);
        let subject = Subject { place, node, attempt: 0, number, log, desk: None };
        let mut probes = asking::evaluate(&self.launcher, subject, probes, &ways);
        // Asked first: what it finds is to be noted also where another probe does not hold.
        probes.sort_by_key(|probe| !matches!(probe.kind, ProbeKind::Unchanged(_)));
        let last = self.recall(&mut probes, unit, view);
        let pending = if unless { Pending::Unless(unit, last) } else { Pending::Checks };
        self.pending.insert(ticket, pending);
        self.ask(ticket, probes, None);
    }

    /// Asks the `verify` of what a person has done.
    pub(super) fn begin_verify_by_hand(&mut self, ticket: Ticket, unit: UnitIx, view: View<'_>) {
        let graph = Arc::clone(view.state.graph());
        let (Some(step), Some(state)) = (graph.step(unit.node), view.state.unit(unit)) else {
            return;
        };
        let (attempt, way, log) = (state.attempts, state.way, state.start);
        let order = AttemptOrder { unit, attempt, way, log };
        let given = (order, Some(&*state.outputs));
        let probes = evaluate(self, given, view, (step, verify_of(step, order)), None);
        let timeout = attempt_of(step, way).and_then(|attempt| attempt.timeout.as_ref());
        let place = place_of(view, &self.surroundings, unit);
        let most = timeout.and_then(|timeout| place.duration(timeout).ok());
        self.pending.insert(ticket, Pending::Checks);
        self.ask(ticket, probes, most);
    }

    /// Tells the probe `unchanged` of the step's last success, and keeps what it finds. Gives what
    /// the step gave then.
    fn recall(&self, probes: &mut [Probe], unit: UnitIx, view: View<'_>) -> Option<Outputs> {
        let step = view.state.graph().step(unit.node);
        let gives = step.is_some_and(|step| !step.outputs.is_empty());
        let mut outputs = None;
        for probe in probes {
            let ProbeKind::Unchanged(wanted) = &mut probe.kind else { continue };
            let name = view.state.name(unit);
            let key = noted::key(view.state, &name);
            let last = self.successes.as_ref().and_then(|known| known.last(&key));
            // What it gave is needed, too, and an older goalc did not keep it.
            let last = last.filter(|last| last.outputs.is_some() || !gives);
            // What it gave secretly is nowhere: it is to give it again.
            let secret = |value: &Value| is_forgotten(value);
            let last =
                last.filter(|last| !last.outputs.iter().flat_map(Outputs::values).any(secret));
            self.noted.note(name, Arc::clone(&wanted.noted));
            if let Some(last) = last {
                wanted.last = Some(last.inputs);
                outputs = last.outputs.filter(|_| !probe.negated);
            }
        }
        outputs
    }

    pub(super) fn goal_probes(&self, goal: NodeIx, view: View<'_>, verify: bool) -> Vec<Probe> {
        let graph = Arc::clone(view.state.graph());
        let Some(found) = graph.goal(goal) else { return Vec::new() };
        let probes = if verify { &found.verify } else { &found.guards.requires };
        let place = place_of(view, &self.surroundings, UnitIx::of(goal));
        let (number, log) = (0, LogName::Nowhere);
        let subject = Subject { place, node: goal, attempt: 0, number, log, desk: None };
        asking::evaluate(&self.launcher, subject, probes, &[])
    }
}
