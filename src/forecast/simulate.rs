//! How long the whole takes in half of all cases and in nine of ten: many runs, each with other
//! times.
//!
//! Plain plans go through the compact simulator, the others through the loop itself, fewer times.

use std::collections::HashSet;
use std::time::Duration;

use super::Odds;
use super::compact::Compact;
use super::play::{Played, Setup};
use crate::exec::RunStatus;

const SIMULATIONS: u32 = 1_000;
const FEWEST: u32 = 20;

/// So many attempts are simulated, and so many are played where the loop itself is needed.
const SIMULATED: usize = 2_000_000;
const PLAYED: usize = 250_000;

pub(super) fn odds(setup: &Setup<'_>, played: &Played) -> Result<Odds, String> {
    let makespan = played.makespan();
    if !setup.draws.vary() || played.end.status != RunStatus::Achieved {
        return Ok(Odds { p50: makespan, p90: makespan, simulations: 0 });
    }
    let mut taken = match Compact::new(setup, played) {
        Some(mut compact) => {
            let runs = affordable(played, SIMULATED);
            (0..runs).map(|of| compact.makespan(Some(of))).collect()
        }
        None => by_loop(setup, played)?,
    };
    taken.sort_unstable();
    let at = |tenths: usize| {
        let place = (taken.len() * tenths).div_ceil(10).saturating_sub(1);
        taken.get(place).copied().unwrap_or(makespan)
    };
    let simulations = u32::try_from(taken.len()).unwrap_or(u32::MAX);
    Ok(Odds { p50: at(5), p90: at(9), simulations })
}

fn by_loop(setup: &Setup<'_>, played: &Played) -> Result<Vec<Duration>, String> {
    let nothing = HashSet::new();
    let runs = 0..affordable(played, PLAYED);
    runs.map(|of| setup.play(Some(of), &nothing).map(|played| played.makespan())).collect()
}

/// How many runs are simulated of a plan of this size.
fn affordable(played: &Played, most: usize) -> u32 {
    let units: usize = played.state.nodes.iter().map(|node| 1 + node.instances.len()).sum();
    u32::try_from(most / units.max(1)).unwrap_or(u32::MAX).clamp(FEWEST, SIMULATIONS)
}
