//! Where the statements of a block come from: a tree, lent or given, or a text that is read meanwhile.

use std::borrow::Cow;
use std::{slice, vec};

use super::{Reader, Streaming, recognised};
use crate::clause::Place;
use crate::clause::table::GOAL;
use crate::syntax::{Coming, Statement, Token, TokenKind};

/// What is still to come of a block, or of what stands outside of all.
pub(super) enum Statements<'a> {
    Lent(slice::Iter<'a, Statement>),
    /// Each is dropped once it was read.
    Given(vec::IntoIter<Statement>),
    /// From the text.
    Coming,
}

/// A statement, and whether the statements of its block are still to come.
pub(super) struct Next<'a> {
    pub(super) statement: Cow<'a, Statement>,
    pub(super) open: bool,
}

impl<'a> Statements<'a> {
    pub(super) fn of(statements: Cow<'a, [Statement]>) -> Self {
        match statements {
            Cow::Borrowed(statements) => Self::Lent(statements.iter()),
            Cow::Owned(statements) => Self::Given(statements.into_iter()),
        }
    }

    /// Those that are there already.
    pub(super) fn there(&self) -> &[Statement] {
        match self {
            Self::Lent(rest) => rest.as_slice(),
            Self::Given(rest) => rest.as_slice(),
            Self::Coming => &[],
        }
    }
}

impl Reader<'_> {
    /// The next statement in a place. It is whole, but for a goal, where the block of one `may_be_open`.
    pub(super) fn next<'a>(
        &mut self,
        statements: &mut Statements<'a>,
        place: Place,
        may_be_open: bool,
    ) -> Option<Next<'a>> {
        match statements {
            Statements::Lent(rest) => {
                let statement = Cow::Borrowed(rest.next()?);
                Some(Next { statement, open: false })
            }
            Statements::Given(rest) => {
                let statement = Cow::Owned(rest.next()?);
                Some(Next { statement, open: false })
            }
            Statements::Coming => {
                let Streaming { stream, show } = self.stream.as_mut()?;
                let (statement, open) = match stream.read_on() {
                    Coming::End => return None,
                    Coming::Statement(statement) => (statement, false),
                    Coming::Open(mut statement) => {
                        let open = may_be_open && is_goal(place, &statement);
                        if !open {
                            stream.complete(&mut statement);
                        }
                        (statement, open)
                    }
                };
                show(&statement);
                Some(Next { statement: Cow::Owned(statement), open })
            }
        }
    }
}

/// Whether a statement is a goal, and its block that of the goal: where several stand in a row, the first is.
fn is_goal(place: Place, statement: &Statement) -> bool {
    let is_block = |token: &&Token| matches!(token.kind, TokenKind::Block(_));
    recognised(place, statement).is_some_and(|(spec, _)| std::ptr::eq(spec, &raw const GOAL))
        && statement.tokens.iter().filter(is_block).count() == 1
}
