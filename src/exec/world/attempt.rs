//! One attempt in the real world: the process, its outputs, its `verify`; or a wait until probes
//! hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::awaited::{self, AwaitState};
use super::folder::Desk;
use super::joined::{self, JoinedState};
use super::launch::{LogName, Subject, environments, place_of};
use super::local::LocalWorld;
use super::plain;
use super::secrets::keep_secret;
use super::service::{self, ServiceState};
use super::{Account, AttemptOrder, Outcome, Outputs, Ticket, View, placed};
use super::{already, asking};
use crate::exec::drive::attempt_of;
use crate::exec::event::{AttemptEnd, Failure};
use crate::exec::outputs::{self, LARGEST_SOURCE, Sources};
use crate::exec::probe::{Probe, Unmet};
use crate::exec::process::{ProcessEnd, ProcessReport, signal_name};
use crate::exec::scope::Place;
use crate::exec::state::UnitIx;
use crate::ir::{Action, LOCAL, OutputSource, Probe as PlanProbe, Step};
use crate::value::EvalError;

/// What a ticket waits for.
#[derive(Debug)]
pub(super) enum Pending {
    /// Probes of a guard or goal.
    Checks,
    /// Those of a unit's `unless`; what it gave at the success that `unchanged` looks back to.
    Unless(UnitIx, Option<Outputs>),
    Process {
        order: AttemptOrder,
        timeout: Option<Duration>,
        desk: Desk,
    },
    Agent {
        order: AttemptOrder,
        timeout: Option<Duration>,
        desk: Desk,
    },
    /// The process has ended well; its `verify` is asked.
    Verify {
        outputs: Outputs,
        account: Account,
        desk: Option<Desk>,
        /// Bounds the whole attempt.
        timeout: Option<Duration>,
    },
    Await(AwaitState),
    Joined(JoinedState),
    Service(ServiceState),
    Cleanup,
    Restore,
    /// A snapshot being saved, or a step being undone, which works at a desk.
    Undo(Option<Desk>),
}

impl Pending {
    pub(super) fn next_look(&self) -> Option<Instant> {
        match self {
            Self::Await(state) => state.next_look,
            Self::Service(state) => state.next_look,
            _ => None,
        }
    }
}

pub(super) fn begin(world: &mut LocalWorld, ticket: Ticket, order: AttemptOrder, view: View<'_>) {
    let graph = Arc::clone(view.state.graph());
    let found =
        graph.step(order.unit.node).and_then(|step| Some((step, attempt_of(step, order.way)?)));
    let Some((step, attempt)) = found else { return };
    let begun = match &attempt.action {
        Action::Run(command) if step.service.is_some() => {
            service::begin(world, ticket, order, view, (step, command))
        }
        Action::Run(command) => placed::begin(world, ticket, order, view, (step, command)),
        Action::Await { every, .. } => {
            let place = place_of(view, &world.surroundings, order.unit);
            let every = every.as_ref().map(|every| place.duration(every)).transpose();
            every.and_then(|every| {
                awaited::begin(world, ticket, order, view, (step, attempt, every))
            })
        }
        Action::Manual(_) => Err(EvalError::failed("a manual step has no attempts")),
    };
    if let Err(why) = begun {
        fail(world, ticket, Failure::Value { why: why.to_string() });
    }
}

pub(super) fn take_desk(world: &mut LocalWorld) -> Result<Desk, EvalError> {
    let desk = world.launcher.files.take_desk();
    desk.map_err(|error| EvalError::failed(format!("its files cannot be made: {error}")))
}

/// Asks each `await` whose time has come; ends those whose timeout has passed.
pub(super) fn look_again(world: &mut LocalWorld, view: View<'_>) {
    let now = Instant::now();
    let due = |pending: &Pending| pending.next_look().is_some_and(|at| at <= now);
    let tickets: Vec<Ticket> = world
        .pending
        .iter()
        .filter(|(_, pending)| due(pending))
        .map(|(ticket, _)| *ticket)
        .collect();
    for ticket in tickets {
        match world.pending.get(&ticket) {
            Some(Pending::Service(_)) => service::look(world, ticket, view),
            Some(Pending::Await(_)) => awaited::look(world, ticket, view),
            _ => {}
        }
    }
}

