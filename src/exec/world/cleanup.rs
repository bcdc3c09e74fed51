//! A goal's cleanup: scripts and deletions, all of them, in their order, whatever fails.
//!
//! Deletions stay inside the plan's folder and never follow a link out of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::attempt::Pending;
use super::launch::{LogName, Subject, place_of};
use super::local::LocalWorld;
use super::message::Message;
use super::pool::spawn;
use super::surroundings::matching;
use super::{Ticket, View};
use crate::exec::graph::NodeIx;
use crate::exec::process::{Controller, ProcessEnd, ProcessOrder, supervise};
use crate::exec::scope::Place;
use crate::exec::snapshot::remove_beneath;
use crate::exec::state::UnitIx;
use crate::ir::{Action, Cleanup, Command};
use crate::value::{EvalError, duration_text};

/// A cleanup that takes longer is ended, so that a run always ends.
const LONGEST: Duration = Duration::from_mins(10);

/// One thing to do.
pub(super) enum Task {
    Run(Box<ProcessOrder>),
    Delete { folder: PathBuf, pattern: String },
    Fail(String),
}

pub(super) fn begin(world: &mut LocalWorld, ticket: Ticket, goal: NodeIx, view: View<'_>) {
    let graph = Arc::clone(view.state.graph());
    let place = place_of(view, &world.surroundings, UnitIx::of(goal));
    let (number, log) = (view.state.seq, LogName::Of("cleanup"));
    let subject = Subject { place, node: goal, attempt: 0, number, log, desk: None };
    let cleanups = graph.goal(goal).map_or(&[][..], |goal| &goal.cleanup);
    let bounds = (Some(LONGEST), Duration::from_secs(10));
    let order = |command: &Command| world.launcher.order(subject, command, &[], bounds);
    let tasks: Vec<Task> = cleanups.iter().map(|each| task(each, place, order)).collect();
    world.pending.insert(ticket, Pending::Cleanup);
    let (sender, control) = (world.sender.clone(), world.control(ticket));
    spawn(move || {
        let failures: Vec<String> =
            tasks.into_iter().filter_map(|task| carry_out(task, &control).err()).collect();
        let failure = (!failures.is_empty()).then(|| failures.join("; "));
        sender.send(Message::Cleaned(ticket, failure));
    });
}

/// An action with its values.
pub(super) fn task(
    action: &Cleanup,
    place: Place<'_>,
    order: impl FnOnce(&Command) -> Result<ProcessOrder, EvalError>,
) -> Task {
    match action {
        Cleanup::Run(Action::Run(command)) => match order(command) {
            Ok(order) => Task::Run(Box::new(order)),
            Err(why) => Task::Fail(why.to_string()),
        },
        Cleanup::Run(_) => Task::Fail("only `run` and `delete` can be done here".to_owned()),
        Cleanup::Delete(pattern) => match place.text(pattern) {
            Ok(pattern) => Task::Delete { folder: place.folder(), pattern },
            Err(why) => Task::Fail(why.to_string()),
        },
    }
}

pub(super) fn carry_out(task: Task, control: &Controller) -> Result<(), String> {
    match task {
        Task::Fail(why) => Err(why),
        Task::Delete { folder, pattern } => delete(&folder, &pattern),
        Task::Run(order) => match supervise(&order, control).end {
            ProcessEnd::Exited(0) => Ok(()),
            ProcessEnd::Exited(code) => Err(format!("a script ended with exit code {code}")),
            ProcessEnd::CannotStart(why) => Err(why),
            ProcessEnd::TimedOut => Err(match order.timeout {
                Some(after) => format!("a script did not end within {}", duration_text(after)),
                None => "a script did not end in time".to_owned(),
            }),
            _ => Err("a script was ended".to_owned()),
        },
    }
}

/// Deletes what a pattern matches. A link is deleted itself, not what it leads to.
fn delete(folder: &Path, pattern: &str) -> Result<(), String> {
    let climbs =
        Path::new(pattern).components().any(|part| part == std::path::Component::ParentDir);
    if climbs || Path::new(pattern).is_absolute() {
        return Err(format!(
            "delete {pattern:?}: only what is inside the plan's folder is deleted"
        ));
    }
    let mut failures = Vec::new();
    for path in matching(folder, pattern.trim_end_matches('/'))? {
        if let Err(why) = remove_beneath(folder, &path) {
            failures.push(format!("{} cannot be deleted: {why}", folder.join(path).display()));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
}
