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
use super::workdir::dir_of;
use super::{Outcome, RunFiles, Ticket, Undone, View};
use crate::exec::event::Status;
use crate::exec::graph::NodeIx;
use crate::exec::process::Controller;
use crate::exec::scope::{Place, Surroundings};
use crate::exec::snapshot::{Guarded, STOPPED, Wanted, restore, take};
use crate::exec::state::{Phase, UnitIx, UnitState, paths_to_save};
use crate::ir::Step;
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
    let wanted =
        graph.step(unit.node).map_or_else(|| Ok(Vec::new()), |step| wanted(place, step, unit));
    let home = world.surroundings.env("HOME").map(PathBuf::from);
    let files = &world.launcher.files;
    let guarded = Guarded::new(home, world.surroundings.root(), files.state());
    let (into, objects) = (files.snapshot(&number.to_string()), files.objects());
    let earlier = folders_of(view, unit, files);
    work(world, ticket, Pending::Undo(None), move |control| {
        let wanted = wanted.map_err(|why| why.to_string())?;
        take(&wanted, (&into, &objects), (&guarded, &earlier), &|| control.is_stopped())
    });
}

/// The paths to save, from the root on.
fn wanted(place: Place<'_>, step: &Step, unit: UnitIx) -> Result<Vec<Wanted>, EvalError> {
    let folder = dir_of(place, step)?;
    let each = paths_to_save(step, unit).map(|path| {
        let shown = place.text(path)?;
        Ok(Wanted { path: folder.join(&shown), shown })
    });
    each.collect()
}

pub(super) fn begin_restore(world: &mut LocalWorld, ticket: Ticket, unit: UnitIx, view: View<'_>) {
    let saved = folders_of(view, unit, &world.launcher.files);
    work(world, ticket, Pending::Restore, move |control| restore_all(&saved, control));
}

/// Undoes a step: its instances one after the other, the last that ended first; also those of items
/// that an edit has removed since.
pub(super) fn begin(
    world: &mut LocalWorld,
    ticket: Ticket,
    node: NodeIx,
    log: u64,
    view: View<'_>,
) {
    let mut units = view.state.parts(node);
    units.sort_by_key(|(unit, state)| std::cmp::Reverse((state.ended, unit.item)));
    let each = units.iter().all(|(unit, _)| unit.item.is_some());
    let desk = match world.launcher.files.take_desk() {
        Ok(desk) => desk,
        Err(error) => {
            let why = format!("its files cannot be made: {error}");
            return work(world, ticket, Pending::Undo(None), move |_| Err(why));
        }
    };
    let job = |unit| job(world, unit, (log, &desk), view);
    let mut jobs: Vec<Job> = units.into_iter().filter_map(job).collect();
    if each {
        let put_back = folders_of(view, UnitIx::of(node), &world.launcher.files);
        jobs.push(Job { part: None, tasks: Vec::new(), put_back });
    }
    work_to(world, ticket, Pending::Undo(Some(desk)), move |control| undo_all(jobs, control));
}

fn undo_all(jobs: Vec<Job>, control: &Controller) -> Undone {
    let (mut undone, mut failures) = (Vec::new(), Vec::new());
    for mut job in jobs {
        let part = job.part.take();
        match (job.carry_out(control), part) {
            (Ok(()), part) => undone.extend(part.map(|(item, _)| item)),
            (Err(why), Some((_, label))) => failures.push(format!("{label}: {why}")),
            (Err(why), None) => failures.push(why),
        }
    }
    if failures.is_empty() {
        return Undone::Done;
    }
    Undone::Partly { why: failures.join("; "), undone }
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
    /// The instance that it undoes, and what it is called.
    part: Option<(u32, String)>,
    tasks: Vec<Task>,
    put_back: Vec<PathBuf>,
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
        match (ran, restore_all(&self.put_back, control)) {
            (Err(ran), Err(put_back)) => Err(format!("{ran}; {put_back}")),
            (ran, put_back) => ran.and(put_back),
        }
    }
}

fn job(
    world: &LocalWorld,
    (unit, state): (UnitIx, &UnitState),
    (number, desk): (u64, &Desk),
    view: View<'_>,
) -> Option<Job> {
    let graph = Arc::clone(view.state.graph());
    let step = graph.step(unit.node)?;
    if !state.touched {
        return None;
    }
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
    let put_back = folders(ids(state), &world.launcher.files);
    let part = unit.item.map(|item| (item, view.state.label(unit)));
    Some(Job { part, tasks, put_back })
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

/// What was saved for a unit. An edit may have made the business of a whole step what its items had
/// saved before: with what a step saved, that is put back once more.
fn folders_of(view: View<'_>, unit: UnitIx, files: &RunFiles) -> Vec<PathBuf> {
    let mut found = view.state.unit(unit).map(ids).unwrap_or_default();
    if unit.item.is_none()
        && let Some(newest) = found.iter().max().copied()
    {
        let parts = view.state.parts(unit.node);
        let of_parts = parts.into_iter().flat_map(|(_, part)| ids(part));
        found.extend(of_parts.filter(|id| *id < newest));
    }
    folders(found, files)
}

/// The numbers of what was saved.
fn ids(state: &UnitState) -> Vec<u64> {
    let ids = state.saved.iter().flat_map(|saved| &saved.ids);
    ids.map(|id| id.parse().unwrap_or_default()).collect()
}

/// The last first: what is put back last is how it was in the first place.
fn folders(mut ids: Vec<u64>, files: &RunFiles) -> Vec<PathBuf> {
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids.dedup();
    ids.into_iter().map(|id| files.snapshot(&id.to_string())).collect()
}

/// Puts snapshots back, one after the other; what cannot be keeps none of the others back.
fn restore_all(saved: &[PathBuf], control: &Controller) -> Result<(), String> {
    let failed = |from: &PathBuf| restore(from, &|| control.is_stopped()).err();
    let failures: Vec<String> = saved.iter().filter_map(failed).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
}

/// Does something in a thread of its own, and tells the loop how it ended.
fn work(
    world: &mut LocalWorld,
    ticket: Ticket,
    pending: Pending,
    work: impl FnOnce(&Controller) -> Result<(), String> + Send + 'static,
) {
    work_to(world, ticket, pending, |control| match work(control) {
        Ok(()) => Undone::Done,
        Err(why) => Undone::Failed(why),
    });
}

fn work_to(
    world: &mut LocalWorld,
    ticket: Ticket,
    pending: Pending,
    work: impl FnOnce(&Controller) -> Undone + Send + 'static,
) {
    world.pending.insert(ticket, pending);
    let (sender, control) = (world.sender.clone(), world.control(ticket));
    spawn(move || {
        let undone = match work(&control) {
            Undone::Done => Undone::Done,
            _ if control.is_stopped() => Undone::Stopped,
            failed => failed,
        };
        sender.send(Message::Undone(ticket, undone));
    });
}
