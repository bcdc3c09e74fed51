//! What steps are to each other: dependencies by position, cycles, and which edges say nothing.
//!
//! Knows numbers only. Invariant: what [`reduced`] gives has the same order of steps as what it
//! was given, with the fewest edges.

use std::collections::{HashMap, HashSet};

use super::read::Step;
use crate::interchange::error::Problems;

/// More cycles than this are not looked for.
const MOST_CYCLES: usize = 20;
/// A longer cycle is shown shortened.
const LONGEST_SHOWN: usize = 10;

/// For each step the positions of those that it depends on. Reports numbers that are there twice,
/// that do not exist, and cycles; what is wrong is left out.
pub(super) fn dependencies(steps: &[Step], problems: &mut Problems) -> Vec<Vec<usize>> {
    let positions = positions(steps, problems);
    // Any number may belong to a step whose own could not be read.
    let all_known = steps.iter().all(|step| step.number.is_some());
    let mut edges = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let place = format!("steps[{at}].dependencies");
        let mut seen = HashSet::new();
        let mut mine = Vec::new();
        for number in &step.dependencies {
            if !seen.insert(number) {
                problems.add(&place, format!("names step {number} twice"));
            } else if step.number == Some(*number) {
                problems.add(&place, format!("step {number} depends on itself"));
            } else if let Some(position) = positions.get(number) {
                mine.push(*position);
            } else if all_known {
                problems.add(&place, format!("there is no step {number}"));
            }
        }
        edges.push(mine);
    }
    report_cycles(steps, &edges, problems);
    edges
}

fn positions(steps: &[Step], problems: &mut Problems) -> HashMap<u64, usize> {
    let mut positions = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        let Some(number) = step.number else { continue };
        let first = *positions.entry(number).or_insert(at);
        if first != at {
            let place = format!("steps[{at}].step");
            problems.add(place, format!("{number} is the number of steps[{first}] already"));
        }
    }
    positions
}

fn report_cycles(steps: &[Step], edges: &[Vec<usize>], problems: &mut Problems) {
    let mut gone = vec![false; edges.len()];
    for _ in 0..MOST_CYCLES {
        let Some(start) = first_on_or_before_cycle(edges, &mut gone) else { return };
        let cycle = walk(edges, &gone, start);
        let first = cycle.iter().copied().min().unwrap_or(start);
        let place = format!("steps[{first}].dependencies");
        problems.add(place, format!("steps wait for each other: {}", shown(steps, &cycle, first)));
        for at in cycle {
            gone[at] = true;
        }
    }
}

/// Takes away all that waits for nothing; gives the first step that is left.
fn first_on_or_before_cycle(edges: &[Vec<usize>], gone: &mut [bool]) -> Option<usize> {
    for at in order(edges, gone) {
        gone[at] = true;
    }
    gone.iter().position(|gone| !gone)
}

/// The steps that are not `gone`, each after those it depends on; those on a cycle, and behind
/// one, are not among them.
fn order(edges: &[Vec<usize>], gone: &[bool]) -> Vec<usize> {
    let mut dependents = vec![Vec::new(); edges.len()];
    let mut waits = vec![0_usize; edges.len()];
    for (at, mine) in edges.iter().enumerate().filter(|(at, _)| !gone[*at]) {
        for on in mine.iter().copied().filter(|on| !gone[*on]) {
            dependents[on].push(at);
            waits[at] += 1;
        }
    }
    let mut order: Vec<usize> =
        (0..edges.len()).filter(|at| !gone[*at] && waits[*at] == 0).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for dependent in &dependents[at] {
            waits[*dependent] -= 1;
            if waits[*dependent] == 0 {
                order.push(*dependent);
            }
        }
    }
    order
}

/// Follows dependencies among steps that each have one until a step comes again.
fn walk(edges: &[Vec<usize>], gone: &[bool], start: usize) -> Vec<usize> {
    let mut path = Vec::new();
    let mut place_in_path = HashMap::new();
    let mut at = start;
    loop {
        if let Some(from) = place_in_path.insert(at, path.len()) {
            return path.split_off(from);
        }
        path.push(at);
        match edges[at].iter().copied().find(|on| !gone[*on]) {
            Some(on) => at = on,
            None => return path,
        }
    }
}

/// A cycle's step numbers, from the one that is written first.
fn shown(steps: &[Step], cycle: &[usize], first: usize) -> String {
    let start = cycle.iter().position(|at| *at == first).unwrap_or(0);
    let number = |at: &usize| steps[*at].number.unwrap_or_default().to_string();
    let around = cycle[start..].iter().chain(&cycle[..start]);
    let mut numbers: Vec<String> = around.take(LONGEST_SHOWN).map(number).collect();
    if cycle.len() > LONGEST_SHOWN {
        numbers.push(format!("({} more)", cycle.len() - LONGEST_SHOWN));
    }
    numbers.push(number(&first));
    numbers.join(" -> ")
}

/// The dependencies without those that follow from others, by position; `None` where there is a
/// cycle.
pub(super) fn reduced(edges: &[Vec<usize>]) -> Option<Vec<Vec<usize>>> {
    let order = order(edges, &vec![false; edges.len()]);
    if order.len() < edges.len() {
        return None;
    }
    let mut rank = vec![0; edges.len()];
    for (place, at) in order.iter().enumerate() {
        rank[*at] = place;
    }
    let words = edges.len().div_ceil(64);
    // For each step a bit for every step before it: 12 MB at the most steps that are read.
    let mut before = vec![vec![0_u64; words]; edges.len()];
    let mut kept = vec![Vec::new(); edges.len()];
    for at in order {
        let mut mine = edges[at].clone();
        // The latest first: whatever follows from it is then known already.
        mine.sort_by_key(|on| std::cmp::Reverse(rank[*on]));
        let mut all = std::mem::take(&mut before[at]);
        mine.retain(|on| {
            let new = all[on / 64] & (1 << (on % 64)) == 0;
            if new {
                all[on / 64] |= 1 << (on % 64);
                all.iter_mut().zip(&before[*on]).for_each(|(to, from)| *to |= from);
            }
            new
        });
        mine.sort_unstable();
        before[at] = all;
        kept[at] = mine;
    }
    Some(kept)
}
