//! What a plan declares: goals, steps, params and lets, each under an index, with the tables in
//! which names are found.
//!
//! Knows no types of expressions and no edges. Indices stay valid where names are declared twice.

use std::collections::HashMap;

use super::edit;
use crate::clause::{GoalOutline, LetOutline, MountOutline, ParamOutline, StepOutline};
use crate::source::{Span, Spanned};
use crate::syntax;
use crate::value::{BindingId, GoalId, NodeId, StepId, Type};

/// An index of 32 bits: a plan has fewer declarations than its text has bytes.
macro_rules! index {
    ($name:ident) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(super) struct $name(u32);

        impl $name {
            pub(super) fn new(at: usize) -> Self {
                Self(u32::try_from(at).unwrap_or(u32::MAX))
            }

            pub(super) fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(GoalIx);
index!(StepIx);
index!(BindingIx);
index!(LostIx);

/// The root goal's index.
pub(super) const ROOT: GoalIx = GoalIx(0);

/// A step or a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Node {
    Step(StepIx),
    Goal(GoalIx),
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entity {
    Step(StepIx),
    Goal(GoalIx),
    Binding(BindingIx),
    /// A mount whose file could not be read: nothing about its inside is reported.
    Lost(LostIx),
}

/// Every word of every script is looked up in it.
pub(super) type NameMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

#[derive(Debug)]
pub(super) struct GoalDecl<'a> {
    pub(super) id: GoalId,
    pub(super) outline: &'a GoalOutline,
    pub(super) parent: Option<GoalIx>,
    /// The mount that brought it from another file.
    pub(super) mount: Option<&'a MountOutline>,
    pub(super) folder: Option<String>,
    pub(super) depth: usize,
    pub(super) names: NameMap<&'a str, Entity>,
    /// Params and lets by the environment variable that they become.
    pub(super) variables: NameMap<String, BindingIx>,
}

impl GoalDecl<'_> {
    /// As messages call it.
    pub(super) fn shown(&self) -> &str {
        if self.id.is_root() { &self.outline.name.value } else { self.id.as_str() }
    }
}

/// An output's name and type.
pub(super) type OutputDecl<'a> = (&'a Spanned<Box<str>>, &'a Type);

/// The type of an output that says none.
static ANY: Type = Type::Any;

#[derive(Debug)]
pub(super) struct StepDecl<'a> {
    pub(super) id: StepId,
    pub(super) outline: &'a StepOutline,
    pub(super) goal: GoalIx,
    /// Few steps have one.
    pub(super) foreach: Option<Box<ForeachDecl<'a>>>,
}

impl<'a> StepDecl<'a> {
    pub(super) fn outputs(&self) -> impl Iterator<Item = OutputDecl<'a>> + use<'a> {
        edit::all(&self.outline.clauses, "output").filter_map(|clause| {
            let ty = edit::first_type(clause).map_or(&ANY, |ty| &ty.value);
            Some((edit::first_name(clause)?, ty))
        })
    }

    pub(super) fn foreach(&self) -> Option<ForeachDecl<'a>> {
        self.foreach.as_deref().copied()
    }

    pub(super) fn output(&self, name: &str) -> Option<&Type> {
        self.outputs().find(|(each, _)| *each.value == *name).map(|(_, ty)| ty)
    }
}

/// `foreach NAME in expr`
#[derive(Debug, Clone, Copy)]
pub(super) struct ForeachDecl<'a> {
    pub(super) name: &'a Spanned<Box<str>>,
    pub(super) items: Option<&'a syntax::Expr>,
    pub(super) batch: bool,
}

#[derive(Debug)]
pub(super) struct BindingDecl<'a> {
    pub(super) id: BindingId,
    pub(super) name: &'a Spanned<Box<str>>,
    pub(super) goal: GoalIx,
    pub(super) source: BindingSource<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum BindingSource<'a> {
    Param(&'a ParamOutline),
    Let(&'a LetOutline),
}

impl BindingSource<'_> {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Param(_) => "param",
            Self::Let(_) => "let",
        }
    }
}

