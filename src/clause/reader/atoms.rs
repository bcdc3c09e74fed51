//! Reads one argument by its shape.
//!
//! Expressions are the cursor's business; types are in `types`.

use super::arguments::{Arguments, Stopped};
use super::complaint;
use crate::clause::reach::{Reach, literal, out_of_reach, runs_backwards};
use crate::clause::table::{BOUNDED, EVENTS, FAILURES};
use crate::clause::{Argument, Reference, Shape, Slot, Want};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};
use crate::syntax::{Expr, ExprKind, Mark, StringLiteral, TokenKind};
use crate::value::Literal;

impl Arguments<'_, '_> {
    pub(super) fn argument(
        &mut self,
        slot: &Slot,
        shape: Shape,
        into: &mut Vec<Argument>,
    ) -> Result<(), Stopped> {
        let argument = match shape {
            Shape::Name => Argument::Name(self.cursor.name().ok_or_else(|| self.missing(slot))?),
            Shape::Reference { optional } => Argument::Reference(self.reference(slot, optional)?),
            Shape::Text => Argument::Text(self.constant_text(slot)?),
            Shape::Expr(want) => Argument::Expr(self.expression(slot, want)?),
            Shape::Operand(want) => Argument::Expr(self.operand(slot, want)?),
            Shape::Word(words) => Argument::Word(self.word(slot, words)?),
            Shape::Range { of, single } => self.range(slot, of, single)?,
            Shape::Percent => Argument::Percent(self.percent(slot)?),
            Shape::Type => Argument::Type(self.ty(slot)?),
            Shape::Command => Argument::Command(self.command(slot)?),
            Shape::OneOf(shapes) => {
                let fits = shapes.iter().find(|shape| self.begins_shape(**shape));
                return self.argument(slot, *fits.or(shapes.last()).unwrap_or(&Shape::Name), into);
            }
            Shape::Event => return self.event(slot, into),
            Shape::Failure => return self.failure(slot, into),
        };
        into.push(argument);
        Ok(())
    }

    /// Whether the next token settles that this shape is meant.
    fn begins_shape(&self, shape: Shape) -> bool {
        match (shape, self.cursor.peek(0).map(|token| &token.kind)) {
            (Shape::Word(words), Some(TokenKind::Name(name))) => words.contains(&&**name),
            (Shape::Percent, Some(TokenKind::Literal(Literal::Percent(_)))) => true,
            _ => false,
        }
    }

    fn reference(&mut self, slot: &Slot, optional: bool) -> Result<Reference, Stopped> {
        let first = self.cursor.name().ok_or_else(|| self.missing(slot))?;
        let mut span = first.span;
        let mut parts = vec![first];
        while self.cursor.eat_mark(Mark::Dot).is_some() {
            let part = self.cursor.name().ok_or_else(|| self.missing(slot))?;
            span = span.to(part.span);
            parts.push(part);
        }
        let parts = parts.into();
        if !optional {
            return Ok(Reference { parts, optional, span });
        }
        let question = self.cursor.eat_mark(Mark::Question);
        let span = question.map_or(span, |mark| span.to(mark));
        Ok(Reference { parts, optional: question.is_some(), span })
    }

    /// A string whose text is needed now, so that nothing in it can wait for a value.
    fn constant_text(&mut self, slot: &Slot) -> Result<Spanned<Box<StringLiteral>>, Stopped> {
        let Some(token) = self.cursor.peek(0) else { return Err(self.missing(slot)) };
        let TokenKind::String(text) = &token.kind else { return Err(self.missing(slot)) };
        self.cursor.bump();
        if let Some(place) = first_value(text) {
            self.findings.push(
                Diagnostic::new(Code::E0504, "a plain text is needed here", place, "a value")
                    .help("write the text itself; a `${` that is text is `\\${`"),
            );
        }
        Ok(Spanned::new(text.clone(), token.span))
    }

    /// Nothing that could be a value stands here.
    fn value_is_due(&self, slot: &Slot) -> Result<(), Stopped> {
        let absent = match self.cursor.peek(0).map(|token| &token.kind) {
            None | Some(TokenKind::Block(_)) => true,
            Some(TokenKind::Mark(mark)) => *mark != Mark::Not,
            Some(_) => false,
        };
        if absent { Err(self.missing(slot)) } else { Ok(()) }
    }

    fn expression(&mut self, slot: &Slot, want: Want) -> Result<Expr, Stopped> {
        self.value_is_due(slot)?;
        let expr = self.cursor.expression()?;
        self.reach(&expr, want);
        Ok(expr)
    }

    fn operand(&mut self, slot: &Slot, want: Want) -> Result<Expr, Stopped> {
        self.value_is_due(slot)?;
        let expr = self.cursor.operand()?;
        self.reach(&expr, want);
        Ok(expr)
    }

    fn reach(&mut self, expr: &Expr, want: Want) {
        if let Some(reach) = literal(expr).and_then(|literal| out_of_reach(want, literal)) {
            self.cannot_take(expr.span, reach);
        }
    }

    fn cannot_take(&mut self, span: Span, reach: Reach) {
        let written = self.text.get(span.range()).unwrap_or("");
        self.findings.push(complaint::out_of_reach(self.spec, written, span, reach));
    }

