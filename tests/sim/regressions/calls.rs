//! Of runs that are taken up, tried again, changed, rolled back; and of `--only` and `--skip`.

use super::{Each, Step, after, case, goal, guards, holds, of, step, takes};
use crate::plan::{
    Action, Acts, Confirm, EdgeKind, Goal, Guards, Kind, Node, Omit, Reply, Try, Verdict,
};
use crate::script::{Next, Signal};

const FAILS: Option<Kind> = Some(Kind::Exit(1));

/// Fails at once, and then no more.
fn fails() -> Step {
    Step { acts: takes(0, FAILS), ..step() }
}

fn each(of: Option<u16>) -> Each {
    Each { of, items: 2, batch: None, parallel: None, tolerate: None }
}

fn undoable(step: Step) -> Step {
    Step { rollback: true, ..step }
}

/// What was changed was `not-run`, for its own failure had stopped the run.
#[test]
fn what_failed_and_was_changed_runs_and_so_does_what_its_failure_kept_off() {
    let dependent = Step { guards: after(EdgeKind::Depends, 0), ..step() };
    let slow = Step { acts: takes(5000, None), ..step() };
    let mut changed = case(goal(None, of(vec![fails(), dependent, slow])));
    changed.plan.jobs = 1;
    changed.script.next = vec![Next::Changed(0)];
    holds(&changed);
}

/// Instances that had succeeded ran again.
#[test]
fn instances_that_succeeded_stay_so_when_a_failure_of_others_was_changed() {
    let some = Step {
        each: Some(Each { tolerate: Some(crate::plan::Tolerate::Count(1)), ..each(None) }),
        acts: takes(0, FAILS),
        ..step()
    };
    let piped = Step { each: Some(each(Some(0))), ..step() };
    let failing = Step { acts: takes(3000, FAILS), ..step() };
    let mut changed = case(goal(None, of(vec![some, piped, failing])));
    changed.script.next = vec![Next::Changed(2)];
    holds(&changed);
}

/// What it had been approved for was taken as approved in its new meaning.
#[test]
fn what_was_changed_is_asked_about_again() {
    let reply = Reply { after: Some(0), yes: true, skips: false };
    let confirm = Some(Confirm { when: None, timeout: None, always: false, reply });
    let asked = Step { guards: Guards { confirm, ..guards() }, ..step() };
    let mut changed = case(goal(None, of(vec![asked])));
    changed.script.next = vec![Next::Changed(0)];
    holds(&changed);
}

/// It was skipped, and so were its dependents.
#[test]
fn what_the_call_skips_is_blocked_where_it_would_be_with_a_false_condition() {
    let skipped = Step { guards: after(EdgeKind::Depends, 0), omit: Some(Omit::Skipped), ..step() };
    holds(&case(goal(None, of(vec![fails(), skipped]))));
}

/// It had no items, and so succeeded without doing anything.
#[test]
fn what_takes_its_items_from_what_is_left_out_has_them_all_the_same() {
    let source = Step { each: Some(each(None)), omit: Some(Omit::LeftOut), ..step() };
    let piped = Step { each: Some(each(Some(0))), ..step() };
    holds(&case(goal(None, of(vec![source, piped]))));
}

/// It was told to be undone in part, with the exit code 1.
#[test]
fn a_rollback_that_was_stopped_in_its_cleanup_is_whole() {
    let root = Goal { cleanup: Some(true), ..goal(None, of(vec![step()])) };
    let mut stopped = case(root);
    stopped.script.next = vec![Next::RollBack { to_start: true }];
    stopped.script.signal = Some(Signal { process: 1, wait: 1, number: 2, again: None });
    holds(&stopped);
}

/// It waited for its goal, and that for its undo.
#[test]
fn what_was_begun_anew_and_waits_for_others_is_rolled_back_without_these() {
    let manual = Action::Manual(Reply { after: None, yes: true, skips: false });
    let inner = Node::Goal(Box::new(goal(None, of(vec![Step { action: manual, ..step() }]))));
    let last = undoable(Step { guards: after(EdgeKind::Depends, 1), ..step() });
    let mut children = vec![inner];
    children.extend(of(vec![last]));
    let mut changed = case(goal(None, children));
    changed.script.terminal = false;
    changed.script.next =
        vec![Next::Changed(0), Next::Changed(0), Next::RollBack { to_start: true }];
    holds(&changed);
}

/// Its dependents' instances began at once.
#[test]
fn instances_wait_for_those_of_a_step_that_has_started_over() {
    let tries = vec![
        Try { takes: 0, fails: None, hangs: false, grace: 0 },
        Try { takes: 2000, fails: None, hangs: false, grace: 0 },
    ];
    let source =
        undoable(Step { each: Some(each(None)), acts: Acts { tries, ..step().acts }, ..step() });
    let piped = Step { each: Some(each(Some(0))), acts: takes(9000, FAILS), ..step() };
    let mut again = case(goal(None, of(vec![source, piped])));
    again.script.next = vec![Next::RollBack { to_start: true }, Next::RetryFailed];
    holds(&again);
}

/// Two undos took more of a resource together than there is; that of instances took none.
#[test]
fn an_undo_takes_what_its_step_took_before_it_was_begun_anew() {
    let uses = Guards { uses: Some(2), ..guards() };
    let in_doubt = Verdict { after: Some(0), says: crate::plan::Doubt::Rerun };
    let acts = Acts { in_doubt, undo: (1000, true), ..step().acts };
    let one = undoable(Step { guards: uses.clone(), acts: acts.clone(), ..step() });
    let many = undoable(Step { guards: uses, each: Some(each(None)), acts, ..step() });
    let mut changed = case(goal(None, of(vec![fails(), one, many])));
    changed.script.next =
        vec![Next::RetryFailed, Next::Changed(2), Next::RollBack { to_start: true }];
    holds(&changed);
}

/// Nobody undid what its instances had done.
#[test]
fn what_instances_did_is_undone_also_once_their_step_was_begun_anew() {
    let acts = Acts { undo: (0, true), ..takes(0, FAILS) };
    let failing = undoable(Step { each: Some(each(None)), acts, ..step() });
    let mut changed = case(goal(None, of(vec![failing, fails()])));
    changed.script.next = vec![Next::Changed(0), Next::RollBack { to_start: true }];
    holds(&changed);
}

/// What was rolled back for a failure that was mended since did not run.
#[test]
fn what_was_rolled_back_runs_once_what_failed_has_changed() {
    let made = undoable(step());
    let failing = Step { guards: after(EdgeKind::Depends, 0), ..fails() };
    let later = Step { guards: after(EdgeKind::Depends, 0), ..step() };
    let root = goal(Some(crate::plan::Policy::Rollback), of(vec![made, failing, later]));
    let mut changed = case(root);
    changed.script.next = vec![Next::Changed(1)];
    holds(&changed);
}

/// It had passed at once.
#[test]
fn what_a_deadline_has_ended_has_its_time_again_when_it_is_tried_again() {
    let slow = Step { acts: takes(5000, None), ..step() };
    let mut late = case(Goal { deadline: Some(2000), ..goal(None, of(vec![slow])) });
    late.script.next = vec![Next::RetryFailed];
    holds(&late);
}
