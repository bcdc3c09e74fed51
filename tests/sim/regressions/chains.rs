//! Steps that are joined by pipes.

use super::super::plan::{Goal, Lock, Node};
use super::{Acts, Kind, Step, case, goal, guards, holds, of, step, takes};
use crate::plan::Policy;
use crate::script::{Crash, Next, Place};

/// Three ran at once: while the snapshot was taken its reader had no slot.
#[test]
fn a_chain_has_all_its_slots_while_a_snapshot_of_it_is_taken() {
    let acts = Acts { save: (1000, true), ..step().acts };
    let saved = Step { snapshot: true, acts, reads: Some(0), ..step() };
    let short = Step { acts: takes(500, None), ..step() };
    holds(&case(goal(None, of(vec![short, step(), saved, step()]))));
}

/// The lock was another's by the time that the snapshot was taken, and both had it.
#[test]
fn a_chain_has_all_its_locks_while_a_snapshot_of_it_is_taken() {
    let lock = Lock { name: 0, shared: false, machine: false };
    let locks = || super::Guards { locks: vec![lock], ..guards() };
    let acts = Acts { save: (1000, true), ..step().acts };
    let saved = Step { snapshot: true, acts, reads: Some(0), ..step() };
    let writer = Step { guards: locks(), ..step() };
    let other = Step { guards: locks(), ..step() };
    let mut case = case(goal(None, of(vec![writer, saved, other])));
    case.plan.jobs = 4;
    holds(&case);
}

/// They were `blocked`, and cleaned up after once more: a deadline had ended the third.
#[test]
fn what_is_joined_to_what_a_deadline_ended_stays_as_it_is() {
    let long = |reads| Step { acts: takes(9000, None), reads, ..step() };
    let late = Goal { deadline: Some(1000), ..goal(None, of(vec![long(Some(0))])) };
    let nodes = [of(vec![long(None)]), vec![Node::Goal(Box::new(late))], of(vec![step()])];
    let mut case = case(goal(Some(Policy::Continue), nodes.concat()));
    case.script.next = vec![Next::Changed(2)];
    holds(&case);
}

/// An undo that was under way elsewhere when goalc died stayed so for ever, and so did a snapshot.
#[test]
fn what_was_saved_or_undone_of_a_step_that_runs_elsewhere_goes_on_after_a_crash() {
    let undo = Step { rollback: true, elsewhere: true, ..step() };
    let saved = Step { snapshot: true, elsewhere: true, ..step() };
    let fails = Step { acts: takes(3000, Some(Kind::Exit(1))), ..step() };
    for at in 1..12 {
        let steps = of(vec![undo.clone(), saved.clone(), fails.clone()]);
        let mut case = case(goal(Some(Policy::Rollback), steps));
        case.script.crashes = vec![Crash { at, place: Place::AfterWrite, lost: None }];
        holds(&case);
    }
}

/// The goal's steps waited for ever for the lock, which nobody had.
#[test]
fn what_an_agent_does_takes_no_lock() {
    let lock = Lock { name: 0, shared: false, machine: false };
    let locks = || super::Guards { locks: vec![lock], ..guards() };
    let acts = Acts { agent: (9000, true), ..step().acts };
    let by_hand = Step { action: super::by_hand(20_000), guards: locks(), acts, ..step() };
    let inner = Goal { guards: locks(), ..goal(None, of(vec![step()])) };
    let nodes = [of(vec![step()]), vec![Node::Goal(Box::new(inner))]].concat();
    let outer = Goal { guards: locks(), ..goal(None, nodes) };
    let nodes = [vec![Node::Goal(Box::new(outer))], of(vec![by_hand])].concat();
    let mut case = case(goal(None, nodes));
    case.script.agent = u8::MAX;
    holds(&case);
}
