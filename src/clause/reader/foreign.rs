//! Files of other tools: what they look like, and the one thing to say about them.
//!
//! Asked only where a file holds no goal and no scenario.

use super::complaint::SMALLEST;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::{FileId, Span};

/// What is said of a file that is no plan, instead of each line of it; `None` where it may be meant as one.
pub(super) fn no_plan(file: FileId, text: &str) -> Option<Diagnostic> {
    let (at, line) = first_line(text)?;
    let kind = kind(line)?;
    let message = format!("this is no plan: it looks like {kind}");
    let place = Span::new(file, at, at + line.trim_end().len());
    let found = Diagnostic::new(Code::E0101, message, place, "no goal begins here");
    let plan = format!("a file holds one goal: `{SMALLEST}`");
    Some(found.help(match kind {
        "JSON" => {
            format!(
                "{plan}; `goalc import` reads decomposed goals and recorded workflows from JSON"
            )
        }
        _ => plan,
    }))
}

/// The first line that says something, and where it begins; a script's first line says what it is.
fn first_line(text: &str) -> Option<(usize, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let said = line.trim_start_matches('\u{feff}').trim_start();
        let begins = at + line.len() - said.len();
        let is_script = said.starts_with("#!") && !said.contains("goalc");
        if is_script || !(said.is_empty() || said.starts_with('#')) {
            return Some((begins, said));
        }
        at += line.len();
    }
    None
}

fn kind(line: &str) -> Option<&'static str> {
    if line.starts_with("#!") {
        return Some("a script");
    }
    if line.starts_with(['{', '[']) {
        return Some("JSON");
    }
    if line.starts_with("---") {
        return Some("YAML");
    }
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let end = line.find(|c: char| !is_name(c)).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    if word.is_empty() || nearest(word, ["goal", "scenario"]).is_some() || rest.contains('{') {
        return None;
    }
    let behind = rest.trim_start();
    match (word, behind.strip_prefix(':')) {
        (_, Some(value)) if value.is_empty() || value.starts_with(char::is_whitespace) => {
            Some("YAML, or the file of another tool")
        }
        ("set", _) if behind.starts_with('-') => Some("a script"),
        _ if behind.starts_with('=') || behind.starts_with(":=") || behind.starts_with("?=") => {
            Some("a script, or a Makefile")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_tools_are_known_by_their_first_line() {
        for (text, looks) in [
            ("# CI\nname: CI\non: push\n", "YAML"),
            ("---\n- hosts: all\n", "YAML"),
            ("all: build\n\tcc x.c\n", "YAML"),
            ("CC := gcc\n", "Makefile"),
            ("#!/bin/sh\nset -e\n", "a script"),
            ("\n  {\"services\": {}}\n", "JSON"),
        ] {
            let found = no_plan(FileId(0), text).map(|found| found.message).unwrap_or_default();
            assert!(found.contains(looks), "{text}: {found}");
        }
        for text in ["", "# only words\n", "goa x { }\n", "step a { run \"x\" }\n", "goal: x {\n"] {
            assert_eq!(no_plan(FileId(0), text), None, "{text}");
        }
    }
}
