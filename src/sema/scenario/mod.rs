//! Scenarios: their names looked up, their values known, and whether they can mean anything here.
//!
//! What only a play of it can show is not known here. Invariant: a scenario comes out only of a plan
//! without errors.

mod expectations;
mod givens;

use std::collections::HashMap;

use super::graph::Graph;
use super::lower::Lowered;
use super::param;
use super::pass::{Pass, Phase, Place, Scope, User};
use super::world::{BindingIx, BindingSource, Entity, Node, ROOT};
use crate::clause::{Reference, ScenarioOutline, Target};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Assumption, BindingKind, Goal, Scenario, Step};
use crate::syntax;
use crate::value::{
    BindingId, EvalError, Expr, NodeId, Scope as Names, StepId, Type, Value, evaluate,
};

/// Reads scenarios of the plan as far as their names and values go.
pub(super) fn lower(pass: &mut Pass<'_>, outlines: &[&ScenarioOutline]) -> Vec<Scenario> {
    let mut scenarios = Vec::with_capacity(outlines.len());
    for outline in outlines {
        let mut scenario = Scenario::new(outline.name.clone());
        let place = Place { phase: Phase::Before, ..Place::new(ROOT, User::Scenario) };
        for clause in outline.clauses.iter().filter(|clause| !clause.damaged) {
            clause.lower(&mut Target::Scenario(&mut scenario), &mut pass.scope(place));
        }
        let params = outline.clauses.iter().filter(|clause| clause.spec.word == "param").count();
        if params == scenario.params.len()
            && let Some(found) = without_value(pass, &scenario)
        {
            pass.report(found);
        }
        let whole = outline.clauses.iter().all(|clause| !clause.damaged);
        let says = outline.clauses.iter().any(|clause| clause.spec.word == "expect");
        if whole && !says && scenario.expectations.is_empty() {
            pass.report(expects_nothing(outline));
        }
        scenarios.push(scenario);
    }
    scenarios
}

fn expects_nothing(outline: &ScenarioOutline) -> Diagnostic {
    let name = &outline.name;
    let message = format!("scenario \"{}\" expects nothing", name.value);
    Diagnostic::new(Code::E0902, message, name.span, "it holds whatever happens")
        .help("say what must come of it: `expect goal achieved`")
}

/// Reports what cannot come true in this plan.
pub(super) fn check(pass: &mut Pass<'_>, lowered: &Lowered, graph: &Graph, all: &[Scenario]) {
    if all.is_empty() {
        return;
    }
    let known = Known::new(pass, lowered);
    let mut found = Vec::new();
    for scenario in all {
        givens::check(&known, scenario, &mut found);
        expectations::check(&known, graph, scenario, &mut found);
    }
    for finding in found {
        pass.report(finding);
    }
}

/// Params that need a value, and have none in a scenario.
fn without_value(pass: &Pass<'_>, scenario: &Scenario) -> Option<Diagnostic> {
    let missing: Vec<&str> = pass
        .world
        .binding_ids()
        .filter(|ix| {
            matches!(pass.facts(*ix).kind, BindingKind::Param { default: None, bound: None, .. })
        })
        .map(|ix| &pass.world.binding(ix).id)
        .filter(|id| !scenario.params.iter().any(|(given, _)| given == *id))
        .map(BindingId::as_str)
        .collect();
    let first = missing.first()?;
    let plural = if missing.len() == 1 { "param" } else { "params" };
    let names = missing.join("`, `");
    let message = format!("the scenario has no value for the {plural} `{names}`");
    let found = Diagnostic::new(Code::E0901, message, scenario.name.span, "cannot begin");
    Some(found.help(format!("write `param {first} = …` in it, or give the param a default")))
}

/// The plan's nodes by their ids.
struct Known<'l> {
    nodes: HashMap<NodeId, Node>,
    lowered: &'l Lowered,
}

impl<'l> Known<'l> {
    fn new(pass: &Pass<'_>, lowered: &'l Lowered) -> Self {
        Self { nodes: super::graph::ids(pass.world), lowered }
    }

    fn step(&self, node: &NodeId) -> Option<&'l Step> {
        match self.nodes.get(node)? {
            Node::Step(ix) => Some(&self.lowered.steps[*ix]),
            Node::Goal(_) => None,
        }
    }

    fn goal(&self, node: &NodeId) -> Option<&'l Goal> {
        match self.nodes.get(node)? {
            Node::Goal(ix) => self.lowered.goals.get(ix.at()),
            Node::Step(_) => None,
        }
    }
}

/// A step or goal as messages name it.
fn shown(node: &NodeId) -> String {
    match node {
        NodeId::Goal(goal) if goal.is_root() => "goal".to_owned(),
        node => node.to_string(),
    }
}

/// Whether the machine stops in a scenario.
fn crashes(scenario: &Scenario) -> bool {
    scenario.givens.iter().any(|given| matches!(given.what, Assumption::Crash(_)))
}

