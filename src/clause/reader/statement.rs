//! Recognises a statement by its first word and the place it stands in.
//!
//! A word one slip from a right one is reported and read as the right one, so that nothing else
//! follows from the slip.

use std::borrow::Cow;

use super::arguments::Arguments;
use super::checks::Once;
use super::{Listed, Opened, Reader, complaint};
use crate::clause::table::{MOUNT, find, places_of, words};
use crate::clause::{BlockShape, Clause, ClauseSpec, Place};
use crate::diagnostic::closest;
use crate::ir::Rare;
use crate::source::Span;
use crate::syntax::{Block, Cursor, Statement, Token, TokenKind};

/// The word that a statement begins with; `on failure` is one.
struct Word<'a> {
    text: Cow<'a, str>,
    span: Span,
    tokens: usize,
}

/// What a statement turned out to be.
#[allow(clippy::large_enum_variant)] // there is one at a time, and a box for each clause costs more
pub(super) enum Recognised<'a> {
    Clause(Opened<'a>),
    /// A word that means something elsewhere.
    Misplaced,
    /// The same, in a block whose `}` may be the missing one: it may stand behind that.
    Swallowed,
    /// It could be anything.
    Unknown,
}

impl Reader<'_> {
    /// The clauses of a block, without what is in their own blocks. `within`: the clause that it
    /// belongs to.
    pub(super) fn list<'a>(
        &mut self,
        statements: impl IntoIterator<Item = &'a Statement>,
        place: Place,
        within: Span,
    ) -> Listed<'a> {
        let statements = statements.into_iter();
        let opened = Vec::with_capacity(statements.size_hint().0);
        let mut listed = Listed { opened, lost: false, unknown: false };
        let mut once = Once::default();
        for statement in statements {
            listed.unknown |= statement.damaged;
            match self.recognise(statement, place, within) {
                Recognised::Clause(opened) => {
                    self.check_once(&opened.clause, &mut once);
                    listed.opened.push(opened);
                }
                Recognised::Misplaced => listed.lost = true,
                Recognised::Swallowed | Recognised::Unknown => listed.unknown = true,
            }
        }
        listed.lost |= listed.unknown;
        listed
    }

    pub(super) fn recognise<'a>(
        &mut self,
        statement: &'a Statement,
        place: Place,
        within: Span,
    ) -> Recognised<'a> {
        let Some(word) = word_of(statement) else {
            if let (Some(token), false) = (statement.tokens.first(), statement.damaged) {
                self.report(complaint::no_word(token, place, self.text));
            }
            return Recognised::Unknown;
        };
        let mut cursor = Cursor::new(&statement.tokens, statement.span.at_end());
        for _ in 0..word.tokens {
            cursor.bump();
        }
        if let Some(spec) = spec_of(place, &word.text, statement) {
            let opened = self.read(spec, place, statement, cursor, word.span);
            return Recognised::Clause(opened);
        }
        if self.is_full() {
            return Recognised::Unknown;
        }
        if !places_of(&word.text).is_empty() && self.may_be_unclosed(within) {
            return Recognised::Swallowed;
        }
        self.unrecognised(&word, place, statement, cursor)
    }

    fn unrecognised<'a>(
        &mut self,
        word: &Word<'_>,
        place: Place,
        statement: &'a Statement,
        cursor: Cursor<'a>,
    ) -> Recognised<'a> {
        if let Some(finding) = complaint::misplaced(&word.text, word.span, place) {
            if !statement.damaged {
                self.report(finding);
            }
            return Recognised::Misplaced;
        }
        let finding = complaint::unknown(&word.text, word.span, place);
        let meant = closest(&word.text, words(place));
        let meant = meant.and_then(|near| spec_of(place, near, statement));
        if !statement.damaged {
            self.report(finding);
        }
        let Some(spec) = meant else { return Recognised::Unknown };
        let arguments = Arguments::new(cursor, spec, place, self.text).read();
        Recognised::Clause(opened(arguments, statement, word.span, true))
    }

    /// Reads a statement by a spec; the cursor stands behind its word.
    pub(super) fn read<'a>(
        &mut self,
        spec: &'static ClauseSpec,
        place: Place,
        statement: &'a Statement,
        cursor: Cursor<'a>,
        word: Span,
    ) -> Opened<'a> {
        let mut arguments = Arguments::new(cursor, spec, place, self.text).read();
        let findings = std::mem::take(&mut arguments.findings);
        let damaged = statement.damaged || !findings.is_empty();
        let mut opened = opened(arguments, statement, word, damaged);
        if statement.damaged {
            return opened;
        }
        for finding in findings {
            self.report(finding);
        }
        if !opened.clause.damaged {
            let more = (spec.check)(&opened.clause);
            opened.clause.damaged = !more.is_empty();
            for finding in more {
                self.report(finding);
            }
        }
        opened
    }

    /// Reads the block of a clause that is no outline of its own.
    pub(super) fn finish(&mut self, opened: Opened<'_>) -> Clause {
        let Opened { mut clause, block, .. } = opened;
        let (Some(block), BlockShape::Required(place) | BlockShape::Optional(place)) =
            (block, clause.spec.block)
        else {
            return clause;
        };
        let lost = match place {
            Place::Probes => self.probes(block, &mut clause),
            Place::Bindings => self.bindings(&block.statements, &mut clause.bindings),
            _ => self.clauses(block, (place, clause.span), &mut clause.block),
        };
        if let Some(bindings) = clause.bindings.written() {
            bindings.shrink_to_fit();
        }
        let inside = clause.block.iter().any(|inner| inner.damaged);
        clause.damaged |= lost || inside || !block.closed;
        clause
    }

    /// Reads a block of plain clauses; whether something in it was lost.
    fn clauses(
        &mut self,
        block: &Block,
        (place, within): (Place, Span),
        into: &mut Vec<Clause>,
    ) -> bool {
        let listed = self.list(&block.statements, place, within);
        into.extend(listed.opened.into_iter().map(|opened| self.finish(opened)));
        listed.lost
    }
}

