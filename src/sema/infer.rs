//! Types expressions and resolves them, in one walk.
//!
//! `None` means that something was reported; whatever holds such a part says nothing more about it.
//! Depth is bounded by the reader, which refuses deeper nesting.

use super::lookup::Meaning;
use super::operator;
use super::pass::Scope;
use super::world::Node;
use crate::clause::{Form, no_pattern};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};
use crate::syntax::{self, ExprKind, ListItem, StringLiteral, TemplatePart};
use crate::value::{
    Expr, Function, ListPart, Literal, NodeId, Signature, StepId, Type, Value, glob_fault,
    pattern_fault,
};

/// A resolved expression, its type, and its value where that is written in the text.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) ty: Type,
    pub(super) expr: Expr,
    pub(super) constant: Option<Value>,
}

impl Typed {
    pub(super) fn new(ty: Type, expr: Expr) -> Self {
        Self { ty, expr, constant: None }
    }

    fn literal(ty: Type, value: Value) -> Self {
        Self { ty, expr: Expr::Literal(value.clone()), constant: Some(value) }
    }
}

impl Scope<'_, '_> {
    pub(super) fn infer(&mut self, expr: &syntax::Expr) -> Option<Typed> {
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal(*literal, expr.span),
            ExprKind::String(text) => self.template(text),
            ExprKind::Name(parts) => {
                let meaning = self.meaning(parts)?;
                Some(self.typed(meaning))
            }
            ExprKind::List(items) => self.list(items),
            ExprKind::Call { function, arguments } => self.call(function, arguments, expr.span),
            ExprKind::Not(inner) => {
                let inner = self.condition(inner)?;
                Some(Typed::new(Type::Bool, Expr::Not(Box::new(inner))))
            }
            ExprKind::Binary { operator, left, right } => self.binary(*operator, left, right),
        }
    }

    fn literal(&mut self, literal: Literal, span: Span) -> Option<Typed> {
        Some(match literal {
            Literal::Bool(value) => Typed::literal(Type::Bool, Value::Bool(value)),
            Literal::Int(value) => Typed::literal(Type::Int, Value::Int(value)),
            Literal::Number(value) => Typed::literal(Type::Number, Value::Number(value)),
            Literal::Duration(value) => Typed::literal(Type::Duration, Value::duration(value)),
            Literal::Size(value) => Typed::literal(Type::Size, Value::size(value)),
            Literal::Percent(value) => {
                let help = format!(
                    "only `tolerate` and alerts on `memory` and `cpu` take one; elsewhere write a size, as \
                     `2GiB`, or a number, as `{}`",
                    value / 100.0
                );
                self.pass.report(
                    Diagnostic::new(
                        Code::E0301,
                        "a percentage is no value of an expression",
                        span,
                        "a percentage",
                    )
                    .help(help),
                );
                return None;
            }
        })
    }

    fn template(&mut self, text: &StringLiteral) -> Option<Typed> {
        let parts = match syntax::template(text) {
            Ok(parts) => parts,
            Err(found) => {
                self.pass.diagnostics.extend(found);
                return None;
            }
        };
        match parts.as_slice() {
            [] => return Some(Typed::literal(Type::String, Value::text(""))),
            [TemplatePart::Text(only)] => {
                return Some(Typed::literal(Type::String, Value::text(only.as_str())));
            }
            _ => {}
        }
        let mut secret = false;
        let resolved: Vec<Option<Expr>> = parts
            .iter()
            .filter(|part| !matches!(part, TemplatePart::Text(text) if text.is_empty()))
            .map(|part| match part {
                TemplatePart::Text(text) => Some(Expr::Literal(Value::text(text.as_str()))),
                TemplatePart::Value(value) => {
                    let typed = self.infer(value)?;
                    secret |= typed.ty.is_secret();
                    Some(typed.expr)
                }
            })
            .collect();
        let mut parts = resolved.into_iter().collect::<Option<Vec<_>>>()?;
        parts.shrink_to_fit();
        let ty = if secret { Type::Secret } else { Type::String };
        Some(Typed::new(ty, Expr::Template(parts)))
    }

    /// What a name means, as an expression of its type.
    pub(super) fn typed(&mut self, meaning: Meaning) -> Typed {
        let world = self.world();
        match meaning {
            Meaning::Binding(ix) => {
                let facts = self.pass.facts(ix);
                let expr = Expr::Binding(world.binding(ix).id.clone());
                Typed { ty: facts.ty.clone(), expr, constant: facts.constant.clone() }
            }
            Meaning::Item(step) => {
                let ty = self.pass.item_type(step);
                Typed::new(ty, Expr::Item(self.item_name(step)))
            }
            Meaning::ItemOutput { step, source, output } => {
                let ty = world.step(source).output(&output).cloned().unwrap_or(Type::Any);
                let item = self.item_name(step);
                Typed::new(ty, Expr::ItemOutput { item, output: output.into() })
            }
            Meaning::Output { step, output } => {
                let decl = world.step(step);
                let ty = decl.output(&output).cloned().unwrap_or(Type::Any);
                let ty = if decl.foreach().is_some() { Type::list(ty) } else { ty };
                Typed::new(ty, Expr::Output { step: decl.id.clone(), output: output.into() })
            }
            Meaning::Status(node) => Typed::new(Type::status(), Expr::Status(self.node_id(node))),
            Meaning::Via(step) => Typed::new(Type::String, Expr::Via(self.step_id(step))),
        }
    }

    fn item_name(&self, step: super::world::StepIx) -> std::sync::Arc<str> {
        let foreach = self.world().step(step).foreach();
        foreach.map_or_else(|| "".into(), |foreach| (&*foreach.name.value).into())
    }

    pub(super) fn step_id(&self, step: super::world::StepIx) -> StepId {
        self.world().step(step).id.clone()
    }

    pub(super) fn node_id(&self, node: Node) -> NodeId {
        match node {
            Node::Step(ix) => NodeId::Step(self.step_id(ix)),
            Node::Goal(ix) => NodeId::Goal(self.world().goal(ix).id.clone()),
        }
    }

    fn list(&mut self, items: &[ListItem]) -> Option<Typed> {
        let mut shared: Option<Type> = None;
        let mut whole = true;
        let mut parts = Vec::with_capacity(items.len());
        for item in items {
            let Some(typed) = self.infer(&item.value) else {
                whole = false;
                continue;
            };
            let Some((ty, part)) = self.list_part(item, typed) else {
                whole = false;
                continue;
            };
            parts.push(part);
            shared = Some(shared.map_or(ty.clone(), |before| operator::joined(&before, &ty)));
        }
        let ty = Type::list(shared.unwrap_or(Type::Any));
        whole.then(|| Typed::new(ty, Expr::List(parts)))
    }

    fn list_part(&mut self, item: &ListItem, typed: Typed) -> Option<(Type, ListPart)> {
        if !item.spread {
            return Some((typed.ty, ListPart::One(typed.expr)));
        }
        match typed.ty {
            Type::List(inner) => Some((*inner, ListPart::Spread(typed.expr))),
            Type::Any => Some((Type::Any, ListPart::Spread(typed.expr))),
            other => {
                let message = format!(
                    "`...` puts in the items of a list, and this is {}",
                    operator::named(&other)
                );
                self.pass.report(
                    Diagnostic::new(Code::E0301, message, item.value.span, "not a list")
                        .help("take the `...` away"),
                );
                None
            }
        }
    }

    fn call(
        &mut self,
        name: &Spanned<Box<str>>,
        arguments: &[syntax::Expr],
        span: Span,
    ) -> Option<Typed> {
        let function = Function::named(&name.value);
        let given: Vec<Option<Typed>> = arguments.iter().map(|each| self.infer(each)).collect();
        let Some(function) = function else {
            self.unknown_function(name);
            return None;
        };
        self.right_count(function, arguments.len(), span)?;
        let given = given.into_iter().collect::<Option<Vec<_>>>()?;
        let types: Vec<Type> = given.iter().map(|each| each.ty.clone()).collect();
        match function.signature(&types) {
            Signature::Gives(ty) => {
                self.note_outside(function, given.len());
                self.check_text(function, &given, arguments)?;
                let arguments = given.into_iter().map(|each| each.expr).collect();
                Some(Typed::new(ty, Expr::Call { function, arguments }))
            }
            Signature::Wants(at, wanted) => {
                let place = arguments.get(at).map_or(span, |argument| argument.span);
                let given = types.get(at).map_or_else(String::new, operator::named);
                self.wrong_argument(function, wanted, given, place);
                None
            }
        }
    }

    /// A pattern or pointer that is known can be read as one.
    fn check_text(
        &mut self,
        function: Function,
        given: &[Typed],
        written: &[syntax::Expr],
    ) -> Option<()> {
        let at = match function {
            Function::Glob => 0,
            Function::Matches | Function::Json => 1,
            _ => return Some(()),
        };
        let known = given.get(at).and_then(|each| each.constant.as_ref());
        let Some(Value::Text(text)) = known else { return Some(()) };
        let place = written.get(at).map(|argument| argument.span)?;
        let found = match function {
            Function::Glob => glob_fault(text).map(|reason| no_glob(place, reason)),
            Function::Matches => pattern_fault(text).map(|reason| no_pattern(place, reason)),
            _ => Form::Pointer.lacks(text).map(|(lacks, help)| {
                let message = format!("`{text}` {lacks}");
                Diagnostic::new(Code::E0504, message, place, "can never do").help(help)
            }),
        };
        let Some(found) = found else { return Some(()) };
        self.pass.report(found);
        None
    }

    fn wrong_argument(&mut self, function: Function, wanted: &str, given: String, place: Span) {
        let message = format!("`{}` takes {wanted} here, and this is {given}", function.word());
        self.pass.report(Diagnostic::new(Code::E0301, message, place, given).help(format!(
            "`{}`: {}",
            function.usage(),
            function.summary()
        )));
    }

    /// A binding whose value may fail or change is evaluated only for those who name it.
    fn note_outside(&mut self, function: Function, count: usize) {
        let may_fail = function == Function::Json || (function == Function::Env && count == 1);
        if let super::pass::User::Binding(ix) = self.place.user {
            self.pass.facts[ix.at()].looks_outside |= function.looks_outside() || may_fail;
        }
    }

    fn unknown_function(&mut self, name: &Spanned<Box<str>>) {
        let words = Function::ALL.iter().map(|function| function.word());
        let close = self.pass.closest(&name.value, || words.clone().collect());
        let message = format!("there is no function `{}`", name.value);
        let found = Diagnostic::new(Code::E0202, message, name.span, "not a function");
        self.pass.report(match close {
            Some(near) => found.meant(name.span, near),
            None if *name.value == *"not" => {
                found.help("write `!(…)` for \"not\"").fix(name.span, "!")
            }
            None => {
                found.help(format!("the functions are {}", words.collect::<Vec<_>>().join(", ")))
            }
        });
    }

    fn right_count(&mut self, function: Function, given: usize, span: Span) -> Option<()> {
        let (all, required) = function.arguments();
        if (required..=all.len()).contains(&given) {
            return Some(());
        }
        let wanted = if required == all.len() {
            required.to_string()
        } else {
            format!("{required} to {}", all.len())
        };
        let plural = if wanted == "1" { "" } else { "s" };
        let message =
            format!("`{}` takes {wanted} argument{plural}, and here are {given}", function.word());
        self.pass.report(
            Diagnostic::new(Code::E0301, message, span, format!("{given} given")).help(format!(
                "`{}`: {}",
                function.usage(),
                function.summary()
            )),
        );
        None
    }

    /// A condition: true or false.
    pub(super) fn condition(&mut self, expr: &syntax::Expr) -> Option<Expr> {
        let typed = self.infer(expr)?;
        if matches!(typed.ty, Type::Bool | Type::Any) {
            return Some(typed.expr);
        }
        self.pass.report(operator::no_condition(&typed.ty, expr.span));
        None
    }
}

/// A text that is no pattern of files.
fn no_glob(place: Span, reason: String) -> Diagnostic {
    Diagnostic::new(Code::E0504, "this pattern of files cannot be read", place, reason).help(
        "write it as `glob(\"data/*.csv\")`; a mark that is meant itself stands in `[…]`, as `[[]`",
    )
}
