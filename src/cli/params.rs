//! Params: from `-p`, `--params`, the environment and defaults, typed and checked, all at once.

use std::collections::HashMap;
use std::path::Path;

use indexmap::IndexMap;

use super::disk::read_settings;
use super::exit::Failed;
use super::output;
use crate::config::params::{Given, read};
use crate::diagnostic::closest;
use crate::exec::graph::Graph;
use crate::exec::params::{default_value, with_place};
use crate::exec::scope::Surroundings;
use crate::ir::{Binding, BindingKind, Plan};
use crate::value::{BindingId, Masker, Type, Value, read_text};

/// The values of all params: those for the journal, in which secrets are `***`, and the secrets.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) values: IndexMap<BindingId, Value>,
    pub(super) secrets: HashMap<BindingId, Value>,
}

impl Params {
    /// Hides the secrets.
    pub(super) fn masker(&self) -> Masker {
        Masker::new(self.secrets.values().flat_map(texts))
    }
}

/// All texts in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().flat_map(texts).collect(),
        secret => vec![secret.to_text()],
    }
}

/// Texts given for params, by path.
pub(super) type GivenParams = IndexMap<String, Given>;

/// Reads `-p NAME=VALUE` and `--params FILE`; the former wins.
pub(super) fn given(pairs: &[String], file: Option<&Path>) -> Result<GivenParams, Failed> {
    let mut given = match file {
        Some(file) => from_file(file)?,
        None => GivenParams::new(),
    };
    let mut said: GivenParams = GivenParams::new();
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Failed::wrong(format!("-p takes NAME=VALUE, and `{pair}` has no `=`")));
        };
        let value = value.to_owned();
        match said.get_mut(name) {
            None => drop(said.insert(name.to_owned(), Given::One(value))),
            Some(Given::Many(values)) => values.push(value),
            Some(one) => {
                let Given::One(first) = one.clone() else { continue };
                *one = Given::Many(vec![first, value]);
            }
        }
    }
    given.extend(said);
    Ok(given)
}

fn from_file(file: &Path) -> Result<GivenParams, Failed> {
    let name = file.display();
    let text = read_settings(file)
        .map_err(|why| Failed::wrong(format!("`{name}` cannot be read: {why}")))?;
    read(&text).map_err(|wrong| {
        let lines = wrong.iter().map(|w| format!("{name}:{}:{}: {}", w.line, w.column, w.message));
        Failed::wrong(output::first_of(lines).join("\ngoalc: "))
    })
}

/// Gives every param its value. All that is missing or wrong comes back in one go.
pub(super) fn resolve(
    graph: &std::sync::Arc<Graph>,
    given: &GivenParams,
    world: &dyn Surroundings,
) -> Result<Params, Vec<String>> {
    resolve_each(graph, given, world)
        .map_err(|wrong| wrong.into_iter().map(|(_, why)| why).collect())
}

/// What is wrong, with the param that it is wrong with.
type Problem<'g> = (Option<&'g BindingId>, String);

fn resolve_each<'g>(
    graph: &'g std::sync::Arc<Graph>,
    given: &GivenParams,
    world: &dyn Surroundings,
) -> Result<Params, Vec<Problem<'g>>> {
    let plan = graph.plan();
    let mut wrong: Vec<Problem<'g>> =
        unknown(plan, given).into_iter().map(|why| (None, why)).collect();
    let mut params = Params::default();
    for (id, binding) in &plan.bindings {
        let BindingKind::Param { bound: None, default, .. } = &binding.kind else { continue };
        let value = match text_for(id, given, world) {
            Some((given, from)) => {
                read_given(&given, &binding.ty).map_err(|why| format!("param `{id}`{from} {why}"))
            }
            None => match default {
                None => Err(missing(id, binding)),
                Some(default) => {
                    default_value(graph, (&params.values, &params.secrets), binding, default, world)
                        .map_err(|why| {
                            format!(
                                "param `{id}` is not given, and its default has no value: {why}"
                            )
                        })
                }
            },
        };
        let checked = value.and_then(|value| {
            allowed(graph, &params, binding, &value, world)
                .map_err(|why| format!("param `{id}` {why}"))?;
            Ok(value)
        });
        match checked {
            Ok(value) => {
                if value.is_secret() {
                    params.secrets.insert(id.clone(), value.clone());
                }
                params.values.insert(id.clone(), value);
            }
            Err(why) => wrong.push((Some(id), why)),
        }
    }
    if wrong.is_empty() { Ok(params) } else { Err(wrong) }
}

