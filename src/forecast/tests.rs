//! The compact simulator beside the loop itself, on plans that are drawn; and how quick it is.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::diagnostic::Diagnostics;
use crate::exec::estimate::History;
use crate::exec::scope::NoSurroundings;
use crate::sema::{self, Loader, NotLoaded};
use crate::source::SourceMap;
use compact::Compact;

/// Nothing is there.
static NOWHERE: NoSurroundings = NoSurroundings { root: PathBuf::new() };

struct Nowhere;

impl Loader for Nowhere {
    fn load(&self, _path: &Path) -> Result<Arc<str>, NotLoaded> {
        Err(NotLoaded::Unreadable("it is not there".to_owned()))
    }
}

fn graph(text: &str) -> Arc<Graph> {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.goal", "/nowhere/plan.goal", text);
    let mut diagnostics = Diagnostics::new();
    let options = sema::Options {
        loader: &Nowhere,
        effort: &|_| Duration::ZERO,
        executor: None,
        shell: None,
        kept: None,
        scenarios: None,
    };
    let plan = sema::analyze(&mut sources, file, &options, &mut diagnostics);
    let errors: Vec<String> =
        diagnostics.iter().filter(|d| d.is_error()).map(|d| format!("{d:?}")).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    Arc::new(Graph::new(Arc::new(plan.expect("a plan"))))
}

/// Small whole numbers that look drawn.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % most
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

/// A step of a random plan; `before` are names that it may depend on.
fn step(dice: &mut Dice, name: &str, before: &[String]) -> String {
    let mut text = format!("step {name} {{\n");
    let mut manual = false;
    text += match dice.below(8) {
        0 => {
            manual = true;
            "manual \"look\"\n"
        }
        1 => "await { file \"x\" }\n",
        _ => "run \"true\"\nretry 3 delay 2s backoff 2\nidempotent\n",
    };
    let mut named = HashSet::new();
    for _ in 0..dice.below(4).min(before.len() as u64) {
        let on = &before[usize::try_from(dice.below(before.len() as u64)).unwrap()];
        if named.insert(on) {
            text += &match dice.below(4) {
                0 => format!("after {on}\n"),
                1 => format!("depends {on}?\n"),
                _ => format!("depends {on}\n"),
            };
        }
    }
    let from = dice.below(5);
    text += &format!("estimate {from}s..{}s\n", from + dice.below(6));
    for (odds, clause) in [
        (6, "unless { file \"done\" }\n"),
        (6, "requires { file \"needed\" }\n"),
        (6, "confirm \"sure?\"\n"),
        (9, "when 1 == 2\n"),
        (6, "priority 3\n"),
    ] {
        if dice.one_in(odds) {
            text += clause;
        }
    }
    if !manual && dice.one_in(5) {
        let count = dice.below(5);
        text += &format!("foreach item in range(0, {count})");
        text += if dice.one_in(2) { " parallel 2\n" } else { "\n" };
    }
    text + "}\n"
}

fn plan(dice: &mut Dice) -> String {
    let mut text = "goal random {\n".to_owned();
    let mut names: Vec<String> = Vec::new();
    for at in 0..3 + dice.below(12) {
        let name = format!("s{at}");
        if dice.one_in(5) {
            text += &format!("goal {name} {{\n");
            if dice.one_in(2) {
                text += "parallel 2\n";
            }
            if let Some(on) = names.last().filter(|_| dice.one_in(2)) {
                text += &format!("depends {on}\n");
            }
            if dice.one_in(6) {
                text += "when 1 == 2\n";
            }
            let mut inner = Vec::new();
            for at in 0..=dice.below(5) {
                text += &step(dice, &format!("t{at}"), &inner);
                inner.push(format!("t{at}"));
            }
            text += "}\n";
        } else {
            text += &step(dice, &name, &names);
        }
        names.push(name);
    }
    text + "}\n"
}

/// Some steps were measured, and failed at times.
fn history(dice: &mut Dice, graph: &Graph) -> Measured {
    let mut measured = Measured::new();
    for id in graph.plan().steps.keys() {
        if dice.one_in(2) {
            let lengths = (0..=dice.below(5)).map(|_| Duration::from_millis(dice.below(7_000)));
            let lengths: Vec<_> = lengths.collect();
            let failures = u32::try_from(dice.below(4)).unwrap();
            measured.insert(id.clone(), History::new(5, lengths, failures));
        }
    }
    measured
}

