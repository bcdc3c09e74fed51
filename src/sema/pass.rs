//! What the semantic pass knows while it works: facts about bindings, and who uses what.
//!
//! Holds data only; each other file adds the methods of its own concern.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::Options;
use super::index::{Named, Noted};
use super::shell::Shell;
use super::world::{BindingIx, GoalIx, Node, StepIx, World};
use crate::clause::GoalOutline;
use crate::diagnostic::{Diagnostic, Diagnostics, Near};
use crate::ir::{BindingKind, Blank, Edge, EdgeKind, Rare};
use crate::source::{SourceMap, Span};
use crate::value::{Type, Value};

/// Looking for "did you mean" costs time; after so many findings it stops.
const MOST_SUGGESTIONS: usize = 50;

/// Past so many bytes of scripts they are not parsed any more.
const MOST_SCRIPT_BYTES: usize = 8 << 20;

/// Past so many bytes, what could not be read is taken to declare any name.
const MOST_SEARCHED_BYTES: usize = 64 << 20;

/// Who evaluates an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    Step(StepIx),
    Goal(GoalIx),
    Binding(BindingIx),
    /// A scenario; what it uses holds nothing back.
    Scenario,
}

/// When an expression of a step or goal is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Before the run: only params without outputs are known.
    Before,
    /// When it starts, or while it runs.
    During,
    /// When its work has ended: what is inside it is known too.
    End,
}

/// A use of a step's output, or of how a step or goal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) target: Node,
    /// Where it is written.
    pub(super) scope: GoalIx,
    /// Only how it ended: any order is enough.
    pub(super) status: bool,
    /// The step or goal as it was written.
    pub(super) name: String,
    /// The whole as it was written.
    pub(super) shown: String,
}

/// A use of something, where, and when.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Used<T> {
    pub(super) what: T,
    pub(super) span: Span,
    pub(super) phase: Phase,
}

/// An edge as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenEdge {
    pub(super) to: Node,
    pub(super) span: Span,
    /// None until its clause is lowered, and where one of the same kind stands before it.
    pub(super) kind: Option<EdgeKind>,
}

/// What one user names, but for edges.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Uses {
    pub(super) needs: Vec<Used<Need>>,
    pub(super) bindings: Vec<Used<BindingIx>>,
    /// Bindings whose variables stand as words in its scripts.
    pub(super) words: BTreeSet<BindingIx>,
    /// Bindings that its scripts expand by `${name}`.
    pub(super) expanded: BTreeSet<BindingIx>,
}

impl Blank for Uses {
    fn blank() -> &'static Self {
        static BLANK: Uses = Uses {
            needs: Vec::new(),
            bindings: Vec::new(),
            words: BTreeSet::new(),
            expanded: BTreeSet::new(),
        };
        &BLANK
    }

    fn is_blank(&self) -> bool {
        self == Self::blank()
    }
}

/// What one user uses. There is one for each step, and most use little.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) uses: Rare<Uses>,
    /// Its edges as they are written.
    pub(super) edges: Vec<WrittenEdge>,
}

impl Record {
    /// Notes that an edge is written here.
    pub(super) fn edge(&mut self, to: Node, span: Span) {
        self.edges.push(WrittenEdge { to, span, kind: None });
    }

    /// Notes what kinds of edges those that are written are. `edges`: what came of them, in the order of
    /// their places, each once.
    pub(super) fn settle(&mut self, edges: &[Edge], world: &World<'_>) {
        let mut written = self.edges.iter_mut();
        for edge in edges {
            let place = written.find(|place| world.is(place.to, &edge.on));
            debug_assert!(place.is_some(), "{edge:?} is written nowhere");
            if let Some(place) = place {
                place.kind = Some(edge.kind);
            }
        }
    }

    /// Gives back the room for more, where no more is to come.
    pub(super) fn shrink(&mut self) {
        if let Some(uses) = self.uses.written() {
            uses.needs.shrink_to_fit();
            uses.bindings.shrink_to_fit();
        }
        self.edges.shrink_to_fit();
    }
}

/// What is known of a param or let.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) ty: Type,
    pub(super) kind: BindingKind,
    /// A let's value, where it is a plain one.
    pub(super) constant: Option<Value>,
    pub(super) record: Record,
    /// What it needs, itself or through others.
    pub(super) needs: Vec<Need>,
    /// It asks something that may fail or change: files, JSON, a variable without a default.
    pub(super) looks_outside: bool,
    pub(super) digest: String,
}

impl Facts {
    /// Whether each step sees it in its environment; others only where they name it.
    pub(super) fn is_public(&self) -> bool {
        !self.looks_outside && self.needs.is_empty() && !self.ty.is_secret()
    }
}

pub(super) struct Pass<'p> {
    pub(super) world: &'p World<'p>,
    /// The texts, for the edits that findings offer.
    pub(super) sources: &'p SourceMap,
    pub(super) options: &'p Options<'p>,
    pub(super) diagnostics: &'p mut Diagnostics,
    pub(super) facts: Vec<Facts>,
    pub(super) steps: Vec<Record>,
    pub(super) goals: Vec<Record>,
    scenarios: Record,
    /// The type of the item of each step that was asked for it.
    pub(super) items: HashMap<StepIx, Type>,
    pub(super) resources: HashMap<Arc<str>, Option<i64>>,
    /// Params and lets that stand as words in arguments: they may be read there.
    pub(super) mentioned: HashSet<BindingIx>,
    /// Bindings in an order in which each comes behind those that it uses.
    pub(super) order: Vec<BindingIx>,
    /// Where names are mentioned, if that is wanted.
    pub(super) noted: Option<Vec<Noted>>,
    suggestions: usize,
    /// How many more bytes of text are searched for names.
    searched_bytes: Cell<usize>,
    /// How many more bytes of scripts a shell's parser is asked about.
    pub(super) script_bytes: usize,
}

