//! Gathers the index of a plan's names from what the pass has seen.
//!
//! Knows nothing of how it is used. Invariant: a name is known by the place of its declaration, so one
//! of a file that is mounted twice is gathered once.

use std::collections::HashMap;

use super::index::{Index, Mention, Name, NameKind, Named};
use super::lower::Lowered;
use super::pass::Pass;
use super::world::{BindingSource, Entity, GoalIx, Node};
use crate::clause::{Argument, Clause};
use crate::ir;
use crate::source::Span;
use crate::value::{Expr, Value};

/// The index of what the pass has seen.
pub(super) fn gather(pass: &mut Pass<'_>, lowered: &Lowered) -> Index {
    let noted = pass.noted.take().unwrap_or_default();
    let mut building = Building { pass, index: Index::default(), known: HashMap::new() };
    building.goals();
    building.bindings();
    building.steps(lowered);
    building.edges();
    for each in noted {
        if let Some(name) = building.named(&each.named) {
            building.mention(name, each.span, each.variable);
        }
    }
    building.mounts();
    building.shared();
    let mut index = building.index;
    index.mentions.sort_unstable();
    index.mentions.dedup();
    index
}

struct Building<'b, 'p> {
    pass: &'b Pass<'p>,
    index: Index,
    /// Names by the places of their declarations.
    known: HashMap<Span, usize>,
}

fn blank(kind: NameKind, text: &str, place: Span, whole: Span) -> Name {
    Name {
        kind,
        text: text.to_owned(),
        place,
        whole,
        body: None,
        inside: None,
        path: text.to_owned(),
        mounted: false,
        title: None,
        doc: None,
        ty: None,
        words: Vec::new(),
        edges: Vec::new(),
        attempts: None,
    }
}

impl Building<'_, '_> {
    fn add(&mut self, name: Name) -> usize {
        let next = self.index.names.len();
        let at = *self.known.entry(name.place).or_insert(next);
        if at == next {
            self.index.names.push(name);
        }
        at
    }

    fn mention(&mut self, name: usize, span: Span, variable: bool) {
        self.index.mentions.push(Mention { span, variable, name });
    }

    fn known(&self, entity: Entity) -> Option<usize> {
        self.known.get(&self.pass.world.place(entity)).copied()
    }

    fn node(&self, node: Node) -> Option<usize> {
        self.known(match node {
            Node::Step(ix) => Entity::Step(ix),
            Node::Goal(ix) => Entity::Goal(ix),
        })
    }

    fn named(&self, named: &Named) -> Option<usize> {
        let world = self.pass.world;
        match named {
            Named::Entity(node) => self.node(*node),
            Named::Binding(ix) => self.known(Entity::Binding(*ix)),
            Named::Item(ix) => self.known.get(&world.step(*ix).foreach()?.name.span).copied(),
            Named::Output(ix, output) => {
                let mut outputs = world.step(*ix).outputs();
                let (name, _) = outputs.find(|(name, _)| name.value == *output)?;
                self.known.get(&name.span).copied()
            }
        }
    }

    fn goals(&mut self) {
        let world = self.pass.world;
        for ix in world.goal_ids() {
            let goal = world.goal(ix);
            let (name, whole) = goal
                .mount
                .map_or((&goal.outline.name, goal.outline.span), |mount| (&mount.name, mount.span));
            let mut entry = blank(NameKind::Goal, &name.value, name.span, whole);
            entry.body = Some(goal.outline.span);
            entry.inside = goal.parent.and_then(|parent| self.known(Entity::Goal(parent)));
            goal.shown().clone_into(&mut entry.path);
            entry.mounted = goal.mount.is_some();
            entry.title.clone_from(&goal.outline.title);
            let outer = goal.mount.and_then(|mount| mount.doc.clone());
            entry.doc = outer.or_else(|| goal.outline.doc.clone());
            self.add(entry);
        }
    }

    fn bindings(&mut self) {
        let world = self.pass.world;
        for ix in world.binding_ids() {
            let binding = world.binding(ix);
            let facts = self.pass.facts(ix);
            let (kind, whole, help, doc) = match binding.source {
                BindingSource::Param(param) => {
                    (NameKind::Param, param.span, param.help.clone(), param.doc.clone())
                }
                BindingSource::Let(each) => (NameKind::Let, each.span, None, None),
            };
            let mut entry = blank(kind, &binding.name.value, binding.name.span, whole);
            entry.inside = self.known(Entity::Goal(binding.goal));
            entry.title = help.map(Into::into);
            entry.doc = doc;
            entry.ty = Some(facts.ty.to_string());
            entry.words = words(&facts.ty);
            self.add(entry);
        }
    }

