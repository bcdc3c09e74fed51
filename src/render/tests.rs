//! How findings look, and that no text breaks the drawing.

use super::*;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::layout::width;
use crate::source::{FileId, SourceMap, Span};

const RELEASE: &str = "goal release {
  step build { run \"true\" }
  step test {
    depends biuld
    run \"true\"
  }
}
";

fn sources(texts: &[(&str, &str)]) -> SourceMap {
    let mut sources = SourceMap::new();
    for (name, text) in texts {
        sources.add(*name, *name, *text);
    }
    sources
}

/// The span of a text's first occurrence.
fn span(sources: &SourceMap, file: u32, needle: &str) -> Span {
    let id = FileId(file);
    let start = sources.file(id).text.find(needle).expect("the needle is in the text");
    Span::new(id, start, start + needle.len())
}

fn unknown_step(sources: &SourceMap) -> Diagnostic {
    Diagnostic::new(
        Code::E0201,
        "no step or goal is called `biuld`",
        span(sources, 0, "biuld"),
        "not found in goal `release`",
    )
    .label(span(sources, 0, "build"), "`build` is near in name")
    .help("write `depends build`")
    .fix(span(sources, 0, "biuld"), "build")
}

fn race(sources: &SourceMap) -> Diagnostic {
    Diagnostic::new(
        Code::E0403,
        "`集計` and `公開` may run at once, and both touch files that match `出力/日報.csv`",
        span(sources, 0, "\"出力/**\""),
        "`公開` reads it",
    )
    .label(span(sources, 0, "\"出力/日報.csv\""), "`集計` writes it")
    .help(
        "say which comes first: write `depends 集計` in step `公開`, or `lock 出力` in both steps",
    )
}

const REPORT: &str = "goal 日報 {\n  step 集計 {\n    run \"./集計\"\n    writes \"出力/日報.csv\"\n  }\n\n  \
     step 公開 {\n    run \"./公開\"\n\treads \"出力/**\"\n  }\n}\n";

#[test]
fn fancy_shows_both_places_and_the_help() {
    let sources = sources(&[("日報.goal", REPORT)]);
    insta::assert_snapshot!(fancy(&[race(&sources)], &sources, RenderOptions::default()));
}

#[test]
fn short_is_one_line_with_help() {
    let sources = sources(&[("release.goal", RELEASE)]);
    insta::assert_snapshot!(short(&[unknown_step(&sources)], &sources));
}

#[test]
fn json_has_places_related_places_and_fixes() {
    let sources = sources(&[("release.goal", RELEASE)]);
    insta::assert_json_snapshot!(json(&[unknown_step(&sources)], &sources));
}

#[test]
fn a_label_of_another_file_is_shown_with_that_file() {
    let region = "goal region {\n  param name: string\n}\n";
    let sources = sources(&[
        ("fleet.goal", "goal fleet {\n  goal east from \"./region.goal\"\n}\n"),
        ("region.goal", region),
    ]);
    let found = Diagnostic::new(
        Code::E0603,
        "`east` leaves out the param `name`",
        span(&sources, 0, "east"),
        "`name` is not bound",
    )
    .label(span(&sources, 1, "name"), "declared here")
    .help("write `goal east from \"./region.goal\" { name = \"…\" }`");
    let text = fancy(&[found], &sources, RenderOptions::default());
    assert!(text.contains("[fleet.goal:2:8]"), "{text}");
    assert!(text.contains("[region.goal:2:9]"), "{text}");
    assert!(text.find("declared here") < text.find("help:"), "{text}");
}

#[test]
fn columns_count_characters_in_every_form() {
    let sources = sources(&[("日報.goal", REPORT)]);
    let found = Diagnostic::new(Code::E0202, "x", span(&sources, 0, "日報.csv"), "y");
    let all = std::slice::from_ref(&found);
    assert!(fancy(all, &sources, RenderOptions::default()).contains("[日報.goal:4:16]"));
    assert!(short(all, &sources).starts_with("日報.goal:4:16: "));
    assert_eq!(json(all, &sources)["diagnostics"][0]["column"], 16);
    assert_eq!(json(all, &sources)["diagnostics"][0]["end_column"], 22);
}

#[test]
fn an_empty_file_and_the_end_of_a_file_have_places() {
    for text in ["", "\n", "goal g {\n", "goal g {\r\n", "goal g {"] {
        let sources = sources(&[("g.goal", text)]);
        let end = Span::new(FileId(0), text.len(), text.len());
        let found = Diagnostic::new(Code::E0101, "`}` is missing", end, "here");
        let shown = fancy(&[found], &sources, RenderOptions::default());
        assert!(shown.contains("here"), "{text:?}:\n{shown}");
    }
}

#[test]
fn long_lines_are_cut_to_the_width() {
    let text =
        format!("goal g {{ let a = [{} oops, {}] }}\n", "1, ".repeat(3_000), "2, ".repeat(3_000));
    let sources = sources(&[("g.goal", &text)]);
    let message = "nothing here is called `oops`, and this sentence goes on for longer than a line";
    let found = Diagnostic::new(
        Code::E0202,
        message,
        span(&sources, 0, "oops"),
        "not a name that this goal or the ones around it know",
    )
    .help(message);
    let shown = fancy(&[found], &sources, RenderOptions::default());
    assert!(shown.contains(" oops, 2,"), "{shown}");
    assert!(shown.lines().all(|line| width(line) <= 80), "{shown}");
}

