//! Names made from titles.
//!
//! Invariant: every name given out is valid, no longer than was wanted, and unlike all
//! others that were given out.

use std::collections::{HashMap, HashSet};

use unicode_ident::{is_xid_continue, is_xid_start};
use unicode_normalization::UnicodeNormalization;

/// Longer names make a plan hard to read.
const LONGEST: usize = 40;

/// The names of one name space.
#[derive(Debug)]
pub(super) struct Names {
    longest: usize,
    taken: HashSet<String>,
    /// For a name that came again, the number to try next: many equal titles cost no search.
    next: HashMap<String, u32>,
}

impl Default for Names {
    fn default() -> Self {
        Self::of_at_most(LONGEST)
    }
}

impl Names {
    /// Names of at most so many characters.
    pub(super) fn of_at_most(longest: usize) -> Self {
        Self { longest, taken: HashSet::new(), next: HashMap::new() }
    }

    /// A name that says what `title` says, or `otherwise` where no name can be made of it.
    pub(super) fn name(&mut self, title: &str, otherwise: &str) -> String {
        let base = named(title, self.longest).unwrap_or_else(|| otherwise.to_owned());
        let mut name = base.clone();
        while !self.taken.insert(name.clone()) {
            let n = self.next.entry(base.clone()).or_insert(1);
            *n += 1;
            let end = format!("-{n}");
            name = cut(&base, self.longest.saturating_sub(end.len())) + &end;
        }
        name
    }
}

/// A valid name: letters are kept, the rest becomes hyphens.
pub(super) fn from_title(title: &str) -> Option<String> {
    named(title, LONGEST)
}

fn named(title: &str, longest: usize) -> Option<String> {
    let mut name = String::new();
    for c in title.nfc() {
        let letter = c == '_' || is_xid_start(c);
        if letter || (!name.is_empty() && is_xid_continue(c) && !is_joiner(c)) {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = cut(&name, longest);
    // The two words that are values.
    let value = name == "true" || name == "false";
    (!value && name.contains(is_xid_start)).then_some(name)
}

/// Continues a word, but cannot be seen.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

fn cut(name: &str, longest: usize) -> String {
    let short: String = name.chars().take(longest).collect();
    short.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_any_script_are_kept() {
        assert_eq!(from_title("Todo CRUD APIの実装").as_deref(), Some("Todo-CRUD-APIの実装"));
    }

    #[test]
    fn numbering_and_punctuation_at_the_ends_go() {
        assert_eq!(from_title("1. Ship (at last!)").as_deref(), Some("Ship-at-last"));
    }

    #[test]
    fn what_has_no_letters_has_no_name() {
        assert_eq!(from_title("3 / 4"), None);
        assert_eq!(from_title("true"), None);
    }

    #[test]
    fn long_titles_are_cut_without_a_hyphen_at_the_end() {
        let name = from_title(&"word ".repeat(20)).unwrap();
        assert!(name.chars().count() <= LONGEST && name.ends_with("word"), "{name}");
    }

    #[test]
    fn equal_titles_get_different_names() {
        let mut names = Names::default();
        assert_eq!(names.name("Test", "step-1"), "Test");
        assert_eq!(names.name("Test", "step-2"), "Test-2");
        assert_eq!(names.name("???", "step-3"), "step-3");
    }
}
