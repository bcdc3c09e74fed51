//! What happens to a run from outside.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::flag;
use crate::script::{Crash, Next, Place, Script, Signal};

pub(super) fn scripts() -> impl Strategy<Value = Script> {
    let place = prop_oneof![
        Just(Place::Wait),
        Just(Place::BeforeWrite),
        Just(Place::AfterWrite),
        Just(Place::Sync),
    ];
    let crash = (1_u16..30, place, weighted(0.8, any::<u16>()));
    let crash = crash.prop_map(|(at, place, lost)| Crash { at, place, lost });
    let number = prop_oneof![Just(2_u8), Just(15), Just(0)];
    let signal = (0_u8..2, 1_u16..25, number, weighted(0.3, 1_u16..4));
    let signal =
        signal.prop_map(|(process, wait, number, again)| Signal { process, wait, number, again });
    let next = prop_oneof![
        Just(Next::RetryFailed),
        Just(Next::RetryFailed),
        any::<u16>().prop_map(Next::Changed),
        any::<u16>().prop_map(Next::ChangedGoal),
        any::<bool>().prop_map(|to_start| Next::RollBack { to_start }),
        any::<bool>().prop_map(|to_start| Next::RollBack { to_start }),
    ];
    let next = prop_oneof![Just(Vec::new()).boxed(), vec(next, 1..4).boxed()];
    let crashes = prop_oneof![2 => Just(Vec::new()).boxed(), 3 => vec(crash, 1..4).boxed()];
    let disk = prop_oneof![Just(Vec::new()).boxed(), vec(1_u32..3000, 1..4).boxed()];
    (
        crashes,
        (weighted(0.25, signal), next, (modes(), modes())),
        disk,
        prop_oneof![Just(0_u64), any::<u64>()],
        flag(0.7),
        any::<bool>(),
        flag(0.3),
        (prop_oneof![2 => Just(0_u32), 1 => 1_u32..9000], weighted(0.3, 2_u16..6), 1_u32..60_000),
    )
        .prop_map(
            |(
                crashes,
                (signal, next, modes),
                disk,
                order,
                terminal,
                one_by_one,
                last_look,
                times,
            )| {
                let (foreign, told, away) = times;
                let (interactive, agent) = modes;
                Script {
                    crashes,
                    next,
                    signal,
                    interactive,
                    agent,
                    disk,
                    order,
                    terminal,
                    one_by_one,
                    last_look,
                    told,
                    foreign,
                    away,
                }
            },
        )
}

/// In which of a run's processes something is so.
fn modes() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0_u8), 1 => Just(u8::MAX), 1 => any::<u8>()]
}
