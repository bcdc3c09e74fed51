//! Interactive mode and agents.

use super::super::plan::{Action, AtFailure, Each, Reply, Then};
use super::super::play;
use super::super::trace::{Question, Seen, What};
use super::super::tree::Tree;
use super::{Acts, Step, case, goal, holds, of, step};

fn by_agent(fails: bool) -> Step {
    let each = Each { of: None, items: 2, batch: None, parallel: None, tolerate: None };
    let acts = Acts { agent: (0, !fails), ..step().acts };
    let reply = Reply { after: None, yes: true, skips: false };
    Step { action: Action::Manual(reply), each: Some(each), acts, ..step() }
}

/// The second was `not-run`: the first had failed when it was looked at.
#[test]
fn what_an_agent_says_of_an_instance_counts_although_another_has_failed() {
    let mut case = case(goal(None, of(vec![by_agent(true)])));
    case.script.agent = u8::MAX;
    holds(&case);
}

/// It ended as failed at the second time: the answer was taken for that of the first.
#[test]
fn a_snapshot_that_fails_again_is_asked_about_again() {
    let retry = AtFailure { after: Some(0), says: Then::Retry };
    let acts = Acts { save: (0, false), failures: vec![retry; 3], ..step().acts };
    let mut case = case(goal(None, of(vec![Step { snapshot: true, acts, ..step() }])));
    case.script.interactive = u8::MAX;
    holds(&case);
    let tree = std::sync::Arc::new(Tree::new(&case.plan));
    let graph = play::compile(&tree.text()).expect("a plan");
    let seen = play::play(&case, &tree, &graph).seen;
    let asked =
        |one: &&Seen| matches!(one, Seen::Event { what: What::Asked(_, Question::Failed, _), .. });
    assert_eq!(seen.iter().filter(asked).count(), 4);
}
