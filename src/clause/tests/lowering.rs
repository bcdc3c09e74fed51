//! What clauses make of a goal and a step. Names are resolved by a context that knows literals.

use super::clean;
use crate::clause::{Context, GoalOutline, Reference, Target, Want};
use crate::diagnostic::Diagnostic;
use crate::ir::{self, Action, AlertAction, AlertEvent, Cleanup, EdgeKind, LockScope, RetryOn};
use crate::syntax::{self, ExprKind};
use crate::value::{BindingId, Expr, GoalId, Literal, NodeId, StepId, Value};

/// Resolves literals and takes any name for a step's.
#[derive(Default)]
struct Literals {
    reported: Vec<Diagnostic>,
}

impl Context for Literals {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.reported.push(diagnostic);
    }

    fn expr(&mut self, expr: &syntax::Expr, _: Want) -> Option<Expr> {
        Some(Expr::Literal(match &expr.kind {
            ExprKind::String(text) => Value::text(&*text.text),
            ExprKind::Literal(Literal::Int(number)) => Value::Int(*number),
            ExprKind::Literal(Literal::Number(number)) => Value::Number(*number),
            ExprKind::Literal(Literal::Duration(length)) => Value::duration(*length),
            ExprKind::Literal(Literal::Size(bytes)) => Value::size(*bytes),
            ExprKind::Literal(Literal::Bool(value)) => Value::Bool(*value),
            _ => return None,
        }))
    }

    fn constant(&mut self, expr: &syntax::Expr, want: Want) -> Option<Value> {
        self.expr(expr, want)?.as_literal().cloned()
    }

    fn command(&mut self, _: &syntax::Expr) -> Option<ir::Command> {
        Some(ir::Command::Arguments(Vec::new()))
    }

    fn node(&mut self, reference: &Reference) -> Option<NodeId> {
        self.step(reference).map(NodeId::Step)
    }

    fn step(&mut self, reference: &Reference) -> Option<StepId> {
        let parts: Vec<_> = reference.parts.iter().map(|part| &*part.value).collect();
        Some(StepId::new(parts.join(".")))
    }

    fn subject(&mut self, reference: &Reference) -> Option<NodeId> {
        self.node(reference)
    }

    fn param(&mut self, name: &Reference, value: &syntax::Expr) -> Option<(BindingId, Value)> {
        let parts: Vec<_> = name.parts.iter().map(|part| &*part.value).collect();
        Some((BindingId::new(parts.join(".")), self.constant(value, Want::Any)?))
    }

    fn resource(&mut self, name: &str) -> Option<Option<i64>> {
        (name == "gpu").then_some(Some(2))
    }

    fn effort(&self, _: &str) -> std::time::Duration {
        std::time::Duration::from_mins(1)
    }

    fn foreach_source(&mut self, items: &syntax::Expr) -> Option<StepId> {
        matches!(items.kind, ExprKind::Name(_)).then(|| StepId::new("source"))
    }
}

fn empty_attempt() -> ir::Attempt {
    ir::Attempt {
        action: Action::Manual(Expr::Literal(Value::text(""))),
        timeout: None,
        grace: None,
        retry: None,
        verify: ir::Rare::default(),
        environment: ir::Rare::default(),
    }
}

fn empty_step() -> ir::Step {
    serde_json::from_value(serde_json::json!({
        "goal": "",
        "fingerprint": "",
        "attempt": serde_json::to_value(empty_attempt()).unwrap(),
    }))
    .unwrap()
}

/// A step of these clauses, and what lowering reported.
fn lowered(clauses: &str) -> (ir::Step, Vec<Diagnostic>) {
    let goal = clean(&format!("goal g {{\nstep s {{\n{clauses}\n}}\n}}"));
    let (mut step, mut context) = (empty_step(), Literals::default());
    for clause in &goal.steps[0].clauses {
        clause.lower(&mut Target::Step(&mut step), &mut context);
    }
    (step, context.reported)
}

fn step(clauses: &str) -> ir::Step {
    let (step, reported) = lowered(&format!("run \"true\"\n{clauses}"));
    assert!(reported.is_empty(), "{reported:#?}");
    step
}

fn goal(clauses: &str) -> (ir::Goal, GoalOutline) {
    let outline = clean(&format!("goal g {{\n{clauses}\n}}"));
    let mut goal = ir::Goal::default();
    for clause in &outline.clauses {
        clause.lower(&mut Target::Goal(&mut goal), &mut Literals::default());
    }
    (goal, outline)
}

