//! From a step's attempt to a process: argv, environment, folder.
//!
//! Values reach a process by its environment or its arguments, never as part of a script's text.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::folder::Desk;
use super::workdir::dir;
use super::{AttemptOrder, RunFiles, View};
use crate::exec::drive::attempt_of;
use crate::exec::graph::NodeIx;
use crate::exec::process::{OutputLine, ProcessEnv, ProcessOrder, SharedEnv};
use crate::exec::scope::{Place, Surroundings};
use crate::exec::state::UnitIx;
use crate::ir::{Argument, Attempt, Command, Environment, OutputSource, Step};
use crate::value::{EvalError, Expr, Masker, Scope, Value};

/// How long a process has between SIGTERM and SIGKILL if the plan does not say.
const GRACE: Duration = Duration::from_secs(10);

/// Params and lets longer than this are not put into every step's environment: the system takes
/// at most 128 KiB a variable.
const LARGEST_EXPORT: usize = 100_000;

/// Digits of an idempotency key.
const KEY: usize = 32;

/// Shells that take a script's own name behind `-c SCRIPT`.
const SH_FAMILY: &[&str] = &["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "yash", "busybox"];

/// What every process of a run shares.
#[derive(Debug)]
pub struct Launcher {
    pub run: String,
    /// Names the run where its processes are marked.
    pub mark: String,
    pub files: RunFiles,
    /// The caller's environment.
    pub env: Arc<SharedEnv>,
    pub masker: Arc<Masker>,
    pub lines: Option<crossbeam_channel::Sender<OutputLine>>,
}

/// What is launched: a unit's attempt, or something of a goal's.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub place: Place<'a>,
    pub node: NodeIx,
    /// Its number, counting fallbacks; 0 outside of attempts.
    pub attempt: u32,
    /// Tells its processes from those of others.
    pub number: u64,
    pub log: LogName,
    /// Its output file and its folder; attempts have them, and undos the folder.
    pub desk: Option<&'a Desk>,
}

/// Where what is launched writes its log.
#[derive(Debug, Clone, Copy)]
pub enum LogName {
    /// Its number is that of the event with which it began.
    Event,
    /// It has no event of its own: by what it is and its number.
    Of(&'static str),
    /// Nothing is kept of what it writes.
    Nowhere,
}

pub(super) type Variables = IndexMap<OsString, OsString>;

impl Launcher {
    /// The process of a command.
    ///
    /// # Errors
    /// Where a value that it needs cannot be had.
    pub fn order(
        &self,
        subject: Subject<'_>,
        command: &Command,
        ways: &[&Environment],
        bounds: (Option<Duration>, Duration),
    ) -> Result<ProcessOrder, EvalError> {
        let mut variables = self.variables(subject, ways)?;
        if let Command::Script(script) = command {
            for (name, expr) in &script.variables {
                set(&mut variables, name, &subject.place.value(expr)?)?;
            }
        }
        let argv = argv(subject, command, ways)?;
        let cookie = self.cookie(subject);
        variables.insert("GOALC_STEP".into(), cookie.clone().into());
        Ok(ProcessOrder {
            argv,
            env: ProcessEnv::new(Arc::clone(&self.env), variables.into_iter().collect()),
            dir: dir(subject.place, ways)?,
            cookie: format!("GOALC_STEP={cookie}").into(),
            timeout: bounds.0,
            grace: bounds.1,
            log: self.log(subject),
            masker: Arc::clone(&self.masker),
            lines: self.lines.clone(),
            tag: u64::from(subject.node.0) << 32 | u64::from(item_tag(subject.place.unit)),
            ..ProcessOrder::default()
        })
    }

    /// Where steps look programs up.
    pub fn search_path(&self) -> OsString {
        self.env.get("PATH").map(OsStr::to_owned).unwrap_or_default()
    }

    fn cookie(&self, subject: Subject<'_>) -> String {
        format!("{}:{}:{}", self.mark, subject.node.0, subject.number)
    }

    fn log(&self, subject: Subject<'_>) -> PathBuf {
        match subject.log {
            LogName::Event => self.files.log(subject.number),
            LogName::Of(what) => self.files.log_of(what, subject.number),
            LogName::Nowhere => PathBuf::new(),
        }
    }

