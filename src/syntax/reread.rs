//! Reading a text again that was changed in one place, as it is while someone types.
//!
//! Only the statements around the change are read; what stands behind them is moved. Invariant: tree
//! and findings are those of reading the whole text. Where that is not certain (quotes, brackets or
//! braces do not pair up), the whole is read.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::grammar::Rule;
use super::list::List;
use super::lower::Lower;
use super::pieces::PIECE;
use super::place::Place;
use super::read::{self, pairs};
use super::scan::{Part, scan_near};
use super::shift::Shift;
use super::{Block, Comment, Document, Statement, Token, TokenKind, characters};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// Statements are parted within so many bytes around a change.
const NEAR: usize = 2 * PIECE;

/// A text as it was read.
#[derive(Debug)]
pub struct Reading {
    text: Arc<str>,
    document: Rc<Document>,
    characters: Vec<Diagnostic>,
    findings: Vec<Diagnostic>,
    sound: bool,
    changed: Changed,
}

/// What of a text was read the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    Nothing,
    /// What stood in this range, in whole lines; what stood behind it has moved.
    Part(Range<usize>, Shift),
    Whole,
}

impl Reading {
    /// Reads a text as [`super::parse`] does.
    pub fn new(file: FileId, text: Arc<str>) -> Self {
        let read = read::read_whole(PIECE, file, &text);
        Self {
            text,
            document: Rc::new(read.document),
            characters: read.characters,
            findings: read.findings,
            sound: read.sound,
            changed: Changed::Whole,
        }
    }

    /// Reads another text; the sooner done the less it differs.
    #[must_use]
    pub fn again(self, file: FileId, text: Arc<str>) -> Self {
        if self.document.file != file {
            return Self::new(file, text);
        }
        if self.text == text {
            return Self { text, changed: Changed::Nothing, ..self };
        }
        self.patched(&text).unwrap_or_else(|| Self::new(file, text))
    }

    pub fn changed(&self) -> &Changed {
        &self.changed
    }

    pub fn document(&self) -> &Rc<Document> {
        &self.document
    }

    /// What is wrong with the text.
    pub fn findings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.characters.iter().chain(&self.findings)
    }

    fn patched(mut self, text: &Arc<str>) -> Option<Self> {
        let document = Rc::get_mut(&mut self.document).filter(|_| self.sound)?;
        let change = Change::between(&self.text, text);
        let near = change.new.start.saturating_sub(NEAR)..change.new.end.saturating_add(NEAR);
        let scan = scan_near(text, PIECE, near);
        if !scan.holes.is_empty() || scan.excess.is_some() {
            return None;
        }
        let search = Search { old: &self.text, change: &change, parts: &scan.parts };
        let window = search.within(&document.statements, None, self.text.len())?;
        let patch = Patch::read(document.file, text, &window)?;
        let kept = |span: Span| !window.old.contains(&(span.start as usize));
        self.findings.retain(|finding| kept(finding.span()));
        document.comments.retain(|comment| kept(comment.span));
        let shift = Shift { from: window.old.end, by: change.by() };
        shift.findings(&mut self.findings);
        shift.document(document);
        self.findings.extend(patch.findings);
        let at = document
            .comments
            .partition_point(|comment| (comment.span.start as usize) < window.old.start);
        document.comments.splice(at..at, patch.comments);
        list_at(&mut document.statements, &window.path)?
            .splice(window.statements.clone(), patch.statements);
        self.characters = characters::check(document.file, text);
        self.changed = Changed::Part(window.old, shift);
        self.text = Arc::clone(text);
        Some(self)
    }
}

/// Texts are compared so many bytes at a time.
const STRIDE: usize = 256;

/// How many bytes are alike, of `most`: strides first, then the bytes of the one that differs.
fn alike<'t>(
    old: impl Iterator<Item = &'t [u8]>,
    new: impl Iterator<Item = &'t [u8]>,
    is_alike: impl Fn(usize) -> bool,
    most: usize,
) -> usize {
    let strides = old.zip(new).take_while(|(old, new)| old == new).count();
    let sure = (strides * STRIDE).min(most);
    sure + (sure..most).take_while(|at| is_alike(*at)).count()
}

/// The one range in which two texts differ.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

