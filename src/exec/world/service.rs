//! A service in the real world: its process runs, and its `ready` is asked until it holds.
//!
//! Knows neither who needs it nor whether its end is a failure: that is the drive's to judge.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attempt::{self, Pending};
use super::folder::Desk;
use super::joined::supervise_apart;
use super::local::LocalWorld;
use super::message::Message;
use super::secrets;
use super::{AttemptOrder, Outcome, Ticket, View, Wake};
use crate::exec::event::{AttemptEnd, Failure};
use crate::exec::probe::{Probe, ProbeKind, Unmet};
use crate::exec::process::{Control, Ends, ProcessEnd, ProcessReport};
use crate::ir::{Command, Step};
use crate::value::EvalError;

/// The shortest and longest time between looks at whether it is ready.
const LOOK: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// A service whose process runs.
#[derive(Debug)]
pub(super) struct ServiceState {
    order: AttemptOrder,
    desk: Desk,
    /// How long it may take until it is ready, by the clock of its ticket.
    timeout: Option<Duration>,
    /// When to look again; `None` while probes are being asked, and once it is ready.
    pub(super) next_look: Option<Instant>,
    pause: Duration,
    /// What of its `ready` did not hold at the last look.
    found: String,
    /// Why it was told to end before it was ready.
    failure: Option<Failure>,
}

pub(super) fn begin(
    world: &mut LocalWorld,
    ticket: Ticket,
    order: AttemptOrder,
    view: View<'_>,
    (step, command): (&Step, &Command),
) -> Result<(), EvalError> {
    let desk = attempt::take_desk(world)?;
    let launched = world.launcher.attempt(view, &world.surroundings, order, (step, command), &desk);
    let mut process = match launched {
        Ok(process) => process,
        Err(why) => {
            world.launcher.files.return_desk(desk);
            return Err(why);
        }
    };
    // `timeout` bounds the time until it is ready, not its life.
    let timeout = process.timeout.take();
    let (found, next_look) = (String::new(), Some(Instant::now()));
    let pause = LOOK.0;
    let state = ServiceState { order, desk, timeout, next_look, pause, found, failure: None };
    world.pending.insert(ticket, Pending::Service(state));
    let (sender, control) = (world.sender.clone(), world.control(ticket));
    let message = move |report| Message::Ran(ticket, report);
    supervise_apart(sender, process, Ends::default(), control, message);
    Ok(())
}

/// Asks a service that is not ready yet, or gives it up.
pub(super) fn look(world: &mut LocalWorld, ticket: Ticket, view: View<'_>) {
    let now = Instant::now();
    let control = world.control(ticket);
    let Some(Pending::Service(state)) = world.pending.get_mut(&ticket) else { return };
    if let Some(after) = state.timeout.filter(|timeout| *timeout <= control.clock()) {
        let waited = std::mem::take(&mut state.found);
        state.failure = Some(Failure::Timeout { after, waited });
        state.next_look = None;
        return control.send(Control::Terminate);
    }
    if !control.has_started() {
        state.next_look = Some(now + LOOK.0);
        return;
    }
    state.next_look = None;
    let (order, desk, timeout) = (state.order, state.desk.clone(), state.timeout);
    let probes = probes(world, order, &desk, view);
    let left = timeout.map(|timeout| timeout.saturating_sub(control.clock()));
    world.ask(ticket, probes, left);
}

fn probes(world: &LocalWorld, order: AttemptOrder, desk: &Desk, view: View<'_>) -> Vec<Probe> {
    let graph = Arc::clone(view.state.graph());
    let Some(step) = graph.step(order.unit.node) else { return Vec::new() };
    // What is asked of other steps after an attempt is asked of a service while it runs.
    let ready = step.service.iter().flat_map(|service| &service.ready);
    let wanted: Vec<_> = ready.chain(&step.attempt.verify).cloned().collect();
    let mut probes = attempt::evaluate(world, (order, None), view, (step, &wanted), Some(desk));
    probes.iter_mut().for_each(tell_apart);
    probes
}

/// Gives a probe's script a cookie of its own: with the service's, the service would be taken for
/// something that the script left behind, and ended.
fn tell_apart(probe: &mut Probe) {
    let ProbeKind::Run(order) = &mut probe.kind else { return };
    order.cookie.push(":ready");
    order.log = PathBuf::new();
    if let Some(mut value) = order.env.get("GOALC_STEP").map(OsStr::to_owned) {
        value.push(":ready");
        order.env.set("GOALC_STEP", value);
    }
}

/// Its probes have answered.
pub(super) fn checked(
    world: &mut LocalWorld,
    ticket: Ticket,
    mut state: ServiceState,
    result: Result<(), Unmet>,
    view: View<'_>,
) {
    if !world.control(ticket).is_stopped() {
        let failure = match result {
            Ok(()) => match outputs(world, &state, view) {
                Ok(outputs) => {
                    secrets::learn_outputs(&world.launcher.masker, &outputs);
                    world.ready.push(Wake::Ready { ticket, outputs });
                    None
                }
                Err(failure) => Some(failure),
            },
            Err(Unmet { why, within: Some(within), late }) => {
                let after = state.timeout.filter(|_| late).unwrap_or(within);
                Some(Failure::Timeout { after, waited: why })
            }
            Err(Unmet { why, within: None, .. }) => {
                state.found = why;
                let next = attempt::next_look(world, ticket, state.pause, state.timeout);
                state.next_look = Some(next);
                state.pause = (state.pause * 3 / 2).min(LOOK.1);
                None
            }
        };
        if failure.is_some() {
            state.failure = failure;
            world.control(ticket).send(Control::Terminate);
        }
    }
    world.pending.insert(ticket, Pending::Service(state));
}

/// What it has written to `$GOAL_OUTPUT` by now.
fn outputs(
    world: &LocalWorld,
    state: &ServiceState,
    view: View<'_>,
) -> Result<super::Outputs, Failure> {
    let graph = Arc::clone(view.state.graph());
    let order = state.order;
    let Some(step) = graph.step(order.unit.node) else { return Ok(super::Outputs::new()) };
    attempt::read_outputs(world, order, view, (step, &state.desk), None).map_err(|why| {
        let why = world.launcher.masker.mask(&why).into_owned();
        Failure::Output { why }
    })
}

/// Its process has ended.
pub(super) fn ran(
    world: &mut LocalWorld,
    ticket: Ticket,
    state: ServiceState,
    report: ProcessReport,
) {
    let failure = match &report.end {
        // It was to go on: whatever its exit code, this is not what it is for.
        ProcessEnd::Exited(code) => Failure::Exit { code: *code },
        _ => attempt::failure_of(&report, None).unwrap_or(Failure::Cancelled),
    };
    let failure = state.failure.unwrap_or(failure);
    world.launcher.files.return_desk(state.desk);
    let end = AttemptEnd::Failed(failure);
    world.done(ticket, Outcome::Attempt { end, account: report.into() });
}
