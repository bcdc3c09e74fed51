//! Lowers goals and steps: each clause in its place, defaults first, the step's own after them.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::defaults::{Default, defaults_of, merges, says};
use super::edit;
use super::pass::{Pass, Phase, Place, User};
use super::shell::Shell;
use super::steps::Steps;
use super::world::{GoalIx, ROOT, StepIx};
use crate::clause::{Clause, Target, Want};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{
    Action, Attempt, Binding, Command, EdgeKind, Environment, FORMAT, FailurePolicy, Fallback,
    Goal, Plan, Rare, Scenario, Step,
};
use crate::source::Span;
use crate::value::{Expr, Value};

/// Goals and steps by their indices; unlike a plan's, those of one name are all there.
#[derive(Debug, Default)]
pub(super) struct Lowered {
    pub(super) goals: Vec<Goal>,
    pub(super) steps: Steps,
    pub(super) resources: IndexMap<Arc<str>, Expr>,
    pub(super) scenarios: Vec<Scenario>,
}

impl Lowered {
    pub(super) fn into_plan(self, pass: &Pass<'_>) -> Plan {
        let world = pass.world;
        let goals = world.goals.iter().zip(self.goals);
        let steps = world.steps.iter().zip(self.steps.into_each());
        let bindings = world.bindings.iter().zip(&pass.facts).map(|(binding, facts)| {
            let goal = world.goal(binding.goal).id.clone();
            let known = Binding { goal, ty: facts.ty.clone(), kind: facts.kind.clone() };
            (binding.id.clone(), known)
        });
        Plan {
            format: FORMAT,
            name: world.goal(ROOT).outline.name.value.to_string(),
            goals: goals.map(|(decl, goal)| (decl.id.clone(), goal)).collect(),
            steps: steps.map(|(decl, step)| (decl.id.clone(), step)).collect(),
            bindings: bindings.collect(),
            resources: self.resources,
        }
    }
}

/// Lowers all goals and steps: whole, or only what is looked at to find what is wrong.
pub(super) fn lower(pass: &mut Pass<'_>, whole: bool) -> Lowered {
    let mut lowered = Lowered {
        goals: Vec::with_capacity(pass.world.goals.len()),
        steps: Steps::default(),
        resources: resources(pass),
        scenarios: Vec::new(),
    };
    let mut defaults: Vec<Vec<Default>> = Vec::new();
    for ix in pass.world.goal_ids() {
        let parent = pass.world.goal(ix).parent;
        let around = parent.map_or(&[][..], |parent| &defaults[parent.at()]);
        defaults.push(defaults_of(pass, ix, around));
        let policy = parent.map(|parent| lowered.goals[parent.at()].on_failure);
        let goal = goal(pass, ix, policy.unwrap_or_default());
        lowered.goals.push(goal);
    }
    for ix in pass.world.step_ids() {
        let around = &defaults[pass.world.step(ix).goal.at()];
        let mut step = step(pass, ix, around);
        if whole {
            lowered.steps.push(step);
        } else {
            leave_out(&mut step);
            lowered.steps.push_alike(step);
        }
    }
    lowered
}

fn resources(pass: &mut Pass<'_>) -> IndexMap<Arc<str>, Expr> {
    let mut amounts = IndexMap::new();
    let mut places: HashMap<&str, Span> = HashMap::new();
    for ix in pass.world.goal_ids() {
        for resource in &pass.world.goal(ix).outline.resources {
            let name: &str = &resource.name.value;
            if let Some(first) = places.get(name) {
                // Two files, or one mounted twice, may share a resource: it is run-wide.
                if first.file == resource.name.span.file && *first != resource.name.span {
                    pass.report(resource_twice(name, resource.name.span, *first));
                }
                continue;
            }
            places.insert(name, resource.name.span);
            let place = Place { phase: Phase::Before, ..Place::new(ix, User::Goal(ix)) };
            let amount = resource.amount.as_ref();
            let amount =
                amount.and_then(|each| pass.scope(place).wanted(each, Want::Int { at_least: 1 }));
            let known = amount.as_ref().and_then(|typed| match typed.constant {
                Some(Value::Int(amount)) => Some(amount),
                _ => None,
            });
            pass.resources.insert(name.into(), known);
            if let Some(amount) = amount {
                amounts.insert(Arc::from(name), amount.expr);
            }
        }
    }
    amounts
}

fn resource_twice(name: &str, span: Span, first: Span) -> Diagnostic {
    let message = format!("there are two resources called `{name}`");
    Diagnostic::new(Code::E0203, message, span, "declared again")
        .label(first, "the first is here")
        .help("resources are shared by the whole run: keep one of them")
}

