//! What expressions see in a run: params, lets, outputs, items, and the world around the plan.
//!
//! A let is evaluated at first use and keeps its value: the caller collects what was fixed and
//! journals it. Secrets are held here alone and never become part of the state.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::event::Status;
use super::graph::NodeIx;
use super::state::{Omission, RunState, UnitIx};
use crate::ir::{BindingKind, Guards};
use crate::value::{BindingId, EvalError, Expr, NodeId, Scope, StepId, Value, evaluate};

/// What evaluating a single expression takes of the stack at most, with room to spare: it is at most 256
/// deep.
const LARGEST_EXPR: usize = 512 * 1024;

/// By how much the stack grows where less is left.
const MORE_STACK: usize = 4 * 1024 * 1024;

/// What is outside of the plan: the caller's environment and the files.
pub trait Surroundings {
    /// The plan's own folder.
    fn root(&self) -> &Path;
    fn env(&self, name: &str) -> Option<String>;
    /// The sorted paths, relative to `folder`, that a pattern matches.
    ///
    /// # Errors
    /// Where the pattern is malformed or a folder cannot be read.
    fn glob(&self, folder: &Path, pattern: &str) -> Result<Vec<String>, EvalError>;
    fn exists(&self, path: &Path) -> bool;
    /// A file's text.
    ///
    /// # Errors
    /// Where it cannot be read, is too large or is not UTF-8.
    fn read(&self, path: &Path) -> Result<String, EvalError>;
}

/// Surroundings in which nothing is there: for looking at a plan that no one runs.
#[derive(Debug, Clone, Default)]
pub struct NoSurroundings {
    pub root: PathBuf,
}

impl Surroundings for NoSurroundings {
    fn root(&self) -> &Path {
        &self.root
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn glob(&self, _folder: &Path, _pattern: &str) -> Result<Vec<String>, EvalError> {
        Ok(Vec::new())
    }

    fn exists(&self, _path: &Path) -> bool {
        false
    }

    fn read(&self, path: &Path) -> Result<String, EvalError> {
        Err(EvalError::failed(format!("`{}` is read when the plan runs", path.display())))
    }
}

/// Values that the journal does not hold, and those that wait to be journalled.
#[derive(Debug, Default)]
pub struct Values {
    /// Secret params and lets.
    secrets: RefCell<HashMap<BindingId, Value>>,
    /// Bindings that were evaluated since the last look, in their order.
    fixed: RefCell<Vec<(BindingId, Value)>>,
    /// Bindings that are being evaluated.
    open: RefCell<Vec<BindingId>>,
}

impl Values {
    pub fn new(secrets: HashMap<BindingId, Value>) -> Self {
        Self { secrets: RefCell::new(secrets), ..Self::default() }
    }

    /// Takes the bindings that were evaluated since the last call; each is to be journalled.
    pub fn take_fixed(&self) -> Vec<(BindingId, Value)> {
        std::mem::take(&mut *self.fixed.borrow_mut())
    }

    /// Forgets bindings that are to be evaluated anew.
    pub fn forget(&self, stale: &HashSet<BindingId>) {
        self.fixed.borrow_mut().retain(|(id, _)| !stale.contains(id));
        self.secrets.borrow_mut().retain(|id, _| !stale.contains(id));
    }

    fn remember(&self, id: &BindingId, value: &Value) {
        if value.is_secret() {
            self.secrets.borrow_mut().insert(id.clone(), value.clone());
        } else {
            self.fixed.borrow_mut().push((id.clone(), value.clone()));
        }
    }

    fn recall(&self, id: &BindingId) -> Option<Value> {
        let fresh =
            self.fixed.borrow().iter().find(|(known, _)| known == id).map(|(_, v)| v.clone());
        fresh.or_else(|| self.secrets.borrow().get(id).cloned())
    }
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub state: &'a RunState,
    pub values: &'a Values,
    pub world: &'a dyn Surroundings,
    /// The goal whose folder relative paths start from.
    pub goal: NodeIx,
    pub unit: Option<UnitIx>,
    /// What the unit's attempt that is under way has given, where it is known already.
    pub own: Option<(NodeIx, &'a IndexMap<Arc<str>, Value>)>,
}

impl std::fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("goal", &self.goal).field("unit", &self.unit).finish()
    }
}

