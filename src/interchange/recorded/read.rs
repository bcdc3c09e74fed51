//! From JSON to tasks as the recording means them.
//!
//! Knows fields and their types, not what tasks are to each other. What cannot be read is reported
//! and left empty, so that one look finds all that is wrong.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::interchange::error::Problems;
use crate::interchange::json::{self, kind};
use crate::interchange::text::{clean, visible};

/// More tasks than this are refused, as more steps are elsewhere.
const MOST_TASKS: usize = 10_000;
/// A longer time is a mistake of the recording: a hundred years.
const LONGEST_SECONDS: f64 = 100.0 * 365.0 * 86_400.0;
const TASKS: &str = "workflow.specification.tasks";
const MEASURED: &str = "workflow.execution.tasks";

#[derive(Debug, Default)]
pub(super) struct Workflow {
    pub name: String,
    pub description: String,
    pub tasks: Vec<Task>,
}

/// A task; fields that could not be read are empty, which is reported.
#[derive(Debug, Default)]
pub(super) struct Task {
    pub id: String,
    /// What kind of task it is.
    pub name: String,
    pub parents: Vec<String>,
    pub children: Vec<String>,
    pub took: Option<Duration>,
    pub command: Option<Command>,
}

#[derive(Debug)]
pub(super) enum Command {
    Script(String),
    Arguments(Vec<String>),
}

/// Reads a recorded run; `None` where nothing of it can be read.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<Workflow> {
    let value = json::parse(text, problems)?;
    let root = value.as_object()?;
    let version = root.get("schemaVersion").and_then(Value::as_str).unwrap_or_default();
    let workflow = object(root.get("workflow"), "workflow", problems)?;
    let Some(specification) = workflow.get("specification") else {
        let this =
            if version.is_empty() { String::new() } else { format!(" and this is {version}") };
        let message = format!("has no `specification`: WfFormat 1.5 is read{this}");
        problems.add("workflow", message);
        return None;
    };
    let specification = object(Some(specification), "workflow.specification", problems)?;
    let mut tasks: Vec<Task> = list(specification, "tasks", TASKS, problems)
        .iter()
        .enumerate()
        .map(|(at, task)| read_task(at, task, problems))
        .collect();
    if tasks.is_empty() {
        problems.add(TASKS, "has no task that can be read; a goal needs a step");
    }
    if let Some(execution) = workflow.get("execution").filter(|value| !value.is_null()) {
        let execution = object(Some(execution), "workflow.execution", problems);
        let measured = execution.map_or(&[][..], |all| list(all, "tasks", MEASURED, problems));
        add_measured(measured, &mut tasks, problems);
    }
    let mut fields = Fields { map: root, place: String::new(), problems };
    let (name, description) = (fields.text("name", true), fields.text("description", false));
    Some(Workflow { name, description, tasks })
}

fn object<'a>(
    value: Option<&'a Value>,
    place: &str,
    problems: &mut Problems,
) -> Option<&'a Map<String, Value>> {
    let found = value.and_then(Value::as_object);
    if found.is_none() {
        let is = value.map_or("missing", kind);
        problems.add(place, format!("is {is}, not an object"));
    }
    found
}

