//! The catalogue as pages: one code for the terminal, all of them for the documentation.

use super::{CATALOGUE, Entry};
use crate::diagnostic::visible;

/// What a code means, with a wrong plan and the mended one, in at most 80 columns. Letters may be
/// small. `None` where there is no such code.
pub fn explain(code: &str) -> Option<String> {
    let entry = CATALOGUE.iter().find(|entry| entry.code.eq_ignore_ascii_case(code))?;
    Some(format!(
        "{}: {}\n\n{}\n\nWrong{}:\n\n{}\nMended:\n\n{}{}",
        entry.code,
        entry.title,
        entry.explanation,
        whose(entry),
        indented(entry.wrong),
        indented(entry.mended),
        beside(entry, |name, text| format!("\nwith `{name}`:\n\n{}", indented(text))),
    ))
}

/// The whole of `docs/diagnostics.md`. `printed` says what `goalc check` prints for a plan that
/// stands beside these files.
pub fn reference(printed: &dyn Fn(&Entry) -> String) -> String {
    let mut page = String::from(INTRODUCTION);
    let row =
        |entry: &Entry| format!("| [{}](#{}) | {} |\n", entry.code, anchor(entry), entry.title);
    page.extend(CATALOGUE.iter().map(row));
    page += OFTEN;
    page.extend(CATALOGUE.iter().filter(|entry| MET_MOST.contains(&entry.code)).map(row));
    page += WIDE_INTRODUCTION;
    page += &fenced(WIDE.wrong, WIDE.file);
    page += &format!("\n```text\n{}```\n", printed(&WIDE));
    page.extend(CATALOGUE.iter().map(|entry| section(entry, &printed(entry))));
    page
}

const INTRODUCTION: &str = "\
# Diagnostics

<!-- Generated from the catalogue in `src/diagnostic/catalogue`: change it there, then run
     `UPDATE=1 cargo test --test it docs`. -->

What `goalc check` can find. Codes with `E` are errors: nothing runs. Codes with `W` are advice;
`--deny warnings`, or `[lints]` in `goal.toml`, makes errors of them. `goalc explain CODE` shows a
section of this page. Where a mend is certain, `goalc check --fix` makes it.

| code | meaning |
| --- | --- |
";

/// What users meet most.
const MET_MOST: &[&str] = &["E0101", "E0102", "E0201", "E0301", "E0401", "E0403"];

const OFTEN: &str = "
Those that are met most:

| code | meaning |
| --- | --- |
";

const WIDE_INTRODUCTION: &str = "
## How they look

As a person reads them, at 80 columns: the place, with the text around it, and what to write
instead. Letters that take two columns stay in line with the marks below them:

";

/// A plan in Japanese, with a finding at two places.
const WIDE: Entry = Entry {
    code: "E0403",
    title: "",
    explanation: "",
    wrong: "\
goal 日報 \"日報を作って公開する\" {
  step 集計 { run \"./集計\"; writes \"出力/日報.csv\" }
  step 公開 { run \"./公開\"; reads \"出力/*.csv\" }
}
",
    mended: "",
    file: "plan.goal",
    played: false,
    files: &[],
};

fn section(entry: &Entry, printed: &str) -> String {
    let beside = beside(entry, |name, text| format!("\nwith `{name}`:\n\n{}", fenced(text, name)));
    format!(
        "\n## {}: {}\n\n{}\n\nWrong{}:\n\n{}{beside}\n```text\n{printed}```\n\nMended:\n\n{}",
        entry.code,
        entry.title,
        entry.explanation,
        whose(entry),
        fenced(entry.wrong, entry.file),
        fenced(entry.mended, entry.file),
    )
}

/// One code as Markdown, without its heading.
pub fn page(entry: &Entry) -> String {
    format!(
        "{}\n\nWrong{}:\n\n{}\nMended:\n\n{}{}",
        entry.explanation,
        whose(entry),
        fenced(entry.wrong, entry.file),
        fenced(entry.mended, entry.file),
        beside(entry, |name, text| format!("\nwith `{name}`:\n\n{}", fenced(text, name))),
    )
}

/// Says which file an example is, where it is no plan.
fn whose(entry: &Entry) -> String {
    if entry.file == "plan.goal" { String::new() } else { format!(" `{}`", entry.file) }
}

fn beside(entry: &Entry, page: impl Fn(&str, &str) -> String) -> String {
    entry.files.iter().map(|(name, text)| page(name, text)).collect()
}

fn indented(text: &str) -> String {
    visible(text).lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

fn fenced(text: &str, file: &str) -> String {
    let language = file.rsplit('.').next().unwrap_or_default();
    format!("```{language}\n{}```\n", visible(text))
}

/// The anchor that a heading gets: small letters, spaces as hyphens, no other signs.
fn anchor(entry: &Entry) -> String {
    let heading = format!("{} {}", entry.code, entry.title).to_lowercase();
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_their_order_and_none_is_used_twice() {
        let family = |code: &str| (code.starts_with('W'), code[1..].to_owned());
        assert!(CATALOGUE.is_sorted_by_key(|entry| family(entry.code)));
        let codes: std::collections::HashSet<_> = CATALOGUE.iter().map(|e| e.code).collect();
        assert_eq!(codes.len(), CATALOGUE.len());
    }

    #[test]
    fn every_code_explains_itself_and_shows_two_different_texts() {
        for entry in CATALOGUE {
            let lines = entry.explanation.lines().count();
            assert!((3..=8).contains(&lines), "{}: {lines} lines", entry.code);
            assert!(!entry.title.is_empty() && entry.wrong != entry.mended, "{}", entry.code);
            assert!(entry.mended.ends_with('\n'), "{}", entry.code);
        }
    }

    #[test]
    fn an_explanation_fits_the_terminal_and_shows_nothing_hidden() {
        for entry in CATALOGUE {
            let text = explain(&entry.code.to_lowercase()).unwrap();
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            assert!(!text.contains(crate::diagnostic::is_hidden), "{text}");
        }
        assert_eq!(explain("E9999"), None);
    }

    #[test]
    fn the_reference_has_a_section_for_each_code() {
        let page = reference(&|_| String::new());
        for entry in CATALOGUE {
            assert!(page.contains(&format!("\n## {}: {}\n", entry.code, entry.title)));
        }
        assert!(page.contains("(#e0201-unknown-step-or-goal)"));
    }
}
