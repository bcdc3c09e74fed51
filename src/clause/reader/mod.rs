//! Reads a document by the clause table: from statements of tokens to an outline.
//!
//! Knows no clause by itself but the few that are read as outlines of their own (goals, steps,
//! params). Invariant: one finding a statement at most from its shapes, and none where the parser
//! has already reported one.

mod arguments;
mod atoms;
mod bindings;
mod checks;
mod coming;
mod complaint;
mod elsewhere;
mod file;
mod foreign;
mod goal;
mod probes;
mod scenario;
mod statement;
mod types;

pub use bindings::own_variable;
pub use statement::recognised;
pub use types::TYPES;

use std::borrow::Cow;
use std::sync::Arc;

use super::{Clause, GoalOutline, KnownSteps, ScenarioOutline};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::{Block, Document, NotSound, Statement, Stream};
use coming::Statements;

/// Reads a document by the clause table: which words are clauses, where they may stand, how
/// often, and what they take. `None` where the file holds no goal at all, which is reported.
///
/// Each part of a document that is given, not lent, is dropped once it was read: the tree of a large plan
/// takes more room than its outline.
pub fn outline(
    document: Cow<'_, Document>,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Option<GoalOutline> {
    let mut reader = Reader::new(text, diagnostics).lacking_brace(document.lacks_brace);
    let file = document.file;
    let statements = match document {
        Cow::Borrowed(document) => Cow::Borrowed(document.statements.as_slice()),
        Cow::Owned(document) => Cow::Owned(document.statements),
    };
    reader.file(file, Statements::of(statements))
}

/// The same of a text that is read meanwhile, of which there is no tree at any time. Each statement is shown
/// once, whole or as far as its block.
///
/// # Errors
/// Where something is wrong with the text: all that was said about it may be wrong, too.
pub fn outline_streamed<'r>(
    stream: Stream<'r>,
    text: &'r str,
    diagnostics: &'r mut Diagnostics,
    show: &'r mut dyn FnMut(&Statement),
) -> Result<Option<GoalOutline>, NotSound> {
    let file = stream.file();
    let reader = Reader::new(text, diagnostics);
    let mut reader = Reader { stream: Some(Streaming { stream, show }), ..reader };
    let outline = reader.file(file, Statements::Coming);
    reader.stream.map_or(Err(NotSound), |streaming| streaming.stream.vouch(outline))
}

/// The same of a document that is kept, without reading the steps that are known.
pub fn outline_again(
    document: &Document,
    text: &str,
    known: &mut KnownSteps,
    diagnostics: &mut Diagnostics,
) -> Option<GoalOutline> {
    known.begin();
    let reader = Reader::new(text, diagnostics).lacking_brace(document.lacks_brace);
    let statements = Statements::of(Cow::Borrowed(document.statements.as_slice()));
    Reader { known: Some(known), ..reader }.file(document.file, statements)
}

/// Reads a document that holds scenarios, and no goal.
pub fn scenarios(
    document: &Document,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<ScenarioOutline> {
    let mut reader = Reader::new(text, diagnostics).lacking_brace(document.lacks_brace);
    reader.scenarios(document)
}

/// A text that is being read, and who is shown its statements.
struct Streaming<'r> {
    stream: Stream<'r>,
    show: &'r mut dyn FnMut(&Statement),
}

struct Reader<'r> {
    text: &'r str,
    diagnostics: &'r mut Diagnostics,
    /// How many findings there were; what is beyond [`MOST_FINDINGS`] is not told.
    reported: usize,
    known: Option<&'r mut KnownSteps>,
    stream: Option<Streaming<'r>>,
    /// A `}` is missing in the file, which was reported.
    lacks_brace: bool,
    /// Where the place ends that was asked about last, and whether nothing more stands behind it: many
    /// statements of one block ask.
    last_end: Option<(u32, bool)>,
}

impl<'r> Reader<'r> {
    fn new(text: &'r str, diagnostics: &'r mut Diagnostics) -> Self {
        Self {
            text,
            diagnostics,
            reported: 0,
            known: None,
            stream: None,
            lacks_brace: false,
            last_end: None,
        }
    }

    fn lacking_brace(self, lacks_brace: bool) -> Self {
        Self { lacks_brace, ..self }
    }
}

/// No one reads more, and each costs time and memory.
const MOST_FINDINGS: usize = 10_000;

/// A statement whose head is read, and whose block is not yet.
struct Opened<'a> {
    clause: Clause,
    block: Option<&'a Block>,
    statement: &'a Statement,
}

/// The statements of a block, as far as they could be recognised.
struct Listed<'a> {
    opened: Vec<Opened<'a>>,
    /// Something in it is not in `opened`, or was damaged before it got here.
    lost: bool,
    /// Something of it may be anything, an action too.
    unknown: bool,
}

impl Reader<'_> {
    fn report(&mut self, finding: Diagnostic) {
        if !self.is_full() {
            self.diagnostics.report(finding);
        }
        self.reported += 1;
    }

    fn is_full(&self) -> bool {
        self.reported >= MOST_FINDINGS
    }

    /// Whether what stands in a place that ends with the file may belong around it: its `}` may be the
    /// missing one.
    fn may_be_unclosed(&mut self, place: Span) -> bool {
        if !self.lacks_brace {
            return false;
        }
        if let Some((_, last)) = self.last_end.filter(|(end, _)| *end == place.end) {
            return last;
        }
        let behind = self.text.get(place.end as usize..).unwrap_or_default();
        let last = holds_no_more(behind);
        self.last_end = Some((place.end, last));
        last
    }

    /// The comment block above a statement, without what it says to the checker.
    fn doc(&self, statement: &Statement) -> Option<Arc<str>> {
        let lines: Vec<_> = statement
            .doc
            .iter()
            .map(|span| self.text.get(span.range()).unwrap_or("").trim())
            .filter(|line| !line.starts_with("goalc: allow("))
            .collect();
        let doc = lines.join("\n");
        let doc = doc.trim();
        (!doc.is_empty()).then(|| doc.into())
    }
}

/// Whether a text holds but white space, closing braces and comments.
fn holds_no_more(mut text: &str) -> bool {
    let is_skipped = |c: char| c.is_ascii_whitespace() || c == '}';
    loop {
        text = text.trim_start_matches(is_skipped);
        match text.strip_prefix('#') {
            Some(comment) => text = comment.split_once('\n').map_or("", |(_, rest)| rest),
            None => return text.is_empty(),
        }
    }
}

/// The text of a goal's or step's title.
fn title(clause: &Clause) -> Option<Arc<str>> {
    clause.text(None).map(|text| Arc::from(&*text.value.text))
}
