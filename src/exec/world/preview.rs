//! A step as it will run, for a person to look at: its action with its values, secrets hidden.
//!
//! Invariant: what is shown is made by the same rules as what runs; a value that is a secret, or
//! holds one, is `***`.

use std::fmt::Write as _;
use std::sync::Arc;

use super::launch::{Launcher, LogName, Subject, environments, goals_around, place_of, shell};
use super::secrets::{keep_secret, learn_outputs};
use super::workdir::dir;
use super::{Outputs, View};
use crate::exec::drive::attempt_of;
use crate::exec::scope::{Place, Surroundings};
use crate::exec::state::UnitIx;
use crate::ir::{Action, Argument, Attempt, Command, Environment, Script, Step};
use crate::value::{BindingId, EvalError, Expr, Value};

/// Of a goal, so many steps are named.
const MOST_STEPS: usize = 40;

/// What a preview is made from.
#[derive(Clone, Copy)]
pub(super) struct Preview<'a> {
    pub(super) launcher: &'a Launcher,
    pub(super) surroundings: &'a dyn Surroundings,
    pub(super) view: View<'a>,
}

impl<'a> Preview<'a> {
    pub(super) fn mask(&self, text: &str) -> String {
        self.launcher.masker.mask(text).into_owned()
    }

    /// What a person gives: hidden from here on, where it is a secret or holds one.
    pub(super) fn keep_secrets(&self, outputs: &mut Outputs) {
        outputs.values_mut().for_each(|value| keep_secret(value, &self.launcher.masker));
        learn_outputs(&self.launcher.masker, outputs);
    }

    pub(super) fn place(&self, unit: UnitIx) -> Place<'a> {
        place_of(self.view, self.surroundings, unit)
    }

    /// The next attempt of a step; of a goal the steps in it.
    pub(super) fn of(&self, unit: UnitIx) -> String {
        let graph = Arc::clone(self.view.state.graph());
        let Some(step) = graph.step(unit.node) else { return self.goal(unit) };
        let way = self.view.state.unit(unit).map_or(0, |state| state.way);
        let Some(attempt) = attempt_of(step, way) else { return String::new() };
        let mut text = String::new();
        if let Some(title) = &step.title {
            let _ = writeln!(text, "{}", self.mask(title));
        }
        let shown = self.action(unit, step, attempt);
        text + &shown
            .unwrap_or_else(|why| format!("it cannot be shown: {}", self.mask(&why.to_string())))
    }

    fn goal(&self, unit: UnitIx) -> String {
        let graph = self.view.state.graph();
        let steps: Vec<String> = graph
            .descendants(unit.node)
            .into_iter()
            .filter_map(|node| graph.step_id(node).map(ToString::to_string))
            .collect();
        let more = match steps.len().saturating_sub(MOST_STEPS) {
            0 => String::new(),
            more => format!("\n  … and {more} more"),
        };
        let shown: Vec<String> = steps.into_iter().take(MOST_STEPS).collect();
        format!("its steps:\n  {}{more}", shown.join("\n  "))
    }

    fn action(&self, unit: UnitIx, step: &Step, attempt: &Attempt) -> Result<String, EvalError> {
        let ways = environments(step, attempt);
        let subject = Subject {
            place: self.place(unit),
            node: unit.node,
            attempt: 0,
            number: 0,
            log: LogName::Nowhere,
            desk: None,
        };
        let text = match &attempt.action {
            Action::Manual(text) => return self.value(subject.place, text),
            Action::Await { probes, .. } => {
                return Ok(format!("it waits until {} probes hold", probes.len()));
            }
            Action::Run(Command::Arguments(arguments)) => self.argv(subject.place, arguments)?,
            Action::Run(Command::Script(script)) => self.script(subject, script, &ways)?,
        };
        let folder = self.mask(&dir(subject.place, &ways)?.display().to_string());
        Ok(format!("in {folder}\n{text}{}", self.clauses(subject.place, &ways)?))
    }

    fn argv(&self, place: Place<'_>, arguments: &[Argument]) -> Result<String, EvalError> {
        let mut words = Vec::new();
        for argument in arguments {
            match argument {
                Argument::One(expr) => words.push(self.value(place, expr)?),
                Argument::Spread(expr) => match place.value(expr) {
                    Ok(Value::List(items)) => {
                        words.extend(items.iter().map(|item| self.shown(item)));
                    }
                    _ => words.push(self.value(place, expr)?),
                },
            }
        }
        // As JSON, so that it is clear where an argument begins and ends.
        let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        Ok(format!("[{}]\n", words.join(", ")))
    }

    fn script(
        &self,
        subject: Subject<'_>,
        script: &Script,
        ways: &[&Environment],
    ) -> Result<String, EvalError> {
        let shell = shell(subject, ways)?;
        let shell: Vec<_> = shell.iter().map(|word| word.to_string_lossy()).collect();
        let mut text = format!("{}\n", self.mask(&shell.join(" ")));
        for line in script.text.lines() {
            let _ = writeln!(text, "  {}", self.mask(line));
        }
        for (name, expr) in &script.variables {
            let _ = writeln!(text, "{name}={}", self.value(subject.place, expr)?);
        }
        for (name, expr) in exports(subject) {
            let used = [format!("${name}"), format!("${{{name}")];
            if used.iter().any(|used| script.text.contains(used)) {
                let _ = writeln!(text, "{name}={}", self.value(subject.place, &expr)?);
            }
        }
        Ok(text)
    }

    /// What `env` clauses of the step set.
    fn clauses(&self, place: Place<'_>, ways: &[&Environment]) -> Result<String, EvalError> {
        let mut text = String::new();
        for (name, expr) in ways.iter().flat_map(|way| &way.env) {
            let _ = writeln!(text, "{name}={}", self.value(place, expr)?);
        }
        Ok(text)
    }

    /// What is not known yet, as the item of a `foreach` step, is `…`.
    fn value(&self, place: Place<'_>, expr: &Expr) -> Result<String, EvalError> {
        match place.value(expr) {
            Ok(value) => Ok(self.shown(&value)),
            Err(EvalError::Unknown(_)) => Ok("…".to_owned()),
            Err(why) => Err(why),
        }
    }

    fn shown(&self, value: &Value) -> String {
        if value.is_secret() { "***".to_owned() } else { self.mask(&value.to_text()) }
    }
}

/// Params, lets and the item that a script may name.
fn exports(subject: Subject<'_>) -> Vec<(Arc<str>, Expr)> {
    let graph = subject.place.state.graph();
    let mut found = Vec::new();
    for goal in goals_around(subject.place).filter_map(|goal| graph.goal(goal)) {
        found.extend(goal.exports.iter());
        if goal.mounted {
            break;
        }
    }
    let step = graph.step(subject.node);
    found.extend(step.iter().flat_map(|step| step.exports.iter()));
    let item = step.and_then(|step| step.foreach.as_ref()).map(|foreach| {
        (Arc::from(foreach.name.replace('-', "_")), Expr::Item(Arc::clone(&foreach.name)))
    });
    let binding =
        |(name, id): (&Arc<str>, &BindingId)| (Arc::clone(name), Expr::Binding(id.clone()));
    found.into_iter().map(binding).chain(item).collect()
}