impl<'a> Place<'a> {
    /// The value of an expression here.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn value(&self, expr: &Expr) -> Result<Value, EvalError> {
        evaluate(expr, self)
    }

    /// An expression's value as text.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn text(&self, expr: &Expr) -> Result<String, EvalError> {
        self.value(expr).map(|value| value.to_text())
    }

    /// A length of time; an int or number is seconds.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn duration(&self, expr: &Expr) -> Result<std::time::Duration, EvalError> {
        match self.value(expr)? {
            Value::Duration { length } => Ok(length),
            Value::Int(seconds) => {
                Ok(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
            }
            other => Err(EvalError::failed(format!(
                "a duration is needed, and this is {}",
                other.kind()
            ))),
        }
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn count(&self, expr: &Expr) -> Result<u32, EvalError> {
        match self.value(expr)? {
            Value::Int(count) if count >= 0 => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
            Value::Int(count) => Err(EvalError::failed(format!("{count} is below zero"))),
            other => Err(EvalError::failed(format!(
                "a whole number is needed, and this is {}",
                other.kind()
            ))),
        }
    }

    /// How many cores something may keep busy: a part of one takes it whole.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn cores(&self, expr: &Expr) -> Result<u32, EvalError> {
        match self.value(expr)? {
            Value::Int(count) if count > 0 => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            // above zero, and saturating
            Value::Number(count) if count > 0.0 => Ok(count.ceil() as u32),
            Value::Int(_) | Value::Number(_) => {
                Err(EvalError::failed("`cpu` of its `limits` is not above zero"))
            }
            other => {
                Err(EvalError::failed(format!("a number is needed, and this is {}", other.kind())))
            }
        }
    }

    /// How much of each resource something takes.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn uses(&self, guards: &Guards) -> Result<IndexMap<Arc<str>, i64>, EvalError> {
        let mut amounts = IndexMap::new();
        for each in &guards.uses {
            let amount = i64::from(self.count(&each.amount)?);
            *amounts.entry(Arc::clone(&each.resource)).or_default() += amount;
        }
        Ok(amounts)
    }

    /// How much there is of each resource; nothing of one that cannot be evaluated.
    pub fn resource_limits(&self) -> IndexMap<Arc<str>, i64> {
        let resources = &self.state.graph().plan().resources;
        let all = |amount| self.count(amount).map_or(0, i64::from);
        resources.iter().map(|(name, amount)| (Arc::clone(name), all(amount))).collect()
    }

    /// A condition.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn truth(&self, expr: &Expr) -> Result<bool, EvalError> {
        match self.value(expr)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(EvalError::failed(format!(
                "a condition must be a bool, and this is {}",
                other.kind()
            ))),
        }
    }

    /// The folder of the file in which a goal is written.
    pub fn folder(&self) -> PathBuf {
        folder_of(self.state, self.world, self.goal)
    }

    fn in_goal(self, goal: NodeIx) -> Place<'a> {
        Place { goal, unit: None, ..self }
    }
}

/// The folder of the file in which a goal is written.
pub fn folder_of(state: &RunState, world: &dyn Surroundings, goal: NodeIx) -> PathBuf {
    let graph = state.graph();
    let folder = std::iter::once(goal)
        .chain(graph.enclosing(goal))
        .find_map(|goal| graph.goal(goal).and_then(|goal| goal.folder.as_deref()));
    folder.map_or_else(|| world.root().to_owned(), |folder| world.root().join(folder))
}