    /// What goalc adds to the caller's environment: params and lets, items, `env` clauses from the
    /// outside in, and its own `GOAL_…`.
    pub(super) fn variables(
        &self,
        subject: Subject<'_>,
        ways: &[&Environment],
    ) -> Result<Variables, EvalError> {
        let mut found = Variables::new();
        export_bindings(&mut found, subject)?;
        let goals: Vec<NodeIx> = goals_around(subject.place).collect();
        let graph = subject.place.state.graph();
        for goal in goals.iter().rev() {
            if let Some(environment) = graph.goal(*goal).map(|goal| &goal.environment) {
                let place = Place { goal: *goal, unit: None, ..subject.place };
                set_all(&mut found, place, environment)?;
            }
        }
        for environment in ways {
            set_all(&mut found, subject.place, environment)?;
        }
        self.set_own(&mut found, subject);
        Ok(found)
    }

    fn set_own(&self, found: &mut Variables, subject: Subject<'_>) {
        let id = subject.place.state.graph().id(subject.node);
        let item = subject.place.unit.and_then(|unit| unit.item);
        let mut key = hex::encode(Sha256::digest(format!("{}:{id}:{item:?}", self.run)));
        key.truncate(KEY);
        let mut own = |name: &str, value: OsString| found.insert(name.into(), value);
        own("GOAL_RUN", self.run.clone().into());
        own("GOAL_STEP", id.to_string().into());
        own("GOAL_IDEMPOTENCY_KEY", key.into());
        if let Some(desk) = subject.desk {
            own("GOAL_TMP", desk.tmp.clone().into());
            if subject.attempt > 0 {
                own("GOAL_ATTEMPT", subject.attempt.to_string().into());
                own("GOAL_OUTPUT", desk.output.clone().into());
            }
        }
    }