/// All declarations of a plan and the files that it mounts.
#[derive(Debug, Default)]
pub(super) struct World<'a> {
    pub(super) goals: Vec<GoalDecl<'a>>,
    pub(super) steps: Vec<StepDecl<'a>>,
    pub(super) bindings: Vec<BindingDecl<'a>>,
    /// The names of mounts whose files could not be read.
    pub(super) lost: Vec<Span>,
}

impl<'a> World<'a> {
    pub(super) fn goal(&self, ix: GoalIx) -> &GoalDecl<'a> {
        &self.goals[ix.at()]
    }

    pub(super) fn step(&self, ix: StepIx) -> &StepDecl<'a> {
        &self.steps[ix.at()]
    }

    pub(super) fn binding(&self, ix: BindingIx) -> &BindingDecl<'a> {
        &self.bindings[ix.at()]
    }

    pub(super) fn goal_ids(&self) -> impl Iterator<Item = GoalIx> + use<> {
        (0..self.goals.len()).map(GoalIx::new)
    }

    pub(super) fn step_ids(&self) -> impl Iterator<Item = StepIx> + use<> {
        (0..self.steps.len()).map(StepIx::new)
    }

    pub(super) fn binding_ids(&self) -> impl Iterator<Item = BindingIx> + use<> {
        (0..self.bindings.len()).map(BindingIx::new)
    }

    /// A goal and those around it, outwards, through mounts.
    pub(super) fn outwards(&self, goal: GoalIx) -> impl Iterator<Item = (GoalIx, &GoalDecl<'a>)> {
        std::iter::successors(Some(goal), |ix| self.goal(*ix).parent).map(|ix| (ix, self.goal(ix)))
    }

    /// The goals whose names are seen in a goal: outwards, up to the file's end.
    pub(super) fn visible(&self, goal: GoalIx) -> impl Iterator<Item = (GoalIx, &GoalDecl<'a>)> {
        let mut ended = false;
        self.outwards(goal).take_while(move |(_, decl)| {
            let go_on = !ended;
            ended = decl.mount.is_some();
            go_on
        })
    }

    /// The path of a step or goal from the root, as messages call it.
    pub(super) fn shown(&self, node: Node) -> &str {
        match node {
            Node::Step(ix) => self.step(ix).id.as_str(),
            Node::Goal(ix) => self.goal(ix).shown(),
        }
    }

    /// Whether this is the id of a node.
    pub(super) fn is(&self, node: Node, id: &NodeId) -> bool {
        match (id, node) {
            (NodeId::Step(id), Node::Step(ix)) => *id == self.step(ix).id,
            (NodeId::Goal(id), Node::Goal(ix)) => *id == self.goal(ix).id,
            _ => false,
        }
    }

    /// Where a thing's name was written.
    pub(super) fn place(&self, entity: Entity) -> Span {
        match entity {
            Entity::Step(ix) => self.step(ix).outline.name.span,
            Entity::Goal(ix) => self.goal_name(ix),
            Entity::Binding(ix) => self.binding(ix).name.span,
            Entity::Lost(ix) => self.lost[ix.at()],
        }
    }

    fn goal_name(&self, ix: GoalIx) -> Span {
        let goal = self.goal(ix);
        goal.mount.map_or(goal.outline.name.span, |mount| mount.name.span)
    }

    /// The word for what a thing is.
    pub(super) fn kind(&self, entity: Entity) -> &'static str {
        match entity {
            Entity::Step(_) => "step",
            Entity::Goal(_) | Entity::Lost(_) => "goal",
            Entity::Binding(ix) => self.binding(ix).source.word(),
        }
    }

    /// The param or let that a variable of this name holds in a goal's scripts.
    pub(super) fn variable(&self, scope: GoalIx, name: &str) -> Option<BindingIx> {
        self.visible(scope).find_map(|(_, goal)| goal.variables.get(name).copied())
    }
}

/// The environment variable that a name becomes.
pub(super) fn variable_name(name: &str) -> String {
    name.replace('-', "_")
}

/// Whether a shell can expand `${name}`.
pub(super) fn is_shell_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
