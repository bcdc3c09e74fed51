//! Pipelines by item: which `foreach` step takes its items from which, and the items' types.

use super::pass::{Pass, Phase, Place, User};
use super::world::{Entity, GoalIx, StepIx, World};
use crate::source::Spanned;
use crate::syntax::{Expr, ExprKind};
use crate::value::Type;

impl World<'_> {
    /// The step of a dotted name, in silence.
    fn step_named(&self, scope: GoalIx, parts: &[Spanned<Box<str>>]) -> Option<StepIx> {
        let (first, rest) = parts.split_first()?;
        let mut at = self.visible(scope).find_map(|(_, goal)| goal.names.get(&*first.value))?;
        for part in rest {
            let Entity::Goal(goal) = at else { return None };
            at = self.goal(*goal).names.get(&*part.value)?;
        }
        if let Entity::Step(step) = at { Some(*step) } else { None }
    }

    /// The `foreach` step that an expression names and nothing else.
    pub(super) fn foreach_step(&self, scope: GoalIx, items: &Expr) -> Option<StepIx> {
        let ExprKind::Name(parts) = &items.kind else { return None };
        self.step_named(scope, parts).filter(|step| self.step(*step).foreach().is_some())
    }
}

impl Pass<'_> {
    /// The step whose instances are this step's items.
    pub(super) fn source_of(&self, step: StepIx) -> Option<StepIx> {
        let decl = self.world.step(step);
        self.world.foreach_step(decl.goal, decl.foreach()?.items?)
    }

    /// The type of a step's item.
    pub(super) fn item_type(&mut self, step: StepIx) -> Type {
        let mut way = Vec::new();
        let mut at = step;
        // A circle of pipelines is reported as a cycle; here it only must come to an end.
        while !self.items.contains_key(&at) {
            self.items.insert(at, Type::Any);
            way.push(at);
            if let Some(source) = self.source_of(at) {
                at = source;
            } else {
                let listed = self.listed_type(at);
                self.items.insert(at, listed);
            }
        }
        let found = self.items.get(&at).cloned().unwrap_or(Type::Any);
        for step in way {
            self.items.insert(step, found.clone());
        }
        found
    }

    fn listed_type(&mut self, step: StepIx) -> Type {
        let decl = self.world.step(step);
        let Some(foreach) = decl.foreach() else { return Type::Any };
        let place = Place { phase: Phase::During, ..Place::new(decl.goal, User::Step(step)) };
        let items = foreach.items.and_then(|items| self.scope(place).infer(items));
        match items.map(|typed| typed.ty) {
            Some(Type::List(item)) if foreach.batch => Type::List(item),
            Some(Type::List(item)) => *item,
            _ => Type::Any,
        }
    }
}