#[test]
fn edges_carry_their_kind() {
    let edges = step("depends a, b.c?\nafter d\nstdin from e\ndepends a").edges;
    let found: Vec<_> = edges.iter().map(|edge| (edge.on.as_str(), edge.kind)).collect();
    let wanted = [
        ("a", EdgeKind::Depends),
        ("b.c", EdgeKind::DependsOptional),
        ("d", EdgeKind::After),
        ("e", EdgeKind::Stdin),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn retry_keeps_all_its_options() {
    let retry = step("retry 3 delay 5s backoff 2 jitter on exit 75, 100..110, signal, timeout")
        .attempt
        .retry
        .unwrap();
    assert_eq!(retry.count, Expr::Literal(Value::Int(3)));
    assert!(retry.jitter && retry.delay.is_some() && retry.max.is_none());
    let exit = |from, to| RetryOn::Exit(ir::IntRange { from, to });
    assert_eq!(retry.on, [exit(75, 75), exit(100, 110), RetryOn::Signal, RetryOn::Timeout]);
}

#[test]
fn guards_are_collected() {
    let guards = step(
        "lock db\nlock shared db\nlock machine x\nuses gpu\nuses gpu 2\nsnapshot \"a\", \"b\"\n\
         when true\nconfirm \"Go?\" timeout 1m otherwise approve always",
    )
    .guards;
    let scopes: Vec<_> = guards.locks.iter().map(|lock| lock.scope).collect();
    assert_eq!(scopes, [LockScope::Exclusive, LockScope::Shared, LockScope::Machine]);
    let amounts: Vec<_> = guards.uses.iter().map(|each| each.amount.clone()).collect();
    assert_eq!(amounts, [Expr::Literal(Value::Int(1)), Expr::Literal(Value::Int(2))]);
    assert_eq!(guards.snapshot.len(), 2);
    let confirm = guards.confirm.as_deref().unwrap();
    assert!(confirm.always && confirm.otherwise == ir::Otherwise::Approve);
}

#[test]
fn a_resource_gives_no_more_than_it_has() {
    let (_, reported) = lowered("run \"true\"\nuses gpu 3\nuses cpu");
    let codes: Vec<_> = reported.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["E0504", "E0202"]);
}

#[test]
fn a_pipeline_by_item_is_an_edge() {
    let step = step("foreach part in split tolerate 20%");
    assert_eq!(step.edges[0].kind, EdgeKind::Item);
    let foreach = step.foreach.unwrap();
    assert_eq!(foreach.of, Some(StepId::new("source")));
    assert_eq!(foreach.tolerate, Some(ir::Tolerance::Percent(20.0)));
}

#[test]
fn a_service_keeps_its_probes_wherever_it_stands() {
    for clauses in ["service\nready { tcp \"a:1\" }", "ready { tcp \"a:1\" }\nservice"] {
        assert_eq!(step(clauses).service.unwrap().ready.len(), 1);
    }
}

#[test]
fn not_negates_one_probe() {
    let probes = step("unless { not file \"a\"; file \"b\" }").guards.unless.clone();
    let negated: Vec<_> = probes.iter().map(|probe| probe.negated).collect();
    assert_eq!(negated, [true, false]);
}

#[test]
fn actions_effects_and_facts_reach_the_step() {
    let step = step(
        "output n: int from json \"/n\"\noutput m: string\nidempotent\npriority -3\nreads \"a\", \"b\"\n\
         writes \"c\"\ncheckpoint\nestimate small\nlimits { memory 1GiB; output 1MiB }\n\
         on failure ignore because \"it is a cache\"\nrollback { run \"undo\" }\nenv { A = 1; B = 2 }",
    );
    assert_eq!(step.outputs.len(), 2);
    assert!(matches!(step.outputs["n"].source, ir::OutputSource::Json(_)));
    assert!(step.idempotent && step.priority == Some(-3));
    assert_eq!((step.reads.len(), step.writes.len(), step.rollback.len()), (2, 1, 1));
    assert_eq!(step.checkpoint.as_deref(), Some(&Expr::Literal(Value::text(""))));
    assert!(matches!(step.estimate.as_deref(), Some(ir::Estimate::Effort { .. })));
    let limits = step.limits.unwrap();
    assert!(limits.memory.is_some() && limits.cpu.is_none() && limits.output.is_some());
    let because = "it is a cache".into();
    assert_eq!(step.on_failure, Some(ir::StepFailure::Ignore { because }));
    assert_eq!(step.attempt.environment.env.len(), 2);
    let (waits, _) = lowered("await { file \"a\" } every 2s");
    assert!(matches!(waits.attempt.action, Action::Await { every: Some(_), .. }));
}

#[test]
fn a_goal_holds_its_clauses() {
    let (goal, outline) = goal(
        "parallel 4\ndeadline 2h\non failure rollback\nprogress checkpoints\ndefaults { timeout 1m }\n\
         cleanup { delete \"a\", \"b\"; run \"c\" }\nrequires { memory >= 1GiB }\nverify { file \"x\" }\n\
         alert on failure, silence > 5m, memory > 80% {\n\
         webhook \"u\" { header \"K\" = \"v\" }\nlog\nrun \"x\"\n}",
    );
    assert!(goal.parallel.is_some() && goal.deadline.is_some());
    assert_eq!(goal.on_failure, ir::FailurePolicy::Rollback);
    assert_eq!(goal.progress, ir::Progress::Checkpoints);
    assert_eq!((goal.guards.requires.len(), goal.verify.len()), (1, 1));
    assert!(matches!(goal.cleanup[..], [Cleanup::Delete(_), Cleanup::Delete(_), Cleanup::Run(_)]));
    let alert = &goal.alerts[0];
    assert!(matches!(
        alert.on[..],
        [AlertEvent::Failure, AlertEvent::Silence(_), AlertEvent::Memory(_)]
    ));
    let AlertAction::Webhook { headers, .. } = &alert.actions[0] else { panic!("no webhook") };
    assert_eq!((headers.len(), alert.actions.len()), (1, 3));
    let defaults = outline.clauses.iter().find(|clause| clause.spec.word == "defaults").unwrap();
    assert_eq!(defaults.block[0].spec.word, "timeout");
    assert_eq!(goal.parent, None::<GoalId>);
}
