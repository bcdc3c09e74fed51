//! Steps that were read for an earlier check, and need not be read again where nothing changed.
//!
//! Invariant: a step is known only while its text, and the comments above it, are as they were read,
//! and nothing was found in it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::{Argument, Clause, FallbackOutline, GoalOutline, Reference, StepOutline};
use crate::source::{Span, Spanned};
use crate::syntax::Shift;

/// The steps of a file.
#[derive(Debug, Default)]
pub struct KnownSteps {
    /// By where they start.
    steps: HashMap<u32, StepOutline>,
    /// Where steps start in which something was found.
    found: HashSet<u32>,
}

impl KnownSteps {
    /// What stood in `old` is another text now, and what stood behind it has moved.
    pub fn change(&mut self, old: &Range<usize>, shift: Shift) {
        let known = std::mem::take(&mut self.steps).into_values();
        let kept = known.filter(|step| {
            let span = step.span.range();
            span.end <= old.start || old.end <= span.start
        });
        let moved = kept.map(|mut step| {
            if step.span.range().start >= old.end {
                step.shift(shift);
            }
            (step.span.start, step)
        });
        self.steps = moved.collect();
    }

    /// Takes all steps of a file that was read.
    pub fn keep(&mut self, outline: GoalOutline) {
        for goal in outline.goals {
            self.keep(goal);
        }
        let sound = outline.steps.into_iter().filter(|step| !self.found.contains(&step.span.start));
        self.steps.extend(sound.map(|step| (step.span.start, step)));
    }

    /// From here on the file is read.
    pub(super) fn begin(&mut self) {
        self.found.clear();
    }

    pub(super) fn take(&mut self, span: Span) -> Option<StepOutline> {
        let step = self.steps.remove(&span.start)?;
        (step.span == span).then_some(step)
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
        self.fallbacks.iter_mut().for_each(|fallback| fallback.shift(shift));
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
        for option in &mut self.options {
            shift.span(&mut option.span);
            option.arguments.iter_mut().for_each(|argument| argument.shift(shift));
        }
        self.block.iter_mut().for_each(|clause| clause.shift(shift));
        for (bound, value) in &mut self.bindings {
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
                parts.iter_mut().for_each(|part| name(part, shift));
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
