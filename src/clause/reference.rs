//! `docs/clauses.md`, generated from the table.
//!
//! Knows the order of places and roles, and no clause.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{ClauseSpec, Place, Role, argument_lines, as_sentence, stands, table, usage};
use crate::value::Function;

const INTRODUCTION: &str = "\
# Clauses

<!-- Generated from the clause table in `src/clause/table`: change a clause there, then run
     `UPDATE=1 cargo test --test it docs`. -->

Every clause, probe and function. What stands in `[ ]` may be left out; `, …` means one or more with
commas between. Options may stand in any order, each at most once. `goalc explain WORD` shows an entry.
";

/// The parts of the page: a title, and which clauses are in it.
const PARTS: &[(&str, &[Place])] = &[
    ("In a file and in a goal", &[Place::File, Place::Goal]),
    ("In a step", &[Place::Step]),
    (
        "In the braces of a clause",
        &[
            Place::Fallback,
            Place::Defaults,
            Place::Mount,
            Place::Limits,
            Place::Executor,
            Place::Cleanup,
            Place::Rollback,
            Place::Alert,
            Place::Webhook,
            Place::Bindings,
        ],
    ),
    ("Probes", &[Place::Probes]),
    ("In a scenario", &[Place::Scenario]),
];

const ROLES: &[(Role, &str)] = &[
    (Role::Declaration, "Declarations"),
    (Role::Action, "Actions"),
    (Role::Edge, "Order"),
    (Role::Guard, "Before it starts"),
    (Role::Recovery, "When something fails"),
    (Role::Effect, "After it succeeded"),
    (Role::Attribute, "How it runs"),
    (Role::Probe, "Conditions"),
];

/// The clause reference as Markdown: each clause once, under the first place that it stands in.
pub fn reference() -> String {
    let (mut contents, mut page) = (String::new(), String::new());
    let mut shown: Vec<&ClauseSpec> = Vec::new();
    let mut taken = HashMap::new();
    for (title, places) in PARTS {
        let _ = write!(page, "\n## {title}\n");
        let _ = writeln!(contents, "- [{title}](#{})", anchor(title));
        for (role, heading) in ROLES {
            let here = specs(*role, places, &shown);
            if here.is_empty() {
                continue;
            }
            let heading = heading_in(title, heading);
            let _ = write!(page, "\n### {heading}\n");
            let words: Vec<_> = here.iter().map(|spec| link(spec, &mut taken)).collect();
            let line = format!("[{heading}](#{}): {}", anchor(&heading), words.join(", "));
            let _ = writeln!(contents, "  - {line}");
            for spec in here {
                shown.push(spec);
                entry(spec, &mut page);
            }
        }
    }
    let _ = writeln!(contents, "- [Functions](#functions)");
    format!("{INTRODUCTION}\n{contents}{page}{}", functions())
}

fn specs(role: Role, places: &[Place], shown: &[&ClauseSpec]) -> Vec<&'static ClauseSpec> {
    table()
        .iter()
        .copied()
        .filter(|spec| spec.role == role && places.iter().any(|place| spec.stands_in(*place)))
        .filter(|spec| !shown.iter().any(|other| std::ptr::eq(*other, *spec)))
        .collect()
}

/// Headings of one page differ, so that each has its own anchor.
fn heading_in(title: &str, heading: &str) -> String {
    if title == "Probes" { "All probes".to_owned() } else { format!("{title}: {}", small(heading)) }
}

/// Of headings that read the same, the later ones have a number in their anchors.
fn link(spec: &ClauseSpec, taken: &mut HashMap<String, usize>) -> String {
    let word = if spec.word.is_empty() { "an expression" } else { spec.word };
    let anchor = anchor(&usage(spec));
    let before = taken.entry(anchor.clone()).or_insert(0);
    *before += 1;
    match *before {
        1 => format!("[`{word}`](#{anchor})"),
        later => format!("[`{word}`](#{anchor}-{})", later - 1),
    }
}

fn entry(spec: &ClauseSpec, page: &mut String) {
    let line = usage(spec);
    let _ = write!(page, "\n#### `{line}`\n\n{}.\n", as_sentence(spec.summary));
    let _ = write!(page, "\n{}\n\n{}\n", spec.documentation, stands(spec));
    let arguments = argument_lines(spec);
    if !arguments.is_empty() {
        page.push('\n');
    }
    for line in arguments {
        let _ = writeln!(page, "- {line}");
    }
    let _ = write!(page, "\n```goal\n{}\n```\n", spec.example);
}

fn functions() -> String {
    let mut table = String::from(
        "\n## Functions\n\nIn any expression. What stands in `[ ]` may be left out.\n\n\
         | function | gives |\n| --- | --- |\n",
    );
    for function in Function::ALL {
        let _ = writeln!(table, "| `{}` | {} |", function.usage(), small(function.summary()));
    }
    table
}

fn small(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The anchor that a heading gets: small letters, spaces as hyphens, no other signs.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}