/// Evaluates probes of an attempt; `outputs` is what it has given by then.
pub(super) fn evaluate(
    world: &LocalWorld,
    (order, outputs): (AttemptOrder, Option<&Outputs>),
    view: View<'_>,
    (step, probes): (&Step, &[PlanProbe]),
    desk: Option<&Desk>,
) -> Vec<Probe> {
    // Of a `foreach` step an output is a list, and not whole before all instances have ended.
    let outputs = outputs.filter(|_| order.unit.item.is_none());
    let place = Place {
        own: outputs.map(|outputs| (order.unit.node, outputs)),
        ..place_of(view, &world.surroundings, order.unit)
    };
    let (node, attempt, number) = (order.unit.node, order.attempt, order.log);
    let subject = Subject { place, node, attempt, number, log: LogName::Event, desk };
    let ways =
        attempt_of(step, order.way).map(|attempt| environments(step, attempt)).unwrap_or_default();
    asking::evaluate(&world.launcher, subject, probes, &ways)
}

/// A process has ended: read what it gave, then ask its `verify`.
pub(super) fn ran(world: &mut LocalWorld, ticket: Ticket, report: ProcessReport, view: View<'_>) {
    let (order, timeout, desk) = match world.pending.remove(&ticket) {
        Some(Pending::Process { order, timeout, desk }) => (order, timeout, desk),
        Some(Pending::Service(state)) => return service::ran(world, ticket, state, report),
        Some(Pending::Agent { order, timeout, desk }) => {
            return super::agent::ran(world, ticket, (order, timeout, desk), report, view);
        }
        _ => return,
    };
    let graph = Arc::clone(view.state.graph());
    let Some(step) = graph.step(order.unit.node) else { return };
    let outputs = match failure_of(&report, timeout) {
        Some(failure) => Err(failure),
        None => read_outputs(world, order, view, (step, &desk), report.stdout.as_deref())
            .map_err(|why| Failure::Output { why: world.launcher.masker.mask(&why).into_owned() }),
    };
    let account = report.into();
    let pending = |outputs| Pending::Verify { outputs, account, desk: Some(desk), timeout };
    match outputs {
        Ok(outputs) => verify(world, ticket, order, view, pending(outputs)),
        Err(failure) => end(world, ticket, pending(Outputs::new()), Some(failure)),
    }
}

/// Asks the `verify` of an attempt that has ended well otherwise.
pub(super) fn verify(
    world: &mut LocalWorld,
    ticket: Ticket,
    order: AttemptOrder,
    view: View<'_>,
    pending: Pending,
) {
    let Pending::Verify { outputs, desk, timeout, .. } = &pending else { return };
    let graph = Arc::clone(view.state.graph());
    let Some(step) = graph.step(order.unit.node) else { return };
    let wanted = verify_of(step, order);
    if wanted.is_empty() {
        return end(world, ticket, pending, None);
    }
    let probes = evaluate(world, (order, Some(outputs)), view, (step, wanted), desk.as_ref());
    let left = left_for_verify(world, ticket, (order, view), *timeout);
    world.pending.insert(ticket, pending);
    world.ask(ticket, probes, left);
}

/// Ends an attempt whose `verify` was asked, or needs not be.
fn end(world: &mut LocalWorld, ticket: Ticket, pending: Pending, failure: Option<Failure>) {
    let Pending::Verify { outputs, account, desk, .. } = pending else { return };
    if let Some(desk) = desk {
        world.launcher.files.return_desk(desk);
    }
    let end = match failure {
        None => AttemptEnd::Succeeded { outputs },
        Some(failure) => AttemptEnd::Failed(failure),
    };
    world.done(ticket, Outcome::Attempt { end, account });
}

/// Why an attempt fails whose `verify` does not hold, or did not within the attempt's `timeout`.
pub(super) fn unverified(
    world: &mut LocalWorld,
    ticket: Ticket,
    Unmet { why, late, .. }: Unmet,
    timeout: Option<Duration>,
) -> Failure {
    if world.control(ticket).is_stopped() {
        return Failure::Cancelled;
    }
    match timeout.filter(|_| late) {
        Some(after) => Failure::Timeout { after, waited: format!("verify: {why}") },
        None => Failure::Verify { why },
    }
}

