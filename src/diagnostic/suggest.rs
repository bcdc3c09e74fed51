//! "Did you mean": the closest of the names that would have been right.
//!
//! Knows words only. A near name is offered; only one that a slip of the fingers alone explains,
//! with no other near, is a certain mend.

use super::Diagnostic;
use crate::source::Span;

/// A name near to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near<'a> {
    pub word: &'a str,
    /// Nothing else can have been meant.
    pub certain: bool,
}

/// The candidate nearest to `word`, if near enough that a slip of the fingers explains it:
/// at most a third of its letters (and at least one) differ, a swap of neighbours counting once.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(word, candidates).map(|near| near.word)
}

/// As [`closest`], and whether it is certain.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<Near<'a>> {
    // A single letter is near to every other.
    let allowed = if word.chars().count() > 1 { farthest(word) } else { 0 };
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= allowed && *distance < candidate.chars().count().max(2)
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    let (_, first) = near.first()?;
    Some(Near { word: first, certain: near.len() == 1 && is_slip(word, first) })
}

/// How many letters of a word may be wrong.
fn farthest(word: &str) -> usize {
    (word.chars().count() / 3).max(1)
}

/// Whether two words differ by a slip alone. `test-a` and `test-b`, or `step1` and `step2`, are
/// near, and likely two things.
fn is_slip(word: &str, other: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split(['-', '_', '.', ' ']).map(str::to_owned).collect()
    };
    let (mine, theirs) = (parts(word), parts(other));
    if mine.len() != theirs.len() {
        return mine.concat() == theirs.concat() && !mine.concat().is_empty();
    }
    mine.iter().zip(&theirs).filter(|(a, b)| a != b).all(|(a, b)| part_slipped(a, b))
}

fn part_slipped(part: &str, other: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let long_enough = part.chars().count().max(other.chars().count()) >= 4;
    digits(part) == digits(other)
        && strsim::osa_distance(part, other) <= farthest(part)
        && (long_enough || sorted(part) == sorted(other))
}

impl Diagnostic {
    /// Asks whether `near` was meant by what stands at `span`; where that is certain, it is the
    /// mend.
    #[must_use]
    pub fn meant(self, span: Span, near: Near<'_>) -> Self {
        let asked = self.help(format!("did you mean `{}`?", near.word));
        if near.certain { asked.fix(span, near.word) } else { asked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(word: &str, candidates: &[&str]) -> bool {
        nearest(word, candidates.iter().copied()).is_some_and(|near| near.certain)
    }

    #[test]
    fn a_slip_with_one_near_name_is_certain() {
        for (word, meant) in [
            ("timout", "timeout"),
            ("rnu", "run"),
            ("biuld", "build"),
            ("mirgate-up", "migrate-up"),
        ] {
            assert!(certain(word, &[meant, "something"]), "{word}");
        }
        assert!(certain("data_base", &["data-base"]));
    }

    #[test]
    fn what_may_be_another_thing_is_not_certain() {
        for (word, near) in [("test-a", "test-b"), ("step1", "step2"), ("a", "b"), ("dep", "dev")] {
            assert!(!certain(word, &[near]), "{word}");
        }
        assert!(!certain("deploy-east", &["deploy-west"]));
        assert!(!certain("buildd", &["build", "builder"]), "two are near");
    }
}
