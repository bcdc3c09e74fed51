//! Of outputs, `let`s and answers.

use super::{Each, Step, after, case, goal, guards, holds, of, step, takes};
use crate::plan::{
    Acts, Doubt, Edge, EdgeKind, Guards, Kind, Node, Policy, StepPolicy, Try, Verdict, When,
};
use crate::script::{Crash, Next, Place};

/// It kept the value that the step had given before.
#[test]
fn a_let_is_made_anew_where_the_step_that_it_is_made_of_runs_again() {
    let gives = Step { output: true, ..step() };
    let when = Some(When::Output { edge: 0, least: 2, by_let: true });
    let edges = vec![Edge { on: 0, kind: EdgeKind::Depends }];
    let uses = Step { guards: Guards { edges, when, ..guards() }, ..step() };
    let mut changed = case(goal(None, of(vec![gives, uses])));
    changed.script.next = vec![Next::Changed(0), Next::Changed(0)];
    holds(&changed);
}

/// They waited, until something else happened.
#[test]
fn instances_outside_are_blocked_at_once_when_what_they_come_from_is_rolled_back() {
    let each = |of| Some(Each { of, items: 1, batch: None, parallel: None, tolerate: None });
    let made = Step { each: each(None), snapshot: true, ..step() };
    let fails = Step { acts: takes(1500, Some(Kind::Exit(1))), ..step() };
    let slow = Step { acts: takes(9000, None), ..step() };
    let inner = goal(Some(Policy::Rollback), of(vec![made, fails, slow.clone()]));
    let mut children = vec![Node::Goal(Box::new(inner))];
    let asked = Step { guards: after(EdgeKind::After, 0), ..slow };
    children.extend(of(vec![asked, Step { each: each(Some(0)), ..step() }]));
    let mut rolled = case(goal(Some(Policy::Continue), children));
    rolled.plan.jobs = 2;
    holds(&rolled);
}

/// The answer ended what was being put back.
#[test]
fn an_answer_about_what_is_put_back_meanwhile_changes_nothing() {
    let in_doubt = Verdict { after: Some(1000), says: Doubt::Rerun };
    let tried = Try { takes: 9000, fails: None, hangs: false, grace: 0 };
    let acts = Acts { in_doubt, tries: vec![tried], restore: (3000, true), ..step().acts };
    let doubted = Step { snapshot: true, acts, ..step() };
    let fails = Step {
        requires: Some(false),
        policy: Some(StepPolicy::Rollback),
        guards: after(EdgeKind::After, 0),
        ..step()
    };
    let quick = Step { acts: takes(9000, None), idempotent: true, ..step() };
    let mut case = case(goal(Some(Policy::Rollback), of(vec![doubted, quick, fails])));
    case.script.crashes = vec![Crash { at: 3, place: Place::Wait, lost: None }];
    holds(&case);
}
