//! The plan's text, in canonical form.
//!
//! Knows nothing of what could be wrong: it is given what has been checked.

use super::read::{Command, Task, Workflow};
use crate::interchange::names::{Names, from_title};
use crate::interchange::text::{argv, block, clean, comment, depends, string};
use crate::value::duration_text;

/// Ids of tasks are long where they say where a task is from.
const LONGEST_NAME: usize = 128;

/// The text of a plan; `dependencies` are by position.
pub(super) fn plan(workflow: &Workflow, dependencies: &[Vec<usize>]) -> String {
    let mut names = Names::of_at_most(LONGEST_NAME);
    let tasks = workflow.tasks.iter().enumerate();
    let names: Vec<String> =
        tasks.map(|(at, task)| names.name(&task.id, &format!("task-{}", at + 1))).collect();
    let name_of = |at: &usize| names.get(*at).map_or("", String::as_str);
    let name = from_title(&workflow.name).unwrap_or_else(|| "imported".to_owned());
    let mut parts = vec![comment(&workflow.description, 0)];
    parts.push(format!("goal {name} {} {{\n", string(&workflow.name)));
    for (at, (task, on)) in workflow.tasks.iter().zip(dependencies).enumerate() {
        if at > 0 {
            parts.push("\n".to_owned());
        }
        let on: Vec<&str> = on.iter().map(name_of).collect();
        parts.push(step(task, name_of(&at), &on));
    }
    parts.push("}\n".to_owned());
    parts.concat()
}

fn step(task: &Task, name: &str, on: &[&str]) -> String {
    let mut parts = vec![format!("  step {name} {}{{\n", title(task, name))];
    parts.push(depends(on));
    parts.push(match &task.command {
        Some(Command::Script(text)) => format!("    run {}\n", block(text, 4)),
        Some(Command::Arguments(items)) => format!("    run {}\n", argv(items)),
        None => format!("    manual {}\n", block(&what_it_is(task), 4)),
    });
    if let Some(took) = task.took {
        parts.push(format!("    estimate {}\n", duration_text(took)));
    }
    parts.push("  }\n".to_owned());
    parts.concat()
}

/// The id, where the step's name does not say it; else what kind of task it is.
fn title(task: &Task, name: &str) -> String {
    let id = clean(&task.id);
    let said = if id == name { &task.name } else { &id };
    if said.is_empty() || said == name { String::new() } else { string(said) + " " }
}

/// What a person is told to do.
fn what_it_is(task: &Task) -> String {
    if task.name.is_empty() { clean(&task.id) } else { task.name.clone() }
}
