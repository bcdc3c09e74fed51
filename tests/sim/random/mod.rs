//! Random plans and faults, as strategies of proptest: what they make can be made smaller.

mod scripts;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::plan::{
    Action, Acts, AtFailure, Begin, Begins, Confirm, Doubt, Each, Edge, EdgeKind, Goal, Guards,
    Kind, Lock, Node, Omit, Plan, Policy, Reply, Retry, Status, Step, StepPolicy, Then, Tolerate,
    Try, Verdict, Way, When,
};
use super::script::Script;

/// A plan, and what happens to its run.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) plan: Plan,
    pub(crate) script: Script,
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    (plans(), scripts::scripts()).prop_map(|(plan, script)| Case { plan, script })
}

/// Mostly even steps, so that things happen at one moment.
fn time() -> BoxedStrategy<u32> {
    prop_oneof![
        2 => Just(0_u32),
        6 => (1_u32..8).prop_map(|seconds| seconds * 1000),
        3 => 1_u32..9000,
    ]
    .boxed()
}

fn flag(weight: f64) -> proptest::bool::Weighted {
    proptest::bool::weighted(weight)
}

fn plans() -> impl Strategy<Value = Plan> {
    (1_u32..5, flag(0.1), flag(0.1), flag(0.1), flag(0.1), goals(3)).prop_map(
        |(jobs, keep_going, yes, checkpoints, omits, mut root)| {
            root.guards = nothing();
            root.parallel = None;
            if !omits {
                omit_nothing(&mut root);
            }
            let keep_going = keep_going && !says_rollback(&root);
            Plan { jobs, keep_going, yes, checkpoints, root }
        },
    )
}

fn omit_nothing(goal: &mut Goal) {
    for child in &mut goal.children {
        match child {
            Node::Step(step) => step.omit = None,
            Node::Goal(inner) => omit_nothing(inner),
        }
    }
}

/// What `-k` makes of `on failure rollback` is not said.
fn says_rollback(goal: &Goal) -> bool {
    let inside = |node: &Node| matches!(node, Node::Goal(inner) if says_rollback(inner));
    goal.policy == Some(Policy::Rollback) || goal.children.iter().any(inside)
}

fn nothing() -> Guards {
    Guards { edges: Vec::new(), when: None, confirm: None, locks: Vec::new(), uses: None }
}

fn goals(depth: u32) -> BoxedStrategy<Goal> {
    let step = steps().prop_map(|step| Node::Step(Box::new(step)));
    let children = if depth == 0 {
        vec(step, 0..4).boxed()
    } else {
        let goal = goals(depth - 1).prop_map(|goal| Node::Goal(Box::new(goal)));
        vec(prop_oneof![6 => step, 1 => goal], 0..8).boxed()
    };
    let policy = prop_oneof![
        Just(Policy::Stop),
        Just(Policy::Continue),
        Just(Policy::Continue),
        Just(Policy::Rollback),
    ];
    let clauses = (
        guards(false),
        weighted(0.5, policy),
        weighted(0.1, 1_u32..4),
        weighted(0.12, 1000_u32..20_000),
        weighted(0.2, flag(0.7)),
        weighted(0.2, flag(0.8)),
    );
    (clauses, children)
        .prop_map(|((guards, policy, parallel, deadline, verify, cleanup), children)| Goal {
            guards,
            policy,
            parallel,
            deadline,
            verify,
            cleanup,
            children,
        })
        .boxed()
}

fn guards(step: bool) -> impl Strategy<Value = Guards> {
    let edge = (
        any::<u16>(),
        prop_oneof![
            4 => Just(EdgeKind::Depends),
            1 => Just(EdgeKind::Optional),
            2 => Just(EdgeKind::After),
        ],
    );
    let edge = edge.prop_map(|(on, kind)| Edge { on, kind });
    let lock = (0_u8..2, flag(0.3), flag(0.3)).prop_map(|(name, shared, machine)| Lock {
        name,
        shared: shared && !machine,
        machine,
    });
    (
        vec(edge, 0..4),
        weighted(0.2, conditions()),
        weighted(0.1, confirms()),
        vec(lock, 0..2),
        weighted(if step { 0.15 } else { 1e-9 }, 1_u32..3),
    )
        .prop_map(|(edges, when, confirm, locks, uses)| Guards {
            edges,
            when,
            confirm,
            locks,
            uses,
        })
}