#[test]
fn a_text_cannot_act_on_the_terminal() {
    let text = "goal g { step a { run \"\u{1b}]0;x\u{7}\u{202e}\" } }\n";
    let sources = sources(&[("\u{1b}[2J.goal", text)]);
    let found =
        Diagnostic::new(Code::E0105, "\u{202e}", span(&sources, 0, "\u{202e}"), "\u{1b}[1m")
            .help("\u{9b}");
    let options = RenderOptions::default();
    let shown = fancy(std::slice::from_ref(&found), &sources, options) + &short(&[found], &sources);
    assert!(!shown.contains(crate::diagnostic::is_hidden), "{shown:?}");
}

#[test]
fn a_label_over_many_lines_is_drawn_at_its_first_line() {
    let text = format!("goal g {{\n  step a {{\n{}  }}\n}}\n", "    run \"true\"\n".repeat(50));
    let sources = sources(&[("g.goal", &text)]);
    let whole = Span::new(FileId(0), text.find("step").unwrap(), text.len() - 4);
    let found = Diagnostic::new(Code::E0502, "step `a` has 50 actions", whole, "this step");
    assert!(fancy(&[found], &sources, RenderOptions::default()).lines().count() < 12);
}

#[test]
fn at_most_six_labels_and_a_hundred_findings_are_shown() {
    let text = "x\n".repeat(400);
    let sources = sources(&[("x.goal", &text)]);
    let at = |line: usize| Span::new(FileId(0), line * 2, line * 2 + 1);
    let cycle = (1..20)
        .fold(Diagnostic::new(Code::E0401, "a circle", at(0), "a"), |found, line| {
            found.label(at(line * 9), "then this")
        });
    let shown = fancy(&[cycle], &sources, RenderOptions::default());
    assert!(shown.contains("… and at 14 more of its places"), "{shown}");

    let mut many: Vec<_> =
        (0..150).map(|line| Diagnostic::new(Code::W0706, "unused", at(line), "")).collect();
    many.push(Diagnostic::new(Code::E0201, "the one error", at(399), ""));
    let lines = short(&many, &sources);
    assert_eq!(lines.lines().count(), SHOWN + 1);
    assert!(lines.contains("the one error") && lines.ends_with("… and 51 more\n"), "{lines}");
    let shown = fancy(&many, &sources, RenderOptions::default());
    assert!(shown.ends_with("… and 51 more\n1 error, 150 warnings\n"), "{shown}");
}

#[test]
fn the_order_of_finding_does_not_show() {
    let sources = sources(&[("release.goal", RELEASE)]);
    let first = Diagnostic::new(Code::W0706, "unused", span(&sources, 0, "release"), "");
    let both = [first.clone(), unknown_step(&sources)];
    let turned = [unknown_step(&sources), first];
    assert_eq!(short(&both, &sources), short(&turned, &sources));
    assert_eq!(json(&both, &sources), json(&turned, &sources));
}

#[test]
fn ascii_frames_and_colours_are_choices() {
    let sources = sources(&[("release.goal", RELEASE)]);
    let plain = RenderOptions { unicode: false, ..RenderOptions::default() };
    assert!(fancy(&[unknown_step(&sources)], &sources, plain).is_ascii());
    let colour = RenderOptions { colour: true, ..RenderOptions::default() };
    assert!(fancy(&[unknown_step(&sources)], &sources, colour).contains("\u{1b}[31m"));
}

proptest::proptest! {
    /// Whatever the text and wherever the labels, even between a character's bytes or past the end.
    #[test]
    fn no_place_in_any_text_breaks_the_drawing(
        text in "([a-c \t]|\n|\r\n|[認é\u{301}👩\u{200d}\u{202e}\u{1b}]|\\PC){0,80}",
        spans in proptest::collection::vec((0u32..2, 0u32..200, 0u32..200), 1..9),
        width in 0usize..120,
        message in "[a-z認` \n]{0,200}",
    ) {
        let sources = sources(&[("a.goal", &text), ("b.goal", "x\n\n")]);
        let place = |(file, start, end)| Span { file: FileId(file), start, end };
        let first = Diagnostic::new(Code::E0201, &*message, place(spans[0]), &*message);
        let found = spans[1..].iter().fold(first.help(&*message), |found, span| {
            found.label(place(*span), &*message)
        });
        let options = RenderOptions { width, ..RenderOptions::default() };
        let all = std::slice::from_ref(&found);
        let shown = fancy(all, &sources, options);
        proptest::prop_assert!(shown.contains("─["), "{shown}");
        proptest::prop_assert_eq!(short(all, &sources).lines().count(), 1);
        proptest::prop_assert!(json(all, &sources)["diagnostics"][0]["line"].is_u64());
    }
}