fn list<'a>(
    map: &'a Map<String, Value>,
    field: &str,
    place: &str,
    problems: &mut Problems,
) -> &'a [Value] {
    match map.get(field) {
        Some(Value::Array(items)) if items.len() > MOST_TASKS => {
            problems.add(place, format!("has more than {MOST_TASKS} tasks"));
            &[]
        }
        Some(Value::Array(items)) => items,
        Some(other) => {
            problems.add(place, format!("is {}, not a list", kind(other)));
            &[]
        }
        None => {
            problems.add(place, "is missing");
            &[]
        }
    }
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
        match self.get(field) {
            Some(Value::String(text)) if required && text.trim().is_empty() => {
                self.wrong(field, "is empty");
                String::new()
            }
            Some(Value::String(text)) => clean(text),
            Some(other) => {
                let kind = kind(other);
                self.wrong(field, format!("is {kind}, not a string"));
                String::new()
            }
            None if required => {
                self.wrong(field, "is missing");
                String::new()
            }
            None => String::new(),
        }
    }

    fn texts(&mut self, field: &str) -> Vec<String> {
        match self.get(field) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                let texts: Vec<String> =
                    items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if texts.len() < items.len() {
                    self.wrong(field, "holds something that is not a string");
                }
                texts
            }
            Some(other) => {
                let kind = kind(other);
                self.wrong(field, format!("is {kind}, not a list of strings"));
                Vec::new()
            }
        }
    }

    /// Its measured time; the language counts milliseconds.
    fn took(&mut self) -> Option<Duration> {
        let seconds = self.get("runtimeInSeconds")?.as_f64();
        let seconds = seconds.filter(|seconds| (0.0..=LONGEST_SECONDS).contains(seconds));
        if seconds.is_none() {
            self.wrong("runtimeInSeconds", "is not a number of seconds from 0 to a hundred years");
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // within the bounds above
        seconds.map(|seconds| Duration::from_millis((seconds * 1000.0).round() as u64))
    }

    fn command(&mut self) -> Option<Command> {
        let map = self.map;
        match map.get("command")? {
            Value::Null => None,
            Value::Object(map) => {
                let place = format!("{}.command", self.place);
                let mut fields = Fields { map, place, problems: self.problems };
                let program = fields.text("program", false);
                command_of(&program, &fields.texts("arguments"))
            }
            other => {
                self.wrong("command", format!("is {}, not an object", kind(other)));
                None
            }
        }
    }
}

/// A program and its arguments. What holds spaces or quotes was a piece of a command line, and
/// means something to a shell alone.
fn command_of(program: &str, arguments: &[String]) -> Option<Command> {
    if program.is_empty() {
        return None;
    }
    let all = || std::iter::once(program).chain(arguments.iter().map(String::as_str));
    let is_plain =
        |word: &str| !word.contains(|c: char| c.is_whitespace() || "'\"`$\\".contains(c));
    if all().all(is_plain) {
        return Some(Command::Arguments(all().map(visible).collect()));
    }
    Some(Command::Script(clean(&all().collect::<Vec<_>>().join(" "))))
}

fn read_task(at: usize, value: &Value, problems: &mut Problems) -> Task {
    let place = format!("{TASKS}[{at}]");
    let Value::Object(map) = value else {
        problems.add(place, format!("is {}, not an object", kind(value)));
        return Task::default();
    };
    let mut fields = Fields { map, place, problems };
    Task {
        id: id(&mut fields),
        name: fields.text("name", false),
        parents: fields.texts("parents"),
        children: fields.texts("children"),
        ..Task::default()
    }
}

/// As it is written, since others name it so.
fn id(fields: &mut Fields<'_>) -> String {
    if fields.text("id", true).is_empty() {
        return String::new();
    }
    fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Adds times and commands to the tasks that they were measured of.
fn add_measured(measured: &[Value], tasks: &mut [Task], problems: &mut Problems) {
    // Any id may be that of a task whose own could not be read.
    let all_known = tasks.iter().all(|task| !task.id.is_empty());
    let positions: HashMap<String, usize> =
        tasks.iter().enumerate().map(|(at, task)| (task.id.clone(), at)).collect();
    let mut seen = HashMap::new();
    for (at, value) in measured.iter().enumerate() {
        let place = format!("{MEASURED}[{at}]");
        let Value::Object(map) = value else {
            problems.add(place, format!("is {}, not an object", kind(value)));
            continue;
        };
        let mut fields = Fields { map, place, problems };
        let id = id(&mut fields);
        let (took, command) = (fields.took(), fields.command());
        if id.is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(id.clone(), at) {
            fields.wrong("id", format!("`{}` was measured at [{first}] already", visible(&id)));
            continue;
        }
        match positions.get(&id).and_then(|at| tasks.get_mut(*at)) {
            Some(task) => (task.took, task.command) = (took, command),
            None if all_known => fields.wrong("id", format!("there is no task `{}`", visible(&id))),
            None => {}
        }
    }
}
