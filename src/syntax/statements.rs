//! Where statements begin and end, as far as line ends and `;` do not say so alone.

use super::ast::{Delimiter, Mark, Statement, Token, TokenKind};
use super::findings;
use super::list::List;
use super::lower::Lower;
use crate::source::Span;

impl Lower<'_> {
    /// Puts a statement that was read into the list. A comma behind a block, as at the end of a line
    /// of other languages, ends it too, so that what comes next is read by itself.
    pub(super) fn end(&mut self, mut statement: Statement, list: &mut List) {
        if !has_comma_behind_block(&statement.tokens) {
            return self.add_whole(statement, &mut list.statements);
        }
        let (damaged, tokens) = (statement.damaged, std::mem::take(&mut statement.tokens));
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let behind_block = statement
                .tokens
                .last()
                .is_some_and(|last| matches!(last.kind, TokenKind::Block(_)));
            if !behind_block || !matches!(token.kind, TokenKind::Mark(Mark::Comma)) {
                statement.tokens.push(token);
                continue;
            }
            let same_line =
                tokens.peek().is_some_and(|next| !self.has_line_end(token.span, next.span));
            self.findings.push(findings::comma_behind_block(token.span, same_line));
            let next =
                Statement { tokens: Vec::new(), span: token.span, doc: Box::default(), damaged };
            let whole = std::mem::replace(&mut statement, next);
            self.add_whole(whole, &mut list.statements);
        }
        self.add_whole(statement, &mut list.statements);
    }

    fn add_whole(&mut self, mut statement: Statement, statements: &mut Vec<Statement>) {
        let tokens = &statement.tokens;
        let (Some(from), Some(to)) = (tokens.first(), tokens.last()) else { return };
        statement.span = from.span.to(to.span);
        self.add(statement, statements);
    }

    fn has_line_end(&self, above: Span, below: Span) -> bool {
        let gap = self.text.get(above.end as usize..below.start as usize);
        gap.is_none_or(|gap| gap.contains('\n'))
    }

    /// A block that opens a line, and what follows an `in` at a line's end, go to the statement
    /// above.
    fn add(&mut self, mut statement: Statement, statements: &mut Vec<Statement>) {
        let opens_block =
            matches!(statement.tokens.first(), Some(Token { kind: TokenKind::Block(_), .. }));
        if opens_block {
            self.report_block_alone(&mut statement);
        }
        match statements.last_mut() {
            Some(above) if opens_block || self.carries_on(above, &statement) => {
                above.span = above.span.to(statement.span);
                above.damaged |= statement.damaged;
                above.tokens.append(&mut statement.tokens);
            }
            _ => statements.push(statement),
        }
    }

    /// Whether a statement that ends with a block is read without what stands above it, and as one.
    pub(super) fn stands_alone(&self, above: Option<&Statement>, statement: &Statement) -> bool {
        let tokens = &statement.tokens;
        !matches!(tokens.first(), None | Some(Token { kind: TokenKind::Block(_), .. }))
            && !has_comma_behind_block(tokens)
            && above.is_none_or(|above| !self.carries_on(above, statement))
    }

    fn report_block_alone(&mut self, statement: &mut Statement) {
        let brace = statement.span.start as usize;
        if !statement.damaged {
            let place = Span::new(self.place.file(), brace, brace + 1);
            self.findings.push(findings::block_alone(place));
        }
        statement.damaged = true;
    }

    /// `in` is an operator behind a value, but may also be a name, as in `depends in`: it carries
    /// on where the next line cannot be a statement.
    fn carries_on(&self, above: &Statement, below: &Statement) -> bool {
        let [.., value, last] = above.tokens.as_slice() else { return false };
        let is_in = matches!(&last.kind, TokenKind::Name(name) if &**name == "in");
        let is_value = !matches!(value.kind, TokenKind::Mark(_) | TokenKind::Block(_));
        if !is_in || !is_value || self.has_semicolon(above, below) {
            return false;
        }
        let kind = |at: usize| below.tokens.get(at).map(|token| &token.kind);
        match kind(0) {
            Some(TokenKind::Group(_) | TokenKind::String(_)) => true,
            Some(TokenKind::Name(_)) if above.tokens.len() > 2 => match kind(1) {
                Some(TokenKind::Group(group)) => group.delimiter == Delimiter::Paren,
                Some(TokenKind::Mark(_)) | None => true,
                _ => false,
            },
            _ => false,
        }
    }

    fn has_semicolon(&self, above: &Statement, below: &Statement) -> bool {
        let gap = above.span.end as usize..below.span.start as usize;
        has_semicolon(self.text.get(gap).unwrap_or_default())
    }
}

/// Whether a comma stands right behind a block.
fn has_comma_behind_block(tokens: &[Token]) -> bool {
    tokens.windows(2).any(|pair| {
        matches!(pair[0].kind, TokenKind::Block(_))
            && matches!(pair[1].kind, TokenKind::Mark(Mark::Comma))
    })
}

/// Whether a `;` stands in what is between two statements: white space and comments.
pub fn has_semicolon(gap: &str) -> bool {
    gap.lines().any(|line| line.split('#').next().is_some_and(|code| code.contains(';')))
}