    /// The process of an attempt, with its bounds.
    ///
    /// # Errors
    /// Where a value that it needs cannot be had.
    pub fn attempt(
        &self,
        view: View<'_>,
        world: &dyn Surroundings,
        order: AttemptOrder,
        (step, command): (&Step, &Command),
        desk: &Desk,
    ) -> Result<ProcessOrder, EvalError> {
        let place = place_of(view, world, order.unit);
        let (attempt, number, desk) = (order.attempt, order.log, Some(desk));
        let node = order.unit.node;
        let subject = Subject { place, node, attempt, number, log: LogName::Event, desk };
        let Some(attempt) = attempt_of(step, order.way) else {
            return Err(EvalError::failed("the plan has no such fallback"));
        };
        let ways = environments(step, attempt);
        let bounds = bounds(place, step, attempt)?;
        let mut process = self.order(subject, command, &ways, bounds)?;
        if let Some(limits) = &step.limits {
            let size =
                |expr: &Option<Expr>| expr.as_ref().map(|expr| place.value(expr)).transpose();
            if let Some(Value::Size { bytes }) = size(&limits.memory)? {
                process.memory = Some(bytes);
            }
            if let Some(Value::Size { bytes }) = size(&limits.output)? {
                process.log_limit = bytes;
            }
            process.cpus = limits.cpu.as_ref().map(|cpus| place.cores(cpus)).transpose()?;
        }
        let wants_stdout =
            |source: &OutputSource| matches!(source, OutputSource::Stdout | OutputSource::Json(_));
        if step.outputs.values().any(|output| wants_stdout(&output.source)) {
            process.capture = Some(crate::exec::outputs::LARGEST_SOURCE);
        }
        Ok(process)
    }
}

pub(super) fn argv(
    subject: Subject<'_>,
    command: &Command,
    ways: &[&Environment],
) -> Result<Vec<OsString>, EvalError> {
    let place = subject.place;
    match command {
        Command::Arguments(arguments) => {
            let mut argv = Vec::with_capacity(arguments.len());
            for argument in arguments {
                match argument {
                    Argument::One(expr) => argv.push(os(&place.value(expr)?)?),
                    Argument::Spread(expr) => argv.extend(each(&place.value(expr)?)?),
                }
            }
            Ok(argv)
        }
        Command::Script(script) => {
            let mut argv = shell(subject, ways)?;
            let program = argv.first().cloned().unwrap_or_default();
            argv.push(script.text.clone().into());
            if is_sh_family(&program) {
                argv.push(program);
            }
            let item = place.unit.and_then(|unit| place.state.item(unit));
            argv.extend(item.map(each).transpose()?.unwrap_or_default());
            Ok(argv)
        }
    }
}

/// The environments of a way, outermost first: a fallback's stands over its step's.
pub(super) fn environments<'a>(step: &'a Step, attempt: &'a Attempt) -> Vec<&'a Environment> {
    let own = &step.attempt.environment;
    if std::ptr::eq(own, &raw const attempt.environment) {
        vec![own]
    } else {
        vec![own, &attempt.environment]
    }
}

/// An attempt's timeout and grace.
pub(super) fn bounds(
    place: Place<'_>,
    step: &Step,
    attempt: &Attempt,
) -> Result<(Option<Duration>, Duration), EvalError> {
    let timeout = attempt.timeout.as_ref().map(|timeout| place.duration(timeout)).transpose()?;
    let grace = attempt.grace.as_ref().or(step.attempt.grace.as_ref());
    let grace = grace.map(|grace| place.duration(grace)).transpose()?.unwrap_or(GRACE);
    Ok((timeout, grace))
}

/// Where a unit's expressions are evaluated.
pub(super) fn place_of<'a>(view: View<'a>, world: &'a dyn Surroundings, unit: UnitIx) -> Place<'a> {
    let graph = view.state.graph();
    let goal = if graph.is_step(unit.node) {
        graph.parent(unit.node).unwrap_or_else(|| graph.root())
    } else {
        unit.node
    };
    Place { state: view.state, values: view.values, world, goal, unit: Some(unit), own: None }
}

/// The goal of a place and those around it.
pub(super) fn goals_around(place: Place<'_>) -> impl Iterator<Item = NodeIx> + '_ {
    std::iter::once(place.goal).chain(place.state.graph().enclosing(place.goal))
}

/// Params and lets, from the outside in. A mounted file's steps see only its own. What cannot be
/// evaluated or is too large, though the step does not name it, is left out.
fn export_bindings(found: &mut Variables, subject: Subject<'_>) -> Result<(), EvalError> {
    let graph = subject.place.state.graph();
    let mut goals = Vec::new();
    for goal in goals_around(subject.place) {
        goals.push(goal);
        if graph.goal(goal).is_some_and(|goal| goal.mounted) {
            break;
        }
    }
    for goal in goals.into_iter().rev().filter_map(|goal| graph.goal(goal)) {
        for (name, binding) in &goal.exports {
            let value = subject.place.value(&Expr::Binding(binding.clone()));
            if let Ok(value) = value
                && value.to_text().len() <= LARGEST_EXPORT
            {
                set(found, name, &value)?;
            }
        }
    }
    if let Some(step) = graph.step(subject.node) {
        for (name, binding) in &step.exports {
            set(found, name, &subject.place.value(&Expr::Binding(binding.clone()))?)?;
        }
        let item = subject.place.unit.and_then(|unit| subject.place.state.item(unit));
        if let (Some(foreach), Some(_)) = (&step.foreach, item) {
            let item = &subject.place.item(&foreach.name)?;
            set(found, &foreach.name.replace('-', "_"), item)?;
        }
    }
    Ok(())
}

fn set_all(
    found: &mut Variables,
    place: Place<'_>,
    environment: &Environment,
) -> Result<(), EvalError> {
    for (name, expr) in &environment.env {
        set(found, name, &place.value(expr)?)?;
    }
    Ok(())
}

pub(super) fn set(found: &mut Variables, name: &str, value: &Value) -> Result<(), EvalError> {
    found.insert(name.into(), os(value)?);
    Ok(())
}

fn os(value: &Value) -> Result<OsString, EvalError> {
    let text = value.to_text();
    if text.contains('\0') {
        return Err(EvalError::failed("a value with a NUL character cannot be given to a process"));
    }
    Ok(text.into())
}

/// A list's items, each as one argument; any other value as one.
fn each(value: &Value) -> Result<Vec<OsString>, EvalError> {
    match value {
        Value::List(items) => items.iter().map(os).collect(),
        other => Ok(vec![os(other)?]),
    }
}

pub(super) fn shell(
    subject: Subject<'_>,
    ways: &[&Environment],
) -> Result<Vec<OsString>, EvalError> {
    let own = ways.iter().rev().find_map(|environment| environment.shell.as_ref());
    if let Some(shell) = own {
        return shell.iter().map(|expr| os(&subject.place.value(expr)?)).collect();
    }
    let graph = subject.place.state.graph();
    for goal in goals_around(subject.place) {
        if let Some(shell) = graph.goal(goal).and_then(|goal| goal.environment.shell.as_ref()) {
            let place = Place { goal, unit: None, ..subject.place };
            return shell.iter().map(|expr| os(&place.value(expr)?)).collect();
        }
    }
    Ok(vec!["sh".into(), "-eu".into(), "-c".into()])
}

fn is_sh_family(program: &OsString) -> bool {
    let name =
        std::path::Path::new(program).file_name().map(|name| name.to_string_lossy().into_owned());
    name.is_some_and(|name| SH_FAMILY.contains(&name.as_str()))
}

/// In the place of an item in the tag of what a process writes: an alert's script.
pub const ALERT_TAG: u32 = u32::MAX;

fn item_tag(unit: Option<UnitIx>) -> u32 {
    unit.and_then(|unit| unit.item).map_or(0, |item| item.saturating_add(1))
}
