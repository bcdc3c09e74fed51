//! What is said of names that are unknown, or are not what is needed where they stand.
//!
//! Looking for what was meant costs time, so it is done a bounded number of times.

use super::lookup::{Part, Seen, dotted, whole_span};
use super::pass::{Scope, User};
use super::world::{BindingIx, Entity, NameMap, StepIx};
use crate::clause::NO_OUTPUTS;
use crate::diagnostic::{Code, Diagnostic};

/// What is written for truth and falsehood elsewhere.
fn meant_as_literal(name: &str) -> Option<&'static str> {
    match name.to_lowercase().as_str() {
        "true" | "yes" | "on" => Some("true"),
        "false" | "no" | "off" => Some("false"),
        _ => None,
    }
}

/// What may be meant by a name that is declared nowhere.
fn not_declared(name: &str) -> String {
    if name.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_') {
        return format!(
            "an environment variable is `env(\"{name}\")`; a name of the plan's own is declared, as \
             `let {name} = \"…\"`"
        );
    }
    match name {
        "stdout" | "stderr" | "stdin" => {
            "what a step writes is an output's value: `output NAME: string from stdout` in it"
                .to_owned()
        }
        "exit_code" | "exitcode" | "returncode" | "rc" => {
            "an attempt that ends with another exit code than 0 has failed; how a step ended is \
             `STEP.status`"
                .to_owned()
        }
        "not" => "write `!` for \"not\", as `!(a == b)`".to_owned(),
        "memory" => {
            "the memory that is free is asked for where probes stand, by `memory >= SIZE`, as \
                     `memory >= 3GiB`"
                .to_owned()
        }
        _ => {
            format!(
                "declare it, as `param {name}: string`; the word itself is written `\"{name}\"`"
            )
        }
    }
}

/// Whether nothing but a declaration is meant by a name: a param or `let` has no parts.
fn not_declared_as_value(name: &str) -> bool {
    !matches!(
        name,
        "stdout"
            | "stderr"
            | "stdin"
            | "exit_code"
            | "exitcode"
            | "returncode"
            | "rc"
            | "not"
            | "memory"
    )
}

impl Scope<'_, '_> {
    /// `build.digest` where `build` is meant; `rest` is what stands behind the step.
    pub(super) fn edge_to_output(&mut self, step: &[Part], part: &Part, rest: &[Part]) {
        let behind = whole_span(step).at_end().to(whole_span(rest));
        let step = dotted(step);
        let message = format!("`{step}` is a step, and only steps and goals can be waited for");
        self.pass.report(
            Diagnostic::new(Code::E0201, message, part.span, "not a step or goal")
                .help(format!("write `{step}`: whoever depends on it may use its outputs"))
                .fix(behind, ""),
        );
    }

    pub(super) fn edge_to_binding(&mut self, ix: BindingIx, part: &Part) {
        let binding = self.world().binding(ix);
        let kind = binding.source.word();
        let message =
            format!("`{}` is a {kind}, and only steps and goals can be waited for", part.value);
        self.pass.report(
            Diagnostic::new(Code::E0201, message, part.span, "not a step or goal")
                .label(binding.name.span, format!("the {kind} is here"))
                .help(format!("take it out; a {kind}'s value is known without waiting")),
        );
    }

    pub(super) fn unknown_edge(&mut self, part: &Part) {
        let world = self.world();
        let around = world.visible(self.place.edges);
        let own = self.own_node();
        // What nobody can wait for: itself.
        let others = move |names| nodes_of(names).filter(move |(_, node)| Some(*node) != own);
        let names =
            || around.flat_map(|(_, goal)| others(&goal.names).map(|(name, _)| name)).collect();
        let close = self.pass.closest(&part.value, names);
        let message = format!("there is no step or goal called `{}`", part.value);
        let found = Diagnostic::new(Code::E0201, message, part.span, "not known here");
        let found = match close {
            Some(near) => found.meant(part.span, near),
            None => found.maybe_help(self.elsewhere(&part.value)),
        };
        self.pass.report(found);
    }

    /// The step or goal that is being looked at.
    fn own_node(&self) -> Option<Entity> {
        match self.place.user {
            User::Step(ix) => Some(Entity::Step(ix)),
            User::Goal(ix) => Some(Entity::Goal(ix)),
            _ => None,
        }
    }

    /// A step of that name in another goal, as it would be written from here.
    fn elsewhere(&mut self, name: &str) -> Option<String> {
        if !self.pass.may_suggest() {
            return None;
        }
        let suffix = format!(".{name}");
        let ids = self.world().steps.iter().map(|step| step.id.as_str());
        ids.filter(|id| id.ends_with(&suffix))
            .find(|id| {
                let first = id.split('.').next().unwrap_or_default();
                matches!(self.find_in(self.place.edges, first), Seen::Entity(Entity::Goal(_)))
            })
            .map(did_you_mean)
    }

