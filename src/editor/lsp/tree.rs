//! Walks a tree by the clause table: each statement with the place that it stands in.
//!
//! Knows no words. The parser bounds how deep it goes.

use crate::clause::{self, BlockShape, ClauseSpec, Place};
use crate::syntax::{Block, Document, Statement, TokenKind};

/// A statement, where it stands, and which clause it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stood<'t> {
    pub(super) place: Place,
    pub(super) statement: &'t Statement,
    /// The clause, and how many tokens its word has.
    pub(super) clause: Option<(&'static ClauseSpec, usize)>,
}

/// Where an offset is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'t> {
    /// What the words of a new statement here would be looked up in.
    pub(super) place: Place,
    /// The statement that it is in or right behind.
    pub(super) stood: Option<Stood<'t>>,
}

/// Visits all statements, each before those in its block.
pub(super) fn walk<'t>(document: &'t Document, visit: &mut dyn FnMut(Stood<'t>)) {
    list(&document.statements, Place::File, visit);
}

fn list<'t>(statements: &'t [Statement], place: Place, visit: &mut dyn FnMut(Stood<'t>)) {
    for statement in statements {
        let stood = Stood { place, statement, clause: clause::recognised(place, statement) };
        visit(stood);
        if let Some((block, place)) = inside(stood) {
            list(&block.statements, place, visit);
        }
    }
}

/// The innermost statement around an offset, or the one that what is written there goes on with.
pub(super) fn spot<'t>(document: &'t Document, text: &str, offset: usize) -> Spot<'t> {
    let (mut statements, mut place) = (&document.statements, Place::File);
    loop {
        let around = |each: &&Statement| {
            each.span.range().start <= offset && offset <= each.span.range().end
        };
        let on = |each: &&Statement| goes_on(each, text, offset);
        let found = statements.iter().rev().find(around);
        let Some(statement) = found.or_else(|| statements.iter().rev().find(on)) else {
            return Spot { place, stood: None };
        };
        let stood = Stood { place, statement, clause: clause::recognised(place, statement) };
        match block(statement) {
            Some((span, block)) if span.start < offset && (offset < span.end || !block.closed) => {
                let Some((block, inner)) = inside(stood) else {
                    return Spot { place, stood: Some(stood) };
                };
                (statements, place) = (&block.statements, inner);
            }
            _ => return Spot { place, stood: Some(stood) },
        }
    }
}

/// Whether a statement that ends before an offset goes on there: on the same line, or behind a comma.
fn goes_on(statement: &Statement, text: &str, offset: usize) -> bool {
    let gap = text.get(statement.span.range().end..offset);
    let comma = matches!(
        statement.tokens.last().map(|token| &token.kind),
        Some(TokenKind::Mark(crate::syntax::Mark::Comma))
    );
    gap.is_some_and(|gap| {
        gap.chars().all(|c| matches!(c, ' ' | '\t') || (comma && c.is_whitespace()))
    })
}

/// The block of a statement, and what its words are looked up in.
fn inside(stood: Stood<'_>) -> Option<(&Block, Place)> {
    let (_, block) = block(stood.statement)?;
    let (spec, _) = stood.clause?;
    match spec.block {
        BlockShape::None => None,
        BlockShape::Optional(place) | BlockShape::Required(place) => Some((block, place)),
    }
}

/// The block of a statement, and its bytes with the braces.
pub(super) fn block(statement: &Statement) -> Option<(std::ops::Range<usize>, &Block)> {
    statement.tokens.iter().find_map(|token| match &token.kind {
        TokenKind::Block(block) => Some((token.span.range(), &**block)),
        _ => None,
    })
}
