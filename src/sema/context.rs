//! What clauses ask while they are lowered, answered for one place.

use super::pass::Scope;
use super::world::Node;
use crate::clause::{Context, Reference, Want};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Command;
use crate::syntax;
use crate::value::{BindingId, Expr, NodeId, StepId, Value};

impl Context for Scope<'_, '_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.pass.report(diagnostic);
    }

    fn expr(&mut self, expr: &syntax::Expr, want: Want) -> Option<Expr> {
        self.wanted(expr, want).map(|typed| typed.expr)
    }

    fn constant(&mut self, expr: &syntax::Expr, want: Want) -> Option<Value> {
        self.known(expr, want)
    }

    fn command(&mut self, command: &syntax::Expr) -> Option<Command> {
        self.run(command)
    }

    fn node(&mut self, reference: &Reference) -> Option<NodeId> {
        self.edge(reference).map(|node| self.node_id(node))
    }

    fn step(&mut self, reference: &Reference) -> Option<StepId> {
        match self.edge(reference)? {
            Node::Step(ix) => Some(self.step_id(ix)),
            Node::Goal(ix) => {
                let name = self.world().goal(ix).shown();
                let found = Diagnostic::new(
                    Code::E0201,
                    format!("`{name}` is a goal, and a step is needed here"),
                    reference.span,
                    "a goal",
                );
                self.pass.report(found.help(format!("name a step inside it, as `{name}.step`")));
                None
            }
        }
    }

    fn subject(&mut self, reference: &Reference) -> Option<NodeId> {
        Scope::subject(self, reference)
    }

    fn param(&mut self, name: &Reference, value: &syntax::Expr) -> Option<(BindingId, Value)> {
        self.param_value(name, value)
    }

    fn resource(&mut self, name: &str) -> Option<Option<i64>> {
        self.pass.resources.get(name).copied()
    }

    fn effort(&self, word: &str) -> std::time::Duration {
        (self.pass.options.effort)(word)
    }

    fn foreach_source(&mut self, items: &syntax::Expr) -> Option<StepId> {
        let step = self.world().foreach_step(self.place.scope, items)?;
        self.pass.record(self.place.user).edge(Node::Step(step), items.span);
        self.note_path(items);
        Some(self.step_id(step))
    }
}
