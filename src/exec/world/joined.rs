//! One attempt of steps that are joined by pipes, in the real world.
//!
//! The pipes are the kernel's: no byte of them passes through goalc, and a full one makes its
//! writer wait. Invariant: one outcome for all; all have succeeded, or none has.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::{self, Pending};
use super::folder::Desk;
use super::local::LocalWorld;
use super::message::{Message, MessageSender};
use super::{Account, AttemptOrder, Outcome, Outputs, Ticket, View};
use crate::exec::drive::attempt_of;
use crate::exec::event::{AttemptEnd, Failure};
use crate::exec::probe::Unmet;
use crate::exec::process::{
    Control, Controller, Ends, ProcessEnd, ProcessOrder, ProcessReport, pipe, supervise_joined,
};
use crate::ir::{Action, EdgeKind};
use crate::value::EvalError;

/// How a process ends that writes where nobody reads, and how a shell says so of its last command.
const SIGPIPE: i32 = 13;
const SHELL_SIGPIPE: i32 = 128 + SIGPIPE;

/// What is in flight, or asked its `verify`.
#[derive(Debug)]
pub(super) struct JoinedState {
    members: Vec<Member>,
    /// Whose `verify` is being asked, once all processes have ended well.
    verifying: usize,
}

#[derive(Debug)]
struct Member {
    order: AttemptOrder,
    timeout: Option<Duration>,
    desk: Desk,
    /// Another member reads its output.
    is_read: bool,
    report: Option<ProcessReport>,
    outputs: Outputs,
}

pub(super) fn begin(
    world: &mut LocalWorld,
    ticket: Ticket,
    orders: &[AttemptOrder],
    view: View<'_>,
) {
    let mut processes = Vec::with_capacity(orders.len());
    for order in orders {
        match process(world, *order, view) {
            Ok(process) => processes.push(process),
            Err(why) => {
                give_back(world, processes.into_iter().map(|(_, desk)| desk));
                let failure = Failure::Value { why: why.to_string() };
                return end_without(world, ticket, orders, *order, &failure);
            }
        }
    }
    let joined = reads(orders, view);
    let ends = match ends(&joined) {
        Ok(ends) => ends,
        Err(error) => {
            give_back(world, processes.into_iter().map(|(_, desk)| desk));
            let failure = Failure::CannotStart { why: format!("no pipe can be made: {error}") };
            let Some(first) = orders.first() else { return };
            return end_without(world, ticket, orders, *first, &failure);
        }
    };
    let is_read = joined.iter().skip(1).copied().chain([false]);
    let control = world.control(ticket);
    let mut members = Vec::with_capacity(orders.len());
    let each = orders.iter().zip(processes).zip(is_read).zip(ends);
    for (index, (((order, (process, desk)), is_read), ends)) in each.enumerate() {
        let (order, timeout) = (*order, process.timeout);
        members.push(Member {
            order,
            timeout,
            desk,
            is_read,
            report: None,
            outputs: Outputs::new(),
        });
        let message = move |report| Message::RanJoined(ticket, index, report);
        supervise_apart(world.sender.clone(), process, ends, control.clone(), message);
    }
    world.pending.insert(ticket, Pending::Joined(JoinedState { members, verifying: 0 }));
}

fn process(
    world: &mut LocalWorld,
    order: AttemptOrder,
    view: View<'_>,
) -> Result<(ProcessOrder, Desk), EvalError> {
    let graph = Arc::clone(view.state.graph());
    let Some(step) = graph.step(order.unit.node) else {
        return Err(EvalError::failed("the plan has no such step"));
    };
    let Some(Action::Run(command)) = attempt_of(step, order.way).map(|way| &way.action) else {
        return Err(EvalError::failed("only `run` can be joined by `stdin`"));
    };
    let desk = attempt::take_desk(world)?;
    let launched = world.launcher.attempt(view, &world.surroundings, order, (step, command), &desk);
    match launched {
        Ok(process) => Ok((process, desk)),
        Err(why) => {
            world.launcher.files.return_desk(desk);
            Err(why)
        }
    }
}

