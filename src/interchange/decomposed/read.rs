//! From JSON to steps as the decomposition tool means them.
//!
//! Knows fields and their types, not what steps are to each other. What cannot be read is reported
//! and left empty, so that one look finds all that is wrong.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::interchange::error::Problems;
use crate::interchange::json::{self, kind};
use crate::interchange::text::{clean, visible};

/// More steps than this are no plan of a person's.
pub(super) const MOST_STEPS: usize = 10_000;
const MOST_ATTEMPTS: u64 = 1_000;
const LONGEST_DELAY_SECONDS: f64 = 365.0 * 86_400.0;

#[derive(Debug)]
pub(super) struct Source {
    pub goal: String,
    pub strategy: Option<String>,
    pub steps: Vec<Step>,
}

/// Fields that could not be read are empty, which is reported.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub number: Option<u64>,
    pub title: String,
    pub description: String,
    pub effort: Option<&'static str>,
    pub dependencies: Vec<u64>,
    pub retry: Option<Retry>,
    pub command: Option<Command>,
    pub idempotent: bool,
}

#[derive(Debug)]
pub(super) struct Retry {
    /// All attempts, the first too.
    pub attempts: u64,
    pub delay: Duration,
    pub backoff: f64,
}

#[derive(Debug)]
pub(super) enum Command {
    Script(String),
    Arguments(Vec<String>),
}

/// Reads a decomposed goal; `None` where nothing of it can be read.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<Source> {
    let value = json::parse(text, problems)?;
    let Value::Object(map) = value else {
        problems.add("", "is not an object with `original_goal` and `steps`");
        return None;
    };
    let mut root = Fields { map: &map, place: String::new(), problems };
    let goal = root.text("original_goal", true);
    let strategy = root.text("decomposition_strategy", false);
    let steps = root.steps();
    Some(Source { goal, strategy: Some(strategy).filter(|text| !text.is_empty()), steps })
}

/// The fields of one object, with its place for findings.
struct Fields<'a> {
    map: &'a Map<String, Value>,
    place: String,
    problems: &'a mut Problems,
}

