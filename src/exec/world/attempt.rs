//! One attempt in the real world: the process, its outputs, its `verify`; or a wait until probes
//! hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::folder::Desk;
use super::joined::{self, JoinedState};
use super::launch::{LogName, Subject, bounds, environments, place_of};
use super::local::LocalWorld;
use super::plain;
use super::secrets::hide;
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
use crate::ir::{Action, Attempt, OutputSource, Probe as PlanProbe, Step};
use crate::value::EvalError;

/// How often an `await` looks if the plan does not say.
const EVERY: Duration = Duration::from_secs(1);

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
        desk: Desk,
    },
    Await(AwaitState),
    Joined(JoinedState),
    Service(ServiceState),
    Cleanup,
    Restore,
    /// A snapshot being saved, or a step being undone, which works at a desk.
    Undo(Option<Desk>),
}

/// An `await` between two looks.
#[derive(Debug)]
pub(super) struct AwaitState {
    pub(super) order: AttemptOrder,
    every: Duration,
    ends: Option<(Instant, Duration)>,
    /// When to look again; `None` while probes are being asked.
    pub(super) next_look: Option<Instant>,
    pub(super) stopped: bool,
    /// What did not hold at the last look.
    found: String,
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
            every.and_then(|every| begin_await(world, ticket, order, view, (step, attempt, every)))
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

fn begin_await(
    world: &mut LocalWorld,
    ticket: Ticket,
    order: AttemptOrder,
    view: View<'_>,
    (step, attempt, every): (&Step, &Attempt, Option<Duration>),
) -> Result<(), EvalError> {
    let place = place_of(view, &world.surroundings, order.unit);
    let (timeout, _) = bounds(place, step, attempt)?;
    let now = Instant::now();
    let ends = timeout.and_then(|timeout| Some((now.checked_add(timeout)?, timeout)));
    let every = every.unwrap_or(EVERY);
    world.control(ticket);
    let found = String::new();
    let state = AwaitState { order, every, ends, next_look: Some(now), stopped: false, found };
    world.pending.insert(ticket, Pending::Await(state));
    look_again(world, view);
    Ok(())
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
        if let Some(Pending::Service(_)) = world.pending.get(&ticket) {
            service::look(world, ticket, view);
        }
        let Some(Pending::Await(state)) = world.pending.get_mut(&ticket) else { continue };
        let order = state.order;
        if state.stopped {
            fail(world, ticket, Failure::Cancelled);
        } else if let Some((_, timeout)) = state.ends.filter(|(at, _)| *at <= now) {
            let waited = std::mem::take(&mut state.found);
            fail(world, ticket, Failure::Timeout { after: timeout, waited });
        } else {
            state.next_look = None;
            let probes = awaited_probes(world, order, view);
            world.ask(ticket, probes);
        }
    }
}

fn awaited_probes(world: &LocalWorld, order: AttemptOrder, view: View<'_>) -> Vec<Probe> {
    let graph = Arc::clone(view.state.graph());
    let found =
        graph.step(order.unit.node).and_then(|step| Some((step, attempt_of(step, order.way)?)));
    match found {
        Some((step, Attempt { action: Action::Await { probes, .. }, .. })) => {
            evaluate(world, order, view, (step, probes), None)
        }
        _ => Vec::new(),
    }
}

pub(super) fn evaluate(
    world: &LocalWorld,
    order: AttemptOrder,
    view: View<'_>,
    (step, probes): (&Step, &[PlanProbe]),
    desk: Option<&Desk>,
) -> Vec<Probe> {
    let place = place_of(view, &world.surroundings, order.unit);
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
    let verify = verify_of(step, order);
    match outputs {
        Ok(outputs) if !verify.is_empty() => {
            let probes = evaluate(world, order, view, (step, verify), Some(&desk));
            let account = report.into();
            world.pending.insert(ticket, Pending::Verify { outputs, account, desk });
            world.ask(ticket, probes);
        }
        outputs => {
            world.launcher.files.return_desk(desk);
            let end = match outputs {
                Ok(outputs) => AttemptEnd::Succeeded { outputs },
                Err(failure) => AttemptEnd::Failed(failure),
            };
            world.done(ticket, Outcome::Attempt { end, account: report.into() });
        }
    }
}

/// A fallback's own `verify` stands in for its step's.
pub(super) fn verify_of(step: &Step, order: AttemptOrder) -> &[PlanProbe] {
    let own = attempt_of(step, order.way).map(|attempt| &attempt.verify).filter(|v| !v.is_empty());
    own.unwrap_or(&step.attempt.verify)
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
        outputs.values_mut().for_each(|value| hide(value, &world.launcher.masker));
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
    let result = result.map_err(|Unmet { why, within }| {
        let why = world.launcher.masker.mask(&why).into_owned();
        Unmet { why, within }
    });
    let pending = world.pending.remove(&ticket);
    if let Some(Pending::Service(state)) = pending {
        return service::checked(world, ticket, state, result, view);
    }
    let result = result.map_err(|unmet| unmet.why);
    match pending {
        Some(Pending::Joined(state)) => joined::checked(world, ticket, state, result, view),
        Some(Pending::Verify { outputs, account, desk }) => {
            world.launcher.files.return_desk(desk);
            let end = match result {
                Ok(()) => AttemptEnd::Succeeded { outputs },
                Err(_) if world.control(ticket).is_stopped() => {
                    AttemptEnd::Failed(Failure::Cancelled)
                }
                Err(why) => AttemptEnd::Failed(Failure::Verify { why }),
            };
            world.done(ticket, Outcome::Attempt { end, account });
        }
        Some(Pending::Await(state)) if result.is_ok() => {
            let end = match already::awaited(world, state.order.unit, view) {
                Ok(outputs) => AttemptEnd::Succeeded { outputs },
                Err(why) => AttemptEnd::Failed(Failure::Output {
                    why: world.launcher.masker.mask(&why).into_owned(),
                }),
            };
            world.done(ticket, Outcome::Attempt { end, account: Account::default() });
        }
        Some(Pending::Await(mut state)) => {
            state.found = result.err().unwrap_or_default();
            let next = if state.stopped { Duration::ZERO } else { state.every };
            let next = Instant::now() + next;
            state.next_look = Some(state.ends.map_or(next, |(at, _)| next.min(at)));
            world.pending.insert(ticket, Pending::Await(state));
        }
        Some(Pending::Unless(unit, last)) if result.is_ok() => {
            let outputs = already::done(world, unit, view, last);
            world.done(ticket, Outcome::Already(outputs));
        }
        Some(_) => world.done(ticket, Outcome::Checked(result)),
        None => {}
    }
}

fn fail(world: &mut LocalWorld, ticket: Ticket, failure: Failure) {
    let end = AttemptEnd::Failed(failure);
    world.done(ticket, Outcome::Attempt { end, account: Account::default() });
}
