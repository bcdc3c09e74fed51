//! Finds what names stand for: in the goal, then outwards, up to the end of the file.
//!
//! Reports what is unknown and what is not what it should be; says nothing where a goal could not
//! be read whole, as the name may be in the part that is missing.

use super::index::Named;
use super::pass::{Need, Scope};
use super::unknown::nodes_of;
use super::world::{BindingIx, Entity, GoalIx, Node, StepIx};
use crate::clause::Reference;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};
use crate::syntax::{Expr, ExprKind};

pub(super) type Part = Spanned<Box<str>>;

/// What a name in an expression stands for.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    Binding(BindingIx),
    Item(StepIx),
    ItemOutput { step: StepIx, source: StepIx, output: Box<str> },
    Output { step: StepIx, output: Box<str> },
    Status(Node),
    Via(StepIx),
}

pub(super) enum Seen {
    Item(StepIx),
    Entity(Entity),
    /// Unknown, and so reported.
    Unknown,
    /// Unknown, perhaps only because something could not be read.
    Unclear,
}

/// `a.b` for a dotted name.
pub(super) fn dotted(parts: &[Part]) -> String {
    parts.iter().map(|part| &*part.value).collect::<Vec<_>>().join(".")
}

impl Scope<'_, '_> {
    fn find(&self, name: &str) -> Seen {
        let world = self.world();
        if let Some(step) = self.place.item
            && world.step(step).foreach().is_some_and(|each| *each.name.value == *name)
        {
            return Seen::Item(step);
        }
        self.find_in(self.place.scope, name)
    }

    pub(super) fn find_in(&self, scope: GoalIx, name: &str) -> Seen {
        let mut unclear = false;
        for (_, goal) in self.world().visible(scope) {
            if let Some(entity) = goal.names.get(name) {
                return Seen::Entity(*entity);
            }
            unclear = unclear || self.pass.may_declare(goal.outline, name);
        }
        if unclear { Seen::Unclear } else { Seen::Unknown }
    }

    /// What a name in an expression or script stands for; uses are noted. `None`: reported.
    pub(super) fn meaning(&mut self, parts: &[Part]) -> Option<Meaning> {
        let (first, rest) = parts.split_first()?;
        match self.find(&first.value) {
            Seen::Item(step) => self.item_part(step, first, rest),
            Seen::Entity(entity) => self.follow(entity, parts),
            Seen::Unclear => None,
            Seen::Unknown => {
                self.unknown_name(first, rest);
                None
            }
        }
    }

    /// The param, let or item that a plain name in a script means.
    pub(super) fn script_name(&self, name: &str) -> Option<Meaning> {
        match self.find(name) {
            Seen::Item(step) => Some(Meaning::Item(step)),
            Seen::Entity(Entity::Binding(ix)) => Some(Meaning::Binding(ix)),
            _ => None,
        }
    }

    /// Whether the first part of a dotted name is known.
    pub(super) fn knows(&self, name: &str) -> bool {
        matches!(self.find(name), Seen::Item(_) | Seen::Entity(_))
    }

    fn item_part(&mut self, step: StepIx, first: &Part, rest: &[Part]) -> Option<Meaning> {
        self.pass.note(first.span, false, || Some(Named::Item(step)));
        let [part] = rest else {
            if let Some(second) = rest.get(1) {
                self.too_deep(&dotted(&rest[..1]), second);
                return None;
            }
            return Some(Meaning::Item(step));
        };
        let name = &first.value;
        let Some(source) = self.pass.source_of(step) else {
            let message = format!("`{name}` is an item of a list and has no `{}`", part.value);
            self.pass.report(
                Diagnostic::new(Code::E0204, message, part.span, "an item is one value")
                    .help(format!("write `{name}` for the item itself")),
            );
            return None;
        };
        if *part.value == *"item" {
            return Some(Meaning::Item(step));
        }
        let declared = self.world().step(source);
        if declared.output(&part.value).is_some() {
            let named = || Some(Named::Output(source, part.value.clone()));
            self.pass.note(part.span, false, named);
            return Some(Meaning::ItemOutput { step, source, output: part.value.clone() });
        }
        self.unknown_output(source, part, &["item"]);
        None
    }

    fn follow(&mut self, entity: Entity, parts: &[Part]) -> Option<Meaning> {
        let mut at = entity;
        for (taken, part) in parts.iter().enumerate() {
            let rest = &parts[taken + 1..];
            self.pass.note(part.span, false, || Named::of(at));
            match at {
                Entity::Lost(_) => return None,
                Entity::Binding(ix) => return self.binding_part(ix, part, rest),
                Entity::Step(ix) => return self.step_part(ix, &parts[..=taken], rest),
                Entity::Goal(ix) => match rest {
                    [] => {
                        self.not_a_value(Entity::Goal(ix), &parts[..=taken]);
                        return None;
                    }
                    [last] if *last.value == *"status" => {
                        self.need(Node::Goal(ix), true, &parts[..=taken], parts);
                        return Some(Meaning::Status(Node::Goal(ix)));
                    }
                    [next, ..] => at = self.inside(ix, next, Code::E0202)?,
                },
            }
        }
        None
    }

