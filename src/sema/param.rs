//! Params: defaults and bounds, and what mounts bind them to.

use std::cmp::Ordering;

use regex::RegexBuilder;

use super::binding::bound;
use super::infer::Typed;
use super::operator::{Misfit, fits, named, strangers, word_help, words_in};
use super::pass::{Pass, Phase, Place, User};
use super::world::{BindingIx, BindingSource, Entity, GoalDecl, GoalIx};
use crate::clause::{MountOutline, ParamOutline};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::BindingKind;
use crate::source::Span;
use crate::syntax;
use crate::value::{Expr, Type, Value};

/// Checks a param's default, bounds and binding, and makes it known.
pub(super) fn check(pass: &mut Pass<'_>, ix: BindingIx, param: &ParamOutline) {
    let declared = pass.facts(ix).ty.clone();
    let goal = pass.world.binding(ix).goal;
    let place = Place { phase: Phase::Before, ..Place::new(goal, User::Binding(ix)) };
    let range = range(pass, place, param, &declared);
    let matches = pattern(pass, param, &declared);
    let bounds = Bounds { range: range.as_ref(), matches: matches.as_deref() };
    let default = param.default.as_ref().and_then(|expr| {
        let typed = pass.scope(place).infer(expr)?;
        let why = misfit(&declared, &typed, expr.span, Code::E0301)
            .or_else(|| outside(&bounds, &typed, expr.span));
        if let Some(found) = why {
            let label = format!("`{}` is `{declared}`", param.name.value);
            let known = param.ty.as_ref().map(|ty| ty.span);
            pass.report(match known {
                Some(span) if found.code == Code::E0301 => found.label(span, label),
                _ => found,
            });
            return None;
        }
        written_out(pass, &declared, &typed, expr.span);
        Some(typed.expr)
    });
    let bound = mounted(pass, ix, &declared, &bounds);
    let range = range.map(|(low, high)| (Expr::Literal(low), Expr::Literal(high)));
    // Where it has no text of its own, the comment above it says what it is.
    let doc = || param.doc.as_deref().map(|doc| doc.lines().collect::<Vec<_>>().join(" "));
    let help = param.help.clone().or_else(doc);
    pass.facts[ix.at()].kind = BindingKind::Param { default, matches, range, help, bound };
}

/// Reports a secret that stands in the plan itself.
fn written_out(pass: &mut Pass<'_>, ty: &Type, given: &Typed, span: Span) {
    fn says(value: &Value) -> bool {
        match value {
            Value::List(items) => items.iter().any(says),
            value => !value.to_text().is_empty(),
        }
    }
    if ty.is_secret() && given.constant.as_ref().is_some_and(says) {
        let message = "whoever reads the plan can read this secret";
        let found = Diagnostic::new(Code::W0720, message, span, "a secret, written out");
        pass.report(found.help(
            "take it from the caller's environment, as `env(\"TOKEN\")`, or leave the default out, \
             so that it must be given",
        ));
    }
}

fn this_is(given: &Typed) -> String {
    match (&given.ty, &given.expr) {
        (Type::List(item), Expr::List(items)) if **item == Type::Any && !items.is_empty() => {
            "the items of this one are of several types".to_owned()
        }
        (ty, _) => format!("this is {}", named(ty)),
    }
}

struct Bounds<'a> {
    range: Option<&'a (Value, Value)>,
    matches: Option<&'a str>,
}

fn misfit(wanted: &Type, given: &Typed, span: Span, code: Code) -> Option<Diagnostic> {
    let message = match fits(wanted, given) {
        Ok(()) => return None,
        Err(Misfit::Word(text)) => {
            let found = Diagnostic::new(
                code,
                match (strangers(wanted, &given.expr, &text), words_in(wanted)) {
                    (all, words) if all.len() > text.len() + 2 => {
                        format!("{all} are not among `{words}`")
                    }
                    (one, words) => format!("{one} is not one of `{words}`"),
                },
                span,
                "not one of these words",
            );
            return Some(word_help(found, wanted, given, &text));
        }
        Err(Misfit::Type) => {
            format!("{} is needed here, and {}", named(wanted), this_is(given))
        }
    };
    Some(Diagnostic::new(code, message, span, named(&given.ty)).help(example(wanted)))
}

