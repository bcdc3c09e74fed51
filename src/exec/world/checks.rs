//! Asking what guards and goals want: `unless`, `requires`, a goal's `verify`.
//!
//! Knows which probes are whose; how they are asked is `probe`'s. Invariant: what `unchanged` finds
//! is noted whether or not the step runs then.

use std::sync::Arc;

use super::asking;
use super::attempt::Pending;
use super::launch::{Subject, place_of};
use super::local::LocalWorld;
use super::noted;
use super::{Ticket, View};
use crate::exec::graph::NodeIx;
use crate::exec::probe::{Probe, ProbeKind};
use crate::exec::schedule::guards_of;
use crate::exec::state::UnitIx;

impl LocalWorld {
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
            graph.step(unit.node).map(|s| &s.attempt.environment).into_iter().collect();
        let place = place_of(view, &self.surroundings, unit);
        let subject = Subject { place, node: unit.node, attempt: 0, log: ticket.0, desk: None };
        let mut probes = asking::evaluate(&self.launcher, subject, probes, &ways);
        // Asked first: what it finds is to be noted also where another probe does not hold.
        probes.sort_by_key(|probe| !matches!(probe.kind, ProbeKind::Unchanged(_)));
        self.recall(&mut probes, unit, view);
        self.pending.insert(ticket, Pending::Checks);
        self.ask(ticket, probes);
    }

    /// Tells the probe `unchanged` of the step's last success, and keeps what it finds.
    fn recall(&self, probes: &mut [Probe], unit: UnitIx, view: View<'_>) {
        for probe in probes {
            let ProbeKind::Unchanged(wanted) = &mut probe.kind else { continue };
            let name = view.state.name(unit);
            let key = noted::key(view.state, &name);
            wanted.last = self.successes.as_ref().and_then(|known| known.last(&key));
            self.noted.note(name, Arc::clone(&wanted.noted));
        }
    }

    pub(super) fn goal_probes(&self, goal: NodeIx, view: View<'_>, verify: bool) -> Vec<Probe> {
        let graph = Arc::clone(view.state.graph());
        let Some(found) = graph.goal(goal) else { return Vec::new() };
        let probes = if verify { &found.verify } else { &found.guards.requires };
        let place = place_of(view, &self.surroundings, UnitIx::of(goal));
        let subject = Subject { place, node: goal, attempt: 0, log: 0, desk: None };
        asking::evaluate(&self.launcher, subject, probes, &[])
    }
}
