//! What may be written at an offset, read from the words before it.
//!
//! Works on the text of one statement, which may be broken; the clause table says what a word takes.

use crate::clause::{ClauseSpec, Shape, Slot};
use crate::syntax::{Statement, TokenKind};

/// The dotted name that ends at the cursor: `a.b.` and what is written of the last part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Begun<'t> {
    pub(super) path: Vec<&'t str>,
    pub(super) part: &'t str,
}

/// What is written of a name right before the cursor.
pub(super) fn begun(before: &str) -> Begun<'_> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = before.trim_end_matches(is_part).len();
    let mut parts: Vec<&str> = before.get(start..).unwrap_or_default().split('.').collect();
    let part = parts.pop().unwrap_or_default();
    // A range, as in `1..`, is no path.
    if parts.iter().any(|each| each.is_empty()) {
        parts.clear();
    }
    Begun { path: parts, part }
}

/// What is wanted at an offset behind a clause's word: the slots of the last option that is written
/// before it, or those of the head; and whether an option may come instead.
pub(super) fn wanted(
    spec: &'static ClauseSpec,
    statement: &Statement,
    words: usize,
    start: usize,
) -> (&'static [Slot], bool) {
    let mut slots = spec.head;
    let mut arguments = 0;
    for token in statement.tokens.iter().skip(words) {
        if token.span.range().end > start {
            break;
        }
        let option = match &token.kind {
            TokenKind::Name(word) => spec.options.iter().find(|option| *option.word == **word),
            TokenKind::Mark(mark) => spec.options.iter().find(|option| option.word == mark.text()),
            _ => None,
        };
        match option {
            Some(option) => (slots, arguments) = (option.slots, 0),
            None => arguments += 1,
        }
    }
    (slots, arguments > 0 || slots.is_empty() || spec.head.is_empty())
}

/// Whether one of the slots is of a kind, also as one of several.
pub(super) fn takes(slots: &[Slot], fits: &dyn Fn(Shape) -> bool) -> bool {
    fn one(shape: Shape, fits: &dyn Fn(Shape) -> bool) -> bool {
        fits(shape) || matches!(shape, Shape::OneOf(shapes) if shapes.iter().any(|s| one(*s, fits)))
    }
    slots.iter().any(|slot| one(slot.shape, fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_being_written_is_found() {
        let at = |text: &'static str| begun(text);
        assert_eq!(at("depends a.b.c"), Begun { path: vec!["a", "b"], part: "c" });
        assert_eq!(at("depends 請求書."), Begun { path: vec!["請求書"], part: "" });
        assert_eq!(at("when "), Begun { path: vec![], part: "" });
        assert_eq!(at("estimate 1.."), Begun { path: vec![], part: "" });
    }
}
