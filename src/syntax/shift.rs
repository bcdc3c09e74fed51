//! Moving the places of a tree: what stood behind a change stands elsewhere now.
//!
//! Knows nothing of texts. Invariant: what lies before the change is not touched, nor looked at.

use super::{Comment, Document, Expr, ExprKind, Statement, StringLiteral, Token, TokenKind};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// All offsets from `from` on move by `by` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    pub(super) from: usize,
    pub(super) by: isize,
}

impl Shift {
    pub(super) fn document(self, document: &mut Document) {
        self.statements(&mut document.statements);
        let first = document.comments.partition_point(|comment| self.is_before(comment.span));
        for Comment { span } in document.comments.iter_mut().skip(first) {
            self.span(span);
        }
    }

    pub(super) fn findings(self, findings: &mut [Diagnostic]) {
        for finding in findings {
            finding.labels.iter_mut().for_each(|label| self.span(&mut label.span));
            finding.fixes.iter_mut().for_each(|fix| self.span(&mut fix.span));
        }
    }

    fn is_before(self, span: Span) -> bool {
        (span.end as usize) < self.from
    }

    fn statements(self, statements: &mut [Statement]) {
        let first = statements.partition_point(|statement| self.is_before(statement.span));
        for statement in statements.iter_mut().skip(first) {
            self.span(&mut statement.span);
            statement.doc.iter_mut().for_each(|line| self.span(line));
            self.tokens(&mut statement.tokens);
        }
    }

    fn tokens(self, tokens: &mut [Token]) {
        for token in tokens {
            match &mut token.kind {
                TokenKind::String(literal) => self.string(literal),
                TokenKind::Group(group) => self.tokens(&mut group.tokens),
                TokenKind::Block(block) => self.statements(&mut block.statements),
                TokenKind::Name(_)
                | TokenKind::Literal(_)
                | TokenKind::Mark(_)
                | TokenKind::Bad => {}
            }
            self.span(&mut token.span);
        }
    }

    pub fn string(self, literal: &mut StringLiteral) {
        self.offset(&mut literal.start);
        for (_, written) in literal.changes.iter_mut().flat_map(|changes| &mut changes.jumps) {
            self.offset(written);
        }
    }

    /// An expression with all that is in it.
    pub fn expr(self, expr: &mut Expr) {
        self.span(&mut expr.span);
        match &mut expr.kind {
            ExprKind::Literal(_) => {}
            ExprKind::String(literal) => self.string(literal),
            ExprKind::Name(parts) => parts.iter_mut().for_each(|part| self.span(&mut part.span)),
            ExprKind::List(items) => items.iter_mut().for_each(|item| self.expr(&mut item.value)),
            ExprKind::Call { function, arguments } => {
                self.span(&mut function.span);
                for argument in arguments {
                    self.expr(argument);
                }
            }
            ExprKind::Not(inner) => self.expr(inner),
            ExprKind::Binary { operator, left, right } => {
                self.span(&mut operator.span);
                self.expr(left);
                self.expr(right);
            }
        }
    }

    pub fn span(self, span: &mut Span) {
        self.offset(&mut span.start);
        self.offset(&mut span.end);
    }

    fn offset(self, offset: &mut u32) {
        let at = *offset as usize;
        if at >= self.from {
            *offset = u32::try_from(at.saturating_add_signed(self.by)).unwrap_or(u32::MAX);
        }
    }
}