/// Calls `then` with all that is needed to play a plan.
fn with_setup<T>(
    graph: &Arc<Graph>,
    measured: &Measured,
    jobs: u32,
    then: impl FnOnce(&Setup<'_>) -> T,
) -> T {
    let options = Options { jobs, ..Options::default() };
    let values = Values::new(HashMap::new());
    let order = estimate::order(graph, &options.params, &values, &NOWHERE, measured);
    let state = RunState::new(Arc::clone(graph), order.clone());
    let expected: Vec<Expected> = estimate::expected(&state, &values, &NOWHERE, measured)
        .into_iter()
        .map(|expected| expected.unwrap_or_else(|| Expected::guess(GUESS)))
        .collect();
    let failing = failing(&state, &values, &NOWHERE, &expected);
    let draws = Draws::new(expected, failing);
    let setup =
        Setup { graph, order: &order, surroundings: &NOWHERE, options: &options, draws: &draws };
    then(&setup)
}

#[test]
fn the_compact_simulator_ends_each_run_when_the_loop_does() {
    let mut dice = Dice(7);
    let (mut compared, mut delayed) = (0, 0);
    for round in 0..300 {
        let text = plan(&mut dice);
        let graph = graph(&text);
        let measured = history(&mut dice, &graph);
        let jobs = 1 + u32::try_from(dice.below(4)).unwrap();
        with_setup(&graph, &measured, jobs, |setup| {
            let nothing = HashSet::new();
            let expected = setup.play(None, &nothing).unwrap();
            let Some(mut compact) = Compact::new(setup, &expected) else { return };
            compared += 1;
            assert_eq!(
                compact.makespan(None),
                expected.makespan(),
                "round {round}, -j {jobs}\n{text}"
            );
            for simulation in 0..8 {
                let played = setup.play(Some(simulation), &nothing).unwrap();
                let retried = played.state.nodes.iter().any(|node| node.unit.attempts > 1);
                delayed += u32::from(retried);
                assert_eq!(
                    compact.makespan(Some(simulation)),
                    played.makespan(),
                    "round {round}, simulation {simulation}, -j {jobs}\n{text}"
                );
            }
        });
    }
    assert!(compared > 200 && delayed > 200, "{compared} plans, {delayed} runs with retries");
}

#[test]
fn what_the_compact_simulator_does_not_know_goes_through_the_loop() {
    for inside in [
        "step a { run \"true\"; lock x; estimate 1s..5s }",
        "resource r 2\nstep a { run \"true\"; uses r; estimate 1s..5s }",
        "step a { run \"true\"; service; estimate 1s..5s }\nstep b { depends a; run \"true\"; estimate 0s }",
        "step a { run \"true\"; estimate 1s..5s }\nstep b { stdin from a; run \"cat\" }",
    ] {
        let graph = graph(&format!("goal g {{\n{inside}\n}}\n"));
        let none = Measured::new();
        let known = with_setup(&graph, &none, 2, |setup| {
            let played = setup.play(None, &HashSet::new()).unwrap();
            Compact::new(setup, &played).is_some()
        });
        assert!(!known, "{inside}");
        let options = Options { jobs: 2, ..Options::default() };
        let odds = forecast(&graph, &NOWHERE, &options, &none).unwrap().odds;
        assert!(odds.simulations == 1_000, "{inside}: {odds:?}");
        let (p50, p90) = (odds.p50.as_secs_f64(), odds.p90.as_secs_f64());
        assert!((2.5..=3.6).contains(&p50) && (4.3..=5.0).contains(&p90), "{inside}: {odds:?}");
    }
}

#[test]
fn no_makespan_is_below_its_bound() {
    let mut dice = Dice(11);
    for round in 0..200 {
        let text = plan(&mut dice);
        let graph = graph(&text);
        let jobs = 1 + u32::try_from(dice.below(4)).unwrap();
        let options = Options { jobs, ..Options::default() };
        let found = forecast(&graph, &NOWHERE, &options, &Measured::new()).unwrap();
        assert!(found.lower_bound <= found.makespan, "round {round}: {found:?}\n{text}");
        assert!(found.odds.p50 <= found.odds.p90);
        assert!(found.slots.len() <= jobs as usize, "round {round}\n{text}");
    }
}

/// Layers of steps and a goal, with nothing in them that only the run itself can know.
fn plain(dice: &mut Dice) -> String {
    let mut text = "goal plain {\n".to_owned();
    for at in 0..4 + dice.below(12) {
        let depends = match at {
            0 => String::new(),
            _ => format!("depends s{}; ", dice.below(at)),
        };
        let length = dice.below(9);
        text += &format!("step s{at} {{ {depends}run \"true\"; estimate {length}s }}\n");
    }
    let inner = dice.below(9);
    text += &format!("goal g {{ depends s1; step t {{ run \"true\"; estimate {inner}s }} }}\n");
    text + "step last { depends g; run \"true\"; estimate 2s }\n}\n"
}

#[test]
fn what_is_left_of_a_run_is_all_of_it_at_first_and_less_by_what_was_done() {
    let mut dice = Dice(11);
    for _ in 0..100 {
        let text = plain(&mut dice);
        let graph = graph(&text);
        let jobs = 1 + u32::try_from(dice.below(4)).unwrap();
        with_setup(&graph, &Measured::new(), jobs, |setup| {
            let played = setup.play(None, &HashSet::new()).unwrap();
            let mut state = RunState::new(Arc::clone(&graph), setup.order.to_vec());
            state.jobs = jobs;
            let values = Values::new(HashMap::new());
            let expected: Vec<Duration> =
                estimate::expected(&state, &values, &NOWHERE, &Measured::new())
                    .into_iter()
                    .map(|expected| expected.map_or(GUESS, |expected| expected.length))
                    .collect();
            let left = |state: &RunState, now| remaining::remaining(state, &expected, now);
            let now = crate::exec::Timestamp(0);
            assert_eq!(left(&state, now), played.makespan(), "-j {jobs}\n{text}");
            assert_eq!(left(&played.state, now), Duration::ZERO);
        });
    }
}