fn conditions() -> impl Strategy<Value = When> {
    let status = prop_oneof![
        3 => Just(Status::Succeeded),
        3 => Just(Status::Failed),
        1 => Just(Status::Skipped),
        1 => Just(Status::Blocked),
        1 => Just(Status::Cancelled),
        1 => Just(Status::NotRun),
    ];
    prop_oneof![
        any::<bool>().prop_map(When::Constant),
        (1_u32..6, any::<bool>()).prop_map(|(least, by_let)| When::Param { least, by_let }),
        (any::<u16>(), status, any::<bool>()).prop_map(|(edge, status, not)| When::Ended {
            edge,
            status,
            not
        }),
        (any::<u16>(), 1_u32..4, any::<bool>()).prop_map(|(edge, least, by_let)| When::Output {
            edge,
            least,
            by_let
        }),
    ]
}

fn confirms() -> impl Strategy<Value = Confirm> {
    let timeout = (1_u32..9000, any::<bool>());
    (weighted(0.2, any::<bool>()), weighted(0.4, timeout), flag(0.3), replies())
        .prop_map(|(when, timeout, always, reply)| Confirm { when, timeout, always, reply })
}

fn replies() -> impl Strategy<Value = Reply> {
    (weighted(0.8, time()), flag(0.7), flag(0.15)).prop_map(|(after, yes, skips)| Reply {
        after,
        yes,
        skips,
    })
}

fn steps() -> impl Strategy<Value = Step> {
    let policy = prop_oneof![
        Just(StepPolicy::Skip),
        Just(StepPolicy::Ignore),
        Just(StepPolicy::Stop),
        Just(StepPolicy::Rollback),
    ];
    let action = prop_oneof![
        8 => Just(Action::Run),
        1 => Just(Action::Await),
        1 => replies().prop_map(Action::Manual),
    ];
    let does = (weighted(0.1, flag(0.3)), weighted(0.1, flag(0.7)), action);
    let tried = (
        ways(),
        vec(fallbacks(), 0..3),
        (flag(0.6), flag(0.15), weighted(0.3, 0_u16..4), flag(0.12)),
        weighted(0.25, policy),
    );
    let omit = prop_oneof![Just(Omit::LeftOut), Just(Omit::Skipped)];
    let undone = (flag(0.4), flag(0.15), flag(0.2), weighted(0.1, -2_i8..3));
    let called = (weighted(0.15, foreach()), weighted(0.2, omit), flag(0.4));
    (guards(true), does, tried, (undone, called), acts()).prop_map(
        |(guards, (unless, requires, action), tried, (undone, called), acts)| {
            let (mut way, mut fallbacks, (idempotent, elsewhere, reads, service), policy) = tried;
            let (rollback, mut snapshot, checkpoint, priority) = undone;
            let (each, omit, output) = called;
            // What is done by hand is not tried again.
            if matches!(action, Action::Manual(_)) {
                (way, fallbacks) = (Way { retry: None, timeout: None, by_hand: None }, Vec::new());
                // What a snapshot of it is for is not said.
                snapshot = false;
            }
            let waits = matches!(action, Action::Await);
            Step {
                guards,
                unless,
                requires,
                way,
                fallbacks,
                policy,
                idempotent,
                reads,
                service,
                elsewhere: elsewhere && matches!(action, Action::Run),
                action,
                rollback,
                snapshot,
                checkpoint,
                // What only looks has nowhere to write one.
                output: output && !waits,
                priority,
                each,
                omit,
                acts,
            }
        },
    )
}

