//! Reading a text, whole: limits, characters, strings, tree, braces.
//!
//! Invariant: every text gives a tree, in time and memory that grow with its length only.

use pest::Parser;
use pest::iterators::Pairs;

use super::grammar::{Grammar, Rule};
use super::lower::Lower;
use super::pieces::{self, PIECE};
use super::place::Place;
use super::repair::repair;
use super::scan::{Excess, scan};
use super::{Document, Statement, Token, TokenKind, characters, findings};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// Larger files are refused, in bytes.
pub(super) const LARGEST: usize = 64 << 20;

/// Reads a file. Always gives a tree; what is wrong is reported, and a statement in which
/// something is wrong is marked `damaged`.
pub fn parse(file: FileId, text: &str, diagnostics: &mut Diagnostics) -> Document {
    parse_by(PIECE, file, text, diagnostics)
}

/// The same in pieces of this length.
pub(super) fn parse_by(
    piece: usize,
    file: FileId,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Document {
    let read = read_whole(piece, file, text);
    diagnostics.unclosed(read.document.unclosed);
    diagnostics.extend(read.characters);
    diagnostics.extend(read.findings);
    read.document
}

/// A text that was read.
pub(super) struct Read {
    pub(super) document: Document,
    /// What characters it may not hold.
    pub(super) characters: Vec<Diagnostic>,
    /// What else is wrong with it.
    pub(super) findings: Vec<Diagnostic>,
    /// All that is wrong lies within single statements: strings, brackets and braces pair up.
    pub(super) sound: bool,
}

pub(super) fn read_whole(piece: usize, file: FileId, text: &str) -> Read {
    let start = Span::new(file, 0, 0);
    if text.len() > LARGEST {
        return refused(file, findings::too_large(start), Vec::new());
    }
    let characters = characters::check(file, text);
    let scan = scan(text, piece);
    match scan.excess {
        Some(Excess::Depth(at)) => {
            let place = Span::new(file, at, at + 1);
            return refused(file, findings::too_deep(place), characters);
        }
        Some(Excess::Tokens) => {
            return refused(file, findings::too_many_tokens(start), characters);
        }
        Some(Excess::Statement(at)) => {
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'{' | b';');
            let blank = text.as_bytes().iter().skip(at).take_while(|byte| is_blank(byte)).count();
            let place = Span::new(file, at + blank, at + blank);
            return refused(file, findings::too_long_statement(place), characters);
        }
        None => {}
    }
    let mended = scan.mend(text);
    let lower = Lower::new(text, Place::File(file), &scan.holes);
    let (mut statements, mut lower) = pieces::read(lower, &mended, scan.cuts, start_of(text));
    let holes = &scan.holes;
    let guess = holes.iter().any(|hole| hole.hides_braces);
    let braces = repair(file, text, &mut statements, &lower.open_braces, &lower.stray_braces);
    let sound = scan.holes.is_empty() && lower.is_sound();
    let mut findings = if guess { Vec::new() } else { braces };
    findings.append(&mut lower.findings);
    let lacks_brace = !lower.open_braces.is_empty();
    let unclosed = scan.holes.iter().find(|hole| hole.style.is_block());
    let unclosed = unclosed.map(|hole| Span::new(file, hole.range.start, hole.range.end));
    findings.retain(|found| !unclosed.is_some_and(|open| found.may_be_text(open)));
    let comments = lower.comments;
    let document = Document { file, statements, comments, unclosed, lacks_brace };
    Read { document, characters, findings, sound }
}

/// Where a text begins behind a byte order mark.
pub(super) fn start_of(text: &str) -> usize {
    if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 }
}

/// The tokens between the braces of a `${…}`, or what is wrong with them.
pub(super) fn read_fragment(text: &str, place: Place<'_>) -> Result<Vec<Token>, Vec<Diagnostic>> {
    let scan = scan(text, PIECE);
    if let Some(excess) = scan.excess {
        let found = match excess {
            Excess::Depth(at) => findings::too_deep(place.span(at, at + 1)),
            Excess::Tokens => findings::too_many_tokens(place.span(0, 0)),
            Excess::Statement(at) => findings::too_long_statement(place.span(at, at)),
        };
        return Err(vec![found]);
    }
    let mended = scan.mend(text);
    let mut lower = Lower::new(text, place, &scan.holes);
    let tokens = pairs(Rule::fragment, &mended).map(|pairs| lower.tokens(pairs));
    match tokens {
        Some(tokens) if lower.findings.is_empty() => Ok(tokens),
        _ => Err(lower.findings),
    }
}

/// What stands in the one pair that a whole text gives.
pub(super) fn pairs(rule: Rule, text: &str) -> Option<Pairs<'_, Rule>> {
    Some(Grammar::parse(rule, text).ok()?.next()?.into_inner())
}

/// A tree for a text that is not read: one damaged statement, so that nothing that only follows
/// is reported.
fn refused(file: FileId, finding: Diagnostic, characters: Vec<Diagnostic>) -> Read {
    let span = finding.span();
    let tokens = vec![Token { kind: TokenKind::Bad, span }];
    let statement = Statement { tokens, span, doc: Box::default(), damaged: true };
    let (statements, comments) = (vec![statement], Vec::new());
    let document = Document { file, statements, comments, unclosed: None, lacks_brace: false };
    Read { document, characters, findings: vec![finding], sound: false }
}
