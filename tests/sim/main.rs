//! goalc in a world that is made at random, and held to a model of its contract.
//!
//! Each seed gives a plan and what goes wrong in its run. `GOALC_SEEDS` says how many are tried,
//! `GOALC_FIRST` from which on, `GOALC_SEED` tries one alone; `GOALC_SHOW` prints each plan before
//! it is tried, `GOALC_REFUSED` those that `check` refuses. What fails is made as small as it goes,
//! and printed.

mod disk;
mod invariants;
mod model;
mod people;
mod pipes;
mod plan;
mod play;
mod random;
mod regressions;
mod script;
mod text;
mod trace;
mod translate;
mod tree;
mod work;
mod world;

use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use plan::Plan;
use random::Case;
use tree::Tree;

/// What became of a case.
enum Verdict {
    Fine {
        faults: usize,
    },
    /// `check` refuses the plan.
    Refused(String),
    Wrong(String),
}

fn judge(case: &Case) -> Verdict {
    let tree = Arc::new(Tree::new(&case.plan));
    let graph = match play::compile(&tree.text()) {
        Ok(graph) => graph,
        Err(why) => return Verdict::Refused(why),
    };
    let played = play::play(case, &tree, &graph);
    let wrong = invariants::check(&tree, &played).and_then(|()| {
        let foreign = case.script.foreign.into();
        let followed = model::Model::new(&tree, foreign).follow(&played.seen);
        followed.map(|_| ())
    });
    match wrong {
        Ok(()) => Verdict::Fine { faults: case.script.faults() },
        Err((at, wrong)) => {
            let from = at.saturating_sub(60);
            let seen = played.seen.get(from..=at).unwrap_or_default();
            let seen: Vec<String> = seen.iter().map(|one| format!("  {one:?}")).collect();
            Verdict::Wrong(format!("what was seen before:\n{}\n{wrong}", seen.join("\n")))
        }
    }
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng)
}

/// The smallest case that is still wrong, and why.
fn shrink(tree: &mut impl ValueTree<Value = Case>, wrong: String) -> (Case, String) {
    let mut least = (tree.current(), wrong);
    let mut left = 3000;
    let mut smaller = tree.simplify();
    while smaller && left > 0 {
        left -= 1;
        let case = tree.current();
        smaller = match judge(&case) {
            Verdict::Wrong(wrong) => {
                least = (case, wrong);
                tree.simplify()
            }
            _ => tree.complicate(),
        };
    }
    least
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Strategies within strategies need more of a stack than tests have.
const STACK: usize = 64 << 20;

#[test]
fn runs_go_as_the_contract_says() {
    let tried = std::thread::Builder::new().stack_size(STACK).spawn(try_seeds);
    if let Err(failed) = tried.expect("a thread can be started").join() {
        std::panic::resume_unwind(failed);
    }
}

fn try_seeds() {
    let one = number("GOALC_SEED");
    let first = one.or_else(|| number("GOALC_FIRST")).unwrap_or(0);
    let count = one.map_or_else(|| number("GOALC_SEEDS").unwrap_or(3000), |_| 1);
    let seeds = first..first + count;
    let (mut fine, mut refused, mut faults) = (0_u64, 0_u64, 0_usize);
    let strategy = random::cases();
    for seed in seeds {
        let mut tree = strategy.new_tree(&mut runner(seed)).expect("a case can be made");
        if number("GOALC_SHOW").is_some() {
            println!("{}{:?}", Tree::new(&tree.current().plan).text(), tree.current().script);
        }
        match judge(&tree.current()) {
            Verdict::Fine { faults: found } => {
                fine += 1;
                faults += found;
            }
            Verdict::Refused(why) => {
                refused += 1;
                if number("GOALC_SEED").is_some() || number("GOALC_REFUSED").is_some() {
                    println!("{why}\n{}", Tree::new(&tree.current().plan).text());
                }
            }
            Verdict::Wrong(wrong) => {
                let (case, wrong) = shrink(&mut tree, wrong);
                let text = Tree::new(&case.plan).text();
                let acts = acts(&case).join("\n");
                let Plan { jobs, keep_going, yes, .. } = case.plan;
                let call = format!("-j {jobs}, -k {keep_going}, --yes {yes}");
                panic!("seed {seed}: {wrong}\n\n{call}\n{text}\n{acts}\n{:?}", case.script);
            }
        }
    }
    println!("{fine} runs, {faults} faults; {refused} plans were refused");
    assert!(refused * 10 <= fine, "{refused} of {} plans are refused", fine + refused);
}

/// What the steps of a case do, as far as it is anything.
fn acts(case: &Case) -> Vec<String> {
    let tree = Tree::new(&case.plan);
    let nodes = tree.nodes.iter().filter_map(|node| {
        let confirm = node.what.guards().confirm.as_ref().map(|confirm| confirm.reply);
        let confirm = confirm.map_or_else(String::new, |reply| format!(" confirm {reply:?}"));
        let tree::What::Step(step) = node.what else {
            return (!confirm.is_empty()).then(|| format!("{}:{confirm}", node.id));
        };
        let acts = &step.acts;
        let tries: Vec<String> = acts.tries.iter().map(|tried| format!("{tried:?}")).collect();
        let doubt =
            if step.idempotent { None } else { Some((acts.in_doubt, acts.unless_in_doubt)) };
        let undo = step.rollback.then_some(acts.undo);
        Some(format!(
            "{}:{confirm} {:?} {:?} {doubt:?} {undo:?} {}",
            node.id,
            step.omit,
            step.action,
            tries.join(", ")
        ))
    });
    nodes.collect()
}