impl Change {
    fn between(old: &str, new: &str) -> Self {
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let most = old.len().min(new.len());
        let start = alike(old.chunks(STRIDE), new.chunks(STRIDE), |at| old[at] == new[at], most);
        let most = most - start;
        let from_end = |at: usize| old[old.len() - 1 - at] == new[new.len() - 1 - at];
        let end = alike(old.rchunks(STRIDE), new.rchunks(STRIDE), from_end, most);
        Self { old: start..old.len() - end, new: start..new.len() - end }
    }

    /// By how much the text behind it moves.
    fn by(&self) -> isize {
        self.new.end.cast_signed() - self.old.end.cast_signed()
    }
}

/// The statements to be read anew.
#[derive(Debug)]
struct Window {
    /// The way to the block that holds them: of each statement its place, and that of the block.
    path: Vec<(usize, usize)>,
    /// The block's inside starts here.
    inside: usize,
    /// Which of the block's statements they are.
    statements: Range<usize>,
    /// Their text as it was.
    old: Range<usize>,
    /// Their text as it is.
    new: Range<usize>,
    /// The end of the statement above.
    above: Option<usize>,
    /// Where the last of them ends, if they do not go up to the block's end.
    last: Option<usize>,
}

/// Looks for the smallest window around a change.
struct Search<'a> {
    old: &'a str,
    change: &'a Change,
    parts: &'a [Part],
}

impl Search<'_> {
    /// `open`: the block's `{`; `close`: its `}`, or the text's end.
    fn within(
        &self,
        statements: &[Statement],
        open: Option<usize>,
        close: usize,
    ) -> Option<Window> {
        let around = statements
            .partition_point(|statement| statement.span.end as usize <= self.change.old.start);
        let inner = statements.get(around).and_then(|statement| {
            let blocks = statement.tokens.iter().enumerate();
            blocks.rev().find_map(|(at, token)| Some((at, self.inside(token)?)))
        });
        let found = inner.and_then(|(at, (block, inside))| {
            let mut window = self.within(&block.statements, Some(inside.start - 1), inside.end)?;
            window.path.insert(0, (around, at));
            Some(window)
        });
        found.or_else(|| self.here(statements, around, open, close))
    }

    /// The inside of a block that holds all of the change.
    fn inside<'t>(&self, token: &'t Token) -> Option<(&'t Block, Range<usize>)> {
        let TokenKind::Block(block) = &token.kind else { return None };
        let inside = token.span.start as usize + 1..token.span.end as usize - 1;
        let holds = inside.start <= self.change.old.start && self.change.old.end <= inside.end;
        holds.then_some((block, inside))
    }

    fn here(
        &self,
        statements: &[Statement],
        around: usize,
        open: Option<usize>,
        close: usize,
    ) -> Option<Window> {
        let inside = open.map_or(text_start(self.old), |open| open + 1);
        let (first, start) = self.start(statements, around, open)?;
        let (end, last) = self.end(statements, around, open, close)?;
        let new = start..end.checked_add_signed(self.change.by())?;
        Some(Window {
            path: Vec::new(),
            inside,
            statements: first..last.map_or(statements.len(), |last| last + 1),
            old: start..end,
            new,
            above: first.checked_sub(1).and_then(|above| Some(end_of(statements.get(above)?))),
            last: last.and_then(|last| {
                end_of(statements.get(last)?).checked_add_signed(self.change.by())
            }),
        })
    }

    /// The first statement of the window, and the start of its line.
    fn start(
        &self,
        statements: &[Statement],
        around: usize,
        open: Option<usize>,
    ) -> Option<(usize, usize)> {
        (0..=around.min(statements.len())).rev().find_map(|first| {
            let above = first.checked_sub(1).and_then(|above| statements.get(above));
            let start = match above.map(end_of).or(open.map(|open| open + 1)) {
                Some(from) => self.next_line(from).filter(|start| self.is_part(*start, open))?,
                None => text_start(self.old),
            };
            let free = above.is_none_or(|above| !ends_in_operator(above));
            let whole = statements.get(first).is_none_or(|first| start <= start_of(first));
            (free && whole && start <= self.change.old.start).then_some((first, start))
        })
    }

    /// Where the window ends, and its last statement, if that is not the block's end.
    fn end(
        &self,
        statements: &[Statement],
        around: usize,
        open: Option<usize>,
        close: usize,
    ) -> Option<(usize, Option<usize>)> {
        let behind = |at: usize| at.checked_add_signed(self.change.by());
        let mut last = around;
        while let Some(statement) = statements.get(last) {
            // So that all of the statement's line is as it was.
            let line = self.old.get(..start_of(statement))?.rfind('\n').map_or(0, |at| at + 1);
            let next = statements.get(last + 1).map_or(close, start_of);
            let end = self.next_line(end_of(statement)).filter(|end| *end <= next);
            match end {
                Some(end)
                    if line > self.change.old.end
                        && !ends_in_operator(statement)
                        && self.is_part(behind(end)?, open) =>
                {
                    return Some((end, Some(last)));
                }
                _ => last += 1,
            }
        }
        self.is_part(behind(close)?, open).then_some((close, None))
    }

    /// The start of the next line.
    fn next_line(&self, from: usize) -> Option<usize> {
        Some(from + self.old.get(from..)?.find('\n')? + 1)
    }

    fn is_part(&self, at: usize, block: Option<usize>) -> bool {
        let found = self.parts.binary_search_by_key(&at, |part| part.at);
        found.is_ok_and(|found| self.parts.get(found).is_some_and(|part| part.block == block))
    }
}