fn example(wanted: &Type) -> String {
    let text = match wanted {
        Type::Int => "write a whole number, as `3`",
        Type::Number => "write a number, as `2.5`",
        Type::Bool => "write `true` or `false`",
        Type::Duration => "write it with its unit, as `90s`",
        Type::Size => "write it with its unit, as `512MiB`",
        Type::List(_) => "write a list, as `[\"a\", \"b\"]`",
        Type::OneOf(_) => return format!("write one of `{wanted}`"),
        _ => "write a string, as `\"text\"`",
    };
    text.to_owned()
}

fn range(
    pass: &mut Pass<'_>,
    place: Place,
    param: &ParamOutline,
    declared: &Type,
) -> Option<(Value, Value)> {
    let (low, high) = param.range.as_ref()?;
    let has_order =
        matches!(declared, Type::Int | Type::Number | Type::Duration | Type::Size | Type::Any);
    if !has_order {
        let message = format!("`in` needs a type with an order, and this is {}", named(declared));
        let found = Diagnostic::new(Code::E0301, message, low.span.to(high.span), named(declared));
        pass.report(found.help("`in` bounds an int, a number, a duration or a size"));
        return None;
    }
    let (from, to) = (end(pass, place, low, declared), end(pass, place, high, declared));
    let (from, to) = (from?, to?);
    if order(&from, &to) == Some(Ordering::Greater) {
        pass.report(empty_range(low.span.to(high.span), &from, &to));
        return None;
    }
    Some((from, to))
}

fn empty_range(span: Span, from: &Value, to: &Value) -> Diagnostic {
    let message = "this range is empty: its first end is above its second";
    let found = Diagnostic::new(Code::E0504, message, span, "nothing is in it");
    found.help(format!("write `{}..{}`", shown(to), shown(from)))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Duration { length } => crate::value::duration_text(*length),
        Value::Size { bytes } => crate::value::size_text(*bytes),
        other => other.to_text(),
    }
}

fn end(pass: &mut Pass<'_>, place: Place, expr: &syntax::Expr, declared: &Type) -> Option<Value> {
    let typed = pass.scope(place).infer(expr)?;
    if let Some(found) = misfit(declared, &typed, expr.span, Code::E0301) {
        pass.report(found);
        return None;
    }
    if typed.constant.is_none() {
        let found = Diagnostic::new(
            Code::E0504,
            "the ends of a range must be known when the plan is checked",
            expr.span,
            "known only when the plan runs",
        );
        pass.report(found.help("write the value itself, as in `in 1..64`"));
    }
    typed.constant
}

fn pattern(pass: &mut Pass<'_>, param: &ParamOutline, declared: &Type) -> Option<String> {
    let pattern = param.matches.as_ref()?;
    if !declared.is_textual() && *declared != Type::Secret {
        let message = format!("`matches` needs a text, and this is {}", named(declared));
        let found = Diagnostic::new(Code::E0301, message, pattern.span, named(declared));
        pass.report(found.help("for numbers, durations and sizes write `in a..b`"));
        return None;
    }
    Some(pattern.value.text.to_string())
}

/// Why a value that is written out is not allowed.
fn outside(bounds: &Bounds<'_>, given: &Typed, span: Span) -> Option<Diagnostic> {
    let value = given.constant.as_ref()?;
    if let Some((low, high)) = bounds.range {
        let below = order(value, low) == Some(Ordering::Less);
        if below || order(value, high) == Some(Ordering::Greater) {
            let (low, high) = (shown(low), shown(high));
            let message = format!("{} is outside of `{low}..{high}`", shown(value));
            let label = if below { "too low" } else { "too high" };
            let found = Diagnostic::new(Code::E0302, message, span, label);
            return Some(found.help(format!("write a value from {low} to {high}")));
        }
    }
    let pattern = bounds.matches?;
    if matches_whole(&value.to_text(), pattern) {
        return None;
    }
    let message = format!("this value does not match \"{pattern}\"");
    let found = Diagnostic::new(Code::E0302, message, span, "does not match");
    Some(found.help("the pattern is for the whole value; write one that it fits, or change it"))
}

/// A pattern that cannot be read is reported where clauses are read.
fn matches_whole(text: &str, pattern: &str) -> bool {
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
        .map_or(true, |regex| regex.is_match(text))
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    #[allow(clippy::cast_precision_loss)] // bounds, not arithmetic
    let number = |value: &Value| match value {
        Value::Int(int) => Some(*int as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Duration { length: a }, Value::Duration { length: b }) => Some(a.cmp(b)),
        (Value::Size { bytes: a }, Value::Size { bytes: b }) => Some(a.cmp(b)),
        _ => number(a)?.partial_cmp(&number(b)?),
    }
}

