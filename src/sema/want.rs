//! Whether a value may stand where a clause wants one.
//!
//! That a literal is out of a clause's bounds is said where clauses are read; here it is said of
//! named values.

use super::infer::Typed;
use super::operator::{named, no_condition};
use super::pass::{Scope, User};
use crate::clause::{Form, Want, value_out_of_reach};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::{self, ExprKind};
use crate::value::{Expr, Type, Value, read_text};

impl Scope<'_, '_> {
    /// An expression of the type that is wanted. `None`: reported.
    pub(super) fn wanted(&mut self, expr: &syntax::Expr, want: Want) -> Option<Typed> {
        let typed = self.infer(expr)?;
        if !accepts(want, &typed.ty) {
            self.pass.report(misfit(want, &typed, expr.span));
            return None;
        }
        if let (Some(value), ExprKind::Name(_)) = (&typed.constant, &expr.kind)
            && let Some(must) = value_out_of_reach(want, value)
        {
            let message = format!("this value {must}");
            let found = Diagnostic::new(
                Code::E0504,
                message,
                expr.span,
                format!("it is {}", value.to_text()),
            );
            self.pass.report(found.help("name another value, or write it here"));
            return None;
        }
        if let (Some(Value::Text(text)), Want::Written(form)) = (&typed.constant, want)
            && let Some((lacks, help)) = form.lacks(text)
        {
            let message = format!("`{text}` {lacks}");
            let found = Diagnostic::new(Code::E0504, message, expr.span, "can never do");
            self.pass.report(found.help(help));
            return None;
        }
        Some(typed)
    }

    /// A value that is known when the plan is checked. `None`: reported.
    pub(super) fn known(&mut self, expr: &syntax::Expr, want: Want) -> Option<Value> {
        let typed = self.wanted(expr, want)?;
        if typed.constant.is_none() && self.place.user == User::Scenario {
            return self.without_names(&typed.expr, expr);
        }
        if typed.constant.is_none() {
            self.pass.report(
                Diagnostic::new(
                    Code::E0504,
                    "this value must be known when the plan is checked",
                    expr.span,
                    "known only when the plan runs",
                )
                .help("write the value itself, or a `let` that holds it"),
            );
        }
        typed.constant
    }
}

fn accepts(want: Want, ty: &Type) -> bool {
    if *ty == Type::Any {
        return true;
    }
    match want {
        Want::Any => true,
        Want::Text => !matches!(ty, Type::List(_)),
        Want::String | Want::Written(_) => ty.is_textual() || *ty == Type::Secret,
        Want::Bool => *ty == Type::Bool,
        Want::Int { .. } | Want::Status => *ty == Type::Int,
        Want::Number => matches!(ty, Type::Int | Type::Number),
        Want::Duration { .. } => *ty == Type::Duration,
        Want::Size => *ty == Type::Size,
        Want::List => matches!(ty, Type::List(_)),
        Want::Port => *ty == Type::Int || ty.is_textual(),
    }
}

fn misfit(want: Want, typed: &Typed, span: Span) -> Diagnostic {
    let given = &typed.ty;
    let found = misfit_of_type(want, given, span);
    match &typed.constant {
        Some(Value::Text(text)) if meant_by(want, text) => {
            found.help(format!("write it without quotes: `{text}`"))
        }
        Some(value @ (Value::Int(_) | Value::Number(_) | Value::Bool(_)))
            if matches!(want, Want::String | Want::Written(Form::Version))
                && matches!(typed.expr, Expr::Literal(_)) =>
        {
            found.help(format!("write it in quotes: `\"{}\"`", value.to_text()))
        }
        _ => found,
    }
}

/// Whether what stands in a string is such a literal as is wanted.
fn meant_by(want: Want, text: &str) -> bool {
    let ty = match want {
        Want::Bool => Type::Bool,
        Want::Int { .. } | Want::Status => Type::Int,
        Want::Number => Type::Number,
        Want::Duration { .. } => Type::Duration,
        Want::Size => Type::Size,
        _ => return false,
    };
    read_text(text, &ty).is_ok()
}

fn misfit_of_type(want: Want, given: &Type, span: Span) -> Diagnostic {
    let (wanted, help) = match want {
        Want::Bool => return no_condition(given, span),
        Want::Any | Want::Text => ("a text", "join its items, as `join(list, \",\")`"),
        Want::String if matches!(given, Type::List(_)) => {
            ("a string", "write its items one after the other, without brackets")
        }
        Want::Written(Form::Address) => ("an address", "write it as `\"localhost:5432\"`"),
        Want::String | Want::Written(_) => ("a string", "put it in a string, as `\"${value}\"`"),
        Want::Int { .. } => ("an int", "write a whole number, as `3`"),
        Want::Status => ("an int", "write the status of an answer, as `200`"),
        Want::Number => ("a number", "write a number, as `2` or `1.5`"),
        Want::Duration { .. } => ("a duration", "write it with its unit, as `90s` or `1h30m`"),
        Want::Size => ("a size", "write it with its unit, as `512MiB`"),
        Want::List if *given == Type::Int => ("a list", "for the numbers below it: `range(0, n)`"),
        Want::List => ("a list", "write it in brackets, as `[\"a\", \"b\"]`"),
        Want::Port => ("a port", "write a number from 1 to 65535"),
    };
    let message = format!("{wanted} is needed here, and this is {}", named(given));
    Diagnostic::new(Code::E0301, message, span, named(given)).help(help)
}
