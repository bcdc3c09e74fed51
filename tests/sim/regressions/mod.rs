//! What these tests have found, each as small as it went. Each fails without its mend.

mod calls;
mod chains;
mod instances;
mod locks;
mod people;
mod services;
mod snapshots;
mod values;

use super::plan::{
    Action, Acts, Begin, Begins, Doubt, Each, Goal, Guards, Kind, Node, Plan, Policy, Reply, Retry,
    Step, Try, Verdict, Way,
};
use super::plan::{Edge, EdgeKind};
use super::random::Case;
use super::script::{Crash, Place, Script, Signal};
use super::{Verdict as Judged, judge};

fn guards() -> Guards {
    Guards { edges: Vec::new(), when: None, confirm: None, locks: Vec::new(), uses: None }
}

fn after(kind: EdgeKind, back: u16) -> Guards {
    Guards { edges: vec![Edge { on: back, kind }], ..guards() }
}

fn step() -> Step {
    let says = Verdict { after: None, says: Doubt::Rerun };
    Step {
        guards: guards(),
        unless: None,
        requires: None,
        action: Action::Run,
        way: Way { retry: None, timeout: None, by_hand: None },
        fallbacks: Vec::new(),
        policy: None,
        idempotent: false,
        elsewhere: false,
        service: false,
        reads: None,
        rollback: false,
        snapshot: false,
        checkpoint: false,
        output: false,
        priority: None,
        each: None,
        omit: None,
        acts: Acts {
            tries: Vec::new(),
            unless_in_doubt: false,
            in_doubt: says,
            begins: Begins { after: Some(0), says: Begin::Run },
            failures: Vec::new(),
            ready: 0,
            agent: (0, true),
            undo: (0, true),
            save: (0, true),
            restore: (0, true),
        },
    }
}

fn takes(takes: u32, fails: Option<Kind>) -> Acts {
    let tried = Try { takes, fails, hangs: false, grace: 0 };
    Acts { tries: vec![tried], ..step().acts }
}

fn by_hand(after: u32) -> Action {
    Action::Manual(Reply { after: Some(after), yes: true, skips: false })
}

fn goal(policy: Option<Policy>, children: Vec<Node>) -> Goal {
    Goal {
        guards: guards(),
        policy,
        parallel: None,
        deadline: None,
        verify: None,
        cleanup: None,
        children,
    }
}

fn of(steps: Vec<Step>) -> Vec<Node> {
    steps.into_iter().map(|step| Node::Step(Box::new(step))).collect()
}

fn case(root: Goal) -> Case {
    let plan = Plan { jobs: 2, keep_going: false, yes: false, checkpoints: false, root };
    let script = Script {
        crashes: Vec::new(),
        next: Vec::new(),
        signal: None,
        interactive: 0,
        agent: 0,
        disk: Vec::new(),
        order: 0,
        terminal: true,
        one_by_one: false,
        last_look: false,
        told: None,
        foreign: 0,
        away: 4000,
    };
    Case { plan, script }
}

fn holds(case: &Case) {
    match judge(case) {
        Judged::Fine { .. } => {}
        Judged::Refused(why) | Judged::Wrong(why) => panic!("{why}"),
    }
}

/// It was taken, ended the step again, and so its goal before the others in it had ended.
#[test]
fn an_answer_that_comes_after_a_steps_end_changes_nothing() {
    let fails = Step { requires: Some(false), ..step() };
    let long = Step { acts: takes(4000, None), ..step() };
    let asked = Step { action: by_hand(1000), ..step() };
    holds(&case(goal(None, of(vec![fails, long, asked]))));
}

/// The time between two processes was counted twice where the first one had ended waiting.
#[test]
fn a_run_that_waits_for_people_stands_still_once() {
    let within = Retry {
        count: 1,
        delay: None,
        backoff: None,
        max: None,
        jitter: false,
        within: Some(1000),
        on: Vec::new(),
    };
    let bounded = Step {
        way: Way { retry: Some(within), timeout: None, by_hand: None },
        acts: takes(3000, Some(Kind::Exit(1))),
        ..step()
    };
    let mut case = case(goal(None, of(vec![bounded])));
    case.script.terminal = false;
    case.script.crashes = vec![Crash { at: 1, place: Place::Wait, lost: None }];
    holds(&case);
}

/// It was told to be achieved, and its `verify` was asked.
#[test]
fn a_goal_in_which_something_was_undone_is_not_achieved() {
    let made = Step { rollback: true, acts: takes(1000, None), ..step() };
    let inner = Goal { verify: Some(true), ..goal(None, of(vec![made])) };
    let fails = Step { acts: takes(0, Some(Kind::Exit(1))), ..step() };
    let slow = Step { acts: takes(2000, None), ..step() };
    let mut children = vec![Node::Goal(Box::new(inner))];
    children.extend(of(vec![fails, slow]));
    let mut case = case(goal(Some(Policy::Rollback), children));
    case.plan.jobs = 3;
    holds(&case);
}

/// It was named as a place to roll back to, and undone all the same.
#[test]
fn a_step_that_succeeds_while_its_goal_is_rolled_back_makes_no_checkpoint() {
    let kept = Step {
        checkpoint: true,
        rollback: true,
        acts: Acts {
            tries: vec![Try { takes: 1000, fails: None, hangs: false, grace: 1000 }],
            ..step().acts
        },
        ..step()
    };
    let fails = Step { acts: takes(500, Some(Kind::Exit(1))), ..step() };
    let below = Step { guards: after(EdgeKind::Depends, 1), ..step() };
    holds(&case(goal(Some(Policy::Rollback), of(vec![kept, fails, below]))));
}

/// A goal that had stopped for a failure had no deadline any more.
#[test]
fn a_deadline_bounds_also_what_runs_after_a_failure() {
    let fails = Step { acts: takes(0, Some(Kind::Exit(1))), ..step() };
    let long = Step { acts: takes(20_000, None), ..step() };
    let root = Goal { deadline: Some(3000), ..goal(None, of(vec![fails, long])) };
    holds(&case(root));
}

/// With somebody at the terminal it passed all the same.
#[test]
fn a_deadline_does_not_pass_while_people_are_waited_for() {
    let asked = Step { action: by_hand(9000), ..step() };
    let root = Goal { deadline: Some(3000), ..goal(None, of(vec![asked])) };
    holds(&case(root));
}

/// A deadline that had passed before a crash was looked at after the next thing that happened.
#[test]
fn a_deadline_that_has_passed_stops_a_run_that_is_taken_up() {
    let long = Step { acts: takes(20_000, None), ..step() };
    let root = Goal { deadline: Some(3000), ..goal(None, of(vec![long])) };
    let mut case = case(root);
    case.script.terminal = false;
    case.script.crashes = vec![Crash { at: 3, place: Place::AfterWrite, lost: None }];
    holds(&case);
}

/// Somebody at the terminal had to answer first.
#[test]
fn a_signal_ends_a_run_in_which_something_is_in_doubt() {
    let mut case = case(goal(None, of(vec![step()])));
    case.script.crashes = vec![Crash { at: 1, place: Place::Wait, lost: None }];
    case.script.signal = Some(Signal { process: 1, wait: 1, number: 2, again: None });
    holds(&case);
}
