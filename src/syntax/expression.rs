//! Expressions, from tokens: `||` binds loosest, then `&&`, comparisons and `in`, and `!`.
//!
//! Names are not looked up and strings not looked into. Invariant: an expression is at most
//! [`DEEPEST`] deep, whatever makes it deep, so that all that walk it may recurse.

use super::scan::DEEPEST;
use super::{BinaryOperator, Cursor, Delimiter, Expr, ExprKind, Group, ListItem, Mark, Token};
use super::{TokenKind, findings};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};

/// Errors are boxed, as reading recurses with each bracket and its frames should be small.
type Read<T> = Result<T, Box<Diagnostic>>;

/// An expression and how deep it is.
struct Deep {
    expr: Expr,
    depth: usize,
}

impl Deep {
    fn new(kind: ExprKind, span: Span, depth: usize) -> Read<Self> {
        if depth > DEEPEST {
            return Err(Box::new(findings::expression_too_deep(span)));
        }
        Ok(Self { expr: Expr { kind, span }, depth })
    }
}

pub(super) fn expression(cursor: &mut Cursor<'_>) -> Result<Expr, Diagnostic> {
    binary(cursor, Strength::Or).map(|deep| deep.expr).map_err(|finding| *finding)
}

pub(super) fn operand(cursor: &mut Cursor<'_>) -> Result<Expr, Diagnostic> {
    unary(cursor).map(|deep| deep.expr).map_err(|finding| *finding)
}

/// How strongly an operator binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Or,
    And,
    Comparison,
    Operand,
}

impl Strength {
    fn of(operator: BinaryOperator) -> Self {
        match operator {
            BinaryOperator::Or => Self::Or,
            BinaryOperator::And => Self::And,
            _ => Self::Comparison,
        }
    }

    fn tighter(self) -> Self {
        match self {
            Self::Or => Self::And,
            Self::And => Self::Comparison,
            _ => Self::Operand,
        }
    }
}

/// Operands with operators between that bind at least as strongly as `least`.
fn binary(cursor: &mut Cursor<'_>, least: Strength) -> Read<Deep> {
    let mut left = unary(cursor)?;
    let mut compared: Option<Span> = None;
    while let Some(operator) = operator(cursor) {
        let strength = Strength::of(operator.value);
        if strength < least {
            break;
        }
        if let Some(first) = compared.filter(|_| strength == Strength::Comparison) {
            return Err(Box::new(findings::chained(operator.span, first)));
        }
        compared = (strength == Strength::Comparison).then_some(operator.span);
        cursor.bump();
        let right = binary(cursor, strength.tighter())?;
        let span = left.expr.span.to(right.expr.span);
        let depth = left.depth.max(right.depth) + 1;
        let (left_expr, right) = (Box::new(left.expr), Box::new(right.expr));
        left = Deep::new(ExprKind::Binary { operator, left: left_expr, right }, span, depth)?;
    }
    Ok(left)
}

/// The binary operator that comes next.
fn operator(cursor: &Cursor<'_>) -> Option<Spanned<BinaryOperator>> {
    let operator = match &cursor.peek(0)?.kind {
        TokenKind::Name(name) if &**name == "in" => BinaryOperator::In,
        TokenKind::Mark(Mark::Equal) => BinaryOperator::Equal,
        TokenKind::Mark(Mark::NotEqual) => BinaryOperator::NotEqual,
        TokenKind::Mark(Mark::Less) => BinaryOperator::Less,
        TokenKind::Mark(Mark::LessEqual) => BinaryOperator::LessEqual,
        TokenKind::Mark(Mark::Greater) => BinaryOperator::Greater,
        TokenKind::Mark(Mark::GreaterEqual) => BinaryOperator::GreaterEqual,
        TokenKind::Mark(Mark::And) => BinaryOperator::And,
        TokenKind::Mark(Mark::Or) => BinaryOperator::Or,
        _ => return None,
    };
    Some(Spanned::new(operator, cursor.place()))
}

/// A value with any number of `!` before it.
fn unary(cursor: &mut Cursor<'_>) -> Read<Deep> {
    let mut nots = Vec::new();
    while let Some(not) = cursor.eat_mark(Mark::Not) {
        nots.push(not);
    }
    let mut inner = value(cursor, if nots.is_empty() { "here" } else { "behind `!`" })?;
    for not in nots.into_iter().rev() {
        let span = not.to(inner.expr.span);
        inner = Deep::new(ExprKind::Not(Box::new(inner.expr)), span, inner.depth + 1)?;
    }
    Ok(inner)
}