fn give_back(world: &mut LocalWorld, desks: impl Iterator<Item = Desk>) {
    desks.for_each(|desk| world.launcher.files.return_desk(desk));
}

/// Of each, whether it reads from the one before it.
fn reads(orders: &[AttemptOrder], view: View<'_>) -> Vec<bool> {
    let graph = view.state.graph();
    let before = std::iter::once(None).chain(orders.iter().map(Some));
    orders
        .iter()
        .zip(before)
        .map(|(order, before)| {
            let from = before.map(|before| before.unit.node);
            let mut edges = graph.incoming(order.unit.node).iter();
            edges.any(|edge| edge.kind == EdgeKind::Stdin && Some(edge.from) == from)
        })
        .collect()
}

fn ends(reads: &[bool]) -> std::io::Result<Vec<Ends>> {
    let mut ends: Vec<Ends> = reads.iter().map(|_| Ends::default()).collect();
    for reader in (1..reads.len()).filter(|index| reads[*index]) {
        let (from, to) = pipe()?;
        ends[reader].stdin = Some(from);
        ends[reader - 1].stdout = Some(to);
    }
    Ok(ends)
}

/// Stays with a process in a thread of its own, and never in the loop's: what waits for others
/// would wait there for ever.
pub(super) fn supervise_apart(
    sender: MessageSender,
    process: ProcessOrder,
    ends: Ends,
    control: Controller,
    message: impl Fn(Box<ProcessReport>) -> Message + Send + Clone + 'static,
) {
    let (here, theirs) = (sender.clone(), message.clone());
    let started = std::thread::Builder::new().stack_size(512 * 1024).spawn(move || {
        let report = supervise_joined(&process, ends, &control);
        sender.send(theirs(Box::new(report)));
    });
    if let Err(error) = started {
        let why = format!("the machine has no thread left: {error}");
        let report = Box::new(ProcessReport::not_started(ProcessEnd::CannotStart(why)));
        here.send(message(report));
    }
}

/// One of the processes has ended.
pub(super) fn ran(
    world: &mut LocalWorld,
    ticket: Ticket,
    index: usize,
    report: ProcessReport,
    view: View<'_>,
) {
    let Some(Pending::Joined(mut state)) = world.pending.remove(&ticket) else { return };
    let Some(member) = state.members.get_mut(index) else { return };
    member.report = Some(report);
    if own_failure(member).is_some() {
        world.control(ticket).send(Control::Terminate);
    }
    if state.members.iter().any(|member| member.report.is_none()) {
        world.pending.insert(ticket, Pending::Joined(state));
        return;
    }
    let failures: Vec<Option<Failure>> = state.members.iter().map(own_failure).collect();
    if failures.iter().any(Option::is_some) || !all_well(&state.members) {
        return end_failed(world, ticket, state, failures);
    }
    gather(world, ticket, state, view);
}

/// What a process failed of by itself: neither because it was stopped, nor because its reader was
/// there no more.
fn own_failure(member: &Member) -> Option<Failure> {
    let report = member.report.as_ref()?;
    if lost_reader(member) {
        return None;
    }
    let failure = attempt::failure_of(report, member.timeout)?;
    (failure != Failure::Cancelled).then_some(failure)
}

fn lost_reader(member: &Member) -> bool {
    let end = member.report.as_ref().map(|report| &report.end);
    member.is_read
        && matches!(end, Some(ProcessEnd::Signalled(SIGPIPE) | ProcessEnd::Exited(SHELL_SIGPIPE)))
}

/// Whether each has ended well, or lost a reader that has.
fn all_well(members: &[Member]) -> bool {
    members.iter().all(|member| {
        let end = member.report.as_ref().map(|report| &report.end);
        end == Some(&ProcessEnd::Exited(0)) || lost_reader(member)
    })
}