fn opened<'a>(
    arguments: Arguments<'a, '_>,
    statement: &'a Statement,
    word: Span,
    damaged: bool,
) -> Opened<'a> {
    let Arguments { spec, head, options, block, .. } = arguments;
    let (inner, bindings) = (Rare::default(), Rare::default());
    let (head, options) = (head.into(), options.into());
    let span = statement.span;
    let clause = Clause { spec, word, span, head, options, block: inner, bindings, damaged };
    Opened { clause, block, statement }
}

/// The clause that a statement is in a place, and how many tokens its word has; none where the word
/// means nothing there.
pub fn recognised(place: Place, statement: &Statement) -> Option<(&'static ClauseSpec, usize)> {
    let word = word_of(statement)?;
    spec_of(place, &word.text, statement).map(|spec| (spec, word.tokens))
}

fn name_at(statement: &Statement, at: usize) -> Option<(&str, Span)> {
    let token = statement.tokens.get(at)?;
    if let TokenKind::Name(name) = &token.kind { Some((name, token.span)) } else { None }
}

fn word_of(statement: &Statement) -> Option<Word<'_>> {
    let (first, span) = name_at(statement, 0)?;
    match name_at(statement, 1) {
        Some((second, end)) if first == "on" => {
            Some(Word { text: format!("on {second}").into(), span: span.to(end), tokens: 2 })
        }
        _ if matches!(first, "given" | "expect") => Some(phrase(statement, first, span)),
        _ => Some(Word { text: first.into(), span, tokens: 1 }),
    }
}

/// A line of a scenario: `given crash after STEP` is about the machine, `given crash fails` about a step of
/// that name.
fn phrase(statement: &Statement, first: &str, span: Span) -> Word<'static> {
    let word = |at| name_at(statement, at).map_or("", |(word, _)| word);
    let is_text = |at| {
        statement
            .tokens
            .get(at)
            .is_none_or(|token: &Token| matches!(token.kind, TokenKind::String(_)))
    };
    let tokens = match (first, word(1), word(2)) {
        ("given", "crash" | "stop", "after" | "during") => 2,
        ("given", "crash" | "stop", "") if statement.tokens.len() == 2 => 2,
        ("expect", "asked", _) if is_text(2) => 2,
        ("expect", "not", "asked") if is_text(3) => 3,
        _ => 1,
    };
    let text: Vec<&str> = (0..tokens).map(word).collect();
    let end = name_at(statement, tokens - 1).map_or(span, |(_, end)| end);
    Word { text: text.join(" ").into(), span: span.to(end), tokens }
}

/// What a word means in a place; `goal NAME from …` is a mount.
fn spec_of(place: Place, word: &str, statement: &Statement) -> Option<&'static ClauseSpec> {
    let spec = find(place, word)?;
    let mounts = spec.word == MOUNT.word
        && MOUNT.stands_in(place)
        && name_at(statement, 2).is_some_and(|(word, _)| word == "from");
    Some(if mounts { &MOUNT } else { spec })
}
