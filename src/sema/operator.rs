//! Which types operators take, and what a type is called in a message.

use super::infer::Typed;
use super::pass::Scope;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::{Span, Spanned};
use crate::syntax;
use crate::value::{BinaryOperator, Expr, Type, Value};

/// A type as messages say it: "an int".
pub(super) fn named(ty: &Type) -> String {
    match ty {
        Type::Int => "an int".to_owned(),
        Type::List(item) if **item == Type::Any => "a list".to_owned(),
        Type::List(_) => format!("a list, `{ty}`"),
        Type::OneOf(_) => format!("one of `{ty}`"),
        Type::Any => "of a type known only when it runs".to_owned(),
        plain => format!("a {plain}"),
    }
}

/// The type of a list's items, given two of them.
pub(super) fn joined(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (Type::Int, Type::Number) | (Type::Number, Type::Int) => Type::Number,
        (Type::Secret, other) | (other, Type::Secret) if other.is_textual() => Type::Secret,
        (Type::Any, _) | (_, Type::Any) => Type::Any,
        (a, b) if a.is_textual() && b.is_textual() => Type::String,
        (Type::List(a), Type::List(b)) => Type::list(joined(a, b)),
        _ => Type::Any,
    }
}

/// Why a value does not fit.
pub(super) enum Misfit {
    Type,
    /// A text that is none of an enumeration's words.
    Word(String),
}

/// Whether a value may stand where a type is wanted; a text as written is a word of an enumeration.
pub(super) fn fits(wanted: &Type, given: &Typed) -> Result<(), Misfit> {
    if let (Type::OneOf(words), Some(Value::Text(text))) = (wanted, &given.constant)
        && given.ty == Type::String
    {
        return if words.contains(text) { Ok(()) } else { Err(Misfit::Word(text.clone())) };
    }
    // Item by item where the items are written out: a list of mixed ones has no type of its own.
    if let (Type::List(item), Expr::List(parts)) = (wanted, &given.expr) {
        let by_items = matches!(**item, Type::OneOf(_)) || given.ty == Type::list(Type::Any);
        if by_items {
            return parts.iter().try_for_each(|part| match part.expr() {
                Expr::Literal(value) => {
                    let (ty, expr) = (type_of(value), Expr::Literal(value.clone()));
                    fits(item, &Typed { ty, expr, constant: Some(value.clone()) })
                }
                _ if wanted.accepts(&given.ty) => Ok(()),
                _ => Err(Misfit::Type),
            });
        }
    }
    if wanted.accepts(&given.ty) { Ok(()) } else { Err(Misfit::Type) }
}

/// The type of a value as written.
fn type_of(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Number(_) => Type::Number,
        Value::Text(_) => Type::String,
        Value::List(items) => {
            let types = items.iter().map(type_of);
            Type::list(types.reduce(|a, b| joined(&a, &b)).unwrap_or(Type::Any))
        }
        Value::Duration { .. } => Type::Duration,
        Value::Size { .. } => Type::Size,
        Value::Secret { .. } => Type::Secret,
    }
}

/// The enumeration that a type's words come from: its own, or that of a list's items.
pub(super) fn words_in(ty: &Type) -> &Type {
    if let Type::List(item) = ty { words_in(item) } else { ty }
}

/// All texts of a value as written that are none of an enumeration's words, quoted, the first first.
pub(super) fn strangers(wanted: &Type, given: &Expr, first: &str) -> String {
    fn look<'e>(words: &[String], given: &'e Expr, into: &mut Vec<&'e str>) {
        match given {
            Expr::Literal(Value::Text(text)) if !words.contains(text) => into.push(text),
            Expr::List(parts) => parts.iter().for_each(|part| look(words, part.expr(), into)),
            _ => {}
        }
    }
    let mut found = vec![first];
    if let Type::OneOf(words) = words_in(wanted) {
        look(words, given, &mut found);
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|text| seen.insert(*text));
    let quoted: Vec<String> = found.iter().map(|text| format!("\"{text}\"")).collect();
    match quoted.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// "write one of …", or the word that was meant; a mend where it stands at the finding's place as
