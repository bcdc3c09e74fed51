//! What formatting promises: canonical layout, the same meaning, and rest.

use proptest::prelude::*;

use super::format;
use crate::diagnostic::Diagnostics;
use crate::source::FileId;
use crate::syntax::{Document, Mark, Statement, Token, TokenKind, parse};

const SHAPES: &str = include_str!("../syntax/testdata/shapes.goal");

fn read(text: &str) -> Option<Document> {
    let mut diagnostics = Diagnostics::new();
    let document = parse(FileId::default(), text, &mut diagnostics);
    diagnostics.is_empty().then_some(document)
}

fn formatted(text: &str) -> String {
    format(&read(text).unwrap(), text)
}

/// What must not change: tokens with the meant text of strings, but no comma behind a last item.
fn meaning(statements: &[Statement], text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for statement in statements {
        row(&statement.tokens, text, &mut all);
        all.push("end".to_owned());
    }
    all
}

fn row(tokens: &[Token], text: &str, all: &mut Vec<String>) {
    for token in tokens {
        match &token.kind {
            TokenKind::String(literal) => all.push(format!("{:?} {}", literal.style, literal.text)),
            TokenKind::Group(group) => {
                let last = group.tokens.last().map(|last| &last.kind);
                let commas = usize::from(last == Some(&TokenKind::Mark(Mark::Comma)));
                row(&group.tokens[..group.tokens.len() - commas], text, all);
                all.push(format!("{:?}", group.delimiter));
            }
            TokenKind::Block(block) => {
                all.push("{".to_owned());
                all.append(&mut meaning(&block.statements, text));
            }
            _ => all.push(text[token.span.range()].to_owned()),
        }
    }
}

fn comments<'a>(document: &Document, text: &'a str) -> Vec<&'a str> {
    document.comments.iter().map(|comment| &text[comment.span.range()]).collect()
}

/// Formats twice, and holds both results against what was written.
fn check(text: &str) {
    let Some(document) = read(text) else { return };
    let once = format(&document, text);
    let again = read(&once).unwrap_or_else(|| panic!("broken by formatting:\n{once}"));
    assert_eq!(format(&again, &once), once, "not at rest");
    assert_eq!(meaning(&again.statements, &once), meaning(&document.statements, text), "{once}");
    assert_eq!(comments(&again, &once), comments(&document, text), "{once}");
}

#[test]
fn layout_is_canonical() {
    assert_eq!(formatted("goal   g{step a{run 'x'}}"), "goal g { step a { run 'x' } }\n");
    assert_eq!(formatted("a{\n  b;c # d\n}\r\n\r\n\r\n\r\ne\n\n"), "a {\n  b\n  c # d\n}\n\ne\n");
    assert_eq!(formatted("a {\n\n  b\n\n}"), "a {\n  b\n}\n");
    assert_eq!(formatted("a {\n}\nb { }"), "a {}\nb {}\n");
    assert_eq!(formatted("\u{FEFF}#!x\n\n\n\na"), "#!x\n\na\n");
    assert_eq!(formatted(""), "");
}

#[test]
fn marks_are_spaced_as_they_bind() {
    let text = "param x :int in 1 .. 64=-4\ndepends a?,b . c\nlet y=! f( a,b )||c==[ ...d,1 ]\nz:\"a\"|\"b\"";
    let want = "param x: int in 1..64 = -4\ndepends a?, b.c\nlet y = !f(a, b) || c == [...d, 1]\nz: \"a\" | \"b\"\n";
    assert_eq!(formatted(text), want);
}

#[test]
fn what_would_read_otherwise_keeps_its_space() {
    for text in ["a 5 . b", "a ! = b", "a .. . b", "f (x)", "a 5 % b", "a, ; b", "x in; [1]"] {
        check(text);
    }
    assert_eq!(formatted("tolerate n %"), "tolerate n%\n");
}

#[test]
fn blocks_of_one_line_stay_where_they_fit() {
    let long = "x".repeat(50);
    assert_eq!(formatted("await {a;b} every 2s"), "await { a; b } every 2s\n");
    let broken = format!("a {{\n  {long}\n  {long}\n}}\n");
    assert_eq!(formatted(&format!("a {{ {long}; {long} }}")), broken);
    assert_eq!(formatted("a {\n b }"), "a {\n  b\n}\n");
}

#[test]
fn lists_break_where_they_were_broken_or_do_not_fit() {
    assert_eq!(formatted("run [\"a\",\n\"b\" ]"), "run [\n  \"a\",\n  \"b\",\n]\n");
    assert_eq!(formatted("run [\"a\", \"b\",]"), "run [\"a\", \"b\"]\n");
    let long = "x".repeat(60);
    let broken = format!("run [\n  \"{long}\",\n  \"{long}\",\n]\n");
    assert_eq!(formatted(&format!("run [\"{long}\", \"{long}\"]")), broken);
    assert_eq!(formatted("when (a ||\n b)"), "when (\n  a || b\n)\n");
}

#[test]
fn carried_lines_join_where_they_fit() {
    let long = "x".repeat(60);
    assert_eq!(formatted("depends a,\n  b,\n  c"), "depends a, b, c\n");
    assert_eq!(formatted("a b, # c\nd"), "a b, # c\n    d\n");
    let broken = format!("depends {long},\n    {long}\n");
    assert_eq!(formatted(&format!("depends {long}, {long}")), broken);
}

#[test]
fn comments_stay_where_they_are() {
    let text = "a { # one\n    # two\n  b # three\n\n  # four\n}\n# five\n";
    let want = "a { # one\n  # two\n  b # three\n\n  # four\n}\n# five\n";
    assert_eq!(formatted(text), want);
}

#[test]
fn block_strings_move_with_their_statement() {
    let text = "a {\nrun \"\"\"\n        x\n          y\n\n\"\"\"\n}";
    assert_eq!(formatted(text), "a {\n  run \"\"\"\n    x\n      y\n\n  \"\"\"\n}\n");
    let verbatim = "a {\n  run \"\"\"x\n y\"\"\"\n}\n";
    assert_eq!(formatted(verbatim), verbatim);
    assert_eq!(formatted(&verbatim.replace('\n', "\r\n")), verbatim);
}

#[test]
fn every_shape_keeps_its_meaning() {
    assert!(read(SHAPES).is_some());
    check(SHAPES);
    check(&SHAPES.replace('\n', "\r\n"));
}

proptest! {
    #[test]
    fn changed_shapes_keep_their_meaning(text in crate::syntax::properties::mutated(SHAPES)) {
        check(&text);
    }

    #[test]
    fn rows_of_tokens_keep_their_meaning(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "a", "b-c", "5", "-1", "1.5", "\"x\"", "'''\n  y\n  '''", ",", ",\n", "..", "...", ".", "=",
            "==", "!=", "!", "&&", "||\n", "|", "%", ":", "<", "(a)", "[a,\n b]", "[", "]", "f(", ")",
            "{ a }", "{\n", "}", ";", "\n", "\n\n", " # c\n", "in", "in\n", "true", "x?",
            "\"a rather long string, so that lines get full\"", "[\"some\", \"more\", \"items\"]",
        ]), 0..40),
        separator in prop::sample::select(vec!["", " "]),
    ) {
        check(&tokens.join(separator));
    }
}
