//! The names of a plan: where each is declared, what it is, and where it is mentioned.
//!
//! For editors, which need it of broken plans, too. Knows no positions but spans. Invariant: a file
//! that is mounted twice has each of its names once.

use std::sync::Arc;

use super::world::{BindingIx, Entity, Node, StepIx};
use crate::source::{FileId, Span};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    Goal,
    Step,
    Param,
    Let,
    Output,
    /// Of a `foreach`.
    Item,
    Fallback,
    Lock,
    Resource,
}

impl NameKind {
    /// As sentences call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Step => "step",
            Self::Param => "param",
            Self::Let => "let",
            Self::Output => "output",
            Self::Item => "item",
            Self::Fallback => "fallback",
            Self::Lock => "lock",
            Self::Resource => "resource",
        }
    }
}

/// What a name was declared for.
#[derive(Debug, Clone)]
pub struct Name {
    pub kind: NameKind,
    pub text: String,
    /// The name itself; for a lock, where it is mentioned first.
    pub place: Span,
    /// All of the declaration.
    pub whole: Span,
    /// Where its own names are seen; for a mount in the other file.
    pub body: Option<Span>,
    /// The goal or step around it.
    pub inside: Option<usize>,
    /// From the root, as `database.migrate`.
    pub path: String,
    pub mounted: bool,
    pub title: Option<Arc<str>>,
    pub doc: Option<Arc<str>>,
    /// Its type, as it would be written.
    pub ty: Option<String>,
    /// The words of an enumeration.
    pub words: Vec<String>,
    /// The steps and goals that it waits for, and where that is written.
    pub edges: Vec<(usize, Span)>,
    /// How often it is tried at most, where that is more than once and written in the text.
    pub attempts: Option<i64>,
}

/// A place at which a name is written that is declared elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    pub span: Span,
    /// As the environment variable that a script sees: `-` is written `_`.
    pub variable: bool,
    pub name: usize,
}

/// All names of a plan and the files that it mounts.
#[derive(Debug, Clone, Default)]
pub struct Index {
    pub names: Vec<Name>,
    /// In the order of their places.
    pub mentions: Vec<Mention>,
}

impl Index {
    /// The name that is written at an offset, and where exactly.
    pub fn at(&self, file: FileId, offset: usize) -> Option<(usize, Span)> {
        let holds = |span: Span| {
            span.file == file && span.range().start <= offset && offset <= span.range().end
        };
        let end = self
            .mentions
            .partition_point(|each| (each.span.file, each.span.range().start) <= (file, offset));
        let mentioned = self.mentions.get(..end)?.last().filter(|each| holds(each.span));
        let mentioned = mentioned.map(|each| (each.name, each.span));
        mentioned.or_else(|| {
            let declared = self.names.iter().position(|name| holds(name.place))?;
            Some((declared, self.names.get(declared)?.place))
        })
    }

    /// The innermost goal or step around an offset.
    pub fn around(&self, file: FileId, offset: usize) -> Option<usize> {
        let around = self.names.iter().enumerate().filter(|(_, name)| {
            name.body.is_some_and(|body| {
                body.file == file && body.range().start <= offset && offset <= body.range().end
            })
        });
        let inner = |(_, name): &(usize, &Name)| name.body.map_or(u32::MAX, |b| b.end - b.start);
        around.min_by_key(inner).map(|(at, _)| at)
    }

    /// The goal that holds all.
    pub fn root(&self) -> Option<usize> {
        self.names.iter().position(|name| name.kind == NameKind::Goal && name.inside.is_none())
    }

    /// What a goal or step holds.
    pub fn held(&self, by: usize) -> impl Iterator<Item = (usize, &Name)> {
        self.names.iter().enumerate().filter(move |(_, name)| name.inside == Some(by))
    }

    /// A goal or step and those around it, outwards, up to the file's end.
    pub fn outwards(&self, from: usize) -> impl Iterator<Item = usize> {
        let mut ended = false;
        std::iter::successors(Some(from), |at| self.names.get(*at)?.inside).take_while(move |at| {
            let go_on = !ended;
            ended = self.names.get(*at).is_some_and(|name| name.mounted);
            go_on
        })
    }
}

/// What a part of a name stands for, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Named {
    Entity(Node),
    Binding(BindingIx),
    Item(StepIx),
    Output(StepIx, Box<str>),
}

impl Named {
    pub(super) fn of(entity: Entity) -> Option<Self> {
        match entity {
            Entity::Step(ix) => Some(Self::Entity(Node::Step(ix))),
            Entity::Goal(ix) => Some(Self::Entity(Node::Goal(ix))),
            Entity::Binding(ix) => Some(Self::Binding(ix)),
            Entity::Lost(_) => None,
        }
    }
}

/// A mention as the pass notes it.
#[derive(Debug, Clone)]
pub(super) struct Noted {
    pub(super) span: Span,
    pub(super) variable: bool,
    pub(super) named: Named,
}
