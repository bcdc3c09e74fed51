//! Reads a type: `string`, `[int]`, `"a" | "b"`.
//!
//! An unknown type is noted and taken as any, so that nothing follows from it.

use super::arguments::{Arguments, Stopped};
use crate::clause::Slot;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Spanned;
use crate::syntax::{Cursor, Delimiter, Mark, Token, TokenKind};
use crate::value::Type;

/// The types that have a word, as they are written.
pub const TYPES: &[&str] =
    &["string", "int", "number", "bool", "duration", "size", "path", "secret"];

fn named(word: &str) -> Option<Type> {
    Some(match word {
        "string" => Type::String,
        "int" => Type::Int,
        "number" => Type::Number,
        "bool" => Type::Bool,
        "duration" => Type::Duration,
        "size" => Type::Size,
        "path" => Type::Path,
        "secret" => Type::Secret,
        _ => return None,
    })
}

impl<'a> Arguments<'a, '_> {
    pub(super) fn ty(&mut self, slot: &Slot) -> Result<Spanned<Type>, Stopped> {
        let start = self.cursor.place();
        let mut cursor = self.cursor;
        let Some(found) = self.type_at(&mut cursor) else { return Err(self.missing(slot)) };
        self.cursor = cursor;
        Ok(Spanned::new(found.value, start.to(found.span)))
    }

    /// The type that begins at a cursor; `None` where none does.
    fn type_at(&mut self, cursor: &mut Cursor<'a>) -> Option<Spanned<Type>> {
        let token = cursor.peek(0)?;
        match &token.kind {
            TokenKind::Name(name) => {
                cursor.bump();
                let ty = named(name).unwrap_or_else(|| self.unknown(name, token));
                Some(Spanned::new(ty, token.span))
            }
            TokenKind::Group(group) if group.delimiter == Delimiter::Bracket => {
                let mut inner = Cursor::new(&group.tokens, token.span.at_end());
                let item = self.type_at(&mut inner)?;
                // As in any group, which `fmt` writes without it.
                inner.eat_mark(Mark::Comma);
                if !inner.at_end() {
                    return None;
                }
                cursor.bump();
                Some(Spanned::new(Type::list(item.value), token.span))
            }
            TokenKind::String(_) => one_of(cursor),
            _ => None,
        }
    }

    fn unknown(&mut self, name: &str, token: &Token) -> Type {
        let finding =
            Diagnostic::new(Code::E0301, format!("unknown type `{name}`"), token.span, "no type");
        let near = nearest(name, TYPES.iter().copied());
        self.findings.push(match near {
            Some(near) => finding.meant(token.span, near),
            None => finding.help(format!(
                "types are `{}`, a list as `[string]`, and `\"a\" | \"b\"`",
                TYPES.join("`, `")
            )),
        });
        near.and_then(|near| named(near.word)).unwrap_or(Type::Any)
    }
}

fn one_of(cursor: &mut Cursor<'_>) -> Option<Spanned<Type>> {
    let mut span = cursor.place();
    let mut words = Vec::new();
    loop {
        let token = cursor.peek(0)?;
        let TokenKind::String(word) = &token.kind else { return None };
        cursor.bump();
        span = span.to(token.span);
        words.push(word.text.to_string());
        if cursor.eat_mark(Mark::Bar).is_none() {
            return Some(Spanned::new(Type::OneOf(words), span));
        }
    }
}
