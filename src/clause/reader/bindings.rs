//! Reads `NAME = expr` lines: those of `env { }` and of a mount's braces.
//!
//! Names are the user's own here; a clause word is as good as any.

use std::collections::HashMap;

use super::Reader;
use super::complaint::{duplicate, token_name};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::OWN_VARIABLES;
use crate::source::{Span, Spanned};
use crate::syntax::{Cursor, Expr, Mark, Statement, TokenKind};

/// A name and what it is bound to.
pub(super) type Binding = (Spanned<Box<str>>, Expr);

impl Reader<'_> {
    /// Reads lines of bindings; whether something in it was lost.
    pub(super) fn bindings<'a>(
        &mut self,
        lines: impl IntoIterator<Item = &'a Statement>,
        into: &mut Vec<Binding>,
    ) -> bool {
        let mut bound = HashMap::new();
        let mut lost = false;
        for statement in lines {
            match self.binding(statement, &mut bound) {
                Some(binding) => into.push(binding),
                None => lost = true,
            }
        }
        lost
    }

    /// Reads one binding; where that fails, or its name is bound already, it has been reported.
    fn binding(
        &mut self,
        statement: &Statement,
        bound: &mut HashMap<Box<str>, Span>,
    ) -> Option<Binding> {
        match read(statement, self.text) {
            Ok(binding) => {
                let name = &binding.0;
                if let Some(first) = bound.get(&name.value) {
                    self.report(duplicate("binding", &name.value, name.span, *first));
                    return None;
                }
                bound.insert(name.value.clone(), name.span);
                if let Some(finding) = own_variable(name) {
                    self.report(finding);
                }
                Some(binding)
            }
            Err(finding) => {
                if !statement.damaged {
                    self.report(finding);
                }
                None
            }
        }
    }
}

/// A name of which goalc's own value would take the place.
pub fn own_variable(name: &Spanned<Box<str>>) -> Option<Diagnostic> {
    let variable = name.value.replace('-', "_");
    if !OWN_VARIABLES.contains(&&*variable) {
        return None;
    }
    let message = format!("goalc sets `{variable}` itself, for each step");
    let found = Diagnostic::new(Code::E0203, message, name.span, "a name of goalc's own");
    Some(found.help("take another name: steps would see goalc's value, not this one"))
}

/// Whether a statement is `NAME = …`.
pub(super) fn is_binding(statement: &Statement) -> bool {
    let kinds = (statement.tokens.first(), statement.tokens.get(1));
    let (Some(name), Some(mark)) = kinds else { return false };
    matches!(name.kind, TokenKind::Name(_)) && mark.kind == TokenKind::Mark(Mark::Assign)
}

fn read(statement: &Statement, text: &str) -> Result<Binding, Diagnostic> {
    let mut cursor = Cursor::new(&statement.tokens, statement.span.at_end());
    let name = cursor.name().ok_or_else(|| wanted("`NAME`", &cursor, text))?;
    if cursor.eat_mark(Mark::Assign).is_none() {
        return Err(wanted("`=`", &cursor, text));
    }
    if matches!(cursor.peek(0).map(|token| &token.kind), None | Some(TokenKind::Block(_))) {
        return Err(wanted("`EXPR`", &cursor, text));
    }
    let value = cursor.expression()?;
    if cursor.at_end() { Ok((name, value)) } else { Err(wanted("the line's end", &cursor, text)) }
}

fn wanted(what: &str, cursor: &Cursor<'_>, text: &str) -> Diagnostic {
    let message = match cursor.peek(0) {
        Some(token) => format!("unexpected {}", token_name(token, text)),
        None => "the line is not complete".to_owned(),
    };
    Diagnostic::new(Code::E0101, message, cursor.place(), format!("{what} belongs here"))
        .help("write `NAME = EXPR`, one a line")
}