impl Scope<'_, '_> {
    /// The step or goal that a line of a scenario is about.
    pub(super) fn subject(&mut self, reference: &Reference) -> Option<NodeId> {
        if let [only] = &*reference.parts
            && *only.value == *"goal"
            && !self.knows("goal")
        {
            return Some(self.node_id(Node::Goal(ROOT)));
        }
        if let [only] = &*reference.parts
            && *only.value == *self.world().goal(ROOT).outline.name.value
            && !self.knows(&only.value)
        {
            let message =
                format!("`{}` is the whole goal, which is called `goal` here", only.value);
            let found = Diagnostic::new(Code::E0201, message, only.span, "the goal itself");
            self.pass.report(found.help("write `goal`").fix(only.span, "goal"));
            return None;
        }
        self.edge(reference).map(|node| self.node_id(node))
    }

    /// A param that is given from outside, and a value that it may have.
    pub(super) fn param_value(
        &mut self,
        name: &Reference,
        value: &syntax::Expr,
    ) -> Option<(BindingId, Value)> {
        let ix = self.outer_param(name);
        let typed = self.infer(value)?;
        let ix = ix?;
        if let Some(found) = param::misfit_of(self.pass, ix, &typed, value.span) {
            self.pass.report(found);
            return None;
        }
        let value = typed.constant.clone().or_else(|| self.without_names(&typed.expr, value))?;
        let binding = self.world().binding(ix);
        let secret = self.pass.facts(ix).ty == Type::Secret;
        let value = if secret { Value::secret(value.to_text()) } else { value };
        Some((binding.id.clone(), value))
    }

    fn outer_param(&mut self, name: &Reference) -> Option<BindingIx> {
        let world = self.world();
        let (last, path) = name.parts.split_last()?;
        let mut goal = ROOT;
        for part in path {
            match world.goal(goal).names.get(&*part.value) {
                Some(Entity::Goal(inner)) => goal = *inner,
                Some(Entity::Lost(_)) => return None,
                _ => return self.no_param(name, goal),
            }
        }
        let decl = world.goal(goal);
        let Some(Entity::Binding(ix)) = decl.names.get(&*last.value).copied() else {
            return if decl.outline.damaged { None } else { self.no_param(name, goal) };
        };
        let BindingSource::Param(_) = world.binding(ix).source else {
            return self.no_param(name, goal);
        };
        self.pass.note(last.span, false, || super::index::Named::of(Entity::Binding(ix)));
        if let BindingKind::Param { bound: Some(_), .. } = self.pass.facts(ix).kind {
            let message = format!("`{}` is bound by the mount of its goal", last.value);
            let found = Diagnostic::new(Code::E0603, message, name.span, "not given from outside");
            self.pass.report(found.help("give a value to a param that the mount's binding uses"));
            return None;
        }
        Some(ix)
    }

    fn no_param(&mut self, name: &Reference, goal: super::world::GoalIx) -> Option<BindingIx> {
        let last = name.parts.last()?;
        let decl = self.world().goal(goal);
        let names: Vec<&str> = decl.outline.params.iter().map(|each| &*each.name.value).collect();
        let near = self.pass.closest(&last.value, || names.clone());
        let message = format!("the goal has no param `{}`", super::lookup::dotted(&name.parts));
        let found = Diagnostic::new(Code::E0202, message, name.span, "not a param");
        self.pass.report(match (near, names.is_empty()) {
            (Some(near), _) => found.meant(last.span, near),
            (None, true) => found.help("it has no params"),
            (None, false) => found.help(format!("its params are `{}`", names.join("`, `"))),
        });
        None
    }

    /// The value of an expression that uses no name. `None`: reported.
    pub(super) fn without_names(&mut self, expr: &Expr, written: &syntax::Expr) -> Option<Value> {
        let value = evaluate(expr, &NoNames);
        if value.is_err() {
            let found = Diagnostic::new(
                Code::E0504,
                "this value must be known when the scenario is checked",
                written.span,
                "known only when the plan runs",
            );
            self.pass.report(found.help("write the value itself"));
        }
        value.ok()
    }
}

/// Knows no name, and nothing of the world.
struct NoNames;

fn unknown<T>(what: &str) -> Result<T, EvalError> {
    Err(EvalError::Unknown(what.to_owned()))
}

impl Names for NoNames {
    fn binding(&self, id: &BindingId) -> Result<Value, EvalError> {
        unknown(id.as_str())
    }

    fn item(&self, name: &str) -> Result<Value, EvalError> {
        unknown(name)
    }

    fn item_output(&self, item: &str, _output: &str) -> Result<Value, EvalError> {
        unknown(item)
    }

    fn output(&self, step: &StepId, _output: &str) -> Result<Value, EvalError> {
        unknown(step.as_str())
    }

    fn status(&self, _node: &NodeId) -> Result<String, EvalError> {
        unknown("status")
    }

    fn via(&self, step: &StepId) -> Result<String, EvalError> {
        unknown(step.as_str())
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn glob(&self, pattern: &str) -> Result<Vec<String>, EvalError> {
        unknown(pattern)
    }

    fn exists(&self, _path: &str) -> bool {
        false
    }

    fn read(&self, path: &str) -> Result<String, EvalError> {
        unknown(path)
    }
}
