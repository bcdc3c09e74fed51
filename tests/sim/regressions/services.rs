//! Services: who needs them, what they keep, and what their end means for others.

use super::super::plan::{
    Begin, Begins, EdgeKind, Goal, Kind, Lock, Node, Policy, Reply, StepPolicy, Way,
};
use super::super::script::Next;
use super::{Acts, Guards, Step, after, by_hand, case, goal, guards, holds, of, step, takes};

fn service() -> Step {
    Step { service: true, ..step() }
}

/// One that ends by itself after so long.
fn dies(after: u32) -> Step {
    Step { acts: takes(after, Some(Kind::Exit(1))), ..service() }
}

fn depends(back: u16) -> Guards {
    after(EdgeKind::Depends, back)
}

fn lock(machine: bool, guards: Guards) -> Guards {
    Guards { locks: vec![Lock { name: 0, shared: false, machine }], ..guards }
}

fn with_lock() -> Step {
    Step { guards: lock(false, guards()), ..step() }
}

fn inner(goal: Goal) -> Vec<Node> {
    vec![Node::Goal(Box::new(goal))]
}

/// The run ended with exit code 4.
#[test]
fn a_goal_that_needs_what_its_service_keeps_fails() {
    let keeps = Step { service: true, ..with_lock() };
    let needs = Goal { guards: lock(false, depends(0)), ..goal(None, of(vec![step()])) };
    holds(&case(goal(None, [of(vec![keeps]), inner(needs)].concat())));
}

/// It failed: a service was said to keep what another run had for a moment.
#[test]
fn what_another_run_has_is_waited_for_by_a_service_too() {
    let keeps = Step { guards: lock(true, guards()), ..service() };
    let user = Step { guards: depends(0), ..step() };
    let around = Goal { guards: lock(false, guards()), ..goal(None, of(vec![user])) };
    let mut case = case(goal(None, [of(vec![keeps]), inner(around)].concat()));
    case.script.foreign = 1;
    holds(&case);
}

/// Only the first of a chain was asked for what it needs: exit code 4.
#[test]
fn a_chain_of_which_one_needs_what_a_service_keeps_fails() {
    let keeps = Step { service: true, ..with_lock() };
    let reader = Step { guards: lock(false, depends(1)), reads: Some(0), snapshot: true, ..step() };
    holds(&case(goal(None, of(vec![keeps, step(), reader]))));
}

/// A service kept until after their end what they needed: exit code 4.
#[test]
fn what_a_service_keeps_an_undo_cannot_have() {
    let locked = Step { rollback: true, priority: Some(2), ..with_lock() };
    let fails = takes(1000, Some(Kind::Exit(1)));
    let fails = Step { acts: fails, policy: Some(StepPolicy::Rollback), ..step() };
    let around = goal(Some(Policy::Continue), of(vec![locked, fails]));
    let late = Step { service: true, priority: Some(1), ..with_lock() };
    let mut case = case(goal(None, [of(vec![late]), inner(around)].concat()));
    case.plan.jobs = 1;
    holds(&case);
}

/// It waited for the service to be ready again.
#[test]
fn what_was_done_by_hand_needs_its_service_no_more() {
    let asked = Step { action: by_hand(20_000), guards: lock(false, depends(0)), ..step() };
    let keeps = Step { service: true, ..with_lock() };
    let mut case = case(goal(None, of(vec![keeps, asked])));
    case.script.terminal = false;
    holds(&case);
}

/// Two ran although one may.
#[test]
fn undoing_a_service_takes_a_slot() {
    let saved = |service| Step { snapshot: true, service, ..step() };
    // In one of these orders the service's comes first.
    for order in 0_u64..20 {
        let mut case = case(goal(None, of(vec![saved(false), saved(true), step()])));
        case.plan.jobs = 1;
        case.script.order = order.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        case.script.next = vec![Next::RollBack { to_start: true }];
        holds(&case);
    }
}

/// It started beside the snapshot being put back, without its service.
#[test]
fn nobody_starts_while_a_dead_service_is_cleared_away() {
    let acts = Acts { restore: (5000, true), ..dies(1500).acts };
    let dead = Step { snapshot: true, acts, ..service() };
    let long = Step { acts: takes(2000, None), ..step() };
    let user = Step { guards: depends(1), priority: Some(-1), ..step() };
    let mut case = case(goal(Some(Policy::Continue), of(vec![dead, long, user])));
    case.plan.jobs = 1;
    holds(&case);
}

/// The chain was tried again without it.
#[test]
fn a_chain_whose_service_died_between_two_attempts_has_failed() {
    let acts = Acts { restore: (1500, true), ..dies(1500).acts };
    let dead = Step { snapshot: true, acts, ..service() };
    let fails = takes(2000, Some(Kind::Exit(1)));
    let again = Way { retry: None, timeout: None, by_hand: None };
    let user =
        Step { guards: depends(1), reads: Some(0), acts: fails, fallbacks: vec![again], ..step() };
    let mut case = case(goal(None, of(vec![dead, step(), user, step()])));
    case.plan.jobs = 1;
    holds(&case);
}

/// It was `cancelled`.
#[test]
fn a_service_whose_service_dies_has_failed() {
    let second = Step { guards: depends(0), ..service() };
    let user = Step { guards: depends(0), acts: takes(4000, None), ..step() };
    holds(&case(goal(None, of(vec![dies(2000), second, user]))));
}

/// It was `not-run`, as if the run had ended before its turn.
#[test]
fn who_is_asked_is_blocked_when_the_service_dies() {
    let begins = Begins { after: Some(60_000), says: Begin::Run };
    let user = Step { guards: depends(0), acts: Acts { begins, ..step().acts }, ..step() };
    let mut case = case(goal(None, of(vec![dies(1000), user])));
    case.script.interactive = u8::MAX;
    case.script.terminal = true;
    holds(&case);
}

/// The agent went on.
#[test]
fn an_agent_is_stopped_when_the_service_dies() {
    let acts = Acts { agent: (9000, true), ..step().acts };
    let user = Step { action: by_hand(60_000), guards: depends(0), acts, ..step() };
    let mut case = case(goal(Some(Policy::Continue), of(vec![dies(1000), user])));
    case.script.agent = u8::MAX;
    holds(&case);
}

/// The rollback waited for the service, it for who waited outside, and that for the rollback.
#[test]
fn a_service_of_what_is_rolled_back_ends_although_others_wait_for_it() {
    let undone = Step { rollback: true, acts: takes(9000, None), ..step() };
    let fails = Step { acts: takes(3000, Some(Kind::Exit(1))), ..step() };
    let beside = inner(goal(None, of(vec![undone])));
    let nodes = [of(vec![service()]), beside, of(vec![fails])].concat();
    let rolled = goal(Some(Policy::Rollback), nodes);
    // On the service, and on the goal beside it.
    let guards = Guards { edges: [depends(3).edges, depends(2).edges].concat(), ..guards() };
    let outside = Step { guards, ..step() };
    let mut case = case(goal(Some(Policy::Continue), [inner(rolled), of(vec![outside])].concat()));
    case.plan.jobs = 4;
    holds(&case);
}

/// It was still asked about.
#[test]
fn a_fallback_by_hand_is_over_when_the_service_dies() {
    let reply = Reply { after: Some(60_000), yes: true, skips: false };
    let by_hand = Way { retry: None, timeout: None, by_hand: Some(reply) };
    let fails = takes(0, Some(Kind::Exit(1)));
    let user = Step { guards: depends(0), acts: fails, fallbacks: vec![by_hand], ..step() };
    holds(&case(goal(Some(Policy::Continue), of(vec![dies(1000), user]))));
}
