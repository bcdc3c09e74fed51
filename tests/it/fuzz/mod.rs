//! The fuzz targets on stable Rust: each kept input, and short random damage to all of them.
//!
//! `tests/corpus/fuzz/TARGET/` holds inputs written by hand and those that a target once failed on.
//! The damage is the same in each run; `GOALC_FUZZ_SEED` gives another, `GOALC_FUZZ_ROUNDS` more
//! of it. What fails is shown with its target, so that it can be kept.

mod judge;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;

use self::judge::Target;
use crate::support::files_below;

/// Damaged inputs a target.
const ROUNDS: u64 = 400;

/// What is put into inputs.
const PIECES: [&str; 24] = [
    "{", "}", "(", ")", "[", "]", "\"", "'", "\"\"\"", "'''", "\n", "\0", "#", ",", ";", "..",
    "${", "\\", "=", "<<", "é", "\u{202e}", "1h30m", "null",
];

/// A sequence of numbers that is the same each time (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).expect("a small number"))
            .expect("a small number")
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn kept(target: &str) -> Vec<Vec<u8>> {
    let mut files = files_below(&corpus().join("fuzz").join(target));
    files.sort();
    files.into_iter().map(|(_, content)| content).collect()
}

/// All plans of the repository, but for very long ones.
fn plans() -> Vec<Vec<u8>> {
    let folders = [corpus(), corpus().join("../../examples")];
    let mut files: Vec<_> = folders.iter().flat_map(|folder| files_below(folder)).collect();
    files.retain(|(path, content)| {
        path.extension().is_some_and(|end| end == "goal") && content.len() < 6000
    });
    files.sort();
    files.into_iter().map(|(_, content)| content).collect()
}

fn is_of_plans(target: &str) -> bool {
    ["parse", "check", "fmt", "compile"].contains(&target)
}

/// Calls a target; the input and what it said, if it failed.
fn call(name: &str, target: Target, input: &[u8]) -> Option<String> {
    let failed = catch_unwind(AssertUnwindSafe(|| target(input))).err()?;
    let said = failed.downcast_ref::<String>().cloned();
    let said = said.or_else(|| failed.downcast_ref::<&str>().map(|said| (*said).to_owned()));
    let input = String::from_utf8_lossy(input);
    Some(format!("target `{name}` failed on:\n{input}\n{}", said.unwrap_or_default()))
}

/// Runs something for each target, side by side, and tells all that failed.
fn for_each_target(run: impl Fn(&str, Target) -> Vec<String> + Sync) {
    let run = &run;
    let failed: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = judge::TARGETS
            .iter()
            .map(|(name, target)| scope.spawn(move || run(name, *target)))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("it ends")).collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn what_was_kept_and_all_plans_hold() {
    for_each_target(|name, target| {
        let plans = if is_of_plans(name) { plans() } else { Vec::new() };
        let inputs = kept(name).into_iter().chain(plans);
        inputs.filter_map(|input| call(name, target, &input)).collect()
    });
}

#[test]
fn damage_does_no_harm() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("GOALC_FUZZ_SEED").unwrap_or(1).max(1);
    let rounds = number("GOALC_FUZZ_ROUNDS").unwrap_or(ROUNDS);
    for_each_target(|name, target| {
        let mut seeds = kept(name);
        if is_of_plans(name) {
            seeds.extend(plans());
        }
        let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let inputs = (0..rounds).map(|_| damaged(&seeds, &mut numbers));
        inputs.filter_map(|input| call(name, target, &input)).take(3).collect()
    });
}

/// A seed with some of it cut out, put in, changed or taken from another.
fn damaged(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut input = seeds[numbers.below(seeds.len())].clone();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(input.len() + 1);
        let end = (at + numbers.below(40)).min(input.len());
        let piece: Vec<u8> = match numbers.below(5) {
            0 => Vec::new(),
            1 => vec![numbers.next().to_le_bytes()[0]],
            2 => {
                let other = &seeds[numbers.below(seeds.len())];
                let from = numbers.below(other.len());
                other[from..(from + numbers.below(60)).min(other.len())].to_vec()
            }
            _ => PIECES[numbers.below(PIECES.len())].as_bytes().to_vec(),
        };
        let keeps = numbers.below(2) == 0;
        input.splice(at..if keeps { at } else { end }, piece);
    }
    input
}

#[test]
fn each_target_has_inputs_of_its_own_or_plans() {
    for (name, _) in judge::TARGETS {
        assert!(is_of_plans(name) || !kept(name).is_empty(), "{name}");
    }
    let folders = fs::read_dir(corpus().join("fuzz")).expect("the kept inputs");
    for folder in folders.map(|entry| entry.expect("a folder").file_name()) {
        let known = judge::TARGETS.iter().any(|(name, _)| **name == *folder);
        assert!(known, "no target is called {}", folder.display());
    }
}