/// What is left of an attempt's time for its `verify`. On a cluster it may have waited for its turn for
/// longer than that: there `verify` has as much again.
pub(super) fn left_for_verify(
    world: &mut LocalWorld,
    ticket: Ticket,
    (order, view): (AttemptOrder, View<'_>),
    timeout: Option<Duration>,
) -> Option<Duration> {
    let name = view.state.executor_of(order.unit.node).unwrap_or(LOCAL);
    let elsewhere = world.executors.get(name).is_some_and(|executor| executor.outlives());
    let spent = if elsewhere { Duration::ZERO } else { world.control(ticket).clock() };
    timeout.map(|timeout| timeout.saturating_sub(spent))
}

pub(super) fn verify_of(step: &Step, order: AttemptOrder) -> &[PlanProbe] {
    attempt_of(step, order.way).map_or(&[], |attempt| step.verify_of(attempt))
}

pub(super) fn failure_of(report: &ProcessReport, timeout: Option<Duration>) -> Option<Failure> {
    match &report.end {
        ProcessEnd::Exited(0) => None,
        ProcessEnd::Exited(code) => Some(Failure::Exit { code: *code }),
        ProcessEnd::Signalled(signal) => {
            Some(Failure::Signal { signal: *signal, name: signal_name(*signal) })
        }
        ProcessEnd::TimedOut => {
            let after = report.limit.or(timeout).unwrap_or_default();
            Some(Failure::Timeout { after, waited: String::new() })
        }
        ProcessEnd::OutOfMemory => Some(Failure::Memory),
        ProcessEnd::Stopped => Some(Failure::Cancelled),
        ProcessEnd::CannotStart(why) => Some(Failure::CannotStart { why: why.clone() }),
        ProcessEnd::Lost(why) => Some(Failure::Lost { why: why.clone() }),
    }
}

pub(super) fn read_outputs(
    world: &LocalWorld,
    order: AttemptOrder,
    view: View<'_>,
    (step, desk): (&Step, &Desk),
    stdout: Option<&[u8]>,
) -> Result<Outputs, String> {
    if step.outputs.is_empty() {
        return Ok(Outputs::new());
    }
    let lines = desk.read_output(LARGEST_SOURCE);
    let lines = lines.map_err(|why| format!("\"$GOAL_OUTPUT\" cannot be read: {why}"))?;
    let place = place_of(view, &world.surroundings, order.unit);
    let mut sources = Sources { lines: &lines, stdout, ..Sources::default() };
    for (name, spec) in &step.outputs {
        match &spec.source {
            OutputSource::File(path) => {
                let file = place
                    .text(path)
                    .map_err(|why| why.to_string())
                    .and_then(|path| read_file(place, &path));
                sources.files.insert(Arc::clone(name), file);
            }
            OutputSource::Json(pointer) => {
                let pointer = place.text(pointer).map_err(|why| why.to_string())?;
                sources.pointers.insert(Arc::clone(name), pointer);
            }
            OutputSource::Lines | OutputSource::Stdout => {}
        }
    }
    let mut outputs = outputs::read(step, &sources)?;
    if !world.launcher.masker.is_empty() {
        outputs.values_mut().for_each(|value| keep_secret(value, &world.launcher.masker));
    }
    Ok(outputs)
}

pub(super) fn read_file(place: Place<'_>, path: &str) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let unreadable = |error: std::io::Error| format!("{path} cannot be read: {error}");
    let file = plain::open(&place.folder().join(path)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LARGEST_SOURCE as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > LARGEST_SOURCE {
        return Err(format!("{path} is longer than 16 MiB"));
    }
    Ok(bytes)
}

/// Probes have answered: of a guard, a `verify` or an `await`. What they found may quote secrets.
pub(super) fn checked(
    world: &mut LocalWorld,
    ticket: Ticket,
    result: Result<(), Unmet>,
    view: View<'_>,
) {
    let result = result.map_err(|unmet| {
        let why = world.launcher.masker.mask(&unmet.why).into_owned();
        Unmet { why, ..unmet }
    });
    let why = |unmet: Unmet| unmet.why;
    match world.pending.remove(&ticket) {
        Some(Pending::Joined(state)) => joined::checked(world, ticket, state, result, view),
        Some(Pending::Service(state)) => service::checked(world, ticket, state, result, view),
        Some(pending @ Pending::Verify { timeout, .. }) => {
            let failure = result.err().map(|unmet| unverified(world, ticket, unmet, timeout));
            end(world, ticket, pending, failure);
        }
        Some(Pending::Await(state)) => {
            awaited::checked(world, ticket, state, result.map_err(why), view);
        }
        Some(Pending::Unless(unit, last)) if result.is_ok() => {
            let outputs = already::done(world, unit, view, last);
            world.done(ticket, Outcome::Already(outputs));
        }
        Some(_) => world.done(ticket, Outcome::Checked(result.map_err(why))),
        None => {}
    }
}

/// When to look again after a pause, and not later than when its time is up.
pub(super) fn next_look(
    world: &mut LocalWorld,
    ticket: Ticket,
    pause: Duration,
    timeout: Option<Duration>,
) -> Instant {
    let clock = world.control(ticket).clock();
    let left = timeout.map(|timeout| timeout.saturating_sub(clock));
    Instant::now() + left.map_or(pause, |left| pause.min(left))
}

pub(super) fn fail(world: &mut LocalWorld, ticket: Ticket, failure: Failure) {
    let end = AttemptEnd::Failed(failure);
    world.done(ticket, Outcome::Attempt { end, account: Account::default() });
}