/// What the mount binds a param to.
fn mounted(pass: &mut Pass<'_>, ix: BindingIx, ty: &Type, bounds: &Bounds<'_>) -> Option<Expr> {
    let (scope, expr) = bound(pass, pass.world.binding(ix))?;
    let typed = pass.scope(Place::new(scope, User::Binding(ix))).infer(expr)?;
    let why =
        misfit(ty, &typed, expr.span, Code::E0603).or_else(|| outside(bounds, &typed, expr.span));
    if let Some(found) = why {
        let param = pass.world.binding(ix).name;
        pass.report(found.label(param.span, format!("the param `{}` is here", param.value)));
        return None;
    }
    written_out(pass, ty, &typed, expr.span);
    Some(typed.expr)
}

/// Why a value that a scenario gives a param is none that it can have.
pub(super) fn misfit_of(
    pass: &Pass<'_>,
    ix: BindingIx,
    given: &Typed,
    span: Span,
) -> Option<Diagnostic> {
    let facts = pass.facts(ix);
    let literal = |expr: &Expr| expr.as_literal().cloned();
    let (range, matches) = match &facts.kind {
        BindingKind::Param { range, matches, .. } => (
            range.as_ref().and_then(|(low, high)| literal(low).zip(literal(high))),
            matches.as_deref(),
        ),
        BindingKind::Let { .. } => (None, None),
    };
    let bounds = Bounds { range: range.as_ref(), matches };
    misfit(&facts.ty, given, span, Code::E0301).or_else(|| outside(&bounds, given, span))
}

/// Reports params that mounts leave out, and bindings that are no params.
pub(super) fn mounts(pass: &mut Pass<'_>) {
    for ix in pass.world.goal_ids() {
        let goal = pass.world.goal(ix);
        let Some(mount) = goal.mount else { continue };
        if !mount.damaged {
            missing(pass, goal, mount);
        }
        for (name, value) in &mount.bindings {
            match goal.names.get(&*name.value) {
                Some(Entity::Binding(ix))
                    if matches!(pass.world.binding(*ix).source, BindingSource::Param(_)) => {}
                _ if goal.outline.damaged => {}
                _ => {
                    unknown(pass, goal, name.span, &name.value);
                    unbound(pass, goal.parent, value);
                }
            }
        }
    }
}

/// What stands behind an unknown name is checked all the same.
fn unbound(pass: &mut Pass<'_>, parent: Option<GoalIx>, value: &syntax::Expr) {
    if let Some(parent) = parent {
        pass.scope(Place::new(parent, User::Goal(parent))).infer(value);
    }
}

fn missing(pass: &mut Pass<'_>, goal: &GoalDecl<'_>, mount: &MountOutline) {
    let bound = |name: &str| mount.bindings.iter().any(|(each, _)| *each.value == *name);
    let left: Vec<&ParamOutline> = goal
        .outline
        .params
        .iter()
        .filter(|param| param.default.is_none() && !param.damaged && !bound(&param.name.value))
        .collect();
    let Some(first) = left.first() else { return };
    let names: Vec<String> = left.iter().map(|param| format!("`{}`", param.name.value)).collect();
    let plural = if left.len() == 1 { "param" } else { "params" };
    let message = format!("`{}` needs the {plural} {}", mount.name.value, names.join(", "));
    let lines: Vec<String> = left.iter().map(|param| format!("{} = …", param.name.value)).collect();
    let found = Diagnostic::new(Code::E0603, message, mount.name.span, "mounted here")
        .label(first.name.span, "declared without a default")
        .help(format!("bind it in the mount's braces: `{}`", lines.join("; ")));
    pass.report(found);
}

fn unknown(pass: &mut Pass<'_>, goal: &GoalDecl<'_>, span: Span, name: &str) {
    let params: Vec<&str> = goal.outline.params.iter().map(|param| &*param.name.value).collect();
    let close = pass.closest(name, || params.clone());
    let message = format!("the mounted file has no param `{name}`");
    let found = Diagnostic::new(Code::E0603, message, span, "not a param of it");
    pass.report(match (close, params.is_empty()) {
        (Some(near), _) => found.meant(span, near),
        (None, true) => found.help("the mounted file has no params"),
        (None, false) => found.help(format!("its params are `{}`", params.join("`, `"))),
    });
}