    fn steps(&mut self, lowered: &Lowered) {
        let world = self.pass.world;
        for ix in world.step_ids() {
            let step = world.step(ix);
            let outline = step.outline;
            let name = &outline.name;
            let mut entry = blank(NameKind::Step, &name.value, name.span, outline.span);
            entry.body = Some(outline.span);
            entry.inside = self.known(Entity::Goal(step.goal));
            step.id.as_str().clone_into(&mut entry.path);
            entry.title.clone_from(&outline.said.title);
            entry.doc.clone_from(&outline.said.doc);
            entry.attempts = attempts(&lowered.steps[ix]);
            let at = self.add(entry);
            for (output, ty) in step.outputs() {
                let mut entry = blank(NameKind::Output, &output.value, output.span, output.span);
                entry.inside = Some(at);
                entry.path = format!("{}.{}", outline.name.value, output.value);
                entry.ty = Some(ty.to_string());
                entry.words = words(ty);
                self.add(entry);
            }
            if let Some(foreach) = step.foreach() {
                let span = foreach.name.span;
                let mut entry = blank(NameKind::Item, &foreach.name.value, span, span);
                entry.inside = Some(at);
                let ty = self.pass.items.get(&ix);
                entry.ty = ty.map(ToString::to_string);
                self.add(entry);
            }
            for fallback in &outline.fallbacks {
                let Some(name) = &fallback.name else { continue };
                let mut entry = blank(NameKind::Fallback, &name.value, name.span, fallback.span);
                entry.inside = Some(at);
                self.add(entry);
            }
        }
    }

    fn edges(&mut self) {
        let (pass, world) = (self.pass, self.pass.world);
        let steps = world.step_ids().zip(&pass.steps).map(|(ix, record)| (Node::Step(ix), record));
        let goals = world.goal_ids().zip(&pass.goals).map(|(ix, record)| (Node::Goal(ix), record));
        for (from, record) in steps.chain(goals) {
            let Some(at) = self.node(from) else { continue };
            let edges = record.edges.iter();
            let edges: Vec<_> =
                edges.filter_map(|edge| Some((self.node(edge.to)?, edge.span))).collect();
            if let Some(entry) = self.index.names.get_mut(at) {
                entry.edges.extend(edges);
                entry.edges.sort_by_key(|(to, span)| (*span, *to));
                entry.edges.dedup();
            }
        }
    }

    /// The params that mounts bind.
    fn mounts(&mut self) {
        let world = self.pass.world;
        for goal in &world.goals {
            for (name, _) in goal.mount.iter().flat_map(|mount| &mount.bindings) {
                let entity = goal.names.get(&*name.value).copied();
                if let Some(Entity::Binding(_)) = entity
                    && let Some(param) = entity.and_then(|entity| self.known(entity))
                {
                    self.mention(param, name.span, false);
                }
            }
        }
    }

    /// Locks and resources, whose names the whole run shares.
    fn shared(&mut self) {
        let world = self.pass.world;
        let mut shared: HashMap<(NameKind, &str), usize> = HashMap::new();
        for ix in world.goal_ids() {
            for resource in &world.goal(ix).outline.resources {
                let name = &resource.name;
                let mut entry = blank(NameKind::Resource, &name.value, name.span, resource.span);
                entry.inside = self.known(Entity::Goal(ix));
                let at = self.add(entry);
                shared.entry((NameKind::Resource, &name.value)).or_insert(at);
            }
        }
        let goals = world.goal_ids().flat_map(|ix: GoalIx| {
            let goal = world.goal(ix);
            goal.mount.iter().flat_map(|mount| &mount.clauses).chain(&goal.outline.clauses)
        });
        let steps = world.steps.iter().flat_map(|step| &step.outline.clauses);
        let defaults = |clause: &'_ Clause| clause.spec.word == "defaults";
        let all: Vec<&Clause> = goals.chain(steps).collect();
        let inner: Vec<&Clause> =
            all.iter().filter(|each| defaults(each)).flat_map(|each| &each.block).collect();
        for clause in all.into_iter().chain(inner) {
            let kind = match clause.spec.word {
                "lock" => NameKind::Lock,
                "uses" => NameKind::Resource,
                _ => continue,
            };
            for name in clause.head.iter().chain(clause.options.iter().flat_map(|o| &o.arguments)) {
                let Argument::Name(name) = name else { continue };
                match shared.get(&(kind, &*name.value)) {
                    Some(at) => self.mention(*at, name.span, false),
                    None if kind == NameKind::Lock => {
                        let at = self.add(blank(kind, &name.value, name.span, name.span));
                        shared.insert((kind, &name.value), at);
                    }
                    None => {}
                }
            }
        }
    }
}

fn words(ty: &crate::value::Type) -> Vec<String> {
    if let crate::value::Type::OneOf(words) = ty { words.clone() } else { Vec::new() }
}

fn attempts(step: &ir::Step) -> Option<i64> {
    attempts_at_most(step).filter(|all| *all > 1)
}

/// How many attempts one way makes at most, where the text says it.
pub(super) fn attempts_of(attempt: &ir::Attempt) -> Option<i64> {
    match attempt.retry.as_ref().map(|retry| &retry.count) {
        None => Some(1),
        Some(Expr::Literal(Value::Int(more))) => more.checked_add(1),
        Some(_) => None,
    }
}

/// How many attempts a step makes at most, where the text says it.
pub(super) fn attempts_at_most(step: &ir::Step) -> Option<i64> {
    let others = step.fallbacks.iter().map(|each| attempts_of(&each.attempt));
    others.chain([attempts_of(&step.attempt)]).try_fold(0_i64, |sum, each| sum.checked_add(each?))
}