impl<'p> Pass<'p> {
    pub(super) fn new(
        world: &'p World<'p>,
        sources: &'p SourceMap,
        options: &'p Options<'p>,
        diagnostics: &'p mut Diagnostics,
    ) -> Self {
        let blank = || Facts {
            ty: Type::Any,
            kind: BindingKind::Param {
                default: None,
                matches: None,
                range: None,
                help: None,
                bound: None,
            },
            constant: None,
            record: Record::default(),
            needs: Vec::new(),
            looks_outside: false,
            digest: String::new(),
        };
        Self {
            world,
            sources,
            options,
            diagnostics,
            facts: world.bindings.iter().map(|_| blank()).collect(),
            steps: world.steps.iter().map(|_| Record::default()).collect(),
            goals: world.goals.iter().map(|_| Record::default()).collect(),
            scenarios: Record::default(),
            items: HashMap::new(),
            resources: HashMap::new(),
            mentioned: HashSet::new(),
            order: Vec::new(),
            noted: None,
            suggestions: MOST_SUGGESTIONS,
            searched_bytes: Cell::new(MOST_SEARCHED_BYTES),
            script_bytes: MOST_SCRIPT_BYTES,
        }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.report(diagnostic);
    }

    /// Notes where a name is written, if that is wanted.
    pub(super) fn note(
        &mut self,
        span: Span,
        variable: bool,
        named: impl FnOnce() -> Option<Named>,
    ) {
        if let Some(noted) = &mut self.noted {
            noted.extend(named().map(|named| Noted { span, variable, named }));
        }
    }

    pub(super) fn record(&mut self, user: User) -> &mut Record {
        match user {
            User::Step(ix) => &mut self.steps[ix.at()],
            User::Goal(ix) => &mut self.goals[ix.at()],
            User::Binding(ix) => &mut self.facts[ix.at()].record,
            User::Scenario => &mut self.scenarios,
        }
    }

    pub(super) fn facts(&self, ix: BindingIx) -> &Facts {
        &self.facts[ix.at()]
    }

    /// Whether what could not be read of a goal may declare a name: it stands there.
    pub(super) fn may_declare(&self, goal: &GoalOutline, name: &str) -> bool {
        goal.unread.iter().any(|span| self.stands_in(name, *span))
    }

    /// Whether a name stands in a piece of text as a whole word; also where looking for more of
    /// them would take too long.
    pub(super) fn stands_in(&self, name: &str, span: Span) -> bool {
        let text = self.sources.slice(span);
        let Some(left) = self.searched_bytes.get().checked_sub(text.len()) else { return true };
        self.searched_bytes.set(left);
        let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        text.match_indices(name).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            !before.is_some_and(is_letter) && !after.is_some_and(is_letter)
        })
    }

    /// Whether one more suggestion may be looked for.
    pub(super) fn may_suggest(&mut self) -> bool {
        self.suggestions = self.suggestions.saturating_sub(1);
        self.suggestions > 0
    }

    /// The closest of these names.
    pub(super) fn closest<'n>(
        &mut self,
        word: &str,
        names: impl FnOnce() -> Vec<&'n str>,
    ) -> Option<Near<'n>> {
        if !self.may_suggest() {
            return None;
        }
        let letters = word.chars().count();
        let far = (letters / 3).max(1);
        let near = names().into_iter().filter(|name| name.chars().count().abs_diff(letters) <= far);
        crate::diagnostic::nearest(word, near)
    }

    /// Works in a place.
    pub(super) fn scope(&mut self, place: Place) -> Scope<'_, 'p> {
        Scope { pass: self, place }
    }
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Whose names are seen.
    pub(super) scope: GoalIx,
    /// Where the names of edges are looked up first.
    pub(super) edges: GoalIx,
    /// The step whose item is seen.
    pub(super) item: Option<StepIx>,
    pub(super) user: User,
    pub(super) phase: Phase,
    /// What scripts are written for.
    pub(super) shell: Shell,
}

impl Place {
    pub(super) fn new(scope: GoalIx, user: User) -> Self {
        Self { scope, edges: scope, item: None, user, phase: Phase::During, shell: Shell::Posix }
    }
}

/// The pass at one place: what resolves and types expressions.
pub(super) struct Scope<'s, 'p> {
    pub(super) pass: &'s mut Pass<'p>,
    pub(super) place: Place,
}

impl<'p> Scope<'_, 'p> {
    /// The declarations, free of this borrow.
    pub(super) fn world(&self) -> &'p World<'p> {
        self.pass.world
    }

    pub(super) fn uses(&mut self, what: BindingIx, span: Span) {
        let used = Used { what, span, phase: self.place.phase };
        self.pass.record(self.place.user).uses.bindings.push(used);
    }

    pub(super) fn needs(&mut self, what: Need, span: Span) {
        let used = Used { what, span, phase: self.place.phase };
        self.pass.record(self.place.user).uses.needs.push(used);
    }
}
