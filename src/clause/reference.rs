//! `docs/clauses.md`, generated from the table.
//!
//! Knows the order of places and roles, and no clause.

use std::fmt::Write as _;

use super::{ClauseSpec, Place, Role, table, usage};

const INTRODUCTION: &str = "\
# Clauses

<!-- Generated from the clause table. Change a clause's spec, then regenerate. -->

What stands in `[ ]` may be left out; `, …` means one or more with commas between. Options may stand in any
order, each at most once. A clause that may stand more than once in one block says so.
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
            Place::Cleanup,
            Place::Rollback,
            Place::Alert,
            Place::Webhook,
            Place::Bindings,
        ],
    ),
    ("Probes", &[Place::Probes]),
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
    let mut page = INTRODUCTION.to_owned();
    let mut shown: Vec<&ClauseSpec> = Vec::new();
    for (title, places) in PARTS {
        let _ = write!(page, "\n## {title}\n");
        for (role, heading) in ROLES {
            let here: Vec<_> = table()
                .iter()
                .copied()
                .filter(|spec| spec.role == *role && places.iter().any(|p| spec.stands_in(*p)))
                .filter(|spec| !shown.iter().any(|other| std::ptr::eq(*other, *spec)))
                .collect();
            if !here.is_empty() {
                let _ = write!(page, "\n### {heading}\n");
            }
            for spec in here {
                shown.push(spec);
                entry(spec, &mut page);
            }
        }
    }
    page
}

fn entry(spec: &ClauseSpec, page: &mut String) {
    let line = usage(spec);
    let _ = write!(page, "\n#### `{line}`\n\n{}.\n", capitalised(spec.summary));
    let _ = write!(page, "\n{}\n\nStands {}", spec.documentation, stands(spec.places));
    let repeats = spec.repeat == super::Repeat::Many
        && !matches!(spec.role, Role::Probe | Role::Declaration | Role::Action);
    let _ = writeln!(page, "{}.", if repeats { "; may stand more than once" } else { "" });
    let _ = write!(page, "\n```goal\n{}\n```\n", spec.example);
}

fn stands(places: &[Place]) -> String {
    let phrases: Vec<_> = places.iter().map(|place| place.phrase()).collect();
    phrases.join(", ")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
