//! Of `snapshot`.

use super::{Step, after, case, goal, holds, of, step, takes};
use crate::plan::{Action, Acts, EdgeKind, Kind, Policy, Reply, StepPolicy};
use crate::script::Next;

/// Nothing was undone, for the rollback still waited for the snapshot to be taken.
#[test]
fn a_rollback_begins_once_a_snapshot_is_taken_that_it_waited_for() {
    let made = Step { rollback: true, acts: takes(0, None), ..step() };
    let saves = Step { snapshot: true, acts: Acts { save: (1000, true), ..step().acts }, ..step() };
    let fails = Step { acts: takes(1000, Some(Kind::Exit(1))), ..step() };
    for steps in [[made.clone(), saves.clone(), fails.clone()], [made, fails, saves]] {
        let mut rolled = case(goal(Some(Policy::Rollback), of(steps.to_vec())));
        rolled.plan.jobs = 3;
        rolled.script.one_by_one = true;
        holds(&rolled);
    }
}

/// It was put back at once, before what came after it was undone.
#[test]
fn what_was_not_begun_anew_goes_back_in_its_turn() {
    let acts = Acts { restore: (2000, false), ..takes(0, Some(Kind::Exit(1))) };
    let first = Step { snapshot: true, policy: Some(StepPolicy::Skip), acts, ..step() };
    let asked = Action::Manual(Reply { after: None, yes: false, skips: false });
    let later = Step { guards: after(EdgeKind::After, 0), rollback: true, ..step() };
    let last = Step {
        guards: after(EdgeKind::Depends, 0),
        action: asked,
        policy: Some(StepPolicy::Rollback),
        ..step()
    };
    let mut tried = case(goal(None, of(vec![first, later, last])));
    tried.plan.jobs = 3;
    tried.script.terminal = false;
    tried.script.next = vec![Next::RetryFailed, Next::Changed(0)];
    holds(&tried);
}
