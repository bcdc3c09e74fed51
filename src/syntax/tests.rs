//! What reading promises: the tree, the findings, and that no text breaks it.

use super::*;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::SourceMap;
use crate::value::Literal;

pub(super) const SHAPES: &str = include_str!("testdata/shapes.goal");

pub(super) struct Read {
    map: SourceMap,
    pub(super) document: Document,
    /// Code and line of each finding.
    pub(super) found: Vec<(&'static str, usize)>,
}

pub(super) fn read(text: &str) -> Read {
    let mut map = SourceMap::new();
    let file = map.add("t.goal", "t.goal", text);
    let mut diagnostics = Diagnostics::new();
    let document = parse(file, text, &mut diagnostics);
    let found = diagnostics.sorted();
    let found =
        found.iter().map(|d| (d.code.as_str(), map.position(file, d.span().start).line)).collect();
    Read { map, document, found }
}

/// A tree on one line: `!` damaged, `<…>` documentation, strings as they are meant.
fn tree(text: &str) -> String {
    let read = read(text);
    let statements = read.document.statements.iter();
    statements.map(|s| statement(s, &read.map)).collect::<Vec<_>>().join("; ")
}

fn statement(statement: &Statement, map: &SourceMap) -> String {
    let damaged = if statement.damaged { "!" } else { "" };
    let doc = statement.doc.iter().map(|line| format!("<{}>", map.slice(*line)));
    let row = doc.chain([tokens(&statement.tokens, map)]).collect::<Vec<_>>().join(" ");
    format!("{damaged}{row}")
}

fn tokens(row: &[Token], map: &SourceMap) -> String {
    row.iter().map(|each| token(each, map)).collect::<Vec<_>>().join(" ")
}

fn token(token: &Token, map: &SourceMap) -> String {
    match &token.kind {
        TokenKind::String(literal) => format!("{:?}", literal.text),
        TokenKind::Group(group) => format!("({})", tokens(&group.tokens, map)),
        TokenKind::Block(block) => {
            let inner: Vec<_> = block.statements.iter().map(|s| statement(s, map)).collect();
            format!("{{{}}}", inner.join("; "))
        }
        TokenKind::Bad => "BAD".to_owned(),
        _ => map.slice(token.span).to_owned(),
    }
}

/// The meant text of the one string in `text`.
fn cooked(text: &str) -> String {
    string_of(&read(text).document).text.to_string()
}

fn string_of(document: &Document) -> &StringLiteral {
    let token = document.statements[0].tokens.last().unwrap();
    let TokenKind::String(literal) = &token.kind else { panic!("no string: {token:?}") };
    literal
}

fn expression(text: &str) -> Result<Expr, Diagnostic> {
    let read = read(text);
    let end = read.document.statements[0].span.at_end();
    Cursor::new(&read.document.statements[0].tokens, end).expression()
}

/// An expression with all its parentheses.
fn shape(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(value)) => value.to_string(),
        ExprKind::Literal(value) => format!("{value:?}"),
        ExprKind::String(literal) => format!("{:?}", literal.text),
        ExprKind::Name(parts) => {
            parts.iter().map(|part| &*part.value).collect::<Vec<_>>().join(".")
        }
        ExprKind::List(items) => {
            let item =
                |i: &ListItem| format!("{}{}", if i.spread { "..." } else { "" }, shape(&i.value));
            format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(" "))
        }
        ExprKind::Call { function, arguments } => {
            let arguments: Vec<_> = arguments.iter().map(shape).collect();
            format!("{}({})", function.value, arguments.join(" "))
        }
        ExprKind::Not(inner) => format!("!{}", shape(inner)),
        ExprKind::Binary { operator, left, right } => {
            format!("({} {} {})", shape(left), operator.value.text(), shape(right))
        }
    }
}

#[test]
fn every_shape_is_read_without_a_finding() {
    let read = read(SHAPES);
    assert_eq!(read.found, []);
    assert_eq!(read.document.comments.len(), 12);
}

#[test]
fn a_statement_ends_at_the_line_or_at_a_semicolon() {
    assert_eq!(tree("a b; c\nd { e; f\n g }"), "a b; c; d {e; f; g}");
    assert_eq!(tree("a\r\nb\r\n"), "a; b");
    assert_eq!(tree("\u{FEFF}#!x\na"), "a");
}