fn goal(pass: &mut Pass<'_>, ix: GoalIx, policy: FailurePolicy) -> Goal {
    let decl = pass.world.goal(ix);
    let outline = decl.outline;
    let mut goal = Goal {
        parent: decl.parent.map(|parent| pass.world.goal(parent).id.clone()),
        title: outline.title.clone(),
        doc: decl.mount.and_then(|mount| mount.doc.clone()).or_else(|| outline.doc.clone()),
        mounted: decl.mount.is_some(),
        folder: decl.folder.clone(),
        on_failure: policy,
        ..Goal::default()
    };
    let inside = Place {
        edges: decl.parent.filter(|_| decl.mount.is_none()).unwrap_or(ix),
        shell: shell(pass, ix),
        ..Place::new(ix, User::Goal(ix))
    };
    for clause in outline.clauses.iter().filter(|clause| clause.spec.word != "defaults") {
        let place = Place { phase: goal_phase(clause), ..inside };
        (clause.spec.lower)(clause, &mut Target::Goal(&mut goal), &mut pass.scope(place));
    }
    if let Some(shell) = pass.options.shell.filter(|_| ix == ROOT) {
        goal.name_shell(shell);
    }
    if let (Some(mount), Some(parent)) = (decl.mount, decl.parent) {
        let outside = Place { scope: parent, edges: parent, ..inside };
        for clause in &mount.clauses {
            let mut scope = pass.scope(outside);
            (clause.spec.lower)(clause, &mut Target::Goal(&mut goal), &mut scope);
        }
    }
    pass.goals[ix.at()].settle(&goal.edges, pass.world);
    goal
}

fn goal_phase(clause: &Clause) -> Phase {
    match clause.spec.word {
        "requires" => Phase::Before,
        "verify" | "cleanup" | "alert" => Phase::End,
        _ => Phase::During,
    }
}

fn step_phase(clause: &Clause) -> Phase {
    match clause.spec.word {
        "verify" | "rollback" | "checkpoint" | "output" => Phase::End,
        _ => Phase::During,
    }
}

fn step(pass: &mut Pass<'_>, ix: StepIx, defaults: &[Default]) -> Step {
    let decl = pass.world.step(ix);
    let outline = decl.outline;
    let mut step = blank_step(pass, ix);
    let said_shell = own_shell(&outline.clauses)
        .or_else(|| shell_of(defaults.iter().rev().map(|each| &*each.clause)));
    let place = Place {
        shell: said_shell.unwrap_or_else(|| shell(pass, decl.goal)),
        ..Place::new(decl.goal, User::Step(ix))
    };
    for Default { goal, clause } in defaults {
        if merges(clause) || !says(&outline.clauses, clause.spec.word) {
            let place = Place { scope: *goal, edges: *goal, phase: step_phase(clause), ..place };
            (clause.spec.lower)(clause, &mut Target::Step(&mut step), &mut pass.scope(place));
        }
    }
    for clause in &outline.clauses {
        // How often and whether a step runs is settled before there are items.
        let item = (!matches!(clause.spec.word, "foreach" | "when")).then_some(ix);
        let place = Place { item, phase: step_phase(clause), ..place };
        (clause.spec.lower)(clause, &mut Target::Step(&mut step), &mut pass.scope(place));
    }
    step.fallbacks = fallbacks(pass, ix, place, defaults).into();
    step.edges.shrink_to_fit();
    let record = &mut pass.steps[ix.at()];
    record.settle(&step.edges, pass.world);
    record.shrink();
    one_batch(pass, ix, &step);
    step
}

/// Leaves out what only a run needs, and most edges, as all are noted where they are written: of hundreds
/// of thousands of steps it is much.
fn leave_out(step: &mut Step) {
    (step.title, step.doc) = (None, None);
    step.edges.retain(|edge| edge.kind == EdgeKind::Stdin);
    step.edges.shrink_to_fit();
    for fallback in step.fallbacks.written().into_iter().flatten() {
        leave_out_of(&mut fallback.attempt);
    }
    leave_out_of(&mut step.attempt);
}

fn leave_out_of(attempt: &mut Attempt) {
    match &mut attempt.action {
        Action::Run(command) => *command = Command::Arguments(Vec::new()),
        Action::Manual(question) => *question = Expr::Literal(Value::text("")),
        Action::Await { .. } => {}
    }
    if let Some(environment) = attempt.environment.written() {
        let dir = environment.dir.take();
        attempt.environment = Environment { dir, ..Environment::default() }.into();
    }
}

