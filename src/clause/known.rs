//! Steps that were read for an earlier check, and need not be read again where nothing changed.
//!
//! Invariant: a step is known only while its text, and the comments above it, are as they were read,
//! and nothing was found in it.

use std::collections::HashSet;
use std::ops::Range;

use super::{Argument, Clause, FallbackOutline, GoalOutline, Reference, StepOutline};
use crate::source::{Span, Spanned};
use crate::syntax::Shift;

/// The steps of a file.
#[derive(Debug, Default)]
pub struct KnownSteps {
    /// In the order in which they start; none for one that was taken.
    steps: Vec<(u32, Option<StepOutline>)>,
    /// Where steps start in which something was found.
    found: HashSet<u32>,
}

impl KnownSteps {
    /// What stood in `old` is another text now, and what stood behind it has moved.
    pub fn change(&mut self, old: &Range<usize>, shift: Shift) {
        self.steps.retain_mut(|(start, step)| {
            let Some(step) = step else { return false };
            let span = step.span.range();
            if old.end <= span.start {
                step.shift(shift);
                *start = step.span.start;
            }
            span.end <= old.start || old.end <= span.start
        });
    }

    /// Takes all steps of a file that was read.
    pub fn keep(&mut self, outline: GoalOutline) {
        self.steps.clear();
        self.add(outline);
        self.steps.sort_by_key(|(start, _)| *start);
    }

    fn add(&mut self, outline: GoalOutline) {
        for goal in outline.goals {
            self.add(goal);
        }
        let sound = outline.steps.into_iter().filter(|step| !self.found.contains(&step.span.start));
        self.steps.extend(sound.map(|step| (step.span.start, Some(step))));
    }

    /// From here on the file is read.
    pub(super) fn begin(&mut self) {
        self.found.clear();
    }

    pub(super) fn take(&mut self, span: Span) -> Option<StepOutline> {
        let at = self.steps.binary_search_by_key(&span.start, |(start, _)| *start).ok()?;
        self.steps.get_mut(at)?.1.take_if(|step| step.span == span)
    }

    /// Something was found in a step.
    pub(super) fn forget(&mut self, span: Span) {
        self.found.insert(span.start);
    }
}

impl StepOutline {
    fn shift(&mut self, shift: Shift) {
        name(&mut self.name, shift);
        shift.span(&mut self.span);
        self.clauses.iter_mut().for_each(|clause| clause.shift(shift));
        let fallbacks = self.fallbacks.written().into_iter().flatten();
        fallbacks.for_each(|fallback| fallback.shift(shift));
    }
}

impl FallbackOutline {
    fn shift(&mut self, shift: Shift) {
        self.name.iter_mut().for_each(|each| name(each, shift));
        shift.span(&mut self.span);
        self.clauses.iter_mut().for_each(|clause| clause.shift(shift));
    }
}

impl Clause {
    fn shift(&mut self, shift: Shift) {
        shift.span(&mut self.word);
        shift.span(&mut self.span);
        self.head.iter_mut().for_each(|argument| argument.shift(shift));
        for option in self.options.written().into_iter().flatten() {
            shift.span(&mut option.span);
            option.arguments.iter_mut().for_each(|argument| argument.shift(shift));
        }
        self.block.written().into_iter().flatten().for_each(|clause| clause.shift(shift));
        for (bound, value) in self.bindings.written().into_iter().flatten() {
            name(bound, shift);
            shift.expr(value);
        }
    }
}

impl Argument {
    fn shift(&mut self, shift: Shift) {
        match self {
            Self::Name(each) => name(each, shift),
            Self::Reference(Reference { parts, span, .. }) => {
                for part in parts.iter_mut() {
                    name(part, shift);
                }
                shift.span(span);
            }
            Self::Text(text) => {
                shift.string(&mut text.value);
                shift.span(&mut text.span);
            }
            Self::Expr(expr) | Self::Command(expr) => shift.expr(expr),
            Self::Word(word) => shift.span(&mut word.span),
            Self::Range(ends) => {
                shift.expr(&mut ends.0);
                shift.expr(&mut ends.1);
            }
            Self::Percent(percent) => shift.span(&mut percent.span),
            Self::Type(ty) => shift.span(&mut ty.span),
        }
    }
}

fn name(name: &mut Spanned<Box<str>>, shift: Shift) {
    shift.span(&mut name.span);
}
