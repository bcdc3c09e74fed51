//! Of steps with `foreach`.

use super::{Each, Step, after, case, goal, guards, holds, of, step, takes};
use crate::plan::{
    Acts, Confirm, Edge, EdgeKind, Guards, Kind, Node, Policy, Reply, Try, Way, When,
};
use crate::script::{Crash, Place, Signal};

fn each(items: u32) -> Each {
    Each { of: None, items, batch: None, parallel: None, tolerate: None }
}

fn piped() -> Each {
    Each { of: Some(0), ..each(0) }
}

fn confirmed(yes: bool) -> Guards {
    let reply = Reply { after: Some(0), yes, skips: false };
    let confirm = Some(Confirm { when: None, timeout: None, always: false, reply });
    Guards { confirm, ..guards() }
}

/// The items counted as the end of the step, and what else it waited for as done.
#[test]
fn what_depends_on_the_step_that_its_items_come_from_waits_for_the_rest() {
    let two = Guards {
        edges: vec![
            Edge { on: 1, kind: EdgeKind::Depends },
            Edge { on: 0, kind: EdgeKind::Depends },
        ],
        ..guards()
    };
    let from = Step { each: Some(each(0)), ..step() };
    let slow = Step { acts: takes(2000, None), ..step() };
    let last = Step { guards: two, each: Some(piped()), ..step() };
    holds(&case(goal(None, of(vec![from, slow, last]))));
}

/// It was told as `not-run`, and its fallback was not tried.
#[test]
fn an_instance_that_has_begun_goes_on_with_its_fallback_when_others_have_failed() {
    let fails = |takes| Try { takes, fails: Some(Kind::Exit(1)), hangs: false, grace: 0 };
    let tries = vec![fails(0), fails(1000), fails(5000), fails(0)];
    let way = Way { retry: None, timeout: None, by_hand: None };
    let acts = Acts { tries, ..step().acts };
    let mut goes_on = case(goal(
        None,
        of(vec![Step { each: Some(each(3)), fallbacks: vec![way], acts, ..step() }]),
    ));
    goes_on.plan.jobs = 3;
    holds(&goes_on);
}

/// Somebody was asked again.
#[test]
fn an_instance_that_was_approved_and_stopped_is_not_asked_about_again() {
    let asked =
        Step { guards: confirmed(true), each: Some(each(2)), acts: takes(5000, None), ..step() };
    let mut stopped = case(goal(None, of(vec![asked])));
    stopped.plan.jobs = 1;
    stopped.script.signal = Some(Signal { process: 0, wait: 2, number: 2, again: None });
    holds(&stopped);
}

/// The step could not end before the others had been answered.
#[test]
fn an_instance_is_not_waited_for_once_too_many_have_been_denied() {
    let asked = Step { guards: confirmed(false), each: Some(each(2)), ..step() };
    let mut denied = case(goal(None, of(vec![asked])));
    denied.script.one_by_one = true;
    holds(&denied);
}

/// It was skipped, or began, although what it takes its items from was undone.
#[test]
fn what_takes_its_items_from_what_is_undone_is_blocked() {
    let fails =
        Step { each: Some(each(1)), rollback: true, acts: takes(0, Some(Kind::Exit(1))), ..step() };
    let inner = goal(Some(Policy::Rollback), of(vec![fails]));
    let skipped =
        Step { guards: Guards { when: Some(When::Constant(false)), ..guards() }, ..step() };
    let mut waits = after(EdgeKind::Depends, 0);
    waits.edges.push(Edge { on: 2, kind: EdgeKind::After });
    let last = Step { guards: waits, each: Some(piped()), ..step() };
    let mut children = vec![Node::Goal(Box::new(inner))];
    children.extend(of(vec![skipped, last]));
    holds(&case(goal(Some(Policy::Continue), children)));
}

/// It stayed `cancelled`, and with it the step.
#[test]
fn an_instance_that_was_stopped_is_due_again_where_a_crash_came_before_the_end_of_its_step() {
    let tried = |grace| Try { takes: 9000, fails: None, hangs: false, grace };
    let acts = Acts { tries: vec![tried(0), tried(4000)], ..step().acts };
    let both = Step { each: Some(each(2)), idempotent: true, acts, ..step() };
    let mut stopped = case(goal(None, of(vec![both])));
    stopped.script.signal = Some(Signal { process: 0, wait: 1, number: 2, again: None });
    stopped.script.crashes = vec![Crash { at: 3, place: Place::Wait, lost: None }];
    holds(&stopped);
}