/// Behind the byte order mark.
fn text_start(text: &str) -> usize {
    if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 }
}

fn start_of(statement: &Statement) -> usize {
    statement.span.start as usize
}

fn end_of(statement: &Statement) -> usize {
    statement.span.end as usize
}

/// `in` at a statement's end may carry on.
fn ends_in_operator(statement: &Statement) -> bool {
    let last = statement.tokens.last().map(|token| &token.kind);
    matches!(last, Some(TokenKind::Name(name)) if &**name == "in")
}

/// What was read in a window.
struct Patch {
    statements: Vec<Statement>,
    comments: Vec<Comment>,
    findings: Vec<Diagnostic>,
}

impl Patch {
    /// `None` where what is in it may not be read apart from what is around it.
    fn read(file: FileId, text: &str, window: &Window) -> Option<Self> {
        let mut lower = Lower::new(text, Place::File(file), &[]);
        lower.base = window.new.start;
        let mut list = List::new(window.above.unwrap_or(window.inside));
        for pair in pairs(Rule::piece, text.get(window.new.clone())?)? {
            lower.listed(pair, &mut list);
        }
        let opens_block = list.statements.first().is_some_and(|first| {
            matches!(first.tokens.first(), Some(Token { kind: TokenKind::Block(_), .. }))
        });
        let ends = list.statements.last().map(end_of);
        let joins = window.last.is_some() && window.last != ends;
        if !lower.is_sound() || opens_block || joins {
            return None;
        }
        Some(Self {
            statements: list.statements,
            comments: lower.comments,
            findings: lower.findings,
        })
    }
}

fn list_at<'d>(
    mut statements: &'d mut Vec<Statement>,
    path: &[(usize, usize)],
) -> Option<&'d mut Vec<Statement>> {
    for (statement, token) in path {
        let token = statements.get_mut(*statement)?.tokens.get_mut(*token)?;
        let TokenKind::Block(block) = &mut token.kind else { return None };
        statements = &mut block.statements;
    }
    Some(statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text is read anew only in part when one stands in the place of another in it.
    fn in_part(text: &str, old: &str, new: &str) -> bool {
        let reading = Reading::new(FileId(0), text.into());
        let changed: Arc<str> = text.replacen(old, new, 1).into();
        assert_ne!(&*changed, text);
        reading.patched(&changed).is_some()
    }

    const PLAN: &str = "# a plan\ngoal g {\n  step a { run \"x\" }\n  # why\n  step b {\n    \
                        depends a\n    run \"\"\"\n      y\n    \"\"\"\n  }\n  step c { run 'z' }\n}\n";

    #[test]
    fn what_is_typed_within_a_statement_costs_that_statement() {
        for (old, new) in [
            ("depends a", "depends ab"),
            ("depends a", "depends a, "),
            ("depends a", "depends"),
            ("depends a\n", ""),
            ("      y\n", "      y\n      zz\n"),
            ("# why", "# why not"),
            ("\"x\" }", "\"x\"; retry 2 }"),
            ("'z' }\n", "'z' }\n  step d {\n    run 'd'\n  }\n"),
            ("depends a", "dep*nds a"),
            ("# a plan", "# the plan"),
        ] {
            assert!(in_part(PLAN, old, new), "{old:?} {new:?}");
        }
    }

    #[test]
    fn what_pairs_up_with_something_far_away_costs_the_whole() {
        for (old, new) in [("\"x\" }", "\"x }"), ("step b {", "step b"), ("      y\n", "\"\"\"\n")]
        {
            assert!(!in_part(PLAN, old, new), "{old:?} {new:?}");
        }
    }
}