/// The params that are missing or wrong, for a person to be asked; none where something else is wrong, too.
pub(super) fn unanswered<'g>(
    graph: &'g std::sync::Arc<Graph>,
    given: &GivenParams,
    world: &dyn Surroundings,
) -> Vec<(&'g BindingId, &'g Binding)> {
    let Err(wrong) = resolve_each(graph, given, world) else { return Vec::new() };
    let ids: Option<Vec<&BindingId>> = wrong.into_iter().map(|(id, _)| id).collect();
    let bindings = &graph.plan().bindings;
    ids.into_iter().flatten().filter_map(|id| bindings.get_key_value(id)).collect()
}

/// What is wrong with a param by now.
pub(super) fn problem(
    graph: &std::sync::Arc<Graph>,
    given: &GivenParams,
    world: &dyn Surroundings,
    id: &BindingId,
) -> Option<String> {
    let wrong = resolve_each(graph, given, world).err()?;
    wrong.into_iter().find_map(|(of, why)| (of == Some(id)).then_some(why))
}

/// Whether something was given for a param, be it wrong.
pub(super) fn is_given(id: &BindingId, given: &GivenParams, world: &dyn Surroundings) -> bool {
    text_for(id, given, world).is_some()
}

fn unknown(plan: &Plan, given: &GivenParams) -> Vec<String> {
    let can_be_given =
        |binding: &Binding| matches!(binding.kind, BindingKind::Param { bound: None, .. });
    let known: Vec<&str> =
        plan.bindings.iter().filter(|(_, b)| can_be_given(b)).map(|(id, _)| id.as_str()).collect();
    let strangers = given.keys().filter(|name| !known.contains(&name.as_str()));
    strangers
        .map(|name| {
            let hint = closest(name, known.iter().copied())
                .map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
            format!("there is no param `{name}`{hint}")
        })
        .collect()
}

fn missing(id: &BindingId, binding: &Binding) -> String {
    let help = match &binding.kind {
        BindingKind::Param { help: Some(help), .. } => format!(" ({help})"),
        _ => String::new(),
    };
    format!("param `{id}` is missing{help}: give it by -p {id}=… ({})", binding.ty)
}

/// What was given for a param, and where, if not on the command line.
fn text_for(
    id: &BindingId,
    given: &GivenParams,
    world: &dyn Surroundings,
) -> Option<(Given, String)> {
    if let Some(given) = given.get(id.as_str()) {
        return Some((given.clone(), String::new()));
    }
    let exact = format!("GOAL_PARAM_{}", id.as_str().replace(['.', '-'], "_"));
    let names = [exact.clone(), exact.to_uppercase()];
    names.into_iter().find_map(|name| {
        let value = world.env(&name)?;
        Some((Given::One(value), format!(", from the environment's {name},")))
    })
}

fn read_given(given: &Given, ty: &Type) -> Result<Value, String> {
    match (given, ty) {
        (Given::One(text), Type::List(item)) if !text.trim_start().starts_with('[') => {
            Ok(Value::List(vec![read_text(text, item)?]))
        }
        (Given::One(text), ty) => read_text(text, ty),
        (Given::Many(texts) | Given::List(texts), Type::List(item)) => texts
            .iter()
            .map(|text| read_text(text, item))
            .collect::<Result<_, _>>()
            .map(Value::List),
        (Given::Many(_), _) => Err("is given more than once, and it is no list".to_owned()),
        (Given::List(_), ty) => Err(format!("is given a list, and is of type {ty}")),
    }
}

/// Whether a value is within the param's `matches` and `in`.
fn allowed(
    graph: &std::sync::Arc<Graph>,
    params: &Params,
    binding: &Binding,
    value: &Value,
    world: &dyn Surroundings,
) -> Result<(), String> {
    with_place(graph, (&params.values, &params.secrets), binding, world, |place| {
        crate::exec::params::allowed(place, binding, value)
    })
}