fn blank_attempt() -> Attempt {
    Attempt {
        action: Action::Manual(Expr::Literal(Value::text(""))),
        timeout: None,
        grace: None,
        retry: None,
        verify: Rare::default(),
        environment: Rare::default(),
    }
}

fn blank_step(pass: &Pass<'_>, ix: StepIx) -> Step {
    let decl = pass.world.step(ix);
    Step {
        goal: pass.world.goal(decl.goal).id.clone(),
        title: decl.outline.said.title.clone(),
        doc: decl.outline.said.doc.clone(),
        fingerprint: String::new(),
        attempt: blank_attempt(),
        edges: Vec::new(),
        guards: Rare::default(),
        foreach: None,
        service: None,
        fallbacks: Rare::default(),
        on_failure: None,
        outputs: Rare::default(),
        rollback: Rare::default(),
        checkpoint: None,
        idempotent: false,
        reads: Rare::default(),
        writes: Rare::default(),
        priority: None,
        estimate: None,
        limits: None,
        executor: None,
        exports: Rare::default(),
    }
}

fn fallbacks(pass: &mut Pass<'_>, ix: StepIx, place: Place, defaults: &[Default]) -> Vec<Fallback> {
    let mut found = Vec::with_capacity(pass.world.step(ix).outline.fallbacks.len());
    for (at, outline) in pass.world.step(ix).outline.fallbacks.iter().enumerate() {
        let mut attempt = blank_attempt();
        let shell = own_shell(&outline.clauses).unwrap_or(place.shell);
        let place = Place { shell, item: Some(ix), ..place };
        // A limit that holds for every step holds for each way to do it.
        let limits =
            defaults.iter().filter(|each| matches!(each.clause.spec.word, "timeout" | "grace"));
        let own = &outline.clauses;
        for Default { goal, clause } in limits.filter(|each| !says(own, each.clause.spec.word)) {
            let place = Place { scope: *goal, edges: *goal, item: None, ..place };
            let mut scope = pass.scope(place);
            (clause.spec.lower)(clause, &mut Target::Fallback(&mut attempt), &mut scope);
        }
        for clause in &outline.clauses {
            let mut scope = pass.scope(Place { phase: step_phase(clause), ..place });
            (clause.spec.lower)(clause, &mut Target::Fallback(&mut attempt), &mut scope);
        }
        let name = match &outline.name {
            Some(name) => Arc::from(&*name.value),
            None => Arc::from(format!("fallback-{}", at + 1)),
        };
        found.push(Fallback { name, attempt });
    }
    found
}

/// Items that come one by one from another step cannot be put into batches.
fn one_batch(pass: &mut Pass<'_>, ix: StepIx, step: &Step) {
    let Some(foreach) = step.foreach.as_ref().filter(|each| each.of.is_some()) else { return };
    if foreach.batch.is_none() {
        return;
    }
    let clause = edit::one(&pass.world.step(ix).outline.clauses, "foreach");
    let Some(option) = clause.and_then(|clause| clause.option("batch")) else { return };
    let found = Diagnostic::new(
        Code::E0504,
        "items that come one by one from another step cannot be put into batches",
        option.span,
        "no batches here",
    );
    pass.report(found.help("take `batch` out, or go over a list instead of a step"));
}

/// The shell that these clauses name, if they do.
fn own_shell(clauses: &[Clause]) -> Option<Shell> {
    shell_of(clauses.iter())
}

fn shell_of<'c>(clauses: impl Iterator<Item = &'c Clause>) -> Option<Shell> {
    let mut shells = clauses.filter(|clause| clause.spec.word == "shell");
    shells.next().map(|clause| shell_named(&edit::shell_words(clause)))
}

fn shell_named(words: &[Option<&str>]) -> Shell {
    let program = |at: usize| words.get(at).copied().flatten().map(base_name);
    match program(0) {
        Some("env") => program(1).map_or(Shell::Kin, Shell::of),
        // A shell that only the run knows gets the benefit of the doubt.
        first => first.map_or(Shell::Kin, Shell::of),
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The shell of the goals around; where none is named, that of the project, or `sh`.
fn shell(pass: &Pass<'_>, goal: GoalIx) -> Shell {
    let mut named = pass.world.outwards(goal).map(|(_, decl)| own_shell(&decl.outline.clauses));
    named.find_map(|shell| shell).unwrap_or_else(|| {
        let words = pass.options.shell.map(|words| words.iter().map(|word| Some(&**word)));
        words.map_or(Shell::Posix, |words| shell_named(&words.collect::<Vec<_>>()))
    })
}
