//! A file as read by the clause table: goals, steps and clauses with typed arguments, names not
//! yet looked up.
//!
//! Invariant: what is in an outline fits its spec's shapes, or its clause is marked `damaged`.

use std::ops::{Deref, DerefMut};
use std::slice;
use std::sync::Arc;

use super::{ClauseSpec, Context, Target};
use crate::ir::{self, Blank, Rare};
use crate::source::{Span, Spanned};
use crate::syntax::{Expr, StringLiteral};
use crate::value::Type;

/// `a`, `a.b`, `a?`: a step, goal or output as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub parts: Parts,
    /// Written with `?`.
    pub optional: bool,
    pub span: Span,
}

/// The parts of a dotted name. Most have one, and large plans have millions of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Parts {
    One(Spanned<Box<str>>),
    Several(Box<[Spanned<Box<str>>]>),
}

impl From<Vec<Spanned<Box<str>>>> for Parts {
    fn from(mut parts: Vec<Spanned<Box<str>>>) -> Self {
        match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => Self::One(only),
            (last, _) => {
                parts.extend(last);
                Self::Several(parts.into())
            }
        }
    }
}

impl Deref for Parts {
    type Target = [Spanned<Box<str>>];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::One(only) => slice::from_ref(only),
            Self::Several(parts) => parts,
        }
    }
}

impl DerefMut for Parts {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            Self::One(only) => slice::from_mut(only),
            Self::Several(parts) => parts,
        }
    }
}

/// An argument as its slot's shape reads it.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    Name(Spanned<Box<str>>),
    Reference(Reference),
    Text(Spanned<Box<StringLiteral>>),
    Expr(Expr),
    Word(Spanned<&'static str>),
    /// Both ends; equal where one value stands alone.
    Range(Box<(Expr, Expr)>),
    Percent(Spanned<f64>),
    Type(Spanned<Type>),
    /// A script (`ExprKind::String`) or an argv (`ExprKind::List`).
    Command(Expr),
}

/// An option that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionValue {
    pub word: &'static str,
    pub span: Span,
    pub arguments: Box<[Argument]>,
}

/// A clause that was read. Where `damaged`, a finding was reported inside it and arguments may be
/// missing: lowering does what it can and reports nothing about what is missing.
#[derive(Debug, Clone)]
pub struct Clause {
    pub spec: &'static ClauseSpec,
    /// The clause's word.
    pub word: Span,
    /// All of it, the block too.
    pub span: Span,
    /// The head's arguments in their order; an optional one that was left out is not there.
    pub head: Box<[Argument]>,
    pub options: Rare<Vec<OptionValue>>,
    /// What its block holds, read for the block's place.
    pub block: Rare<Vec<Clause>>,
    /// `NAME = expr` lines of an `env` block.
    pub bindings: Rare<Vec<(Spanned<Box<str>>, Expr)>>,
    pub damaged: bool,
}

impl Clause {
    pub fn option(&self, word: &str) -> Option<&OptionValue> {
        self.options.iter().find(|option| option.word == word)
    }

    pub fn has(&self, word: &str) -> bool {
        self.option(word).is_some()
    }

    /// The expression of an option with one argument.
    pub fn option_expr(&self, word: &str) -> Option<&Expr> {
        match self.option(word)?.arguments.first()? {
            Argument::Expr(expr) => Some(expr),
            _ => None,
        }
    }

    /// The head's expressions, in their order.
    pub fn head_exprs(&self) -> impl Iterator<Item = &Expr> {
        self.head.iter().filter_map(|argument| match argument {
            Argument::Expr(expr) => Some(expr),
            _ => None,
        })
    }

    /// The head's names, in their order.
    pub fn head_names(&self) -> impl Iterator<Item = &Spanned<Box<str>>> {
        self.head.iter().filter_map(|argument| match argument {
            Argument::Name(name) => Some(name),
            _ => None,
        })
    }

