//! What is said at a process's end beside the result: last lines of what failed, and what the
//! person can do next.

use std::path::Path;

use super::answer;
use super::exit::Failed;
use super::live::{Tails, harmless};
use super::output;
use super::runs::state_path;
use crate::exec::drive::RunEnd;
use crate::exec::event::{Status, StopReason, Unit};
use crate::exec::graph::NodeIx;
use crate::exec::state::{RunState, Undo};
use crate::exec::world::{readable, readable_behind};
use crate::exec::{JournalError, QuestionKind, RunStatus};
use crate::store::RunId;

/// What was written last by what failed: it may be far up.
pub(super) fn last_lines(tails: &Tails) -> String {
    let mut text = String::new();
    for (name, lines) in tails.iter().filter(|(_, lines)| !lines.is_empty()) {
        text += &format!("\nlast lines of {name}:\n");
        for line in lines {
            text += &format!("  {}\n", harmless(line, output::colour_err()));
        }
    }
    text
}

/// What the person can do next.
pub(super) fn hints(run: &RunId, folder: &Path, state: &RunState, end: &RunEnd) -> String {
    let mut text = String::new();
    if let Some(reason) = end.reason.as_ref().filter(|_| end.exit == 1) {
        let verdict = match end.status {
            RunStatus::Achieved => "the goal is achieved, but ",
            // Where its `verify` does not hold, the reason is the verdict.
            _ if reason.contains("but the goal is not achieved") && !reason.starts_with('`') => "",
            _ => "the goal is not achieved: ",
        };
        text += &format!("goalc: {verdict}{reason}\n");
    }
    for (unit, question) in state.open_questions() {
        let label = readable(&state.label(unit));
        let unit = state.name(unit);
        text +=
            &format!("goalc: {label} waits for a person: {}\n", readable_behind(&question.text, 9));
        // Interactive mode asks again.
        let own = matches!(question.kind, QuestionKind::Step | QuestionKind::Failed);
        let hidden = secret_output(state, &unit);
        for (command, _) in answer::commands(question.kind).iter().filter(|_| !own) {
            if let Some(name) = hidden.as_ref().filter(|_| *command == "done") {
                text += &format!(
                    "         its output `{name}` is a secret: to give it, at a terminal: goalc resume {run}\n"
                );
                continue;
            }
            let outputs =
                if *command == "done" { outputs_to_give(state, &unit) } else { String::new() };
            // Shells take brackets for a pattern.
            let unit = if unit.item.is_some() { format!("'{unit}'") } else { unit.to_string() };
            text += &format!("         goalc {command} {run} {unit}{outputs}\n");
        }
    }
    match end.status {
        RunStatus::Waiting if state.interactive => {
            text += &format!("goalc: to be asked again: goalc resume {run} -i\n");
            text += &format!("       or without questions about steps: goalc resume {run}\n");
        }
        RunStatus::Waiting if is_cancelled(state) => {
            text += &format!("then:    goalc cancel {run}\n");
        }
        RunStatus::Waiting => text += &format!("then:    goalc resume {run}\n"),
        RunStatus::Undone if end.exit != 0 => {
            let to = back_to(state);
            text += &format!("goalc: not all is undone; to try again: goalc rollback {run}{to}\n");
        }
        RunStatus::Cancelled => text += &format!("goalc: to go on: goalc resume {run}\n"),
        RunStatus::Failed => {
            let has_failed = |node: &NodeIx| {
                let ran = state.attempts(*node) > 0 && !state.is_ignored(*node);
                ran && state.node(*node).status == Status::Failed
            };
            let failed = state.graph().steps().find(has_failed);
            if let Some(step) = failed.and_then(|node| state.graph().step_id(node)) {
                text += &format!("goalc: what it wrote: goalc logs {run} {step}\n");
            }
            let undone = |node: NodeIx| !matches!(state.node(node).undo, Undo::Failed(_));
            if !state.graph().steps().all(undone) {
                let to = back_to(state);
                text += &format!(
                    "goalc: not all is undone; to try that again: goalc rollback {run}{to}\n"
                );
            }
            text += &format!("goalc: to try again: goalc resume {run} --retry-failed\n");
        }
        _ => return text,
    }
    if folder != state_path() {
        let from = folder.parent().unwrap_or(folder).display();
        text += &format!("goalc: these commands find the run from {from}\n");
    }
    text
}

/// The journal could not be written: what ran was ended, and this process can do no more.
pub(super) fn journal_failed(run: &RunId, error: &JournalError) -> Failed {
    Failed::machine(format!(
        "{error}\n       what ran was ended; once that is mended, to go on: goalc resume {run}"
    ))
}

/// Whether the run was to be ended, and waits only for what is to be said of steps in doubt.
fn is_cancelled(state: &RunState) -> bool {
    let root = state.node(state.graph().root());
    matches!(root.stopping.as_deref(), Some(StopReason::Cancelled { .. }))
}

/// How far a rollback was to go, as the command line has it.
fn back_to(state: &RunState) -> String {
    let rolling = state.node(state.graph().root()).rolling.as_ref();
    let Some(since) = rolling.map(|rolling| rolling.since) else { return String::new() };
    if since == 0 {
        return " --to start".to_owned();
    }
    // Without more it goes back to the last one.
    if since == state.last_checkpoint() {
        return String::new();
    }
    let made = |node: &NodeIx| state.node(*node).checkpoint_seq == Some(since);
    let step = state.graph().steps().find(made).and_then(|node| state.graph().step_id(node));
    step.map_or_else(String::new, |step| format!(" --to {step}"))
}

/// An output that `goalc done` cannot be given, for it would be written down.
fn secret_output(state: &RunState, unit: &Unit) -> Option<std::sync::Arc<str>> {
    let step = state.graph().step(state.graph().node_ix(&unit.node)?)?;
    let mut secret = step.outputs.iter().filter(|(_, spec)| spec.ty.is_secret());
    secret.next().map(|(name, _)| std::sync::Arc::clone(name))
}

/// What `goalc done` must be given for a step's declared outputs.
fn outputs_to_give(state: &RunState, unit: &Unit) -> String {
    let step = state.graph().node_ix(&unit.node).and_then(|node| state.graph().step(node));
    let names = step.into_iter().flat_map(|step| step.outputs.keys());
    names.fold(String::new(), |all, name| all + &format!(" --output {name}=…"))
}
