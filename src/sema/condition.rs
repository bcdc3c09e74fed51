//! Which `when`s a step or goal runs under, and which of them never hold together.
//!
//! Decides what can be decided from the text: comparisons of one value with plain ones. A value
//! that is asked of the world each time is no one value.

use std::cell::RefCell;
use std::collections::HashMap;

use super::graph::Graph;
use super::lower::Lowered;
use super::pass::Pass;
use super::world::Node;
use crate::ir::EdgeKind;
use crate::value::{BinaryOperator, Expr, ListPart, Type, Value};

/// So many conditions of one node are looked at; more of them say nothing new.
const MOST_CONDITIONS: usize = 16;

/// What a condition says of one value.
#[derive(Debug, Clone, PartialEq)]
struct Fact {
    of: Expr,
    is: Known,
}

#[derive(Debug, Clone, PartialEq)]
enum Known {
    OneOf(Vec<Value>),
    NoneOf(Vec<Value>),
}

impl Known {
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OneOf(a), Self::OneOf(b)) => !a.iter().any(|value| b.contains(value)),
            (Self::OneOf(some), Self::NoneOf(none)) | (Self::NoneOf(none), Self::OneOf(some)) => {
                some.iter().all(|value| none.contains(value))
            }
            (Self::NoneOf(_), Self::NoneOf(_)) => false,
        }
    }
}

/// All conditions of a plan, by the node that says them.
#[derive(Debug)]
pub(super) struct Conditions {
    facts: Vec<(usize, Vec<Fact>)>,
    /// By node: the conditions, as indices of `facts`, without which it is skipped. Empty where
    /// there are none at all.
    of: Vec<Vec<usize>>,
    answers: RefCell<HashMap<(usize, usize), bool>>,
}

impl Conditions {
    /// The conditions. In a circle, which is reported, a node may inherit too few.
    pub(super) fn of(pass: &Pass<'_>, lowered: &Lowered, graph: &Graph) -> Self {
        let types: HashMap<&str, &Type> = pass
            .world
            .binding_ids()
            .map(|ix| (pass.world.binding(ix).id.as_str(), &pass.facts(ix).ty))
            .collect();
        let mut conditions =
            Self { facts: Vec::new(), of: Vec::new(), answers: RefCell::default() };
        let steps = lowered.steps.iter().map(|step| &*step.guards);
        let mut guards = steps.chain(lowered.goals.iter().map(|goal| &goal.guards));
        if guards.all(|guards| guards.when.is_none()) {
            return conditions;
        }
        conditions.of = vec![Vec::new(); graph.hops.len()];
        for at in graph.components.items().iter().copied() {
            let mut all = inherited(graph, &conditions.of, at);
            let when = match graph.node(at) {
                Node::Step(ix) => lowered.steps[ix].guards.when.as_ref(),
                Node::Goal(ix) if at == graph.start(ix) => {
                    lowered.goals[ix.at()].guards.when.as_ref()
                }
                Node::Goal(_) => None,
            };
            if let Some(when) = when {
                all.push(conditions.facts.len());
                conditions.facts.push((at, facts(when, true, &types)));
            }
            conditions.of[at] = all;
        }
        conditions
    }

    /// Two nodes whose conditions exclude each other, one of those that `a` needs and one of those
    /// that `b` needs.
    pub(super) fn conflict(&self, a: usize, b: usize) -> Option<(usize, usize)> {
        if self.facts.is_empty() {
            return None;
        }
        let pairs = self.of[a].iter().flat_map(|x| self.of[b].iter().map(move |y| (*x, *y)));
        let found = pairs.into_iter().find(|(x, y)| self.exclusive(*x, *y))?;
        Some((self.facts[found.0].0, self.facts[found.1].0))
    }

    fn exclusive(&self, a: usize, b: usize) -> bool {
        let key = (a.min(b), a.max(b));
        if a == b {
            return false;
        }
        if let Some(known) = self.answers.borrow().get(&key) {
            return *known;
        }
        let (first, second) = (&self.facts[a].1, &self.facts[b].1);
        let found =
            first.iter().any(|x| second.iter().any(|y| x.of == y.of && x.is.excludes(&y.is)));
        self.answers.borrow_mut().insert(key, found);
        found
    }
}

