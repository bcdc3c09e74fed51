//! Asking what guards and goals want: `unless`, `requires`, a goal's `verify`.
//!
//! Knows which probes are whose; how they are asked is `probe`'s. Invariant: what `unchanged` finds
//! is noted whether or not the step runs then.

use std::sync::Arc;

use super::asking;
use super::attempt::Pending;
use super::launch::{LogName, Subject, place_of};
use super::local::LocalWorld;
use super::message::Message;
use super::noted;
use super::pool::spawn;
use super::{Outputs, Ticket, View};
use crate::exec::event::ProbeAnswer;
use crate::exec::graph::NodeIx;
use crate::exec::probe::{Probe, ProbeKind, check, check_each};
use crate::exec::process::Controller;
use crate::exec::schedule::guards_of;
use crate::exec::state::UnitIx;

/// Probes of steps that are asked at once; more wait their turn.
const MOST_CHECKS: usize = 64;

/// Whether probes behind one that does not hold are asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asking {
    UpToAFailure,
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
    /// Asks probes in a thread of their own, when it is their turn.
    pub(super) fn ask(&mut self, ticket: Ticket, probes: Vec<Probe>) {
        self.ask_as(ticket, probes, Asking::UpToAFailure);
    }

    pub(super) fn ask_as(&mut self, ticket: Ticket, probes: Vec<Probe>, how: Asking) {
        if self.checks >= MOST_CHECKS {
            self.queued.push((ticket, probes, how));
            return;
        }
        self.checks += 1;
        let (sender, control) = (self.sender.clone(), self.control(ticket));
        spawn(move || {
            sender.send(match how {
                Asking::UpToAFailure => Message::Checked(ticket, check(&probes, &control)),
                Asking::Each => Message::Verified(ticket, answers(&probes, &control)),
            });
        });
    }

    pub(super) fn next_check(&mut self) {
        self.checks -= 1;
        if let Some((ticket, probes, how)) = self.queued.pop() {
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
        self.ask(ticket, probes);
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
