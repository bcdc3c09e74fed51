//! Snapshots: what is saved of a unit and what is put back, and how far that is.
//!
//! Invariant: what was saved first stays, until all of it is put back.

use super::{End, Phase, RunState, Saved, UnitIx, UnitState};
use crate::exec::event::{Event, Failure};
use crate::ir::Step;
use crate::value::Expr;

/// The paths to save before a unit's first attempt. Those of a `foreach` step that have nothing to
/// do with its item are saved once, for all its instances.
pub fn paths_to_save(step: &Step, unit: UnitIx) -> impl Iterator<Item = &Expr> {
    let of_item = unit.item.is_some();
    let each = step.foreach.is_some();
    step.guards.snapshot.iter().filter(move |path| !each || is_of_item(step, path) == of_item)
}

/// Whether a step saves other paths for each of its items.
pub fn saves_by_item(step: &Step) -> bool {
    step.foreach.is_some() && step.guards.snapshot.iter().any(|path| is_of_item(step, path))
}

/// Whether a path leads elsewhere for each item: by itself, or by the `dir` that it begins in.
fn is_of_item(step: &Step, path: &Expr) -> bool {
    let dir = step.attempt.environment.dir.as_ref();
    mentions_item(path) || dir.is_some_and(|dir| mentions_item(dir)) && !is_absolute(path)
}

fn is_absolute(path: &Expr) -> bool {
    match path {
        Expr::Literal(value) => value.to_text().starts_with('/'),
        Expr::Template(parts) => parts.first().is_some_and(is_absolute),
        _ => false,
    }
}

fn mentions_item(path: &Expr) -> bool {
    let mut found = false;
    path.walk(&mut |expr| found |= matches!(expr, Expr::Item(_) | Expr::ItemOutput { .. }));
    found
}

impl RunState {
    /// Whether a unit's paths must be saved before it may start.
    pub fn must_save(&self, unit: UnitIx) -> bool {
        let whole = |state: &UnitState| state.saved.as_ref().is_some_and(|saved| !saved.outdated);
        let saved = self.unit(unit).is_none_or(whole);
        let step = self.graph.step(unit.node);
        !saved && step.is_some_and(|step| paths_to_save(step, unit).next().is_some())
    }

    /// Whether a unit that is about to end without success has something to put back first.
    pub fn must_restore(&self, unit: UnitIx) -> bool {
        let Some(state) = self.unit(unit) else { return false };
        let saved = state.saved.as_ref();
        let touched = state.touched || (unit.item.is_none() && self.node(unit.node).is_touched());
        touched && saved.is_some_and(|saved| !saved.put_back && saved.failure.is_none())
    }

    pub(super) fn apply_snapshot(&mut self, unit: UnitIx, event: &Event) {
        if !matches!(event, Event::SnapshotStarted { .. } | Event::RestoreStarted { .. }) {
            self.let_go(unit);
        }
        let Some(state) = self.unit_mut(unit) else { return };
        match event {
            Event::SnapshotStarted { uses, .. } => {
                state.uses = uses.clone().into();
                (state.phase, state.verdict) = (Phase::Snapshotting, None);
            }
            Event::SnapshotTaken { id, .. } => {
                // What was saved first stays what is put back last.
                let mut ids = state.saved.take().map(|saved| saved.ids).unwrap_or_default();
                ids.push(id.clone());
                let (put_back, failure, outdated) = (false, None, false);
                state.saved = Some(Box::new(Saved { ids, outdated, put_back, failure }));
                state.phase = Phase::Guarding;
            }
            Event::SnapshotFailed { failure, .. } => {
                state.last_failure = Some(Box::new(failure.clone()));
                state.phase = Phase::Failing(Box::new(failure.clone()));
            }
            Event::RestoreStarted { status, failure, reason, .. } => {
                let (status, failure, reason) = (*status, failure.clone(), reason.clone());
                state.phase = Phase::Restoring(Box::new(End { status, failure, reason }));
            }
            Event::RestoreEnded { failure, .. } => end_restore(state, failure.as_ref()),
            _ => {}
        }
        match event {
            Event::SnapshotStarted { .. } | Event::RestoreStarted { .. } => self.hold(unit),
            // A rollback may have waited for it.
            Event::SnapshotTaken { .. } => self.plan_undo(unit.node),
            _ => {}
        }
        self.hold_for_joined(unit.node);
    }
}

fn end_restore(state: &mut UnitState, failure: Option<&String>) {
    if let Some(saved) = &mut state.saved {
        saved.put_back = failure.is_none();
        saved.failure = failure.cloned();
    }
    let Phase::Restoring(mut end) = std::mem::take(&mut state.phase) else { return };
    if let Some(why) = failure {
        let first = end.reason.take().or_else(|| end.failure.as_ref().map(Failure::to_string));
        let first = first.map_or_else(String::new, |first| format!("{first}; "));
        end.reason = Some(format!("{first}its snapshot is not put back: {why}"));
    }
    state.phase = Phase::Ending(end);
}
