//! Declares all names of a plan and its mounted files, and reports those that stand twice.
//!
//! Works through goals with a stack of its own, in the order of the text.

use super::edit;
use super::mount::Unit;
use super::world::{
    BindingDecl, BindingIx, BindingSource, Entity, ForeachDecl, GoalDecl, GoalIx, LostIx, NameMap,
    StepDecl, StepIx, World, variable_name,
};
use crate::clause::{
    GoalOutline, LetOutline, MountOutline, ParamOutline, StepOutline, own_variable,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::value::{BindingId, GoalId, StepId};

/// Deeper mounts are refused.
const DEEPEST_MOUNT: usize = 64;

/// More mounts than this, counted each time that a file is mounted, are refused.
const MOST_MOUNTS: usize = 1000;

/// All declarations of these files.
pub(super) fn declare<'a>(units: &'a [Unit], diagnostics: &mut Diagnostics) -> World<'a> {
    let mut declaring =
        Declaring { units, world: World::default(), waiting: Vec::new(), mounts: 0, diagnostics };
    if let Some(root) = units.first() {
        declaring.goal(&root.outline, None, 0, None);
    }
    while let Some(waiting) = declaring.waiting.pop() {
        declaring.item(waiting);
    }
    let mut world = declaring.world;
    world.steps.shrink_to_fit();
    foreach_names(&mut world, diagnostics);
    world
}

