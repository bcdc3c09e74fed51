//! The plan's text, in canonical form: two spaces a level, one clause a line.
//!
//! Knows nothing of what could be wrong: it is given what has been checked.

use super::read::{Command, Retry, Source, Step};
use crate::interchange::names::{Names, from_title};
use crate::interchange::text::{argv, block, comment, depends, string};
use crate::value::duration_text;

/// The text of a plan; `dependencies` are by position.
pub(super) fn plan(source: &Source, dependencies: &[Vec<usize>]) -> String {
    let names = step_names(&source.steps);
    let name_of = |at: &usize| names.get(*at).map_or("", String::as_str);
    let mut parts = Vec::new();
    if let Some(strategy) = &source.strategy {
        parts.push(comment(&format!("Strategy: {strategy}"), 0));
    }
    let name = from_title(&source.goal).unwrap_or_else(|| "imported".to_owned());
    parts.push(format!("goal {name} {} {{\n", string(&source.goal)));
    for (at, (step, on)) in source.steps.iter().zip(dependencies).enumerate() {
        if at > 0 {
            parts.push("\n".to_owned());
        }
        let on: Vec<&str> = on.iter().map(name_of).collect();
        parts.push(step_text(step, name_of(&at), &on));
    }
    parts.push("}\n".to_owned());
    parts.concat()
}

fn step_names(steps: &[Step]) -> Vec<String> {
    let mut names = Names::default();
    steps
        .iter()
        .map(|step| names.name(&step.title, &format!("step-{}", step.number.unwrap_or_default())))
        .collect()
}

fn step_text(step: &Step, name: &str, on: &[&str]) -> String {
    let mut parts = Vec::new();
    if step.command.is_some() && step.description != step.title {
        parts.push(comment(&step.description, 2));
    }
    let title = if step.title == name { String::new() } else { string(&step.title) + " " };
    parts.push(format!("  step {name} {title}{{\n"));
    parts.push(depends(on));
    parts.push(match &step.command {
        Some(command) => format!("    run {}\n", command_text(command)),
        None => format!("    manual {}\n", block(&step.description, 4)),
    });
    if let Some(retry) = step.retry.as_ref().filter(|retry| retry.attempts > 1) {
        parts.push(retry_lines(retry, step));
    }
    if step.idempotent && step.command.is_some() {
        parts.push("    idempotent\n".to_owned());
    }
    if let Some(effort) = step.effort {
        parts.push(format!("    estimate {effort}\n"));
    }
    parts.push("  }\n".to_owned());
    parts.concat()
}

fn command_text(command: &Command) -> String {
    match command {
        Command::Script(text) => block(text, 4),
        Command::Arguments(items) => argv(items),
    }
}

/// The clause, or a comment where it would be wrong to try again without asking.
fn retry_lines(retry: &Retry, step: &Step) -> String {
    let clause = retry_clause(retry);
    if step.command.is_none() {
        return comment(&format!("A person tries again as they see fit: {clause}"), 4);
    }
    if step.idempotent {
        return format!("    {clause}\n");
    }
    let why = "Wanted by the source. Take both lines in if the command may run twice:";
    comment(&format!("{why}\n{clause}\nidempotent"), 4)
}

fn retry_clause(retry: &Retry) -> String {
    let count = retry.attempts - 1;
    // The language knows milliseconds; less than one is none.
    if retry.delay.as_millis() == 0 {
        return format!("retry {count}");
    }
    let delay = duration_text(retry.delay);
    if (retry.backoff - 1.0).abs() > f64::EPSILON {
        format!("retry {count} delay {delay} backoff {}", retry.backoff)
    } else {
        format!("retry {count} delay {delay}")
    }
}
