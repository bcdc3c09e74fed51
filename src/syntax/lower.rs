//! From pest's pairs to the tree.
//!
//! Knows what each rule means, not which words are clauses. Each finding marks the statement that
//! it lies in, and a statement's unreadable text is reported once.

use pest::iterators::{Pair, Pairs};

use super::bounds::style_at;
use super::findings;
use super::grammar::Rule;
use super::list::List;
use super::place::Place;
use super::scan::Hole;
use super::string::cook;
use super::words::push_words;
use super::{Block, Comment, Delimiter, Group, Mark, Statement, StringLiteral, Token};
use super::{TokenKind, number};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// More findings than this in one text say nothing new.
const MOST_FINDINGS: usize = 10_000;

/// What lowering gathers beside the statements.
#[derive(Debug)]
pub(super) struct Lower<'a> {
    /// What is being read, before it was mended.
    pub(super) text: &'a str,
    pub(super) place: Place<'a>,
    holes: &'a [Hole],
    /// Where the piece starts that is being read; pairs count from there.
    pub(super) base: usize,
    /// Rows in which tokens are gathered.
    spare: Vec<Vec<Token>>,
    pub(super) comments: Vec<Comment>,
    pub(super) findings: Vec<Diagnostic>,
    /// Braces that open a block that is not closed.
    pub(super) open_braces: Vec<Span>,
    /// Braces that close nothing.
    pub(super) stray_braces: Vec<Span>,
    /// Groups that were reported as not closed, and whose closer may still come.
    open_groups: usize,
    /// A group was not closed.
    left_open: bool,
    /// Something was reported in the statement that is being read.
    damaged: bool,
    /// Unreadable text was reported in it.
    unreadable: bool,
}

impl<'a> Lower<'a> {
    pub(super) fn new(text: &'a str, place: Place<'a>, holes: &'a [Hole]) -> Self {
        Self {
            text,
            place,
            holes,
            base: 0,
            spare: Vec::new(),
            comments: Vec::new(),
            findings: Vec::new(),
            open_braces: Vec::new(),
            stray_braces: Vec::new(),
            open_groups: 0,
            left_open: false,
            damaged: false,
            unreadable: false,
        }
    }

    /// Brackets and braces pair up, so that no statement is read otherwise for what is in another;
    /// and all that is wrong was noted.
    pub(super) fn is_sound(&self) -> bool {
        self.open_braces.is_empty()
            && self.stray_braces.is_empty()
            && !self.left_open
            && self.findings.len() < MOST_FINDINGS
    }

    /// The statements among `pairs`, which start at `at`.
    fn statements(&mut self, pairs: Pairs<'a, Rule>, at: usize) -> Vec<Statement> {
        let mut list = List::new(at);
        for pair in pairs {
            self.listed(pair, &mut list);
        }
        list.statements.shrink_to_fit();
        list.statements
    }

    /// Puts what comes next in a block where it belongs.
    pub(super) fn listed(&mut self, pair: Pair<'a, Rule>, list: &mut List) {
        let range = self.range(&pair);
        match pair.as_rule() {
            Rule::comment => {
                list.doc.comment(self.text, range.clone());
                self.comment(&pair);
            }
            Rule::statement => {
                let statement = self.begin(pair, list);
                self.end(statement, list);
            }
            Rule::stray_brace => self.stray_braces.push(self.span(range.start, range.end)),
            _ => return,
        }
        list.doc.end = range.end;
    }

    /// Where a pair stands in the text.
    pub(super) fn range(&self, pair: &Pair<'a, Rule>) -> std::ops::Range<usize> {
        let span = pair.as_span();
        self.base + span.start()..self.base + span.end()
    }

    /// All tokens among `pairs`.
    pub(super) fn tokens(&mut self, pairs: Pairs<'a, Rule>) -> Vec<Token> {
        let mut row = self.spare.pop().unwrap_or_default();
        for pair in pairs {
            self.token(pair, &mut row);
        }
        self.exact(row)
    }

