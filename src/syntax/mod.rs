//! From text to tree: the only room that knows pest.
//!
//! Reading never fails: what cannot be read is reported, and reading goes on at the next
//! statement. Expressions are read from tokens by the clause table's reader, where one is due.

mod ast;
mod bounds;
mod characters;
mod cursor;
mod expression;
mod findings;
mod grammar;
mod lengths;
mod list;
mod lower;
mod number;
mod pieces;
mod place;
mod read;
mod repair;
mod reread;
mod scan;
mod shift;
mod statements;
mod stream;
mod string;
mod template;
mod words;

#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
mod tests;

pub use ast::{
    BinaryOperator, Block, Changes, Comment, Delimiter, Document, Expr, ExprKind, Group, ListItem,
    Mark, Statement, StringLiteral, StringStyle, TemplatePart, Token, TokenKind,
};
pub use cursor::Cursor;
pub use read::parse;
pub use reread::{Changed, Reading};
pub use shift::Shift;
pub use statements::has_semicolon;
pub use stream::{Coming, NotSound, Stream};
pub use string::block_rows;
pub use template::{ScriptCall, ScriptReference, script_calls, script_references, template};
pub use words::is_name;
