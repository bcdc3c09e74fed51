//! Params and lets: in which order they are known, their types, values, and what they need.
//!
//! Afterwards each binding's facts are whole; a binding in a circle has the type `any`.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::pass::{Need, Pass, Place, User};
use super::world::{BindingDecl, BindingIx, BindingSource, Entity, GoalIx};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::BindingKind;
use crate::syntax::{self, Expr, ExprKind, TemplatePart};
use crate::value::Type;

/// Finds out all about params and lets.
pub(super) fn resolve(pass: &mut Pass<'_>) {
    for ix in pass.world.binding_ids() {
        if let BindingSource::Param(param) = pass.world.binding(ix).source {
            pass.facts[ix.at()].ty = param.ty.as_ref().map_or(Type::Any, |ty| ty.value.clone());
        }
    }
    for component in components(pass) {
        let circular =
            component.len() > 1 || component.iter().any(|ix| mentions(pass, *ix).contains(ix));
        if circular {
            report_circle(pass, &component);
        }
        for ix in component {
            if !circular {
                value(pass, ix);
                settle(pass, ix);
            }
            pass.order.push(ix);
        }
    }
    super::param::mounts(pass);
}

/// Groups of bindings that use each other, each behind those that it uses.
fn components(pass: &Pass<'_>) -> Vec<Vec<BindingIx>> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(pass.facts.len(), 0);
    for _ in &pass.facts {
        graph.add_node(());
    }
    for ix in pass.world.binding_ids() {
        for used in mentions(pass, ix) {
            graph.add_edge(NodeIndex::new(ix.at()), NodeIndex::new(used.at()), ());
        }
    }
    let to_binding = |node: NodeIndex| BindingIx::new(node.index());
    kosaraju_scc(&graph)
        .into_iter()
        .map(|component| component.into_iter().map(to_binding).collect())
        .collect()
}

/// The expressions of a binding, each with the goal whose names it sees.
pub(super) fn expressions<'p>(
    pass: &Pass<'p>,
    ix: BindingIx,
) -> impl Iterator<Item = (GoalIx, &'p Expr)> {
    let binding = pass.world.binding(ix);
    let own = match binding.source {
        BindingSource::Param(param) => param.default.as_ref(),
        BindingSource::Let(each) => each.value.as_ref(),
    };
    own.map(|expr| (binding.goal, expr)).into_iter().chain(bound(pass, binding))
}

/// What a mount binds a param to, and the goal that it is written in.
pub(super) fn bound<'p>(pass: &Pass<'p>, binding: &BindingDecl<'p>) -> Option<(GoalIx, &'p Expr)> {
    if !matches!(binding.source, BindingSource::Param(_)) {
        return None;
    }
    let goal = pass.world.goal(binding.goal);
    let (mount, parent) = (goal.mount?, goal.parent?);
    let found = mount.bindings.iter().find(|(name, _)| name.value == binding.name.value);
    found.map(|(_, expr)| (parent, expr))
}

/// The bindings that a binding's expressions name.
fn mentions(pass: &Pass<'_>, ix: BindingIx) -> Vec<BindingIx> {
    let mut found = Vec::new();
    for (scope, expr) in expressions(pass, ix) {
        names(expr, &mut |name| {
            let seen = pass.world.visible(scope).find_map(|(_, goal)| goal.names.get(name));
            if let Some(Entity::Binding(used)) = seen {
                found.push(*used);
            }
        });
    }
    found
}

/// The first part of each name in an expression, templates included.
fn names(expr: &Expr, visit: &mut dyn FnMut(&str)) {
    match &expr.kind {
        ExprKind::Literal(_) => {}
        ExprKind::String(text) => {
            for part in syntax::template(text).unwrap_or_default() {
                if let TemplatePart::Value(value) = part {
                    names(&value, visit);
                }
            }
        }
        ExprKind::Name(parts) => parts.iter().take(1).for_each(|part| visit(&part.value)),
        ExprKind::List(items) => items.iter().for_each(|item| names(&item.value, visit)),
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|each| names(each, visit)),
        ExprKind::Not(inner) => names(inner, visit),
        ExprKind::Binary { left, right, .. } => {
            names(left, visit);
            names(right, visit);
        }
    }
}

fn value(pass: &mut Pass<'_>, ix: BindingIx) {
    let binding = pass.world.binding(ix);
    match binding.source {
        BindingSource::Param(param) => super::param::check(pass, ix, param),
        BindingSource::Let(each) => {
            let place = Place::new(binding.goal, User::Binding(ix));
            let typed = each.value.as_ref().and_then(|value| pass.scope(place).infer(value));
            if let Some(typed) = typed {
                let facts = &mut pass.facts[ix.at()];
                facts.ty = typed.ty;
                facts.constant = typed.constant;
                facts.kind = BindingKind::Let { value: typed.expr };
            }
        }
    }
}

/// Takes over what the bindings that it uses need.
fn settle(pass: &mut Pass<'_>, ix: BindingIx) {
    let record = &pass.facts[ix.at()].record;
    let mut needs: Vec<Need> = record.uses.needs.iter().map(|used| used.what.clone()).collect();
    let used: Vec<BindingIx> = record.uses.bindings.iter().map(|used| used.what).collect();
    let mut outside = pass.facts[ix.at()].looks_outside;
    for other in used {
        let other = pass.facts(other);
        outside |= other.looks_outside;
        for need in &other.needs {
            if !needs.iter().any(|known| known.target == need.target && known.status == need.status)
            {
                needs.push(need.clone());
            }
        }
    }
    let is_asked = matches!(pass.facts[ix.at()].kind, BindingKind::Param { bound: None, .. });
    let facts = &mut pass.facts[ix.at()];
    facts.needs = needs;
    // A param that is asked for has its value before anything runs.
    facts.looks_outside = outside && !is_asked;
}

fn report_circle(pass: &mut Pass<'_>, component: &[BindingIx]) {
    let mut members: Vec<BindingIx> = component.to_vec();
    // Each is used by another one: what uses it from outside shows once the circle is mended.
    pass.mentioned.extend(&members);
    members.sort_by_key(|ix| pass.world.binding(*ix).name.span);
    let Some(first) = members.first().map(|ix| pass.world.binding(*ix)) else { return };
    let name = &first.name.value;
    let message = match members.len() {
        1 => format!("the value of `{name}` is defined by itself"),
        more => format!("the values of `{name}` and {} more are defined by each other", more - 1),
    };
    let mut found = Diagnostic::new(Code::E0401, message, first.name.span, "needs its own value");
    for ix in members.iter().skip(1).take(20) {
        let other = pass.world.binding(*ix).name;
        found = found.label(other.span, format!("`{}` is in the circle", other.value));
    }
    pass.report(found.help("give one of them a value that names none of the others"));
}
