//! What attempts take in one simulation: drawn from what is known, and always the same.
//!
//! Knows no order of things: a draw follows from the simulation, the unit and the attempt alone, so
//! that every simulator of the same run sees the same times.

use std::time::Duration;

use crate::exec::estimate::{Expected, Spread};
use crate::exec::graph::NodeIx;
use crate::exec::recovery::RetryPolicy;
use crate::exec::state::UnitIx;

/// One of the simulations; `None` is the run as it is expected.
pub(super) type Simulation = Option<u32>;

/// A fixed beginning: the same plan has the same forecast.
const SEED: u64 = 0x676f_616c_6321_2026;

/// How a failed attempt of a step goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct Failing {
    /// How likely an attempt is to fail.
    pub(super) odds: f64,
    /// The delay before each further attempt; as many as may fail.
    pub(super) delays: Vec<Duration>,
}

/// What is known of all nodes' attempts.
#[derive(Debug)]
pub(super) struct Draws {
    /// By node; a goal's is never asked for.
    expected: Vec<Expected>,
    failing: Vec<Failing>,
}

impl Draws {
    pub(super) fn new(expected: Vec<Expected>, failing: Vec<Failing>) -> Self {
        Self { expected, failing }
    }

    /// Whether simulations differ from each other.
    pub(super) fn vary(&self) -> bool {
        self.expected.iter().any(|expected| expected.spread != Spread::Fixed)
            || self.failing.iter().any(|failing| failing.odds > 0.0)
    }

    /// How long an attempt takes; `attempt` counts from 1.
    pub(super) fn length(&self, simulation: Simulation, unit: UnitIx, attempt: u32) -> Duration {
        let Some(expected) = self.expected.get(unit.node.at()) else { return Duration::ZERO };
        let Some(simulation) = simulation else { return expected.length };
        match &expected.spread {
            Spread::Fixed => expected.length,
            Spread::Between(from, to) => {
                let from = milliseconds(*from);
                let choices = milliseconds(*to).saturating_sub(from).saturating_add(1);
                let drawn = draw(simulation, unit, attempt, 1) % choices;
                Duration::from_millis(from.saturating_add(drawn))
            }
            Spread::Seen(lengths) => {
                let count = u64::try_from(lengths.len().max(1)).unwrap_or(u64::MAX);
                let at = usize::try_from(draw(simulation, unit, attempt, 1) % count).unwrap_or(0);
                lengths.get(at).copied().unwrap_or(expected.length)
            }
        }
    }

    /// Where an attempt fails: how long the next one waits.
    pub(super) fn fails(
        &self,
        simulation: Simulation,
        unit: UnitIx,
        attempt: u32,
    ) -> Option<Duration> {
        let failing = self.failing.get(unit.node.at())?;
        if failing.odds <= 0.0 {
            return None;
        }
        let delay = failing.delays.get(usize::try_from(attempt.checked_sub(1)?).ok()?)?;
        #[allow(clippy::cast_precision_loss)] // 53 bits are what there is of a draw
        let drawn = (draw(simulation?, unit, attempt, 2) >> 11) as f64 / (1_u64 << 53) as f64;
        (drawn < failing.odds).then_some(*delay)
    }
}

/// How an attempt that fails with an exit code goes on; nothing where that is not tried again.
pub(super) fn failing(odds: f64, policy: &RetryPolicy) -> Failing {
    let failure = failure();
    if odds <= 0.0 || policy.within.is_some() || !policy.covers(&failure) {
        return Failing::default();
    }
    // More failures in a row than this are as good as impossible.
    let most = policy.count.min(100);
    let delays = (1..=most).map(|k| policy.delay(k, JITTER));
    Failing { odds, delays: delays.collect() }
}

/// What a jitter is drawn as in a forecast: the middle.
pub(super) const JITTER: f64 = 0.5;

pub(super) fn failure() -> crate::exec::Failure {
    crate::exec::Failure::Exit { code: 1 }
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// An even draw: `SplitMix64` over all that it depends on.
fn draw(simulation: u32, unit: UnitIx, attempt: u32, of: u64) -> u64 {
    let NodeIx(node) = unit.node;
    let item = unit.item.map_or(0, |item| u64::from(item) + 1);
    let mut hash = SEED.wrapping_add(of);
    for part in [u64::from(simulation), u64::from(node), item, u64::from(attempt)] {
        hash = mixed(hash ^ part);
    }
    hash
}

fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