    fn word(
        &mut self,
        slot: &Slot,
        words: &'static [&'static str],
    ) -> Result<Spanned<&'static str>, Stopped> {
        let Some(token) = self.cursor.peek(0) else { return Err(self.missing(slot)) };
        let known = match &token.kind {
            TokenKind::Name(name) => words.iter().find(|word| ***word == **name),
            _ => None,
        };
        let Some(word) = known else {
            return Err(complaint::not_one_of(self.spec, token, words, self.text));
        };
        self.cursor.bump();
        Ok(Spanned::new(word, token.span))
    }

    fn range(&mut self, slot: &Slot, of: Want, single: bool) -> Result<Argument, Stopped> {
        let from = self.operand(slot, of)?;
        if self.cursor.eat_mark(Mark::Range).is_none() {
            return if single {
                Ok(Argument::Range(Box::new((from.clone(), from))))
            } else {
                Err(self.missing(slot))
            };
        }
        let to = self.operand(slot, of)?;
        // A param's ends may have names; the semantic pass, which knows them, compares those.
        if of != Want::Any && runs_backwards(&from, &to) {
            let reach = Reach::new("must not end below its start", "write the lower end first");
            self.cannot_take(from.span.to(to.span), reach);
        }
        Ok(Argument::Range(Box::new((from, to))))
    }

    fn percent(&mut self, slot: &Slot) -> Result<Spanned<f64>, Stopped> {
        let Some(token) = self.cursor.peek(0) else { return Err(self.missing(slot)) };
        let TokenKind::Literal(Literal::Percent(percent)) = token.kind else {
            return Err(self.missing(slot));
        };
        self.cursor.bump();
        if percent > 100.0 {
            let reach = Reach::new("must be 100% or less", "write `100%` or less");
            self.cannot_take(token.span, reach);
        }
        Ok(Spanned::new(percent, token.span))
    }

    /// A script or an argv, written out: a name could hold anything.
    fn command(&mut self, slot: &Slot) -> Result<Expr, Stopped> {
        let Some(token) = self.cursor.peek(0) else { return Err(self.missing(slot)) };
        if !matches!(token.kind, TokenKind::String(_) | TokenKind::Group(_)) {
            return Err(self.missing(slot));
        }
        let command = self.cursor.operand()?;
        match &command.kind {
            ExprKind::List(_) | ExprKind::String(_) => Ok(command),
            _ => Err(complaint::missing(self.spec, slot.name, Some(token), token.span, self.text)),
        }
    }

    fn event(&mut self, slot: &Slot, into: &mut Vec<Argument>) -> Result<(), Stopped> {
        let Some(token) = self.cursor.peek(0) else { return Err(self.missing(slot)) };
        let TokenKind::Name(name) = &token.kind else { return Err(self.missing(slot)) };
        let bounded = BOUNDED.iter().find(|(word, _)| *word == &**name);
        let Some((word, example)) = bounded else {
            into.push(Argument::Word(self.event_word(slot)?));
            return Ok(());
        };
        self.cursor.bump();
        into.push(Argument::Word(Spanned::new(*word, token.span)));
        let bound = Slot::one(example, Shape::Percent);
        if self.cursor.eat_mark(Mark::Greater).is_none() {
            return Err(self.missing(&bound));
        }
        into.push(match *word {
            "silence" => {
                Argument::Expr(self.expression(&bound, Want::Duration { positive: true })?)
            }
            _ => Argument::Percent(self.percent(&bound)?),
        });
        Ok(())
    }

    fn event_word(&mut self, slot: &Slot) -> Result<Spanned<&'static str>, Stopped> {
        let known = matches!(self.cursor.peek(0), Some(token)
            if matches!(&token.kind, TokenKind::Name(name) if EVENTS.contains(&&**name)));
        if known {
            return self.word(slot, EVENTS);
        }
        let all: Vec<_> =
            EVENTS.iter().chain(BOUNDED.iter().map(|(word, _)| word)).copied().collect();
        let Some(token) = self.cursor.peek(0) else { return Err(self.missing(slot)) };
        Err(complaint::not_one_of(self.spec, token, &all, self.text))
    }

    /// `exit 75, 100..110, signal`: codes carry on until the next word.
    fn failure(&mut self, slot: &Slot, into: &mut Vec<Argument>) -> Result<(), Stopped> {
        let carries_on = matches!(into.last(), Some(Argument::Range(..)))
            && matches!(self.cursor.peek(0), Some(token) if !matches!(token.kind, TokenKind::Name(_)));
        if !carries_on {
            let word = self.word(slot, FAILURES)?;
            into.push(Argument::Word(word));
            if word.value != "exit" {
                return Ok(());
            }
        }
        let code = Slot::one("CODE", Shape::Name);
        into.push(self.range(&code, Want::Int { at_least: 0 }, true)?);
        Ok(())
    }
}

/// Where the first `${` stands that a string's style reads as a value.
fn first_value(literal: &StringLiteral) -> Option<Span> {
    if !literal.style.interpolates() {
        return None;
    }
    let at =
        literal.text.match_indices("${").map(|(at, _)| at).find(|at| !literal.is_protected(*at))?;
    Some(literal.span_of(at..at + 2))
}