/// A step is skipped where one is skipped that it depends on; a goal is not, for what it holds.
fn inherited(graph: &Graph, of: &[Vec<usize>], at: usize) -> Vec<usize> {
    let mut all: Vec<usize> = Vec::new();
    let is_end = matches!(graph.node(at), Node::Goal(ix) if at == graph.end(ix));
    for hop in &graph.hops[at] {
        let follows = match hop.kind() {
            None if is_end => {
                matches!((graph.node(at), graph.node(hop.to())), (Node::Goal(a), Node::Goal(b)) if a == b)
            }
            None | Some(EdgeKind::Depends | EdgeKind::Item | EdgeKind::Stdin) => true,
            Some(EdgeKind::DependsOptional | EdgeKind::After) => false,
        };
        if follows {
            for condition in &of[hop.to()] {
                if !all.contains(condition) && all.len() < MOST_CONDITIONS {
                    all.push(*condition);
                }
            }
        }
    }
    all
}

/// What must be so where an expression is (or, unless `holds`, is not) true.
fn facts(expr: &Expr, holds: bool, types: &HashMap<&str, &Type>) -> Vec<Fact> {
    match expr {
        Expr::Not(inner) => facts(inner, !holds, types),
        Expr::Binary { operator, left, right } => match operator {
            BinaryOperator::And | BinaryOperator::Or => {
                let mut both = facts(left, holds, types);
                let second = facts(right, holds, types);
                if (*operator == BinaryOperator::And) == holds {
                    both.extend(second);
                    return both;
                }
                either(&both, &second)
            }
            BinaryOperator::Equal | BinaryOperator::NotEqual => {
                equals(left, right, (*operator == BinaryOperator::Equal) == holds, types)
            }
            BinaryOperator::In => one_of(left, right, holds, types),
            BinaryOperator::GreaterEqual => order(BinaryOperator::Less, left, right, !holds),
            BinaryOperator::LessEqual => order(BinaryOperator::Greater, left, right, !holds),
            other => order(*other, left, right, holds),
        },
        other => fact(other, vec![Value::Bool(true)], holds, types),
    }
}

/// What is known where one of two conditions holds: only what both say of the same value.
fn either(first: &[Fact], second: &[Fact]) -> Vec<Fact> {
    let ([a], [b]) = (first, second) else { return Vec::new() };
    let is = match (&a.is, &b.is) {
        (Known::OneOf(x), Known::OneOf(y)) if a.of == b.of => {
            Known::OneOf(x.iter().chain(y).cloned().collect())
        }
        _ => return Vec::new(),
    };
    vec![Fact { of: a.of.clone(), is }]
}

fn equals(left: &Expr, right: &Expr, holds: bool, types: &HashMap<&str, &Type>) -> Vec<Fact> {
    match (left.as_literal(), right.as_literal()) {
        (None, Some(value)) => fact(left, vec![value.clone()], holds, types),
        (Some(value), None) => fact(right, vec![value.clone()], holds, types),
        _ => Vec::new(),
    }
}

fn one_of(left: &Expr, right: &Expr, holds: bool, types: &HashMap<&str, &Type>) -> Vec<Fact> {
    let Expr::List(parts) = right else { return Vec::new() };
    let values: Option<Vec<Value>> = parts
        .iter()
        .map(|part| match part {
            ListPart::One(value) => value.as_literal().cloned(),
            ListPart::Spread(_) => None,
        })
        .collect();
    values.map(|values| fact(left, values, holds, types)).unwrap_or_default()
}

/// An order is true or it is not.
fn order(operator: BinaryOperator, left: &Expr, right: &Expr, holds: bool) -> Vec<Fact> {
    let (left, right) = (Box::new(left.clone()), Box::new(right.clone()));
    let of = Expr::Binary { operator, left, right };
    fact(&of, vec![Value::Bool(true)], holds, &HashMap::new())
}

fn fact(of: &Expr, values: Vec<Value>, holds: bool, types: &HashMap<&str, &Type>) -> Vec<Fact> {
    let mut changes = false;
    of.walk(&mut |part| {
        changes |= matches!(part, Expr::Call { function, .. } if function.looks_outside());
    });
    if changes || of.as_literal().is_some() {
        return Vec::new();
    }
    let is = if holds { Known::OneOf(values) } else { others(of, values, types) };
    vec![Fact { of: of.clone(), is }]
}

/// All values but these; by name where there are only so many.
fn others(of: &Expr, values: Vec<Value>, types: &HashMap<&str, &Type>) -> Known {
    if let Expr::Binding(id) = of
        && let Some(Type::OneOf(words)) = types.get(id.as_str())
    {
        let left = words.iter().map(Value::text).filter(|word| !values.contains(word));
        return Known::OneOf(left.collect());
    }
    match values.as_slice() {
        [Value::Bool(value)] => Known::OneOf(vec![Value::Bool(!value)]),
        _ => Known::NoneOf(values),
    }
}