/// a plain string.
pub(super) fn word_help(found: Diagnostic, wanted: &Type, given: &Typed, text: &str) -> Diagnostic {
    let span = found.span();
    let wanted = words_in(wanted);
    let Type::OneOf(words) = wanted else { return found.help(format!("write {}", named(wanted))) };
    let starts = || words.iter().map(String::as_str).find(|word| word.starts_with(text));
    let near = nearest(text, words.iter().map(String::as_str));
    let written = matches!(&given.expr, Expr::Literal(Value::Text(word)) if word == text);
    let found = match near {
        // Two quotes more than the text: nothing in it is escaped.
        Some(near) if near.certain && written && span.range().len() == text.len() + 2 => {
            let inside = Span { start: span.start + 1, end: span.end - 1, ..span };
            found.fix(inside, near.word)
        }
        _ => found,
    };
    match near.map(|near| near.word).or_else(starts) {
        Some(close) => found.help(format!("did you mean \"{close}\"?")),
        None => found.help(format!("write one of `{wanted}`")),
    }
}

pub(super) fn no_condition(ty: &Type, span: Span) -> Diagnostic {
    let message = format!("a condition is true or false, and this is {}", named(ty));
    let help = match ty {
        Type::Int | Type::Number => "compare it, as `… > 0`",
        Type::List(_) => "compare its length, as `len(…) > 0`",
        Type::OneOf(words) if !words.is_empty() => {
            let help = format!("compare it, as `… == \"{}\"`", words[0]);
            return Diagnostic::new(Code::E0301, message, span, "not true or false").help(help);
        }
        _ => "compare it, as `… == \"yes\"`",
    };
    Diagnostic::new(Code::E0301, message, span, named(ty)).help(help)
}

impl Scope<'_, '_> {
    pub(super) fn binary(
        &mut self,
        operator: Spanned<BinaryOperator>,
        left: &syntax::Expr,
        right: &syntax::Expr,
    ) -> Option<Typed> {
        let whole = |left, right| Expr::Binary {
            operator: operator.value,
            left: Box::new(left),
            right: Box::new(right),
        };
        if matches!(operator.value, BinaryOperator::And | BinaryOperator::Or) {
            let (first, second) = (self.condition(left), self.condition(right));
            return Some(Typed::new(Type::Bool, whole(first?, second?)));
        }
        let (first, second) = (self.infer(left), self.infer(right));
        let (first, second) = (first?, second?);
        if let Some(found) = mismatch(operator, (&first, left.span), (&second, right.span)) {
            self.pass.report(found);
            return None;
        }
        Some(Typed::new(Type::Bool, whole(first.expr, second.expr)))
    }
}

type Side<'a> = (&'a Typed, Span);

fn mismatch(
    operator: Spanned<BinaryOperator>,
    left: Side<'_>,
    right: Side<'_>,
) -> Option<Diagnostic> {
    match operator.value {
        BinaryOperator::Equal | BinaryOperator::NotEqual => unequal(left, right),
        BinaryOperator::In => not_in(left, right),
        _ if ordered(&left.0.ty, &right.0.ty) => None,
        _ => Some(incomparable(operator, left, right)),
    }
}

fn ordered(a: &Type, b: &Type) -> bool {
    let number = |t: &Type| matches!(t, Type::Int | Type::Number | Type::Any);
    (number(a) && number(b))
        || (a.is_textual() && b.is_textual())
        || (a == b && matches!(a, Type::Duration | Type::Size))
        || matches!(
            (a, b),
            (Type::Any, Type::Duration | Type::Size) | (Type::Duration | Type::Size, Type::Any)
        )
}

