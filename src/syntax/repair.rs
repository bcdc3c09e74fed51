//! Braces that do not pair up: where they are missing, and what belongs where nevertheless.
//!
//! Works on the finished tree by indentation, and only where braces are known to be wrong: a text
//! with sound braces may be indented as it likes.

use super::{Block, Statement, Token, TokenKind, findings};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, LineIndex, Span};

/// White space beyond this is not counted.
const WIDEST: usize = 1_000;

/// Moves statements to where their indentation says that they belong, and tells what is wrong.
pub(super) fn repair(
    file: FileId,
    text: &str,
    statements: &mut Vec<Statement>,
    open: &[Span],
    stray: &[Span],
) -> Vec<Diagnostic> {
    if open.is_empty() && stray.is_empty() {
        return Vec::new();
    }
    let mut layout = Layout { text, lines: LineIndex::new(text), suspects: Vec::new() };
    let mut found = Vec::new();
    if open.is_empty() {
        let early = layout.adopt(statements);
        let mut strays = stray.to_vec();
        strays.dedup_by_key(|brace| layout.lines.line_of(brace.start as usize));
        found.extend(strays.into_iter().map(|brace| findings::stray_brace(brace, early)));
        return found;
    }
    *statements = layout.settle(std::mem::take(statements), true);
    let end = text.trim_end().len();
    let mut suspects = layout.suspects;
    if suspects.is_empty() {
        suspects = open.to_vec();
    }
    suspects.truncate(open.len());
    found.push(findings::missing_brace(Span::new(file, end, end), &suspects));
    suspects.sort();
    damage(statements, &suspects);
    found
}

/// Marks the clauses whose braces are suspect; the others count as closed.
fn damage(statements: &mut [Statement], suspects: &[Span]) {
    for statement in statements {
        for token in &mut statement.tokens {
            let TokenKind::Block(block) = &mut token.kind else { continue };
            let brace = suspects.binary_search_by_key(&token.span.start, |brace| brace.start);
            block.closed = brace.is_err();
            statement.damaged |= brace.is_ok();
            damage(&mut block.statements, suspects);
        }
    }
}

struct Layout<'a> {
    text: &'a str,
    lines: LineIndex,
    /// Braces whose closer is missing, as the indentation has it; innermost first.
    suspects: Vec<Span>,
}

impl Layout<'_> {
    /// Takes out of each block what is not indented deeper than the clause that holds the block.
    /// `outermost`: these statements stand in no block.
    fn settle(&mut self, statements: Vec<Statement>, outermost: bool) -> Vec<Statement> {
        let mut settled = Vec::with_capacity(statements.len());
        for mut statement in statements {
            let outside = self.settle_blocks(&mut statement, outermost);
            settled.push(statement);
            settled.extend(outside);
        }
        settled
    }

    fn settle_blocks(&mut self, statement: &mut Statement, outermost: bool) -> Vec<Statement> {
        let clause = self.own_indent(statement.span);
        let mut outside = Vec::new();
        let mut behind = statement.tokens.len();
        for token in &mut statement.tokens {
            behind -= 1;
            let TokenKind::Block(block) = &mut token.kind else { continue };
            block.statements = self.settle(std::mem::take(&mut block.statements), false);
            let Some(clause) = clause else { continue };
            let closes_another = self.closes_another(token.span, block.closed, clause);
            let may_begin_beside = closes_another && !outermost;
            let moved = match behind {
                0 => self.outdented(block, clause, may_begin_beside),
                _ => Vec::new(),
            };
            if !moved.is_empty() || closes_another {
                self.suspects.push(Span { end: token.span.start + 1, ..token.span });
            }
            if !moved.is_empty() {
                // What stands behind it is no part of it any more.
                let own = block.statements.last().map(|last| last.span.end);
                token.span.end = own.unwrap_or(token.span.start + 1);
                statement.span.end = token.span.end;
            }
            outside.extend(moved);
        }
        outside
    }

    /// The statements from the first on that stands out to the left, if those above it do not, or
    /// stand beside the brace where they may.
    fn outdented(
        &self,
        block: &mut Block,
        clause: usize,
        may_begin_beside: bool,
    ) -> Vec<Statement> {
        let own = |inner: &Statement| self.own_indent(inner.span);
        let begins_beside = block.statements.first().is_some_and(|first| own(first).is_none());
        let first = block.statements.iter().find_map(own);
        if first.is_none_or(|first| first <= clause && !(begins_beside && may_begin_beside)) {
            return Vec::new();
        }
        let at = block
            .statements
            .iter()
            .position(|inner| own(inner).is_some_and(|indent| indent <= clause));
        at.map_or_else(Vec::new, |at| block.statements.split_off(at))
    }

    /// The block is open, or closed by a brace that stands further left than its clause.
    fn closes_another(&self, block: Span, closed: bool, clause: usize) -> bool {
        let brace = Span { start: block.end.saturating_sub(1), ..block };
        !closed || self.own_indent(brace).is_some_and(|indent| indent < clause)
    }

    /// Gives the first statement's block what follows it and is indented deeper: a `}` too many
    /// has closed the block early. Gives that `}`.
    fn adopt(&self, statements: &mut Vec<Statement>) -> Option<Span> {
        let clause = self.own_indent(statements.first()?.span)?;
        let orphans = statements
            .iter()
            .skip(1)
            .take_while(|next| self.own_indent(next.span).is_some_and(|indent| indent > clause))
            .count();
        let adopted: Vec<Statement> = statements.drain(1..=orphans).collect();
        let Token { kind: TokenKind::Block(block), span } =
            statements.first_mut()?.tokens.last_mut()?
        else {
            return None;
        };
        block.statements.extend(adopted);
        let closer = Span { start: span.end.saturating_sub(1), ..*span };
        (self.own_indent(closer) != Some(clause)).then_some(closer)
    }

    /// How far the line is indented on which this stands, if it stands first there.
    fn own_indent(&self, span: Span) -> Option<usize> {
        let at = span.start as usize;
        let start = self.lines.start_of(self.lines.line_of(at))?;
        let line = self.text.get(start..at)?;
        let mut indent = line.bytes().take(WIDEST);
        indent.all(|byte| matches!(byte, b' ' | b'\t')).then_some(line.len().min(WIDEST))
    }
}