impl Fields<'_> {
    fn wrong(&mut self, field: &str, message: impl Into<String>) {
        let dot = if self.place.is_empty() || field.is_empty() { "" } else { "." };
        self.problems.add(format!("{}{dot}{field}", self.place), message);
    }

    /// A field's value; `null` is as good as none.
    fn get(&self, field: &str) -> Option<&Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &str, required: bool) -> String {
        let text = match self.get(field) {
            Some(Value::String(text)) => clean(text),
            Some(other) => {
                let kind = kind(other);
                self.wrong(field, format!("is {kind}, not a string"));
                return String::new();
            }
            None if required => {
                self.wrong(field, "is missing");
                return String::new();
            }
            None => return String::new(),
        };
        if text.is_empty() && required {
            self.wrong(field, "is empty");
        }
        text
    }

    fn steps(&mut self) -> Vec<Step> {
        let map = self.map;
        match map.get("steps") {
            Some(Value::Array(items)) if items.len() > MOST_STEPS => {
                self.wrong("steps", format!("has more than {MOST_STEPS} steps"));
                Vec::new()
            }
            Some(Value::Array(items)) if !items.is_empty() => items
                .iter()
                .enumerate()
                .map(|(at, item)| read_step(at, item, self.problems))
                .collect(),
            Some(Value::Array(_)) => {
                self.wrong("steps", "is empty; a goal needs a step");
                Vec::new()
            }
            Some(other) => {
                self.wrong("steps", format!("is {}, not a list", kind(other)));
                Vec::new()
            }
            None => {
                self.wrong("steps", "is missing");
                Vec::new()
            }
        }
    }

    fn number(&mut self) -> Option<u64> {
        let Some(value) = self.get("step") else {
            self.wrong("step", "is missing");
            return None;
        };
        let number = value.as_u64().filter(|number| *number > 0);
        if number.is_none() {
            self.wrong("step", "is not a whole number from 1 on");
        }
        number
    }

    fn effort(&mut self) -> Option<&'static str> {
        let value = self.get("estimated_effort")?;
        let effort = match value.as_str() {
            Some("small") => Some("small"),
            Some("medium") => Some("medium"),
            Some("large") => Some("large"),
            _ => None,
        };
        if effort.is_none() {
            self.wrong("estimated_effort", "is not one of `small`, `medium`, `large`");
        }
        effort
    }

    fn dependencies(&mut self) -> Vec<u64> {
        let map = self.map;
        match map.get("dependencies") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => {
                let numbers: Vec<_> = items.iter().filter_map(Value::as_u64).collect();
                if numbers.len() < items.len() {
                    self.wrong("dependencies", "holds something that is not the number of a step");
                }
                numbers
            }
            Some(other) => {
                self.wrong("dependencies", format!("is {}, not a list of numbers", kind(other)));
                Vec::new()
            }
        }
    }

    fn flag(&mut self, field: &str) -> bool {
        match self.get(field) {
            None => false,
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                self.wrong(field, "is not true or false");
                false
            }
        }
    }

    fn retry(&mut self) -> Option<Retry> {
        match self.map.get("retry")? {
            Value::Null => None,
            Value::Object(map) => {
                let place = format!("{}.retry", self.place);
                Some(Fields { map, place, problems: self.problems }.retry_fields())
            }
            other => {
                self.wrong("retry", format!("is {}, not an object", kind(other)));
                None
            }
        }
    }

    fn retry_fields(&mut self) -> Retry {
        let attempts = self.get("max_attempts").map(Value::as_u64);
        let attempts = match attempts {
            Some(Some(attempts @ 1..=MOST_ATTEMPTS)) => attempts,
            Some(_) => {
                let message = format!("is not a whole number from 1 to {MOST_ATTEMPTS}");
                self.wrong("max_attempts", message);
                1
            }
            None => {
                self.wrong("max_attempts", "is missing");
                1
            }
        };
        let seconds = self.decimal("delay_seconds", 0.0, 0.0..=LONGEST_DELAY_SECONDS);
        let backoff = self.decimal("backoff_multiplier", 1.0, 0.001..=1_000.0);
        let delay = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Retry { attempts, delay, backoff }
    }

    fn decimal(
        &mut self,
        field: &str,
        default: f64,
        allowed: std::ops::RangeInclusive<f64>,
    ) -> f64 {
        let Some(value) = self.get(field) else { return default };
        let number = value.as_f64().filter(|number| allowed.contains(number));
        if number.is_none() {
            let (low, high) = (allowed.start(), allowed.end());
            self.wrong(field, format!("is not a number from {low} to {high}"));
        }
        number.unwrap_or(default)
    }

    /// `command`, `commands` or `run`: one of them at most.
    fn command(&mut self) -> Option<Command> {
        let given: Vec<&str> = ["command", "commands", "run"]
            .into_iter()
            .filter(|field| self.get(field).is_some())
            .collect();
        if let [first, second, ..] = given[..] {
            self.wrong("", format!("has both `{first}` and `{second}`; one says what to run"));
            return None;
        }
        let field = *given.first()?;
        let command = self.get(field).and_then(|value| command_of(field, value));
        if command.is_none() {
            self.wrong(field, "is neither a command nor a list of strings, or is empty");
        }
        command
    }
}

/// A string is a script; a list is the lines of one under `commands`, and else an argv.
fn command_of(field: &str, value: &Value) -> Option<Command> {
    match value {
        Value::String(text) => script(text),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().map(Value::as_str).collect::<Option<_>>()?;
            if field == "commands" {
                return script(&texts.join("\n"));
            }
            let program = texts.first().is_some_and(|program| !program.trim().is_empty());
            let arguments = || texts.iter().map(|text| visible(text)).collect();
            program.then(|| Command::Arguments(arguments()))
        }
        _ => None,
    }
}

fn script(text: &str) -> Option<Command> {
    let text = clean(text);
    (!text.is_empty()).then_some(Command::Script(text))
}

fn read_step(at: usize, value: &Value, problems: &mut Problems) -> Step {
    let place = format!("steps[{at}]");
    let Value::Object(map) = value else {
        problems.add(place, format!("is {}, not an object", kind(value)));
        return Step::default();
    };
    let mut fields = Fields { map, place, problems };
    Step {
        number: fields.number(),
        title: fields.text("title", true),
        description: fields.text("description", true),
        effort: fields.effort(),
        dependencies: fields.dependencies(),
        retry: fields.retry(),
        command: fields.command(),
        idempotent: fields.flag("idempotent"),
    }
}