#[test]
fn commas_and_operators_at_a_lines_end_carry_on() {
    assert_eq!(tree("a b, # why\n  # more\n  c\nd"), "a b , c; d");
    assert_eq!(tree("a b ||\n c &&\n d ==\n e\nf"), "a b || c && d == e; f");
    assert_eq!(tree("x { a ,\n }"), "x {a ,}");
    assert_eq!(tree("a b,; c"), "a b ,; c");
    assert_eq!(tree("a b =\nc"), "a b =; c");
}

#[test]
fn in_carries_on_only_where_it_is_an_operator() {
    assert_eq!(tree("when x in\n  [1]\nb"), "when x in (1); b");
    assert_eq!(tree("depends in\nrun \"x\""), "depends in; run \"x\"");
    assert_eq!(tree("lock in; b"), "lock in; b");
}

#[test]
fn words_behind_a_block_continue_the_clause() {
    assert_eq!(tree("await { a } every 2s\nb"), "await {a} every 2s; b");
}

#[test]
fn line_ends_in_groups_are_space() {
    assert_eq!(tree("run [\n \"a\",\n # c\n \"b\",\n]\nc"), "run (\"a\" , \"b\" ,); c");
}

#[test]
fn numbers_leave_ranges_alone() {
    assert_eq!(
        tree("a 1..64 4m..9m 100..110 1.5..2.5 -3 80% 1_000"),
        "a 1 .. 64 4m .. 9m 100 .. 110 1.5 .. 2.5 -3 80% 1_000"
    );
}

#[test]
fn names_take_hyphens_inside_and_are_compared_in_nfc() {
    assert_eq!(tree("wait-for-queue _a 認証API"), "wait-for-queue _a 認証API");
    assert_eq!(read("a- b").found, [("E0101", 1)]);
    let read = read("e\u{301}");
    assert_eq!(read.document.statements[0].tokens[0].kind, TokenKind::Name("é".into()));
}

#[test]
fn a_question_mark_stands_right_behind_a_name() {
    assert_eq!(tree("depends a?, b"), "depends a ? , b");
    assert_eq!(read("depends a ?").found, [("E0101", 1)]);
}

#[test]
fn comments_right_above_are_documentation() {
    assert_eq!(tree("# no\n\n# one\n##  two\nstep a"), "<one> < two> step a");
    assert_eq!(tree("a # no\nb\n# no\n\nc"), "a; b; c");
    assert_eq!(tree("#!/bin/x\n# yes\na"), "<yes> a");
}

