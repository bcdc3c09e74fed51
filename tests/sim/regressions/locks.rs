//! Of locks, those of goals above all: these are kept while others are waited for.

use super::{Step, after, case, goal, guards, holds, of, step, takes};
use crate::plan::{
    Action, Confirm, EdgeKind, Goal, Guards, Kind, Lock, Node, Policy, Reply, Retry, Way,
};
use crate::random::Case;
use crate::script::{Crash, Next, Place};

fn lock(name: u8) -> Vec<Lock> {
    vec![Lock { name, shared: false, machine: false }]
}

fn locks(name: u8, step: Step) -> Step {
    Step { guards: Guards { locks: lock(name), ..step.guards }, ..step }
}

fn locked(name: u8, steps: Vec<Step>) -> Node {
    let guards = Guards { locks: lock(name), ..guards() };
    Node::Goal(Box::new(Goal { guards, ..goal(None, of(steps)) }))
}

fn below(step: Step) -> Step {
    Step { guards: Guards { locks: step.guards.locks, ..after(EdgeKind::Depends, 0) }, ..step }
}

fn at_once(children: Vec<Node>) -> Case {
    let mut case = case(goal(None, children));
    case.plan.jobs = 4;
    case
}

/// Nothing could start any more.
#[test]
fn a_step_may_take_the_lock_of_its_goal() {
    holds(&at_once(vec![locked(0, vec![locks(0, step()), locks(0, step())])]));
}

/// Each had what the other needed.
#[test]
fn two_goals_that_need_each_others_locks_open_one_after_the_other() {
    let inside = |other| vec![step(), below(locks(other, step()))];
    holds(&at_once(vec![locked(0, inside(1)), locked(1, inside(0))]));
}

/// The goal had the lock, and waited for the step.
#[test]
fn a_goal_does_not_open_before_what_it_waits_for_has_had_its_lock() {
    let slow = Step { acts: takes(2000, None), ..step() };
    let first = locks(0, Step { guards: after(EdgeKind::Depends, 0), ..step() });
    let mut children = of(vec![slow, first]);
    children.push(locked(0, vec![step(), Step { guards: after(EdgeKind::Depends, 1), ..step() }]));
    holds(&at_once(children));
}

/// As above, but in a run that is taken up, where the goal was open by then.
#[test]
fn an_open_goal_lends_its_lock_to_what_it_waits_for() {
    let fails = locks(0, Step { acts: takes(0, Some(Kind::Exit(1))), ..step() });
    let asked =
        Step { action: Action::Manual(Reply { after: None, yes: true, skips: false }), ..step() };
    let inner = locked(0, vec![Step { guards: after(EdgeKind::Depends, 0), ..step() }, asked]);
    let mut children = of(vec![fails]);
    children.push(inner);
    let mut tried = case(goal(Some(Policy::Continue), children));
    tried.script.terminal = false;
    tried.script.next = vec![Next::RetryFailed];
    holds(&tried);
}

/// The undo waited for the goal, and the goal for the undo.
#[test]
fn a_goal_that_is_rolled_back_keeps_no_lock_from_the_undos() {
    let made = locks(0, Step { rollback: true, ..step() });
    let needs = Step { guards: after(EdgeKind::Depends, 0), ..step() };
    let fails = Step { acts: takes(1500, Some(Kind::Exit(1))), ..step() };
    let mut children = of(vec![made]);
    children.push(locked(0, vec![Step { acts: takes(9000, None), ..needs }]));
    children.extend(of(vec![fails]));
    let mut rolled = at_once(children);
    rolled.plan.root.policy = Some(Policy::Rollback);
    holds(&rolled);
}

/// The process never ended, although only a person was waited for.
#[test]
fn what_waits_for_a_lock_after_its_delay_keeps_no_run_from_being_left_waiting() {
    let retry = Retry {
        count: 2,
        delay: Some(1000),
        backoff: None,
        max: None,
        jitter: false,
        within: None,
        on: Vec::new(),
    };
    let tried = locks(
        0,
        Step {
            way: Way { retry: Some(retry), timeout: None, by_hand: None },
            idempotent: true,
            acts: takes(0, Some(Kind::Exit(1))),
            ..step()
        },
    );
    let reply = Reply { after: None, yes: true, skips: false };
    let confirm = Some(Confirm { when: None, timeout: None, always: false, reply });
    let asked = Step { guards: Guards { confirm, ..guards() }, ..step() };
    let mut children = of(vec![tried]);
    children.push(locked(0, vec![asked]));
    let mut waits = at_once(children);
    waits.script.crashes = vec![Crash { at: 2, place: Place::Wait, lost: None }];
    waits.script.terminal = false;
    holds(&waits);
}
