//! No text breaks reading: random damage to a plan that has every shape.

use proptest::prelude::*;

use super::tests::{SHAPES, read};
use super::*;
use crate::diagnostic::Diagnostics;
use crate::source::{FileId, Span};

/// A text with pieces cut out and others put in.
pub(crate) fn mutated(seed: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(edit(seed.len()), 1..6).prop_map(move |edits| {
        edits.into_iter().fold(seed.to_owned(), |text, edit| edit.apply(text))
    })
}

/// One change of a text of this length, or of about this length.
fn edit(length: usize) -> impl Strategy<Value = Edit> {
    let snippets = prop::sample::select(vec![
        "{", "}", "(", ")", "[", "]", "\"", "'", "\"\"\"", "'''", "\n", "#", ",", ";", "..", "...",
        ".", "=", "==", "!", "&&", "|", "?", "%", ":", "\\", "${", "$", "-", "5", "1.5h", "a", "é",
        "in", " ", "\t", "\r\n", "\r", "\u{1}", "\u{a0}", "\u{200d}", "step x {", "a, # c\n",
        "in\n",
    ]);
    (0..length, 0..40usize, snippets, 0..3u8).prop_map(|(at, length, snippet, kind)| match kind {
        0 => Edit { at, length, snippet: "" },
        1 => Edit { at, length: 0, snippet },
        _ => Edit { at, length, snippet },
    })
}

#[derive(Debug, Clone)]
struct Edit {
    at: usize,
    length: usize,
    snippet: &'static str,
}

impl Edit {
    fn apply(self, mut text: String) -> String {
        let at = text.floor_char_boundary(self.at);
        let end = text.floor_char_boundary(at + self.length).max(at);
        text.replace_range(at..end, self.snippet);
        text
    }
}

fn check_row(row: &[Token], text: &str, last: &mut u32) {
    for (index, token) in row.iter().enumerate() {
        let Span { start, end, .. } = token.span;
        assert!(start >= *last && start < end, "{:?}", token.span);
        assert!(text.get(token.span.range()).is_some(), "{:?}", token.span);
        *last = start;
        let mut cursor = Cursor::new(&row[index..], token.span.at_end());
        let _ = cursor.expression();
        match &token.kind {
            TokenKind::Group(group) => check_row(&group.tokens, text, last),
            TokenKind::Block(block) => check(&block.statements, text, last),
            TokenKind::String(literal) => check_string(literal, token.span, text),
            _ => {}
        }
    }
}

fn check(statements: &[Statement], text: &str, last: &mut u32) {
    for statement in statements {
        assert!(!statement.tokens.is_empty());
        check_row(&statement.tokens, text, last);
    }
}

fn check_string(literal: &StringLiteral, span: Span, text: &str) {
    for (at, char) in literal.text.char_indices() {
        let written = &text[literal.origin(at)..span.end as usize];
        assert!(written.starts_with(char) || written.starts_with('\\'), "{at} of {literal:?}");
    }
    let _ = template(literal);
    for reference in script_references(literal) {
        assert!(text.get(reference.parts[0].span.range()).is_some());
    }
}

/// All that a stream gives, where the text is sound.
fn streamed(mut stream: Stream<'_>) -> Option<Vec<Statement>> {
    let mut statements = Vec::new();
    loop {
        match stream.read_on() {
            Coming::Statement(statement) => statements.push(statement),
            Coming::Open(mut statement) => {
                stream.complete(&mut statement);
                statements.push(statement);
            }
            Coming::End => return stream.vouch(statements).ok(),
        }
    }
}

proptest! {
    #[test]
    fn any_text_has_an_ordered_tree(text in mutated(SHAPES)) {
        let read = read(&text);
        check(&read.document.statements, &text, &mut 0);
        let comments = &read.document.comments;
        prop_assert!(comments.is_sorted_by_key(|comment| comment.span.start));
    }

    #[test]
    fn a_text_in_pieces_has_the_tree_of_the_whole(text in mutated(SHAPES), piece in 1..200usize) {
        let read = |piece| {
            let mut diagnostics = Diagnostics::new();
            let document = read::parse_by(piece, FileId(0), &text, &mut diagnostics);
            format!("{document:#?}{:#?}", diagnostics.sorted())
        };
        let (pieces, whole) = (read(piece), read(usize::MAX));
        let differs = pieces.lines().zip(whole.lines()).find(|(a, b)| a != b);
        prop_assert!(pieces == whole, "{differs:?}");
    }

    #[test]
    fn a_text_read_statement_by_statement_has_the_tree_of_the_whole(
        text in mutated(SHAPES), piece in 1..200usize
    ) {
        let read = read(&text);
        let sound = read.found.is_empty();
        let streamed = Stream::by(piece, FileId(0), &text).ok().and_then(streamed);
        prop_assert_eq!(streamed.is_some(), sound, "{:?}", read.found);
        prop_assert!(streamed.is_none_or(|statements| statements == read.document.statements));
    }

    #[test]
    fn a_changed_text_is_read_again_as_the_whole(
        edits in prop::collection::vec(edit(3 * SHAPES.len()), 1..8)
    ) {
        let mut text = SHAPES.repeat(3);
        let mut reading = Reading::new(FileId(0), text.as_str().into());
        for edit in edits {
            text = edit.apply(text);
            reading = reading.again(FileId(0), text.as_str().into());
            let mut found = Diagnostics::new();
            found.extend(reading.findings().cloned());
            let mut wanted = Diagnostics::new();
            let whole = parse(FileId(0), &text, &mut wanted);
            prop_assert!(**reading.document() == whole, "in {text}");
            prop_assert_eq!(found.sorted(), wanted.sorted());
        }
    }

    #[test]
    fn any_characters_have_a_tree(text in "[a-c1\"'#{}()\\[\\],;.$\\\\ \n-]{0,60}") {
        check(&read(&text).document.statements, &text, &mut 0);
    }
}