    /// A row as long as it must be: most of a tree are rows of a few tokens.
    fn exact(&mut self, mut row: Vec<Token>) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(row.len());
        tokens.append(&mut row);
        self.spare.push(row);
        tokens
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        self.place.span(start, end)
    }

    /// Notes a finding in the statement that is being read.
    pub(super) fn report(&mut self, finding: Diagnostic) {
        self.damaged = true;
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }

    /// Notes text that cannot be read, once a statement.
    pub(super) fn unreadable(&mut self, finding: impl FnOnce() -> Diagnostic) {
        if !self.unreadable {
            self.report(finding());
        }
        self.damaged = true;
        self.unreadable = true;
    }

    /// Marks the statement that is being read without a finding.
    pub(super) fn damage(&mut self) {
        self.damaged = true;
    }

    fn comment(&mut self, pair: &Pair<'a, Rule>) {
        let start = self.range(pair).start;
        let end = start + pair.as_str().trim_end().len();
        self.comments.push(Comment { span: self.span(start, end) });
    }

    /// A comment without its `#`s and the space behind them.
    fn doc_line(&self, range: std::ops::Range<usize>) -> Span {
        let line = self.text.get(range.clone()).unwrap_or_default();
        let text = line.trim_start_matches('#');
        let text = text.strip_prefix(' ').unwrap_or(text);
        let start = range.end - text.len();
        self.span(start, start + text.trim_end().len())
    }

    /// Reads a statement's tokens; [`Lower::end`] puts it into the list.
    pub(super) fn begin(&mut self, pair: Pair<'a, Rule>, list: &mut List) -> Statement {
        let lines = list.doc.take(self.text, self.range(&pair).start);
        let outer = (self.damaged, self.unreadable);
        (self.damaged, self.unreadable) = (false, false);
        let tokens = self.tokens(pair.into_inner());
        let damaged = self.damaged;
        (self.damaged, self.unreadable) = outer;
        let doc = lines.into_iter().map(|line| self.doc_line(line)).collect();
        Statement { tokens, span: Span::default(), doc, damaged }
    }

    /// A statement that is to start with a block.
    pub(super) fn begin_with_block(&self, at: usize, list: &mut List) -> Statement {
        let lines = list.doc.take(self.text, at);
        let doc = lines.into_iter().map(|line| self.doc_line(line)).collect();
        Statement { tokens: Vec::new(), span: Span::default(), doc, damaged: false }
    }

    fn token(&mut self, pair: Pair<'a, Rule>, tokens: &mut Vec<Token>) {
        let std::ops::Range { start, end } = self.range(&pair);
        let kind = match pair.as_rule() {
            Rule::word => return push_words(self, pair.as_str(), start, tokens),
            Rule::double_block | Rule::single_block | Rule::double | Rule::single => {
                self.string(start, end)
            }
            Rule::joint | Rule::mark | Rule::question => {
                Mark::written(pair.as_str()).map_or(TokenKind::Bad, TokenKind::Mark)
            }
            Rule::number => number::lower(self, pair.as_str(), start),
            Rule::group => self.group(pair),
            Rule::block => self.block(pair),
            Rule::hole => self.hole(start),
            Rule::comment => return self.comment(&pair),
            Rule::bad | Rule::foreign => self.bad(pair.as_str(), start),
            Rule::stray => self.stray(pair.as_str(), start),
            _ => return,
        };
        tokens.push(Token { kind, span: self.span(start, end) });
    }

    fn string(&mut self, start: usize, end: usize) -> TokenKind {
        let style = style_at(self.text.as_bytes().get(start..).unwrap_or_default());
        let quotes = if style.is_block() { 3 } else { 1 };
        let body = start + quotes..end.saturating_sub(quotes).max(start + quotes);
        let (literal, bad) = cook(self.text, body, style, self.place);
        for finding in bad {
            self.report(finding);
        }
        TokenKind::String(Box::new(literal))
    }

    /// A string that is not closed; its text is what was taken to be in it.
    fn hole(&mut self, start: usize) -> TokenKind {
        let found = self.holes.binary_search_by_key(&start, |hole| hole.range.start);
        let Some(hole) = found.ok().and_then(|at| self.holes.get(at)) else {
            self.damaged = true;
            return TokenKind::Bad;
        };
        let quotes = if hole.style.is_block() { 3 } else { 1 };
        let place = self.span(start, (start + quotes).min(self.text.len()));
        self.report(findings::unclosed_string(place, hole.style));
        self.unreadable = true;
        let body = (start + quotes).min(hole.range.end)..hole.range.end;
        let (literal, _) = cook(self.text, body, hole.style, self.place);
        TokenKind::String(Box::new(StringLiteral { closed: false, ..literal }))
    }

    fn group(&mut self, pair: Pair<'a, Rule>) -> TokenKind {
        let opener = pair.as_str().get(..1).unwrap_or_default();
        let start = self.range(&pair).start;
        let place = self.span(start, start + 1);
        let delimiter = if opener == "(" { Delimiter::Paren } else { Delimiter::Bracket };
        let (mut row, mut closed) = (self.spare.pop().unwrap_or_default(), true);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::missing => {
                    closed = false;
                    self.open_groups += 1;
                    self.left_open = true;
                    self.unreadable(|| findings::unclosed_group(place, opener));
                }
                Rule::closer => self.closer(&inner, delimiter, place),
                _ => self.token(inner, &mut row),
            }
        }
        let tokens = self.exact(row);
        if let Some((first, second)) = tokens.windows(2).find_map(lacks_comma) {
            self.unreadable(|| findings::missing_comma(first, second));
        }
        TokenKind::Group(Box::new(Group { delimiter, tokens, closed }))
    }

    fn closer(&mut self, closer: &Pair<'a, Rule>, delimiter: Delimiter, opener: Span) {
        let fits = (closer.as_str() == ")") == (delimiter == Delimiter::Paren);
        if !fits {
            let start = self.range(closer).start;
            let place = self.span(start, start + 1);
            self.unreadable(|| findings::wrong_closer(place, closer.as_str(), opener));
        }
    }

    fn block(&mut self, pair: Pair<'a, Rule>) -> TokenKind {
        let start = self.range(&pair).start;
        let outer = (self.damaged, self.unreadable);
        let pairs = pair.into_inner();
        let closed = pairs.clone().next_back().is_none_or(|last| last.as_rule() != Rule::missing);
        if !closed {
            self.open_braces.push(self.span(start, start + 1));
        }
        let statements = self.statements(pairs, start + 1);
        (self.damaged, self.unreadable) = outer;
        TokenKind::Block(Box::new(Block { statements, closed }))
    }

    /// Text that is no token. What is reported as E0105 is not reported again.
    fn bad(&mut self, text: &str, start: usize) -> TokenKind {
        let place = self.span(start, start + text.len());
        if text.chars().any(super::characters::is_invisible) {
            self.damaged = true;
        } else {
            self.unreadable(|| findings::unexpected(place, text));
        }
        TokenKind::Bad
    }

    fn stray(&mut self, text: &str, start: usize) -> TokenKind {
        if self.open_groups > 0 {
            self.open_groups -= 1;
            self.damaged = true;
            return TokenKind::Bad;
        }
        self.bad(text, start)
    }
}

/// The second of two values in a group without anything between them.
fn lacks_comma(pair: &[Token]) -> Option<(&Token, Span)> {
    let [left, right] = pair else { return None };
    let is_value = |token: &Token| match &token.kind {
        TokenKind::Name(name) => &**name != "in",
        TokenKind::Literal(_) | TokenKind::String(_) | TokenKind::Group(_) => true,
        _ => false,
    };
    let calls = matches!(&right.kind, TokenKind::Group(group) if group.delimiter == Delimiter::Paren)
        && matches!(left.kind, TokenKind::Name(_))
        && left.span.end == right.span.start;
    (is_value(left) && is_value(right) && !calls).then_some((left, right.span))
}
