//! An `await` in the real world: its probes are asked again and again, until they hold or its time
//! is up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attempt::{Pending, evaluate, fail, next_look, verify};
use super::launch::{bounds, place_of};
use super::local::LocalWorld;
use super::{Account, AttemptOrder, Ticket, View, already};
use crate::exec::drive::attempt_of;
use crate::exec::event::Failure;
use crate::exec::probe::Probe;
use crate::ir::{Action, Attempt, Step};
use crate::value::EvalError;

/// How often an `await` looks if the plan does not say.
const EVERY: Duration = Duration::from_secs(1);

/// An `await` between two looks.
#[derive(Debug)]
pub(super) struct AwaitState {
    pub(super) order: AttemptOrder,
    every: Duration,
    /// By the clock of its ticket, which stands still when all do.
    timeout: Option<Duration>,
    /// When to look again; `None` while probes are being asked.
    pub(super) next_look: Option<Instant>,
    pub(super) stopped: bool,
    /// What did not hold at the last look.
    found: String,
}

pub(super) fn begin(
    world: &mut LocalWorld,
    ticket: Ticket,
    order: AttemptOrder,
    view: View<'_>,
    (step, attempt, every): (&Step, &Attempt, Option<Duration>),
) -> Result<(), EvalError> {
    let place = place_of(view, &world.surroundings, order.unit);
    let (timeout, _) = bounds(place, step, attempt)?;
    let now = Instant::now();
    let every = every.unwrap_or(EVERY);
    world.control(ticket);
    let found = String::new();
    let state = AwaitState { order, every, timeout, next_look: Some(now), stopped: false, found };
    world.pending.insert(ticket, Pending::Await(state));
    look(world, ticket, view);
    Ok(())
}

/// Asks it again, or ends it where its time is up or it was told to end.
pub(super) fn look(world: &mut LocalWorld, ticket: Ticket, view: View<'_>) {
    let clock = world.control(ticket).clock();
    let Some(Pending::Await(state)) = world.pending.get_mut(&ticket) else { return };
    let (order, timeout) = (state.order, state.timeout);
    if state.stopped {
        fail(world, ticket, Failure::Cancelled);
    } else if let Some(after) = timeout.filter(|timeout| *timeout <= clock) {
        let waited = std::mem::take(&mut state.found);
        fail(world, ticket, Failure::Timeout { after, waited });
    } else {
        state.next_look = None;
        let probes = awaited_probes(world, order, view);
        world.ask(ticket, probes, timeout.map(|timeout| timeout.saturating_sub(clock)));
    }
}

fn awaited_probes(world: &LocalWorld, order: AttemptOrder, view: View<'_>) -> Vec<Probe> {
    let graph = Arc::clone(view.state.graph());
    let found =
        graph.step(order.unit.node).and_then(|step| Some((step, attempt_of(step, order.way)?)));
    match found {
        Some((step, Attempt { action: Action::Await { probes, .. }, .. })) => {
            evaluate(world, (order, None), view, (step, probes), None)
        }
        _ => Vec::new(),
    }
}

/// Its probes have answered.
pub(super) fn checked(
    world: &mut LocalWorld,
    ticket: Ticket,
    mut state: AwaitState,
    result: Result<(), String>,
    view: View<'_>,
) {
    let (order, timeout) = (state.order, state.timeout);
    if let Err(found) = result {
        state.found = found;
        let pause = if state.stopped { Duration::ZERO } else { state.every };
        state.next_look = Some(next_look(world, ticket, pause, timeout));
        world.pending.insert(ticket, Pending::Await(state));
        return;
    }
    match already::awaited(world, order.unit, view) {
        Ok(outputs) => {
            let account = Account::default();
            let pending = Pending::Verify { outputs, account, desk: None, timeout };
            verify(world, ticket, order, view, pending);
        }
        Err(why) => {
            let why = world.launcher.masker.mask(&why).into_owned();
            fail(world, ticket, Failure::Output { why });
        }
    }
}
