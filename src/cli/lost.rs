//! Changes of a plan by which it would be forgotten how to undo what has run.

use super::exit::Failed;
use crate::exec::event::{Event, Stamped};
use crate::exec::state::saves_by_item;
use crate::ir::{Plan, Step};
use crate::store::RunRecord;
use crate::value::{NodeId, StepId};

/// Refuses a plan in which steps are gone, or no longer go item by item, whose work is still to be
/// undone as it was done. Items that are gone are no such change: what they did is kept.
///
/// # Errors
/// Names the first such step.
pub(super) fn keep_undo(
    (record, events): (&RunRecord, &[Stamped]),
    removed: &[StepId],
    now: Option<&Plan>,
) -> Result<(), Failed> {
    let undoes = |step: &Step| !step.rollback.is_empty() || !step.guards.snapshot.is_empty();
    let began = |id: &StepId| record.plan.steps.get(id);
    let mut gone = removed.iter().filter(|id| began(id).is_some_and(undoes));
    if let Some(step) = gone.find(|id| stands(events, id)) {
        let what =
            "is no longer in the plan: with it, how to undo it would be forgotten; put it back";
        return Err(Failed::wrong(cannot_forget(step, what, record)));
    }
    let parted = |id: &&StepId| {
        let after = now.and_then(|now| now.steps.get(*id));
        began(id).zip(after).is_some_and(|(before, after)| is_parted(before, after))
    };
    let Some(step) = record.plan.steps.keys().filter(parted).find(|id| stands(events, id)) else {
        return Ok(());
    };
    let was_each = began(step).is_some_and(|step| step.foreach.is_some());
    let what = if was_each {
        "is no longer a `foreach` step: for which items it is to be undone would be forgotten; make it one again"
    } else {
        "is a `foreach` step now: that it is to be undone without an item would be forgotten; take the `foreach` out"
    };
    Err(Failed::wrong(cannot_forget(step, what, record)))
}

/// Whether a step was undone item by item and is not any more, or the other way round.
fn is_parted(before: &Step, after: &Step) -> bool {
    let differs = before.foreach.is_some() != after.foreach.is_some();
    differs && (!before.rollback.is_empty() || saves_by_item(before))
}

/// Whether a step has been started and not undone.
fn stands(events: &[Stamped], id: &StepId) -> bool {
    events.iter().fold(false, |stands, stamped| match &stamped.event {
        Event::AttemptStarted { unit, .. } => {
            stands || matches!(&unit.node, NodeId::Step(step) if step == id)
        }
        Event::UndoEnded { step, failure: None, .. } => stands && step != id,
        _ => stands,
    })
}

fn cannot_forget(step: &StepId, what: &str, record: &RunRecord) -> String {
    let run = &record.id;
    format!(
        "step `{step}` has run in this run and {what}, or undo the run first: \
         goalc rollback {run} --to start"
    )
}
