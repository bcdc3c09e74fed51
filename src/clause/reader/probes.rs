//! Reads a block of probes: which line is a probe, and which an expression.
//!
//! A probe's word followed by `(`, `.` or an operator (but `memory >=`) is an expression.

use super::{Opened, Reader, complaint};
use crate::clause::table::{EXPRESSION, NOT, find};
use crate::clause::{Clause, Place};
use crate::ir::Rare;
use crate::source::Span;
use crate::syntax::{Block, Cursor, Delimiter, Mark, Statement, Token, TokenKind};

/// What a line of a probe block is.
enum Line {
    Probe,
    Expression,
}

impl Reader<'_> {
    /// Reads a block of probes into a clause; whether something in it was lost.
    pub(super) fn probes(&mut self, block: &Block, into: &mut Clause) -> bool {
        let mut lost = false;
        for statement in &block.statements {
            match self.probe(statement) {
                Some(probe) => {
                    self.check_unchanged(&probe, into.spec.word);
                    into.block.push(probe);
                }
                None => lost = true,
            }
        }
        lost
    }

    fn probe(&mut self, statement: &Statement) -> Option<Clause> {
        let mut cursor = Cursor::new(&statement.tokens, statement.span.at_end());
        let Some(not) = negation(&mut cursor) else { return self.plain_probe(statement, cursor) };
        if cursor.at_end() {
            if !statement.damaged {
                let place = cursor.place();
                self.report(complaint::missing(&NOT, "PROBE", None, place, self.text));
            }
            return None;
        }
        let inner = self.plain_probe(statement, cursor)?;
        Some(Clause {
            spec: &NOT,
            word: not,
            span: statement.span,
            head: Box::default(),
            options: Rare::default(),
            damaged: inner.damaged,
            block: vec![inner].into(),
            bindings: Rare::default(),
        })
    }

    /// Reads a probe that no `not` stands before; the cursor stands at its word.
    fn plain_probe(&mut self, statement: &Statement, mut cursor: Cursor<'_>) -> Option<Clause> {
        let start = cursor.place();
        let Opened { clause, .. } = match (line(&cursor), cursor.peek(0).map(|token| &token.kind)) {
            (Line::Probe, Some(TokenKind::Name(word))) => {
                cursor.bump();
                let Some(spec) = find(Place::Probes, word) else {
                    return self.unknown_probe(word, start, statement);
                };
                self.read(spec, Place::Probes, statement, cursor, start)
            }
            _ => self.read(&EXPRESSION, Place::Probes, statement, cursor, start),
        };
        Some(clause)
    }

    fn unknown_probe(&mut self, word: &str, span: Span, statement: &Statement) -> Option<Clause> {
        if !statement.damaged && !self.is_full() {
            let misplaced = complaint::misplaced(word, span, Place::Probes);
            self.report(misplaced.unwrap_or_else(|| complaint::unknown(word, span, Place::Probes)));
        }
        None
    }

    /// `unchanged` asks about the step itself, which only `unless` can.
    fn check_unchanged(&mut self, probe: &Clause, holder: &str) {
        let asked = std::iter::once(probe).chain(&probe.block).find(|p| p.spec.word == "unchanged");
        if let (Some(asked), true) = (asked, holder != "unless") {
            self.report(complaint::unchanged_elsewhere(asked.word));
        }
    }
}

/// Takes a `not` that stands before a probe.
fn negation(cursor: &mut Cursor<'_>) -> Option<Span> {
    let carries_on = cursor.peek(1).is_some_and(operator);
    if carries_on { None } else { cursor.eat_word("not") }
}

/// A word with something behind it that carries no expression on is meant as a probe, known or not.
fn line(cursor: &Cursor<'_>) -> Line {
    let Some(TokenKind::Name(word)) = cursor.peek(0).map(|token| &token.kind) else {
        return Line::Expression;
    };
    let known = find(Place::Probes, word).is_some();
    match cursor.peek(1) {
        None if known => Line::Probe,
        None => Line::Expression,
        Some(next) if is_at_least(next) && &**word == "memory" => Line::Probe,
        Some(next) if operator(next) || is_call(cursor.place(), next) => Line::Expression,
        Some(_) => Line::Probe,
    }
}

fn is_at_least(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Mark(Mark::GreaterEqual))
}

/// `(` right behind a name; with a space between it is a probe's argument.
fn is_call(name: Span, token: &Token) -> bool {
    matches!(&token.kind, TokenKind::Group(group) if group.delimiter == Delimiter::Paren)
        && token.span.start == name.end
}

/// A token that carries on the expression before it.
fn operator(token: &Token) -> bool {
    match &token.kind {
        TokenKind::Name(word) => &**word == "in",
        TokenKind::Mark(mark) => matches!(
            mark,
            Mark::Dot
                | Mark::Equal
                | Mark::NotEqual
                | Mark::Less
                | Mark::LessEqual
                | Mark::Greater
                | Mark::GreaterEqual
                | Mark::And
                | Mark::Or
        ),
        _ => false,
    }
}