#[derive(Clone, Copy)]
enum Item<'a> {
    Param(&'a ParamOutline),
    Let(&'a LetOutline),
    Step(&'a StepOutline),
    Goal(&'a GoalOutline),
    Mount(&'a MountOutline),
}

impl Item<'_> {
    fn start(self) -> u32 {
        match self {
            Self::Param(each) => each.span.start,
            Self::Let(each) => each.span.start,
            Self::Step(each) => each.span.start,
            Self::Goal(each) => each.span.start,
            Self::Mount(each) => each.span.start,
        }
    }
}

struct Waiting<'a> {
    item: Item<'a>,
    parent: GoalIx,
    unit: usize,
}

struct Declaring<'a, 'd> {
    units: &'a [Unit],
    world: World<'a>,
    waiting: Vec<Waiting<'a>>,
    mounts: usize,
    diagnostics: &'d mut Diagnostics,
}

impl<'a> Declaring<'a, '_> {
    fn item(&mut self, Waiting { item, parent, unit }: Waiting<'a>) {
        match item {
            Item::Param(param) => self.binding(&param.name, BindingSource::Param(param), parent),
            Item::Let(each) => self.binding(&each.name, BindingSource::Let(each), parent),
            Item::Step(step) => self.step(step, parent),
            Item::Goal(goal) => self.goal(goal, Some(parent), unit, None),
            Item::Mount(mount) => self.mount(mount, parent, unit),
        }
    }

    fn goal(
        &mut self,
        outline: &'a GoalOutline,
        parent: Option<GoalIx>,
        unit: usize,
        mount: Option<&'a MountOutline>,
    ) {
        let ix = GoalIx::new(self.world.goals.len());
        let name = mount.map_or(&outline.name, |mount| &mount.name);
        let above = parent.map(|parent| self.world.goal(parent));
        let depth = above.map_or(0, |parent| parent.depth) + usize::from(mount.is_some());
        let id = above.map_or_else(GoalId::root, |up| GoalId::new(up.id.join(&name.value)));
        let from = &self.units[unit];
        self.world.goals.push(GoalDecl {
            id,
            outline,
            parent,
            mount,
            folder: mount.map(|_| from.folder.clone()),
            depth,
            names: NameMap::default(),
            variables: NameMap::default(),
        });
        if let Some(parent) = parent {
            self.name(parent, name, Entity::Goal(ix));
        }
        self.world.steps.reserve(outline.steps.len());
        self.world.goals[ix.at()].names.reserve(outline.steps.len());
        let mut items: Vec<Item<'a>> = outline.params.iter().map(Item::Param).collect();
        items.extend(outline.lets.iter().map(Item::Let));
        items.extend(outline.steps.iter().map(Item::Step));
        items.extend(outline.goals.iter().map(Item::Goal));
        items.extend(outline.mounts.iter().map(Item::Mount));
        items.sort_by_key(|item| std::cmp::Reverse(item.start()));
        self.waiting.extend(items.into_iter().map(|item| Waiting { item, parent: ix, unit }));
    }

    fn mount(&mut self, mount: &'a MountOutline, parent: GoalIx, unit: usize) {
        let Some(target) = self.units[unit].mounts.get(&mount.span).copied() else {
            self.lost(mount, parent);
            return;
        };
        self.mounts += 1;
        if self.world.goal(parent).depth >= DEEPEST_MOUNT || self.mounts > MOST_MOUNTS {
            self.lost(mount, parent);
            self.too_many(mount.file.span);
            return;
        }
        self.goal(&self.units[target].outline, Some(parent), target, Some(mount));
    }

    fn lost(&mut self, mount: &'a MountOutline, parent: GoalIx) {
        let ix = LostIx::new(self.world.lost.len());
        self.world.lost.push(mount.name.span);
        self.name(parent, &mount.name, Entity::Lost(ix));
    }

    fn too_many(&mut self, place: Span) {
        // Past the limit each further mount would say the same.
        if self.mounts > MOST_MOUNTS + 1 {
            return;
        }
        let message =
            format!("mounts go at most {DEEPEST_MOUNT} deep, and there are at most {MOST_MOUNTS}");
        let help = "mount fewer files, or each of them once";
        self.diagnostics
            .report(Diagnostic::new(Code::E0601, message, place, "one too many").help(help));
    }

    fn step(&mut self, outline: &'a StepOutline, parent: GoalIx) {
        let ix = StepIx::new(self.world.steps.len());
        let id = StepId::new(self.world.goal(parent).id.join(&outline.name.value));
        let foreach = edit::one(&outline.clauses, "foreach").and_then(|clause| {
            let name = edit::first_name(clause)?;
            let items = edit::foreach_items(clause);
            Some(Box::new(ForeachDecl { name, items, batch: clause.has("batch") }))
        });
        self.world.steps.push(StepDecl { id, outline, goal: parent, foreach });
        self.name(parent, &outline.name, Entity::Step(ix));
    }

    fn binding(&mut self, name: &'a Spanned<Box<str>>, source: BindingSource<'a>, goal: GoalIx) {
        let ix = BindingIx::new(self.world.bindings.len());
        let id = BindingId::new(self.world.goal(goal).id.join(&name.value));
        self.world.bindings.push(BindingDecl { id, name, goal, source });
        self.name(goal, name, Entity::Binding(ix));
        let variable = variable_name(&name.value);
        self.diagnostics.extend(own_variable(name));
        let first = *self.world.goals[goal.at()].variables.entry(variable.clone()).or_insert(ix);
        let first = self.world.binding(first).name;
        if first.value != name.value {
            self.diagnostics.report(same_variable(&variable, name, first));
        }
    }

    fn name(&mut self, goal: GoalIx, name: &'a Spanned<Box<str>>, entity: Entity) {
        let names = &mut self.world.goals[goal.at()].names;
        if let Some(first) = names.get(&*name.value).copied() {
            let (kind, was) = (self.world.kind(entity), self.world.kind(first));
            self.diagnostics.report(twice(kind, name, was, self.world.place(first)));
        } else {
            names.insert(&name.value, entity);
        }
    }
}

fn twice(kind: &str, name: &Spanned<Box<str>>, was: &str, first: Span) -> Diagnostic {
    let text = &name.value;
    let message = if kind == was {
        format!("there are two {kind}s called `{text}`")
    } else {
        format!("`{text}` is both a {was} and a {kind}")
    };
    Diagnostic::new(Code::E0203, message, name.span, format!("this {kind} has a name in use"))
        .label(first, format!("the {was} `{text}` is here"))
        .help(format!("give one of them another name, as `{text}-2`"))
}

fn same_variable(
    variable: &str,
    name: &Spanned<Box<str>>,
    first: &Spanned<Box<str>>,
) -> Diagnostic {
    let message = format!(
        "`{}` and `{}` both become the environment variable `{variable}`",
        first.value, name.value
    );
    Diagnostic::new(Code::E0203, message, name.span, "the same variable again")
        .label(first.span, "the first of the two")
        .help(format!("give one of them another name, as `{}-2`", name.value))
}

/// The names of `foreach` share the name space of the goal that their steps stand in.
fn foreach_names(world: &mut World<'_>, diagnostics: &mut Diagnostics) {
    for step in &world.steps {
        let Some(foreach) = step.foreach() else { continue };
        diagnostics.extend(own_variable(foreach.name));
        let goal = world.goal(step.goal);
        if let Some(other) = goal.names.get(&*foreach.name.value) {
            let (kind, place) = (world.kind(*other), world.place(*other));
            diagnostics.report(foreach_twice(foreach.name, kind, place));
            continue;
        }
        let variable = variable_name(&foreach.name.value);
        if let Some(other) = goal.variables.get(&variable) {
            let other = world.binding(*other).name;
            let mut both = [foreach.name, other];
            both.sort_by_key(|name| name.span);
            diagnostics.report(same_variable(&variable, both[1], both[0]));
        }
    }
}

fn foreach_twice(name: &Spanned<Box<str>>, kind: &str, place: Span) -> Diagnostic {
    let text = &name.value;
    let message = format!("`{text}` is both a {kind} and the name of an item");
    let (later, earlier) = if name.span > place { (name.span, place) } else { (place, name.span) };
    let what = |span: Span| {
        if span == name.span {
            format!("items are called `{text}` here")
        } else {
            format!("the {kind} `{text}` is here")
        }
    };
    Diagnostic::new(Code::E0203, message, later, what(later))
        .label(earlier, what(earlier))
        .help(format!("give the items another name, as `each-{text}`"))
}