#[test]
fn escapes_are_meant_and_unknown_ones_reported() {
    assert_eq!(cooked(r#"a "\n\t\r\\\"\$\u{1F600}""#), "\n\t\r\\\"$😀");
    assert_eq!(cooked(r"a '\n$'"), r"\n$");
    assert_eq!(read(r#"a "\q \u{110000} \u{} \ux""#).found.len(), 4);
}

#[test]
fn block_strings_lose_their_first_break_and_common_indent() {
    assert_eq!(cooked("a \"\"\"\n    x\n      y\n\n    \"\"\""), "x\n  y\n");
    assert_eq!(cooked("a '''\n    x\n   \n  y\n'''"), "  x\n \ny");
    assert_eq!(cooked("a \"\"\"\r\n  x\r\n  y\r\n\"\"\""), "x\ny");
    assert_eq!(cooked("a \"\"\"x\n  y\n  z\"\"\""), "x\ny\nz");
    assert_eq!(cooked("a \"\"\"\n  \\tx\n  y\n  \"\"\""), "\tx\ny");
    assert_eq!(cooked("a \"\"\"\n\"\"\""), "");
    assert_eq!(cooked("a \"\"\"\n  \"quoted\" \\\"\"\" x\n\"\"\""), "\"quoted\" \"\"\" x");
}

#[test]
fn each_byte_of_a_string_leads_back_to_where_it_was_written() {
    let text = "a \"\"\"\r\n    x\\ty\r\n      é\\u{e9}z\r\n    \"\"\"";
    let read = read(text);
    let literal = string_of(&read.document);
    assert_eq!(&*literal.text, "x\ty\n  éé\u{7a}");
    for (meant, written) in [("x", "x"), ("y", "y"), ("z", "z"), ("\t", "\\")] {
        let at = literal.text.find(meant).unwrap();
        assert!(text[literal.origin(at)..].starts_with(written), "{meant:?}");
    }
    assert!(literal.changes.as_ref().is_some_and(|changes| changes.protected.is_empty()));
    let read = self::read(r#"a "x\${y}""#);
    let literal = string_of(&read.document);
    assert!(literal.is_protected(1) && !literal.is_protected(0));
}

#[test]
fn an_unclosed_string_costs_its_statement_only() {
    assert_eq!(read("a {\n b \"x\n c\n}").found, [("E0103", 2)]);
    assert_eq!(read("a { b \"x }\nc").found, [("E0103", 1)]);
    assert_eq!(tree("a { b \"x }\nc"), "a {!b \"x\"}; c");
    assert_eq!(read("g {\n a {\n  b \"\"\"\n    c\n }\n}\n").found, [("E0103", 3)]);
}

#[test]
fn the_block_string_at_fault_is_found_among_others() {
    let text = "g {\n  a {\n    run \"\"\"\n      x\n\n  b {\n    run \"\"\"\n      y\n    \"\"\"\n  }\n}\n";
    assert_eq!(read(text).found, [("E0103", 3)]);
    assert_eq!(tree(text), "g {!a {!run \"x\"}; b {run \"y\"}}");
}

#[test]
fn bad_literals_are_reported_where_they_stand() {
    for text in ["5parsecs", "99999999999999999999d", "1.2.3", "2024-01-01", "5.", "1__0"] {
        assert_eq!(read(&format!("a {text}")).found, [("E0104", 1)], "{text}");
    }
    assert_eq!(read("timeout -5s").found, [("E0504", 1)]);
}

#[test]
fn deceptive_characters_are_reported_once_a_line() {
    assert_eq!(
        read("a \"\u{202e}\u{202d}\" # \u{200b}\n# \u{7}\nb\u{0}c").found,
        [("E0105", 1), ("E0105", 2), ("E0105", 3)]
    );
    assert_eq!(read("a \"می\u{200c}خ 👩\u{200d}💻\"").found, []);
    assert_eq!(read("a\u{feff}b").found, [("E0105", 1)]);
    assert_eq!(read("a\rb").found, [("E0105", 1)]);
}

#[test]
fn other_white_space_is_unexpected() {
    assert_eq!(read("run\u{a0}\"x\"").found, [("E0101", 1)]);
    assert_eq!(tree("run\u{a0}\"x\""), "!run BAD \"x\"");
}

#[test]
fn a_missing_brace_is_reported_at_the_end_and_mended_by_indentation() {
    let text = "g {\n  step a {\n    run \"x\"\n\n  step b {\n    run \"y\"\n  }\n}\n";
    assert_eq!(read(text).found, [("E0101", 8)]);
    assert_eq!(tree(text), "g {!step a {run \"x\"}; step b {run \"y\"}}");
}

#[test]
fn a_stray_brace_is_reported_where_it_stands() {
    let text = "g {\n  step a { run \"x\" } }\n  step b { }\n}\n";
    assert_eq!(read(text).found, [("E0101", 4)]);
    assert_eq!(tree(text), "g {step a {run \"x\"}; step b {}}");
}

#[test]
fn unclosed_groups_end_where_a_statement_begins() {
    assert_eq!(read("a {\n run [\"a\",\n depends x\n}").found, [("E0101", 2)]);
    assert_eq!(tree("a {\n run [\"a\"\n depends x\n}"), "a {!run (\"a\"); depends x}");
    assert_eq!(read("run [\"a\")").found, [("E0101", 1)]);
}

#[test]
fn a_brace_on_its_own_line_is_taken_to_its_clause() {
    assert_eq!(read("step a\n{\n run \"x\"\n}").found, [("E0101", 2)]);
    assert_eq!(tree("step a\n{ b }"), "!step a {b}");
}

#[test]
fn nesting_is_limited() {
    for (open, close) in [("(", ")"), ("a {", "}"), ("[", "]")] {
        let nested = |depth| format!("x {}{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(read(&nested(256)).found, [], "{open}");
        assert_eq!(read(&nested(257)).found, [("E0101", 1)], "{open}");
    }
    let parens = |depth| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(expression(&parens(256)).is_ok());
    assert!(expression(&format!("{}a", "!".repeat(100_000))).is_err());
    assert!(expression(&format!("{}a", "a || ".repeat(100_000))).is_err());
}

#[test]
fn damaging_texts_are_read_in_linear_time() {
    let unclosed = "run \"\"\"\n".repeat(50_001);
    assert!(read(&unclosed).found.len() < 20);
    read(&"'".repeat(100_001));
    read(&"a,\n\n".repeat(50_000));
    read(&"\"\"\"x".repeat(50_001));
}

#[test]
fn operators_bind_in_their_order() {
    let shaped = |text| shape(&expression(text).unwrap());
    assert_eq!(shaped("a || b && c == 1 || !d"), "((a || (b && (c == 1))) || !d)");
    assert_eq!(shaped("!(a in [1, ...b,]) && f(x, 'y')"), "(!(a in [1 ...b]) && f(x \"y\"))");
    assert_eq!(shaped("a.b.c >= -2"), "(a.b.c >= -2)");
    assert_eq!(shaped("f (x)"), "f");
}

#[test]
fn wrong_expressions_say_what_is_missing() {
    let message = |text| expression(text).unwrap_err().message;
    assert_eq!(message("a < b < c"), "comparisons cannot be chained");
    assert_eq!(message("a =="), "a value is missing here");
    assert_eq!(message("[1 2]"), "a comma or an operator is missing");
    assert_eq!(message("(a ? b)"), "this does not carry the expression on");
    assert_eq!(message("a."), "a name is missing behind `.`");
}

#[test]
fn templates_are_texts_and_values() {
    let parts = |text: &str| template(string_of(&read(text).document));
    let parts = |text: &str| {
        parts(text).map(|parts| {
            parts
                .iter()
                .map(|part| match part {
                    TemplatePart::Text(text) => format!("{text:?}"),
                    TemplatePart::Value(expr) => shape(expr),
                })
                .collect::<Vec<_>>()
                .join(" ")
        })
    };
    assert_eq!(parts(r#"a "x${b.c}y\${d}${f('}')}""#).unwrap(), r#""x" b.c "y${d}" f("}")"#);
    assert_eq!(parts("a '${b}'").unwrap(), "\"${b}\"");
    assert_eq!(parts("a \"\"").unwrap(), "\"\"");
    for wrong in [r#"a "${b""#, r#"a "${}""#, r#"a "${b c}""#, r#"a "${f(\"x\")}""#, r#"a "${'x}""#]
    {
        assert_eq!(parts(wrong).unwrap_err().len(), 1, "{wrong}");
    }
}

#[test]
fn findings_in_templates_stand_where_they_were_written() {
    let text = "a \"\"\"\n    x\\ty ${b +}\n  \"\"\"";
    let read = read(text);
    let found = template(string_of(&read.document)).unwrap_err();
    assert_eq!(read.map.slice(found[0].span()), "+");
}

#[test]
fn scripts_refer_to_plain_and_dotted_names_only() {
    let text = r#"run "${a} ${a.b} ${x:-1} ${#x} $a $${b} \\${c} \${d} ${é}""#;
    let read = read(text);
    let literal = string_of(&read.document);
    let names: Vec<_> = script_references(literal)
        .iter()
        .map(|r| (literal.text[r.range.clone()].to_owned(), r.parts.len()))
        .collect();
    assert_eq!(names, [("${a}".into(), 1), ("${a.b}".into(), 2), ("${é}".into(), 1)]);
}

#[test]
fn a_statement_that_is_too_long_to_be_read_at_once_is_refused_where_it_starts() {
    let words = "a ".repeat(2_400_001);
    let lines = "a b\n".repeat(800_001);
    let texts = [
        format!("goal g {{\n  step {words}\n}}"),
        format!("goal g {{\n  let x = [\n{words}\n]\n}}"),
        // Blocks that are read with their statement: the line above carries on, or text follows.
        format!("goal g {{\n  x = a,\n  {{\n{lines}}}\n}}"),
        format!("goal g {{\n  x {{\n{lines}}} b\n}}"),
        format!("goal g {{\n  x = a,\n  {{\n{lines}"),
    ];
    for (at, text) in texts.iter().enumerate() {
        let mut diagnostics = Diagnostics::new();
        parse(crate::source::FileId(0), text, &mut diagnostics);
        let found = diagnostics.sorted();
        let [found] = found.as_slice() else { panic!("text {at}: {found:?}") };
        assert!(found.message.starts_with("this statement holds more"), "{found:?}");
        assert_eq!(found.span().start, 11, "text {at}");
    }
    assert!(read(&format!("goal g {{\n{lines}}}")).found.is_empty(), "many statements are none");
}