fn unequal(left: Side<'_>, right: Side<'_>) -> Option<Diagnostic> {
    for ((wanted, _), (given, span)) in [(left, right), (right, left)] {
        if let Err(Misfit::Word(text)) = fits(&wanted.ty, given) {
            return Some(never_equal(&wanted.ty, &text, (given, span)));
        }
    }
    let either = left.0.ty.accepts(&right.0.ty)
        || right.0.ty.accepts(&left.0.ty)
        || share_a_word(&left.0.ty, &right.0.ty);
    (!either).then(|| {
        let message = format!("{} and {} are never equal", named(&left.0.ty), named(&right.0.ty));
        Diagnostic::new(Code::E0301, message, right.1, named(&right.0.ty))
            .label(left.1, named(&left.0.ty))
            .help("compare values of one type")
    })
}

fn share_a_word(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::OneOf(a), Type::OneOf(b)) => a.iter().any(|word| b.contains(word)),
        _ => false,
    }
}

fn never_equal(wanted: &Type, text: &str, (given, span): Side<'_>) -> Diagnostic {
    let message = match strangers(wanted, &given.expr, text) {
        all if all.len() > text.len() + 2 => {
            format!("{all} are never the value: it is one of `{wanted}`")
        }
        one => format!("{one} is never the value: it is one of `{wanted}`"),
    };
    let found = Diagnostic::new(Code::E0301, message, span, "not one of these words");
    word_help(found, wanted, given, text)
}

fn not_in(left: Side<'_>, right: Side<'_>) -> Option<Diagnostic> {
    match &right.0.ty {
        Type::List(_) => not_in_list(left, right),
        Type::Any => None,
        text if text.is_textual() || *text == Type::Secret => {
            let textual = left.0.ty.is_textual() || left.0.ty == Type::Secret;
            (!textual).then(|| {
                let message =
                    format!("`in` looks for a text in a text, and this is {}", named(&left.0.ty));
                Diagnostic::new(Code::E0301, message, left.1, named(&left.0.ty))
                    .label(right.1, named(text))
                    .help("look for it in a list, as `x in [1, 2]`")
            })
        }
        other => {
            let message = format!("`in` needs a list, and this is {}", named(other));
            Some(
                Diagnostic::new(Code::E0301, message, right.1, named(other))
                    .help("write a list, as `x in [1, 2]`"),
            )
        }
    }
}

fn not_in_list(left: Side<'_>, right: Side<'_>) -> Option<Diagnostic> {
    let Type::List(item) = &right.0.ty else { return None };
    if let Expr::List(parts) = &right.0.expr {
        let texts = parts.iter().filter_map(|part| part.expr().as_literal());
        for value in texts.filter(|value| matches!(value, Value::Text(_))) {
            let ty = Type::String;
            let expr = Expr::Literal(value.clone());
            let given = Typed { ty, expr, constant: Some(value.clone()) };
            if let Err(Misfit::Word(text)) = fits(&left.0.ty, &given) {
                return Some(never_equal(&left.0.ty, &text, right));
            }
        }
        if matches!(left.0.ty, Type::OneOf(_)) && item.is_textual() {
            return None;
        }
    }
    let wanted: &Type = item;
    match fits(wanted, left.0) {
        Err(Misfit::Word(text)) => Some(never_equal(wanted, &text, left)),
        Err(Misfit::Type) if !left.0.ty.accepts(wanted) => {
            let message = format!("{} is never in {}", named(&left.0.ty), named(&right.0.ty));
            Some(
                Diagnostic::new(Code::E0301, message, left.1, named(&left.0.ty))
                    .label(right.1, named(&right.0.ty))
                    .help("compare values of one type"),
            )
        }
        _ => None,
    }
}

fn incomparable(operator: Spanned<BinaryOperator>, left: Side<'_>, right: Side<'_>) -> Diagnostic {
    let message = format!(
        "`{}` cannot compare {} with {}",
        operator.value.text(),
        named(&left.0.ty),
        named(&right.0.ty)
    );
    Diagnostic::new(Code::E0301, message, right.1, named(&right.0.ty))
        .label(left.1, named(&left.0.ty))
        .help("compare two numbers, two durations, two sizes or two texts")
}