    fn binding_part(&mut self, ix: BindingIx, part: &Part, rest: &[Part]) -> Option<Meaning> {
        if let Some(more) = rest.first() {
            let kind = self.world().binding(ix).source.word();
            let message = format!("`{}` is a {kind} and has no `{}`", part.value, more.value);
            let help = format!("write `{}` for its value", part.value);
            self.pass.report(
                Diagnostic::new(Code::E0202, message, more.span, "a value has no parts").help(help),
            );
            return None;
        }
        self.uses(ix, part.span);
        Some(Meaning::Binding(ix))
    }

    fn step_part(&mut self, step: StepIx, name: &[Part], rest: &[Part]) -> Option<Meaning> {
        let [part, more @ ..] = rest else {
            self.not_a_value(Entity::Step(step), name);
            return None;
        };
        let whole = [name, std::slice::from_ref(part)].concat();
        if let Some(second) = more.first() {
            self.too_deep(&dotted(&whole), second);
            return None;
        }
        match &*part.value {
            "status" => {
                self.need(Node::Step(step), true, name, &whole);
                Some(Meaning::Status(Node::Step(step)))
            }
            "via" => {
                self.need(Node::Step(step), true, name, &whole);
                Some(Meaning::Via(step))
            }
            output if self.world().step(step).output(output).is_some() => {
                self.need(Node::Step(step), false, name, &whole);
                let named = || Some(Named::Output(step, part.value.clone()));
                self.pass.note(part.span, false, named);
                Some(Meaning::Output { step, output: part.value.clone() })
            }
            _ => {
                self.unknown_output(step, part, &["status", "via"]);
                None
            }
        }
    }

    fn need(&mut self, target: Node, status: bool, name: &[Part], whole: &[Part]) {
        let span = whole_span(whole);
        let scope = self.place.scope;
        self.needs(Need { target, scope, status, name: dotted(name), shown: dotted(whole) }, span);
    }

    /// What a name stands for inside a goal.
    fn inside(&mut self, goal: GoalIx, part: &Part, code: Code) -> Option<Entity> {
        let world = self.world();
        let decl = world.goal(goal);
        match decl.names.get(&*part.value) {
            Some(Entity::Binding(ix)) => {
                let kind = world.binding(*ix).source.word();
                let message =
                    format!("the {kind} `{}` is seen only inside `{}`", part.value, decl.shown());
                let help = format!("use an output of a step in `{}` instead", decl.shown());
                self.pass.report(
                    Diagnostic::new(code, message, part.span, "not seen from here").help(help),
                );
                None
            }
            Some(entity) => Some(*entity),
            None if self.pass.may_declare(decl.outline, &part.value) => None,
            None => {
                let names = || nodes_of(&decl.names).map(|(name, _)| name).collect();
                let close = self.pass.closest(&part.value, names);
                let message =
                    format!("goal `{}` has no step or goal `{}`", decl.shown(), part.value);
                let found = Diagnostic::new(code, message, part.span, "not in that goal");
                self.pass.report(match close {
                    Some(near) => found.meant(part.span, near),
                    None => found,
                });
                None
            }
        }
    }

    /// The step or goal that an edge names. `None`: reported.
    pub(super) fn edge(&mut self, reference: &Reference) -> Option<Node> {
        let (first, rest) = reference.parts.split_first()?;
        let found = match self.find_in(self.place.edges, &first.value) {
            Seen::Unknown => self.find_in(self.place.scope, &first.value),
            found => found,
        };
        let mut at = match found {
            Seen::Entity(entity) => entity,
            Seen::Unknown => {
                self.unknown_edge(first);
                return None;
            }
            Seen::Item(_) | Seen::Unclear => return None,
        };
        self.pass.note(first.span, false, || Named::of(at));
        for (taken, part) in rest.iter().enumerate() {
            match at {
                Entity::Goal(ix) => {
                    at = self.inside(ix, part, Code::E0201)?;
                    self.pass.note(part.span, false, || Named::of(at));
                }
                Entity::Step(_) => {
                    let (step, behind) = reference.parts.split_at(taken + 1);
                    self.edge_to_output(step, part, behind);
                    return None;
                }
                Entity::Binding(_) | Entity::Lost(_) => break,
            }
        }
        let node = match at {
            Entity::Goal(ix) => Node::Goal(ix),
            Entity::Step(ix) => Node::Step(ix),
            Entity::Lost(_) => return None,
            Entity::Binding(ix) => {
                self.edge_to_binding(ix, first);
                return None;
            }
        };
        self.pass.record(self.place.user).edge(node, reference.span);
        Some(node)
    }
}

impl Scope<'_, '_> {
    /// Notes each part of a name that leads to a step.
    pub(super) fn note_path(&mut self, path: &Expr) {
        let ExprKind::Name(parts) = &path.kind else { return };
        let Some((first, rest)) = parts.split_first() else { return };
        let Seen::Entity(mut at) = self.find_in(self.place.scope, &first.value) else { return };
        self.pass.note(first.span, false, || Named::of(at));
        for part in rest {
            let Entity::Goal(ix) = at else { return };
            let Some(next) = self.world().goal(ix).names.get(&*part.value) else { return };
            at = *next;
            self.pass.note(part.span, false, || Named::of(at));
        }
    }
}

pub(super) fn whole_span(parts: &[Part]) -> Span {
    match (parts.first(), parts.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => Span::default(),
    }
}
