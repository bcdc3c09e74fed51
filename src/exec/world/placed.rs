//! Handing an attempt's command to where it runs.
//!
//! Knows which executor a step has and what it wants there; how the command gets there is the
//! executor's. Invariant: what outlives goalc is given a folder that outlives it too.

use std::sync::Arc;

use super::attempt::{Pending, take_desk};
use super::folder::Desk;
use super::launch::place_of;
use super::local::LocalWorld;
use super::message::Message;
use super::{AttemptOrder, Ticket, View};
use crate::exec::executor::{Key, Task, Wants};
use crate::exec::process::{ProcessEnd, ProcessReport};
use crate::exec::scope::Place;
use crate::ir::{Command, LOCAL, Step};
use crate::value::{EvalError, Value};

pub(super) fn begin(
    world: &mut LocalWorld,
    ticket: Ticket,
    order: AttemptOrder,
    view: View<'_>,
    (step, command): (&Step, &Command),
) -> Result<(), EvalError> {
    let name = view.state.executor_of(order.unit.node).unwrap_or(LOCAL);
    let outlives = world.executors.get(name).is_some_and(|executor| executor.outlives());
    let desk = if outlives { own_desk(world, order)? } else { take_desk(world)? };
    let place = place_of(view, &world.surroundings, order.unit);
    let made = wants(place, step).and_then(|wants| {
        let process =
            world.launcher.attempt(view, &world.surroundings, order, (step, command), &desk)?;
        Ok((process, wants))
    });
    let (process, wants) = match made {
        Ok(made) => made,
        Err(why) => {
            world.launcher.files.return_desk(desk);
            return Err(why);
        }
    };
    let key = key(&world.launcher.run, view, order);
    let folder = world.launcher.files.attempt(order.log);
    let (timeout, control) = (process.timeout, world.control(ticket));
    world.pending.insert(ticket, Pending::Process { order, timeout, desk });
    let sender = world.sender.clone();
    let done = Box::new(move |report| {
        sender.send(Message::Ran(ticket, Box::new(report)));
    });
    if let Some(executor) = world.executors.get(name) {
        executor.begin(Task { key, process, control, wants, folder, done });
    } else {
        let why = format!("this run has no executor `{name}`");
        done(ProcessReport::not_started(ProcessEnd::CannotStart(why)));
    }
    Ok(())
}

/// Names an attempt in all processes of its run.
pub(super) fn key(run: &str, view: View<'_>, order: AttemptOrder) -> Key {
    let unit = view.state.name(order.unit).to_string();
    Key { run: run.to_owned(), unit, start: order.log }
}

fn own_desk(world: &mut LocalWorld, order: AttemptOrder) -> Result<Desk, EvalError> {
    let desk = world.launcher.files.own_desk(order.log);
    desk.map_err(|error| EvalError::failed(format!("its files cannot be made: {error}")))
}

fn wants(place: Place<'_>, step: &Step) -> Result<Wants, EvalError> {
    let mut wants = Wants::default();
    let uses = place.uses(&step.guards)?;
    wants.uses = uses.into_iter().map(|(name, amount)| (name.to_string(), amount)).collect();
    if let Some(limits) = &step.limits {
        if let Some(cpu) = &limits.cpu {
            let cores = Value::Int(place.cores(cpu)?.into());
            wants.options.insert("cpus".to_owned(), cores);
        }
        if let Some(memory) = &limits.memory {
            wants.options.insert("memory".to_owned(), place.value(memory)?);
        }
    }
    let Some(own) = &step.executor else { return Ok(wants) };
    for (word, expr) in &own.options {
        wants.options.insert(word.to_string(), place.value(expr)?);
    }
    wants.flags = own.flags.iter().map(|flag| place.text(flag)).collect::<Result<_, _>>()?;
    Ok(wants)
}

/// What of an earlier process goes on, before any of it is begun again here.
pub(super) fn take_over(world: &mut LocalWorld, orders: &[AttemptOrder], view: View<'_>) {
    let kept: Vec<Key> =
        orders.iter().map(|order| key(&world.launcher.run, view, *order)).collect();
    world.executors.take_over(&kept);
    for order in orders {
        let graph = Arc::clone(view.state.graph());
        let locks = graph.step(order.unit.node).map_or(&[][..], |step| &step.guards.locks);
        let machine = locks.iter().filter(|lock| lock.scope == crate::ir::LockScope::Machine);
        let names: Vec<_> = machine.map(|lock| Arc::clone(&lock.name)).collect();
        // Where another run has taken one meanwhile, it is too late to keep this from running.
        let _ = super::World::take_machine_locks(world, order.unit, &names);
    }
}
