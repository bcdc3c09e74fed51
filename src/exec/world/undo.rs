//! Snapshots and undos in the real world: each in a thread of its own.
//!
//! A step is undone by its `rollback`, then its snapshots are put back: so what they hold is exact,
//! whatever the script did.

use std::path::PathBuf;
use std::sync::Arc;

use super::attempt::Pending;
use super::cleanup::{Task, carry_out, task};
use super::folder::Desk;
use super::launch::{LogName, Subject, bounds, place_of};
use super::local::LocalWorld;
use super::message::Message;
use super::pool::spawn;
use super::{Outcome, RunFiles, Ticket, Undone, View};
use crate::exec::event::Status;
use crate::exec::graph::NodeIx;
use crate::exec::process::Controller;
use crate::exec::scope::Surroundings;
use crate::exec::snapshot::{Guarded, STOPPED, Wanted, restore, take};
use crate::exec::state::{Phase, UnitIx, UnitState, paths_to_save};
use crate::value::EvalError;

pub(super) fn begin_snapshot(
    world: &mut LocalWorld,
    ticket: Ticket,
    unit: UnitIx,
    number: u64,
    view: View<'_>,
) {
    let graph = Arc::clone(view.state.graph());
    let place = place_of(view, &world.surroundings, unit);
    let folder = place.folder();
    let paths = graph.step(unit.node).map(|step| paths_to_save(step, unit));
    let wanted: Result<Vec<Wanted>, EvalError> = paths
        .into_iter()
        .flatten()
        .map(|path| {
            let shown = place.text(path)?;
            Ok(Wanted { path: folder.join(&shown), shown })
        })
        .collect();
    let home = world.surroundings.env("HOME").map(PathBuf::from);
    let files = &world.launcher.files;
    let guarded = Guarded::new(home, world.surroundings.root(), files.state());
    let (into, objects) = (files.snapshot(&number.to_string()), files.objects());
    work(world, ticket, Pending::Undo(None), move |control| {
        let wanted = wanted.map_err(|why| why.to_string())?;
        take(&wanted, (&into, &objects), &guarded, &|| control.is_stopped())
    });
}

pub(super) fn begin_restore(world: &mut LocalWorld, ticket: Ticket, unit: UnitIx, view: View<'_>) {
    let saved = view.state.unit(unit).and_then(|state| folder_of(state, &world.launcher.files));
    work(world, ticket, Pending::Restore, move |control| {
        saved.map_or(Ok(()), |saved| restore(&saved, &|| control.is_stopped()))
    });
}

/// Undoes a step: its instances one after the other, the last that ended first.
pub(super) fn begin(
    world: &mut LocalWorld,
    ticket: Ticket,
    node: NodeIx,
    log: u64,
    view: View<'_>,
) {
    let state = view.state.node(node);
    let mut units: Vec<UnitIx> = (0..state.instances.len())
        .map(|item| UnitIx { node, item: u32::try_from(item).ok() })
        .collect();
    let ended = |unit: &UnitIx| view.state.unit(*unit).and_then(|state| state.ended);
    units.sort_by_key(|unit| std::cmp::Reverse((ended(unit), unit.item)));
    if state.items.is_none() {
        units.push(UnitIx::of(node));
    }
    let desk = match world.launcher.files.take_desk() {
        Ok(desk) => desk,
        Err(error) => {
            let why = format!("its files cannot be made: {error}");
            return work(world, ticket, Pending::Undo(None), move |_| Err(why));
        }
    };
    let job = |unit| job(world, unit, (log, &desk), view);
    let mut jobs: Vec<Job> = units.into_iter().filter_map(job).collect();
    if state.items.is_some() {
        let put_back = folder_of(&state.unit, &world.launcher.files);
        jobs.push(Job { tasks: Vec::new(), put_back });
    }
    work(world, ticket, Pending::Undo(Some(desk)), move |control| {
        let failures: Vec<String> =
            jobs.into_iter().filter_map(|job| job.carry_out(control).err()).collect();
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    });
}

/// It is done with, one way or another.
pub(super) fn done(world: &mut LocalWorld, ticket: Ticket, undone: Undone) {
    if let Some(Pending::Undo(Some(desk))) = world.pending.remove(&ticket) {
        world.launcher.files.return_desk(desk);
    }
    world.done(ticket, Outcome::Undone(undone));
}

/// What undoes one unit.
struct Job {
    tasks: Vec<Task>,
    put_back: Option<PathBuf>,
}

impl Job {
    /// What a task needs may be what the one before it did: the first failure ends them. What was
    /// saved is put back nonetheless.
    fn carry_out(self, control: &Controller) -> Result<(), String> {
        let mut ran = Ok(());
        for task in self.tasks {
            if control.is_stopped() {
                return Err(STOPPED.to_owned());
            }
            ran = ran.and_then(|()| carry_out(task, control));
        }
        let stop = || control.is_stopped();
        let put_back = self.put_back.map_or(Ok(()), |saved| restore(&saved, &stop));
        match (ran, put_back) {
            (Err(ran), Err(put_back)) => Err(format!("{ran}; {put_back}")),
            (ran, put_back) => ran.and(put_back),
        }
    }
}

fn job(
    world: &LocalWorld,
    unit: UnitIx,
    (number, desk): (u64, &Desk),
    view: View<'_>,
) -> Option<Job> {
    let graph = Arc::clone(view.state.graph());
    let step = graph.step(unit.node)?;
    let state = view.state.unit(unit).filter(|state| state.touched)?;
    let place = place_of(view, &world.surroundings, unit);
    let (node, desk) = (unit.node, Some(desk));
    let subject = Subject { place, node, attempt: 0, number, log: LogName::Event, desk };
    let ways = [&*step.attempt.environment];
    let status = status_word(state);
    let order = |command: &crate::ir::Command| {
        let bounds = bounds(place, step, &step.attempt)?;
        let mut order = world.launcher.order(subject, command, &ways, bounds)?;
        order.env.set("GOAL_STATUS", status);
        Ok(order)
    };
    let tasks = step.rollback.iter().map(|action| task(action, place, order)).collect();
    Some(Job { tasks, put_back: folder_of(state, &world.launcher.files) })
}

/// How the step stood when it was left, for its script.
fn status_word(state: &UnitState) -> &'static str {
    match state.phase {
        Phase::Ended(Status::Succeeded) => "succeeded",
        Phase::Ended(Status::Failed) => "failed",
        _ if state.doubted => "in-doubt",
        _ => "cancelled",
    }
}

fn folder_of(state: &UnitState, files: &RunFiles) -> Option<PathBuf> {
    state.saved.as_ref().map(|saved| files.snapshot(&saved.id))
}

/// Does something in a thread of its own, and tells the loop how it ended.
fn work(
    world: &mut LocalWorld,
    ticket: Ticket,
    pending: Pending,
    work: impl FnOnce(&Controller) -> Result<(), String> + Send + 'static,
) {
    world.pending.insert(ticket, pending);
    let (sender, control) = (world.sender.clone(), world.control(ticket));
    spawn(move || {
        let undone = match work(&control) {
            Ok(()) => Undone::Done,
            Err(_) if control.is_stopped() => Undone::Stopped,
            Err(why) => Undone::Failed(why),
        };
        sender.send(Message::Undone(ticket, undone));
    });
}