fn value(cursor: &mut Cursor<'_>, place: &str) -> Read<Deep> {
    let Some(token) = cursor.peek(0) else {
        return Err(Box::new(findings::missing_value(cursor.place(), place)));
    };
    let kind = match &token.kind {
        TokenKind::Literal(literal) => ExprKind::Literal(*literal),
        TokenKind::String(literal) => ExprKind::String(literal.clone()),
        TokenKind::Name(_) => return name(cursor),
        TokenKind::Group(group) => {
            cursor.bump();
            return in_group(group, token.span);
        }
        _ => return Err(Box::new(findings::missing_value(token.span, place))),
    };
    cursor.bump();
    Deep::new(kind, token.span, 1)
}

/// `a`, `a.b.c`, or a call: `f(` without a space between.
fn name(cursor: &mut Cursor<'_>) -> Read<Deep> {
    let Some(first) = cursor.name() else {
        return Err(Box::new(findings::missing_value(cursor.place(), "here")));
    };
    if let Some((group, span)) = arguments_of(cursor, first.span) {
        cursor.bump();
        let (items, depth) = items(group, span, false)?;
        let arguments = items.into_iter().map(|item| item.value).collect();
        let whole = first.span.to(span);
        return Deep::new(
            ExprKind::Call { function: Box::new(first), arguments },
            whole,
            depth + 1,
        );
    }
    let mut span = first.span;
    let mut parts = vec![first];
    while cursor.eat_mark(Mark::Dot).is_some() {
        let Some(part) = cursor.name() else {
            return Err(Box::new(findings::lone_dot(cursor.place())));
        };
        span = span.to(part.span);
        parts.push(part);
    }
    Deep::new(ExprKind::Name(parts.into()), span, 1)
}

fn arguments_of<'a>(cursor: &Cursor<'a>, function: Span) -> Option<(&'a Group, Span)> {
    let token = cursor.peek(0)?;
    match &token.kind {
        TokenKind::Group(group)
            if group.delimiter == Delimiter::Paren && token.span.start == function.end =>
        {
            Some((group, token.span))
        }
        _ => None,
    }
}

fn in_group(group: &Group, span: Span) -> Read<Deep> {
    if group.delimiter == Delimiter::Bracket {
        let (items, depth) = items(group, span, true)?;
        return Deep::new(ExprKind::List(items.into()), span, depth + 1);
    }
    let mut inner = Cursor::new(&group.tokens, before_closer(group, span));
    let mut deep = binary(&mut inner, Strength::Or)?;
    if let Some(rest) = inner.peek(0) {
        return Err(Box::new(findings::leftover(rest.span)));
    }
    deep.expr.span = span;
    Ok(deep)
}

/// Expressions with commas between, and perhaps one behind the last; `...` where `spread` allows.
/// Also how deep the deepest is.
fn items(group: &Group, span: Span, spread: bool) -> Read<(Vec<ListItem>, usize)> {
    let mut inner = Cursor::new(&group.tokens, before_closer(group, span));
    let (mut items, mut deepest) = (Vec::new(), 0);
    while !inner.at_end() {
        let spread = spread && inner.eat_mark(Mark::Spread).is_some();
        let value = binary(&mut inner, Strength::Or)?;
        deepest = deepest.max(value.depth);
        items.push(ListItem { spread, value: value.expr });
        let last = inner.last();
        if inner.eat_mark(Mark::Comma).is_none()
            && let (Some(last), Some(next)) = (last, inner.peek(0))
        {
            return Err(Box::new(between_items(last, next)));
        }
    }
    Ok((items, deepest))
}

fn between_items(last: &Token, next: &Token) -> Diagnostic {
    match next.kind {
        TokenKind::Mark(_) => findings::leftover(next.span),
        _ => findings::missing_comma(last, next.span),
    }
}

fn before_closer(group: &Group, span: Span) -> Span {
    if !group.closed {
        return span.at_end();
    }
    Span { start: span.end.saturating_sub(1), ..span }.at_start()
}