/// Reads what each gave, then asks each its `verify`.
fn gather(world: &mut LocalWorld, ticket: Ticket, mut state: JoinedState, view: View<'_>) {
    let graph = Arc::clone(view.state.graph());
    for index in 0..state.members.len() {
        let Some(member) = state.members.get_mut(index) else { break };
        let Some(step) = graph.step(member.order.unit.node) else { continue };
        let stdout = member.report.as_ref().and_then(|report| report.stdout.as_deref());
        match attempt::read_outputs(world, member.order, view, (step, &member.desk), stdout) {
            Ok(outputs) => member.outputs = outputs,
            Err(why) => {
                let why = world.launcher.masker.mask(&why).into_owned();
                return end_with(world, ticket, state, index, &Failure::Output { why });
            }
        }
    }
    verify(world, ticket, state, view);
}

/// Asks the next `verify`; where there is none, all have succeeded.
fn verify(world: &mut LocalWorld, ticket: Ticket, mut state: JoinedState, view: View<'_>) {
    let graph = Arc::clone(view.state.graph());
    while let Some(member) = state.members.get(state.verifying) {
        let order = member.order;
        let verify =
            graph.step(order.unit.node).map(|step| (step, attempt::verify_of(step, order)));
        if let Some((step, verify)) = verify.filter(|(_, verify)| !verify.is_empty()) {
            let (given, desk) = (Some(&member.outputs), Some(&member.desk));
            let probes = attempt::evaluate(world, (order, given), view, (step, verify), desk);
            let left = attempt::left_for_verify(world, ticket, (order, view), member.timeout);
            world.pending.insert(ticket, Pending::Joined(state));
            return world.ask(ticket, probes, left);
        }
        state.verifying += 1;
    }
    let ends = state.members.into_iter().map(|member| {
        let account = member.report.map(Account::from).unwrap_or_default();
        (member.desk, AttemptEnd::Succeeded { outputs: member.outputs }, account)
    });
    let ends = ends.collect();
    done(world, ticket, ends);
}

/// A `verify` has answered.
pub(super) fn checked(
    world: &mut LocalWorld,
    ticket: Ticket,
    mut state: JoinedState,
    result: Result<(), Unmet>,
    view: View<'_>,
) {
    let index = state.verifying;
    let timeout = state.members.get(index).and_then(|member| member.timeout);
    match result {
        Ok(()) => {
            state.verifying += 1;
            verify(world, ticket, state, view);
        }
        Err(unmet) => match attempt::unverified(world, ticket, unmet, timeout) {
            Failure::Cancelled => end_with(world, ticket, state, usize::MAX, &Failure::Cancelled),
            failure => end_with(world, ticket, state, index, &failure),
        },
    }
}

/// One has failed, the others were stopped.
fn end_with(
    world: &mut LocalWorld,
    ticket: Ticket,
    state: JoinedState,
    index: usize,
    failure: &Failure,
) {
    let mut failures = vec![None; state.members.len()];
    if let Some(own) = failures.get_mut(index) {
        *own = Some(failure.clone());
    }
    end_failed(world, ticket, state, failures);
}

fn end_failed(
    world: &mut LocalWorld,
    ticket: Ticket,
    state: JoinedState,
    failures: Vec<Option<Failure>>,
) {
    let ends = state.members.into_iter().zip(failures).map(|(member, failure)| {
        let account = member.report.map(Account::from).unwrap_or_default();
        let end = AttemptEnd::Failed(failure.unwrap_or(Failure::Cancelled));
        (member.desk, end, account)
    });
    let ends = ends.collect();
    done(world, ticket, ends);
}

/// Nothing was started: one cannot be.
fn end_without(
    world: &mut LocalWorld,
    ticket: Ticket,
    orders: &[AttemptOrder],
    culprit: AttemptOrder,
    failure: &Failure,
) {
    let ends = orders.iter().map(|order| {
        let own = if *order == culprit { failure.clone() } else { Failure::Cancelled };
        (AttemptEnd::Failed(own), Account::default())
    });
    let ends = ends.collect();
    world.done(ticket, Outcome::Joined(ends));
}

fn done(world: &mut LocalWorld, ticket: Ticket, ends: Vec<(Desk, AttemptEnd, Account)>) {
    let mut outcomes = Vec::with_capacity(ends.len());
    for (desk, end, account) in ends {
        world.launcher.files.return_desk(desk);
        outcomes.push((end, account));
    }
    world.done(ticket, Outcome::Joined(outcomes));
}
