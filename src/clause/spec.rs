//! What a clause looks like, as data.
//!
//! Knows no clause of its own: the specs are in `table`. Invariant: whatever the reader accepts
//! or refuses follows from a spec's shapes and its `check`, so every other view can be derived.

use super::{Clause, Context, Target, Want};
use crate::diagnostic::Diagnostic;

/// Where a clause may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    File,
    Goal,
    /// The braces of `goal NAME from "file" { }`.
    Mount,
    Step,
    Fallback,
    Defaults,
    /// `requires verify unless ready await`.
    Probes,
    Limits,
    Executor,
    Cleanup,
    Rollback,
    Alert,
    Webhook,
    /// `scenario "…" { }`
    Scenario,
    /// `env { NAME = expr }`: no words of its own.
    Bindings,
}

impl Place {
    /// As sentences name it: "`lock` belongs in a step or in a goal".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::File => "at the top of a file",
            Self::Goal => "in a goal",
            Self::Mount => "in a mount's braces",
            Self::Step => "in a step",
            Self::Fallback => "in a fallback",
            Self::Defaults => "in `defaults { }`",
            Self::Probes => "in `requires { }`, `verify { }` and other blocks of probes",
            Self::Limits => "in `limits { }`",
            Self::Executor => "in `executor NAME { }`",
            Self::Cleanup => "in `cleanup { }`",
            Self::Rollback => "in `rollback { }`",
            Self::Alert => "in `alert on … { }`",
            Self::Webhook => "in a webhook's braces",
            Self::Scenario => "in a scenario",
            Self::Bindings => "in `env { }`",
        }
    }
}

/// How often a clause may stand in one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    Once,
    Many,
}

/// What kind of thing a clause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Brings a name: `param let step goal resource`.
    Declaration,
    /// Exactly one a step: `run manual await`.
    Action,
    Attribute,
    /// `depends after stdin`.
    Edge,
    /// Before an attempt: `when confirm lock`.
    Guard,
    /// After a failure: `retry fallback rollback`.
    Recovery,
    /// After success: `checkpoint output verify`.
    Effect,
    /// A condition that is asked of the world.
    Probe,
}

/// One argument, or a list of them.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// As the documentation shows it: `NAME`, `DURATION`.
    pub name: &'static str,
    pub shape: Shape,
    pub count: Count,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    One,
    Optional,
    /// One or more, with commas between.
    List,
}

/// What an argument is.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A plain name: a new one, or a lock's or resource's.
    Name,
    /// `a`, `a.b`; with `true` also `a?`.
    Reference {
        optional: bool,
    },
    /// A string whose text is needed when the plan is checked: no `${…}` in it.
    Text,
    Expr(Want),
    /// An expression without binary operators, where a word or comparison follows.
    Operand(Want),
    /// One of these words.
    Word(&'static [&'static str]),
    /// `a..b`, or with `single` also one value alone.
    Range {
        of: Want,
        single: bool,
    },
    /// `80%`
    Percent,
    Type,
    /// A script (string) or an argv (list).
    Command,
    /// The first of these that fits.
    OneOf(&'static [Shape]),
    /// What an alert waits for: a word, or `silence > 5m`, `memory > 80%`, `cpu > 90%`. Read as
    /// the word and, where there is one, its bound.
    Event,
    /// A failure that `retry` tries again: `exit 75`, a further code or range, or a word. Read as
    /// the word and, behind `exit`, its codes, each a range.
    Failure,
}

impl Shape {
    /// The type that an expression of this shape must have.
    pub fn want(self) -> Want {
        match self {
            Self::Expr(want) | Self::Operand(want) | Self::Range { of: want, .. } => want,
            Self::OneOf(shapes) => shapes
                .iter()
                .map(|shape| shape.want())
                .find(|w| *w != Want::Any)
                .unwrap_or(Want::Any),
            _ => Want::Any,
        }
    }
}

impl Slot {
    pub const fn one(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, count: Count::One }
    }

    pub const fn optional(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, count: Count::Optional }
    }

    pub const fn list(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, count: Count::List }
    }

    /// A whole number, `at_least` this.
    pub const fn int(name: &'static str, at_least: i64) -> Self {
        Self::one(name, Shape::Expr(Want::Int { at_least }))
    }

    /// A length of time that may be zero.
    pub const fn duration() -> Self {
        Self::one("DURATION", Shape::Expr(Want::Duration { positive: false }))
    }

    /// A length of time above zero.
    pub const fn span_of_time() -> Self {
        Self::one("DURATION", Shape::Expr(Want::Duration { positive: true }))
    }
}

/// `word argument…` behind the head, in any order, each at most once.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// A word, or a mark as `=` `:` `>=`; empty: no word, the argument's shape says it.
    pub word: &'static str,
    pub slots: &'static [Slot],
    pub required: bool,
}

impl OptionSpec {
    /// A word alone.
    pub const fn flag(word: &'static str) -> Self {
        Self { word, slots: &[], required: false }
    }

    pub const fn new(word: &'static str, slots: &'static [Slot]) -> Self {
        Self { word, slots, required: false }
    }

    pub const fn required(word: &'static str, slots: &'static [Slot]) -> Self {
        Self { word, slots, required: true }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockShape {
    None,
    Optional(Place),
    Required(Place),
}

/// How a clause changes what it stands in. Names it uses are resolved through the context.
pub type Lower = fn(&Clause, &mut Target<'_>, &mut dyn Context);

/// What shapes cannot say of a clause; asked once for each that was read whole.
pub type Check = fn(&Clause) -> Vec<Diagnostic>;

/// The check of a clause whose shapes say everything.
pub(super) fn no_check(_: &Clause) -> Vec<Diagnostic> {
    Vec::new()
}

/// The lowering of a clause that whoever holds it reads itself: declarations, `defaults`.
pub(super) fn lowers_to_nothing(_: &Clause, _: &mut Target<'_>, _: &mut dyn Context) {}

/// One clause, whole.
#[derive(Debug)]
pub struct ClauseSpec {
    /// One word or, for `on failure`, two.
    pub word: &'static str,
    pub places: &'static [Place],
    pub repeat: Repeat,
    pub role: Role,
    pub head: &'static [Slot],
    pub options: &'static [OptionSpec],
    /// Where the block stands: behind head and options, or (`await`) between them; the reader
    /// takes it at either place.
    pub block: BlockShape,
    /// One line without a full stop.
    pub summary: &'static str,
    /// Markdown for hover texts and `docs/clauses.md`.
    pub documentation: &'static str,
    /// A few lines of a plan that use it.
    pub example: &'static str,
    pub check: Check,
    pub lower: Lower,
}

impl ClauseSpec {
    /// What a clause is that has a word and nothing else; specs are written as changes to it.
    pub(super) const PLAIN: Self = Self {
        word: "",
        places: &[],
        repeat: Repeat::Once,
        role: Role::Attribute,
        head: &[],
        options: &[],
        block: BlockShape::None,
        summary: "",
        documentation: "",
        example: "",
        check: no_check,
        lower: lowers_to_nothing,
    };

    pub fn stands_in(&self, place: Place) -> bool {
        self.places.contains(&place)
    }

    /// Whether the block stands before the options, as in `await { … } every 5s`.
    pub fn block_comes_first(&self) -> bool {
        self.role == Role::Action && self.block != BlockShape::None
    }
}