    /// `rest`: what stands behind the name, as an output's name behind that of a step.
    pub(super) fn unknown_name(&mut self, part: &Part, rest: &[Part]) {
        let world = self.world();
        let name = &part.value;
        let item = self.place.item.and_then(|step| world.step(step).foreach());
        let item = item.map(|each| &*each.name.value);
        let around = world.visible(self.place.scope);
        let known = around.flat_map(|(_, goal)| goal.names.keys().copied());
        let names = || known.chain(item).collect();
        let close = self.pass.closest(name, names);
        let outside = world
            .outwards(self.place.scope)
            .any(|(_, goal)| matches!(goal.names.get(&**name), Some(Entity::Binding(_))));
        let inside = if close.is_none() && !rest.is_empty() { self.elsewhere(name) } else { None };
        let message = format!("nothing here is called `{name}`");
        let found = Diagnostic::new(Code::E0202, message, part.span, "not known here");
        self.pass.report(match close {
            _ if self.is_own_item(name) => found.help(
                "this is asked once, before there are items: give `foreach` a list without those that \
                 are not wanted",
            ),
            Some(near) => found.meant(part.span, near),
            None if outside => found.help(format!(
                "a mounted file sees only its own names: add `param {name}: string` here and bind \
                 it where the file is mounted"
            )),
            None => match (meant_as_literal(name), inside) {
                (Some(literal), _) => {
                    found.help(format!("write `{literal}`, or `\"{name}\"` for the word"))
                }
                (None, Some(inside)) => found.help(inside),
                (None, None) if !rest.is_empty() && not_declared_as_value(name) => {
                    let text = dotted(&[std::slice::from_ref(part), rest].concat());
                    found.help(format!(
                        "only steps and goals have parts: a step's output is `STEP.OUTPUT`; the text \
                         itself is written `\"{text}\"`"
                    ))
                }
                (None, None) => found.help(not_declared(name)),
            },
        });
    }

    /// The name of the step's items, where there are none yet.
    fn is_own_item(&self, name: &str) -> bool {
        let User::Step(ix) = self.place.user else { return false };
        let foreach = self.world().step(ix).foreach();
        foreach.is_some_and(|foreach| *foreach.name.value == *name)
    }

    pub(super) fn unknown_output(&mut self, step: StepIx, part: &Part, also: &[&'static str]) {
        let decl = self.world().step(step);
        if decl.outline.damaged && self.pass.stands_in(&part.value, decl.outline.span) {
            return;
        }
        let names: Vec<&str> = decl.outputs().map(|(name, _)| &*name.value).collect();
        let known = || names.iter().copied().chain(also.iter().copied()).collect();
        let close = self.pass.closest(&part.value, known);
        let message = format!("step `{}` has no output `{}`", decl.id, part.value);
        let found = Diagnostic::new(Code::E0204, message, part.span, "no such output")
            .label(decl.outline.name.span, "the step is here");
        if NO_OUTPUTS.contains(&&*part.value) {
            let help = self.not_an_output(step, &part.value, &names);
            self.pass.report(found.help(help));
            return;
        }
        let declare = format!("declare it in the step: `output {}: string`", part.value);
        self.pass.report(match close {
            Some(near) => found.meant(part.span, near),
            None if names.is_empty() => found.help(declare),
            None => found.help(format!("its outputs are `{}`; or {declare}", names.join("`, `"))),
        });
    }

    /// What to write for a word that no output can be called, behind a step or an item of one.
    fn not_an_output(&self, step: StepIx, word: &str, outputs: &[&str]) -> String {
        let decl = self.world().step(step);
        match (word, decl.foreach()) {
            ("status", _) => format!(
                "an item is here only where its instance of `{}` has succeeded: take it out",
                decl.id
            ),
            ("via", _) => format!(
                "let `{}` and its fallbacks tell it in an output of another name, as \
                 `output way: string`",
                decl.id
            ),
            (_, Some(foreach)) => {
                format!("inside of the step its item is `{}`", foreach.name.value)
            }
            _ if outputs.is_empty() => "it has no `foreach`, so it has no items".to_owned(),
            _ => format!(
                "it has no `foreach`, so it has no items; its outputs are `{}`",
                outputs.join("`, `")
            ),
        }
    }

    pub(super) fn too_deep(&mut self, name: &str, part: &Part) {
        let message = format!("`{name}` is a value and has no `{}`", part.value);
        let help = format!("write `{name}`");
        self.pass.report(
            Diagnostic::new(Code::E0202, message, part.span, "a value has no parts").help(help),
        );
    }

    pub(super) fn not_a_value(&mut self, entity: Entity, name: &[Part]) {
        let kind = self.world().kind(entity);
        let name_text = dotted(name);
        let output = match entity {
            Entity::Step(ix) => self.world().step(ix).outputs().next(),
            _ => None,
        };
        let help = match output {
            Some((output, _)) => {
                format!(
                    "write `{name_text}.{}` for its output, or `{name_text}.status`",
                    output.value
                )
            }
            None => format!("write `{name_text}.status` for how it ended"),
        };
        let message = format!("`{name_text}` is a {kind}, not a value");
        self.pass.report(
            Diagnostic::new(Code::E0301, message, whole_span(name), format!("a {kind}")).help(help),
        );
    }
}

/// The steps and goals among names.
pub(super) fn nodes_of<'n>(
    names: &NameMap<&'n str, Entity>,
) -> impl Iterator<Item = (&'n str, Entity)> {
    names
        .iter()
        .filter(|(_, entity)| !matches!(entity, Entity::Binding(_)))
        .map(|(name, entity)| (*name, *entity))
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}