fn foreach() -> impl Strategy<Value = Each> {
    let tolerate = prop_oneof![
        (0_u32..3).prop_map(Tolerate::Count),
        (0_u32..101).prop_map(Tolerate::Percent),
    ];
    let items = (weighted(0.5, any::<u16>()), 0_u32..5, weighted(0.2, 1_u32..4));
    (items, weighted(0.2, 1_u32..3), weighted(0.5, tolerate)).prop_map(
        |((of, items, batch), parallel, tolerate)| Each { of, items, batch, parallel, tolerate },
    )
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => Just(Kind::Exit(1)),
        2 => Just(Kind::Exit(75)),
        1 => Just(Kind::Signal),
        1 => Just(Kind::Timeout),
        1 => Just(Kind::Verify),
        1 => Just(Kind::Output),
        1 => Just(Kind::Memory),
        1 => Just(Kind::CannotStart),
        2 => Just(Kind::Lost),
    ]
}

fn ways() -> impl Strategy<Value = Way> {
    (weighted(0.4, retries()), weighted(0.2, 1_u32..9000)).prop_map(|(retry, timeout)| Way {
        retry,
        timeout,
        by_hand: None,
    })
}

fn fallbacks() -> impl Strategy<Value = Way> {
    let by_hand =
        replies().prop_map(|reply| Way { retry: None, timeout: None, by_hand: Some(reply) });
    prop_oneof![6 => ways().boxed(), 1 => by_hand.boxed()]
}

fn retries() -> impl Strategy<Value = Retry> {
    let delay = (1_u32..6000, weighted(0.4, 1_u32..4), weighted(0.3, 1_u32..9000), flag(0.2));
    let on = prop_oneof![3 => Just(Vec::new()).boxed(), 1 => vec(kinds(), 1..4).boxed()];
    (1_u32..4, weighted(0.6, delay), weighted(0.15, 1000_u32..15_000), on).prop_map(
        |(count, delay, within, mut on)| {
            on.retain(|kind| kind.word().is_some());
            on.dedup();
            let (delay, backoff, max, jitter) = match delay {
                Some((delay, backoff, max, jitter)) => (Some(delay), backoff, max, jitter),
                None => (None, None, None, false),
            };
            // Whether a drawn wait fits is for the draw to say.
            let jitter = jitter && within.is_none();
            Retry { count, delay, backoff, max, jitter, within, on }
        },
    )
}

fn acts() -> impl Strategy<Value = Acts> {
    let attempt = (time(), weighted(0.5, kinds()), flag(0.05), time());
    let attempt =
        attempt.prop_map(|(takes, fails, hangs, grace)| Try { takes, fails, hangs, grace });
    let says = prop_oneof![Just(Doubt::Rerun), Just(Doubt::Done), Just(Doubt::Failed)];
    let verdict = (weighted(0.8, time()), says).prop_map(|(after, says)| Verdict { after, says });
    let undo = [0.8, 0.9, 0.8, 0.7].map(|works| (time(), flag(works)));
    let people = (begins(), vec(at_failures(), 0..4), time());
    (vec(attempt, 0..5), flag(0.3), verdict, undo, people).prop_map(
        |(tries, unless_in_doubt, in_doubt, undo, (begins, failures, ready))| {
            let [undo, save, restore, agent] = undo;
            Acts {
                tries,
                unless_in_doubt,
                in_doubt,
                begins,
                failures,
                ready,
                agent,
                undo,
                save,
                restore,
            }
        },
    )
}

fn begins() -> impl Strategy<Value = Begins> {
    let says = prop_oneof![
        20 => Just(Begin::Run),
        3 => Just(Begin::Skip),
        1 => Just(Begin::All),
        1 => Just(Begin::Stop),
    ];
    (weighted(0.9, time()), says).prop_map(|(after, says)| Begins { after, says })
}

fn at_failures() -> impl Strategy<Value = AtFailure> {
    let says = prop_oneof![
        4 => Just(Then::Retry),
        2 => (0_u32..4).prop_map(Then::Edit),
        4 => Just(Then::FallBack),
        2 => Just(Then::Fail),
        2 => Just(Then::Skip),
        1 => Just(Then::Stop),
    ];
    (weighted(0.9, time()), says).prop_map(|(after, says)| AtFailure { after, says })
}
