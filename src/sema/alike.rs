//! W0709: names that a reader cannot tell apart, by the skeletons of Unicode's UTS #39.
//!
//! Asks only where a goal has names beyond ASCII, so `l1` and `ll` are nobody's business here.

use std::collections::HashMap;

use unicode_security::confusable_detection::skeleton;

use super::pass::Pass;
use super::world::{GoalIx, World};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Reports names of one goal that look alike, and names that mix scripts to look like another.
pub(super) fn report(pass: &mut Pass<'_>) {
    for ix in pass.world.goal_ids() {
        if pass.world.goal(ix).names.keys().all(|name| name.is_ascii()) {
            continue;
        }
        let names = names(pass.world, ix);
        let mut known: HashMap<String, (Span, &str)> = HashMap::new();
        for (span, name) in names {
            let shape: String = skeleton(name).collect();
            match known.get(&shape) {
                Some((first, other)) if !(name.is_ascii() && other.is_ascii()) => {
                    pass.report(alike(name, span, *first));
                }
                Some(_) => {}
                None => {
                    if let Some(letter) = name.split(['-', '_']).find_map(disguised) {
                        pass.report(mixed(name, span, letter));
                    }
                    known.insert(shape, (span, name));
                }
            }
        }
    }
}

/// The names that a goal declares, in the order of the text.
fn names<'w>(world: &'w World<'_>, goal: GoalIx) -> Vec<(Span, &'w str)> {
    let names = &world.goal(goal).names;
    let mut names: Vec<(Span, &str)> =
        names.iter().map(|(name, entity)| (world.place(*entity), *name)).collect();
    names.sort();
    names
}

/// A Cyrillic or Greek letter in a Latin word that looks like a Latin one. Japanese beside Latin,
/// or a `Δ` that looks like nothing else, is how people write.
fn disguised(word: &str) -> Option<char> {
    let is_latin = |c: char| c.is_alphabetic() && matches!(u32::from(c), 0..0x250 | 0x1E00..0x1F00);
    let is_near = |c: &char| matches!(u32::from(*c), 0x370..0x530 | 0x1C80..0x1C90 | 0x1F00..0x2000 | 0x2DE0..0x2E00 | 0xA640..0xA6A0);
    if !word.chars().any(is_latin) {
        return None;
    }
    word.chars().filter(is_near).find(|letter| {
        let shape: String = skeleton(letter.encode_utf8(&mut [0; 4])).collect();
        shape.chars().next().is_some_and(is_latin)
    })
}

fn alike(name: &str, span: Span, first: Span) -> Diagnostic {
    let message = format!("`{name}` looks like another name of this goal, in other letters");
    Diagnostic::new(Code::W0709, message, span, format!("written {}", codes(name)))
        .label(first, "looks the same")
        .help("write both in letters of one script, or give one of them another name")
}

fn mixed(name: &str, span: Span, letter: char) -> Diagnostic {
    let message = format!("`{name}` mixes letters of two scripts that look alike");
    let label = format!("`{letter}` here is U+{:04X}", u32::from(letter));
    Diagnostic::new(Code::W0709, message, span, label)
        .help("write the whole word in letters of one script")
}

/// The first letters beyond ASCII, by number.
fn codes(name: &str) -> String {
    let beyond = name.chars().filter(|letter| !letter.is_ascii()).take(3);
    let codes: Vec<String> =
        beyond.map(|letter| format!("`{letter}` U+{:04X}", u32::from(letter))).collect();
    if codes.is_empty() {
        "in plain letters".to_owned()
    } else {
        format!("with {}", codes.join(", "))
    }
}
