//! How many tokens a text has, and the statement that is being read, as the look ahead counts them.
//!
//! Knows where statements and blocks begin and end, not what is in them.

use super::scan::Excess;

/// More than this is refused: some 100,000 steps with all that steps have, which take some 600 MB.
/// Tokens, comments and line breaks behind them count one, a string [`STRING`], for what each takes
/// in a tree.
const MOST: usize = 7_200_000;
pub(super) const STRING: usize = 4;

/// More than this in one statement is, as it is read at once: a list of a million numbers, which
/// takes some 400 MB, has 2 million.
const MOST_IN_STATEMENT: usize = 2_400_000;

#[derive(Debug, Clone, Copy, Default)]
struct Start {
    at: usize,
    /// How many tokens come before it.
    tokens: usize,
}

#[derive(Debug, Default)]
pub(super) struct Lengths {
    tokens: usize,
    statement: Start,
    /// The statements that the open braces stand in, outermost first, and whether a brace's block is
    /// read with its statement however long it is.
    around: Vec<(Start, bool)>,
}

impl Lengths {
    pub(super) fn count(&mut self, tokens: usize) {
        self.tokens += tokens;
    }

    /// What comes next is another statement.
    pub(super) fn begin(&mut self, at: usize) {
        self.statement = Start { at, tokens: self.tokens };
    }

    /// A block opens; `carried`: it is read with its statement.
    pub(super) fn open(&mut self, at: usize, carried: bool) {
        self.around.push((self.statement, carried));
        self.begin(at);
    }

    /// The block that was opened last closes; `whole`: its statement ends with it.
    pub(super) fn close(&mut self, at: usize, whole: bool) {
        let Some((statement, carried)) = self.around.pop() else { return };
        self.statement = statement;
        if whole && !carried {
            self.begin(at);
        }
    }

    /// The text ends: what is still open goes up to here.
    pub(super) fn end(&mut self) {
        let carried = self.around.iter().find(|(_, carried)| *carried);
        self.statement = carried.map_or(self.statement, |(statement, _)| *statement);
    }

    /// What is too long by now.
    pub(super) fn excess(&self) -> Option<Excess> {
        if self.tokens - self.statement.tokens > MOST_IN_STATEMENT {
            return Some(Excess::Statement(self.statement.at));
        }
        (self.tokens > MOST).then_some(Excess::Tokens)
    }
}