    /// The word that the head says, as in `on failure stop`.
    pub fn head_word(&self) -> Option<&'static str> {
        self.head.iter().find_map(Argument::as_word)
    }

    /// The constant text of the head or of an option (`""` for one without a word).
    pub fn text(&self, option: Option<&str>) -> Option<&Spanned<Box<StringLiteral>>> {
        let arguments = option.map_or(Some(&self.head), |word| Some(&self.option(word)?.arguments));
        arguments?.iter().find_map(|argument| match argument {
            Argument::Text(text) => Some(text),
            _ => None,
        })
    }

    /// The type that an option gives, as in `output size: int`.
    pub fn option_type(&self, word: &str) -> Option<&Spanned<Type>> {
        self.option(word)?.arguments.iter().find_map(|argument| match argument {
            Argument::Type(ty) => Some(ty),
            _ => None,
        })
    }

    /// Changes `target` by what this clause says.
    pub fn lower(&self, target: &mut Target<'_>, context: &mut dyn Context) {
        (self.spec.lower)(self, target, context);
    }

    /// Lowers all that its block holds.
    pub fn lower_block(&self, target: &mut Target<'_>, context: &mut dyn Context) {
        for inner in &self.block {
            inner.lower(target, context);
        }
    }

    /// The probes that its block holds.
    pub fn lower_probes(&self, context: &mut dyn Context) -> Vec<ir::Probe> {
        let mut probes = Vec::new();
        self.lower_block(&mut Target::Probes(&mut probes), context);
        probes
    }

    /// The head's first expression, of the type that the spec wants.
    pub fn resolve(&self, context: &mut dyn Context) -> Option<crate::value::Expr> {
        let want = self.spec.head.first()?.shape.want();
        context.expr(self.head_exprs().next()?, want)
    }

    /// All of the head's expressions that can be resolved.
    pub fn resolve_all(&self, context: &mut dyn Context) -> Vec<crate::value::Expr> {
        let Some(slot) = self.spec.head.first() else { return Vec::new() };
        self.head_exprs().filter_map(|expr| context.expr(expr, slot.shape.want())).collect()
    }

    /// An option's expression, of the type that the spec wants; `None` also where it is not there.
    pub fn resolve_option(
        &self,
        word: &str,
        context: &mut dyn Context,
    ) -> Option<crate::value::Expr> {
        let spec = self.spec.options.iter().find(|option| option.word == word)?;
        context.expr(self.option_expr(word)?, spec.slots.first()?.shape.want())
    }
}

impl Argument {
    pub fn as_word(&self) -> Option<&'static str> {
        if let Self::Word(word) = self { Some(word.value) } else { None }
    }

    pub fn as_reference(&self) -> Option<&Reference> {
        if let Self::Reference(reference) = self { Some(reference) } else { None }
    }
}

/// `param NAME: TYPE …`
#[derive(Debug, Clone)]
pub struct ParamOutline {
    pub name: Spanned<Box<str>>,
    pub ty: Option<Spanned<Type>>,
    pub matches: Option<Spanned<Box<StringLiteral>>>,
    pub range: Option<(Expr, Expr)>,
    pub default: Option<Expr>,
    pub help: Option<String>,
    pub doc: Option<Arc<str>>,
    pub span: Span,
    pub damaged: bool,
}

/// `let NAME = expr`
#[derive(Debug, Clone)]
pub struct LetOutline {
    pub name: Spanned<Box<str>>,
    pub value: Option<Expr>,
    pub span: Span,
}

/// `resource NAME N`
#[derive(Debug, Clone)]
pub struct ResourceOutline {
    pub name: Spanned<Box<str>>,
    pub amount: Option<Expr>,
    pub span: Span,
}

/// A goal with what it holds, each kind in the order of the text.
#[derive(Debug, Clone)]
pub struct GoalOutline {
    pub name: Spanned<Box<str>>,
    pub title: Option<Arc<str>>,
    pub doc: Option<Arc<str>>,
    /// All but declarations.
    pub clauses: Vec<Clause>,
    pub params: Vec<ParamOutline>,
    pub lets: Vec<LetOutline>,
    pub resources: Vec<ResourceOutline>,
    pub steps: Vec<StepOutline>,
    pub goals: Vec<GoalOutline>,
    pub mounts: Vec<MountOutline>,
    /// Those that stand beside a file's goal.
    pub scenarios: Vec<ScenarioOutline>,
    pub span: Span,
    /// Something in it could not be read; what only follows from that is not reported.
    pub damaged: bool,
    /// What could not be read, and may declare names.
    pub unread: Rare<Vec<Span>>,
}

/// `scenario "…" { … }`
#[derive(Debug, Clone)]
pub struct ScenarioOutline {
    pub name: Spanned<String>,
    pub clauses: Vec<Clause>,
}

/// `goal NAME from "./file.goal" { … }`
#[derive(Debug, Clone)]
pub struct MountOutline {
    pub name: Spanned<Box<str>>,
    pub file: Spanned<String>,
    pub doc: Option<Arc<str>>,
    /// `param = expr`
    pub bindings: Vec<(Spanned<Box<str>>, Expr)>,
    /// `depends after when confirm lock`
    pub clauses: Vec<Clause>,
    pub span: Span,
    pub damaged: bool,
}

#[derive(Debug, Clone)]
pub struct StepOutline {
    pub name: Spanned<Box<str>>,
    pub said: Rare<Said>,
    pub clauses: Box<[Clause]>,
    pub fallbacks: Rare<Vec<FallbackOutline>>,
    pub span: Span,
    pub damaged: bool,
}

/// What people are told of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub title: Option<Arc<str>>,
    /// The comment above it.
    pub doc: Option<Arc<str>>,
}

impl Blank for Said {
    fn blank() -> &'static Self {
        static BLANK: Said = Said { title: None, doc: None };
        &BLANK
    }

    fn is_blank(&self) -> bool {
        self == Self::blank()
    }
}

#[derive(Debug, Clone)]
pub struct FallbackOutline {
    pub name: Option<Spanned<Box<str>>>,
    pub clauses: Vec<Clause>,
    pub span: Span,
    pub damaged: bool,
}