impl Scope for Place<'_> {
    fn binding(&self, id: &BindingId) -> Result<Value, EvalError> {
        let known = self.state.params.get(id).filter(|value| !value.is_secret());
        if let Some(value) = known.or_else(|| self.state.lets.get(id)) {
            return Ok(value.clone());
        }
        if let Some(value) = self.values.recall(id) {
            return Ok(value);
        }
        let graph = self.state.graph();
        let unset = || EvalError::Unknown(format!("`{id}`"));
        let binding = graph.plan().bindings.get(id).ok_or_else(unset)?;
        let goal = graph.goal_ix(&binding.goal).ok_or_else(unset)?;
        let (expr, place) = match &binding.kind {
            BindingKind::Let { value } => (value, self.in_goal(goal)),
            BindingKind::Param { bound: Some(bound), .. } => {
                (bound, self.in_goal(graph.parent(goal).unwrap_or(goal)))
            }
            BindingKind::Param { default: Some(default), .. } => (default, self.in_goal(goal)),
            BindingKind::Param { .. } => return Err(unset()),
        };
        if self.values.open.borrow().contains(id) {
            return Err(EvalError::failed(format!("`{id}` is defined by itself")));
        }
        self.values.open.borrow_mut().push(id.clone());
        // One let leads to the next, and there is no bound to how many do.
        let value = stacker::maybe_grow(LARGEST_EXPR, MORE_STACK, || place.value(expr));
        self.values.open.borrow_mut().pop();
        let value = value?.hidden(&binding.ty);
        // What comes from an attempt that is under way is not known for good.
        if self.own.is_none() {
            self.values.remember(id, &value);
        }
        Ok(value)
    }

    fn item(&self, name: &str) -> Result<Value, EvalError> {
        let found = self.unit.and_then(|unit| self.state.item(unit));
        if found.is_some_and(is_forgotten) {
            return Err(EvalError::failed(format!(
                "the item `{name}` is a secret, and was known only to the process that fixed it"
            )));
        }
        found.cloned().ok_or_else(|| EvalError::Unknown(format!("`{name}`")))
    }

    fn item_output(&self, item: &str, output: &str) -> Result<Value, EvalError> {
        let unknown = || EvalError::Unknown(format!("`{item}.{output}`"));
        let unit = self.unit.ok_or_else(unknown)?;
        let source =
            self.state.graph().step(unit.node).and_then(|step| step.foreach.as_ref()?.of.as_ref());
        let node = source.and_then(|id| self.state.graph().step_ix(id)).ok_or_else(unknown)?;
        let there = self.state.node(unit.node).instances.len();
        if unit.item.is_some_and(|number| number as usize >= there) {
            return Err(EvalError::failed(format!(
                "the instance behind `{item}` is gone with its item, and so is its `{output}`"
            )));
        }
        let from = self.state.unit(UnitIx { node, item: unit.item }).ok_or_else(unknown)?;
        from.outputs.get(output).cloned().ok_or_else(|| {
            EvalError::failed(format!("the instance behind `{item}` gave no `{output}`"))
        })
    }

    fn output(&self, step: &StepId, output: &str) -> Result<Value, EvalError> {
        let node = self.state.graph().step_ix(step);
        let own = self.own.filter(|(of, _)| node == Some(*of));
        if let Some(value) = own.and_then(|(_, own)| own.get(output)) {
            return Ok(value.clone());
        }
        let state = node.map(|node| self.state.node(node));
        let forgotten = || {
            EvalError::failed(format!(
                "`{step}.{output}` is a secret, and was known only to the process in which `{step}` ran"
            ))
        };
        if let Some(state) = state.filter(|state| state.items.is_some()) {
            let each = state.instances.iter().filter_map(|each| each.outputs.get(output).cloned());
            let each: Vec<Value> = each.collect();
            return if each.iter().any(is_forgotten) {
                Err(forgotten())
            } else {
                Ok(Value::List(each))
            };
        }
        match state {
            Some(state) if state.outputs.get(output).is_some_and(is_forgotten) => Err(forgotten()),
            Some(state) if state.outputs.contains_key(output) => Ok(state.outputs[output].clone()),
            Some(state) if state.omission == Some(Omission::LeftOut) => Err(EvalError::failed(
                format!("`{step}` is left out of this run, so its `{output}` is not known"),
            )),
            Some(state) if state.status.is_end() && state.status != Status::Succeeded => {
                Err(EvalError::failed(format!(
                    "`{step}` is {}, so it gave no `{output}`",
                    state.status
                )))
            }
            Some(state) if state.unit.unless == Some(true) => Err(EvalError::failed(format!(
                "`{step}` was already done (its `unless` held), so it gave no `{output}`"
            ))),
            _ => Err(EvalError::Unknown(format!("`{step}.{output}`"))),
        }
    }

    fn status(&self, node: &NodeId) -> Result<String, EvalError> {
        let known = self.state.graph().node_ix(node).and_then(|at| self.state.known_end(at));
        let known = known.map(|status| status.word().to_owned());
        known.ok_or_else(|| EvalError::Unknown(format!("`{node}.status`")))
    }

    fn via(&self, step: &StepId) -> Result<String, EvalError> {
        let known = |at: &NodeIx| self.state.known_end(*at).is_some();
        let Some(at) = self.state.graph().step_ix(step).filter(known) else {
            return Err(EvalError::Unknown(format!("`{step}.via`")));
        };
        let serves = self.state.is_serving(at);
        let present = if serves { self.state.way_name(UnitIx::of(at)) } else { None };
        Ok(present
            .or(self.state.node(at).via.clone())
            .map_or_else(String::new, |via| via.to_string()))
    }

    fn env(&self, name: &str) -> Option<String> {
        self.world.env(name)
    }

    fn glob(&self, pattern: &str) -> Result<Vec<String>, EvalError> {
        self.world.glob(&self.folder(), pattern)
    }

    fn exists(&self, path: &str) -> bool {
        self.world.exists(&self.folder().join(path))
    }

    fn read(&self, path: &str) -> Result<String, EvalError> {
        self.world.read(&self.folder().join(path))
    }
}

/// Whether a secret was read back from a journal, which holds none.
pub fn is_forgotten(value: &Value) -> bool {
    match value {
        Value::List(items) => items.iter().any(is_forgotten),
        value => value.is_secret() && value.to_text() == "***",
    }
}
