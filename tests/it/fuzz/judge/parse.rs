//! Any text has a tree whose tokens lie in it, in order, on the borders of characters.

use goalc::diagnostic::Diagnostics;
use goalc::source::{FileId, Span};
use goalc::syntax::{self, Cursor, Statement, Token, TokenKind};

use super::text;

pub fn parse(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(FileId(0), text, &mut diagnostics);
    statements(&document.statements, text, &mut 0);
    let comments = &document.comments;
    assert!(comments.is_sorted_by_key(|comment| comment.span.start));
    let damaged = any_damaged(&document.statements);
    assert!(!damaged || diagnostics.has_errors(), "damage that is not reported");
    let labels = diagnostics.iter().flat_map(|found| &found.labels).map(|label| label.span);
    for span in labels.chain(comments.iter().map(|comment| comment.span)) {
        assert!(text.get(span.range()).is_some(), "{span:?} is not in the text");
    }
}

fn any_damaged(all: &[Statement]) -> bool {
    all.iter().any(|statement| {
        let mut blocks = statement.tokens.iter().filter_map(|token| match &token.kind {
            TokenKind::Block(block) => Some(&block.statements),
            _ => None,
        });
        statement.damaged || blocks.any(|statements| any_damaged(statements))
    })
}

fn statements(all: &[Statement], text: &str, last: &mut u32) {
    for statement in all {
        assert!(!statement.tokens.is_empty());
        tokens(&statement.tokens, text, last);
    }
}

fn tokens(row: &[Token], text: &str, last: &mut u32) {
    for (index, token) in row.iter().enumerate() {
        let Span { start, end, .. } = token.span;
        assert!(start >= *last && start < end, "{:?}", token.span);
        assert!(text.get(token.span.range()).is_some(), "{:?}", token.span);
        *last = start;
        let _ = Cursor::new(&row[index..], token.span.at_end()).expression();
        match &token.kind {
            TokenKind::Group(group) => tokens(&group.tokens, text, last),
            TokenKind::Block(block) => statements(&block.statements, text, last),
            TokenKind::String(literal) => {
                let _ = syntax::template(literal);
                for reference in syntax::script_references(literal) {
                    assert!(text.get(reference.parts[0].span.range()).is_some());
                }
            }
            _ => {}
        }
    }
}
