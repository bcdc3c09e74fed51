//! Dependencies by position: cycles, and which edges say nothing.
//!
//! Knows numbers only. Invariant: what [`reduced`] gives has the same order of steps as what it
//! was given, with the fewest edges.

use std::collections::HashMap;

/// More cycles than this are not looked for.
const MOST_CYCLES: usize = 20;
/// A longer cycle is shown shortened.
const LONGEST_SHOWN: usize = 10;

/// Cycles that have no step in common, each from step to what it waits for.
pub(super) fn cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut gone = vec![false; edges.len()];
    let mut found = Vec::new();
    while found.len() < MOST_CYCLES {
        let Some(start) = first_on_or_before_cycle(edges, &mut gone) else { break };
        let cycle = walk(edges, &gone, start);
        for at in &cycle {
            gone[*at] = true;
        }
        found.push(cycle);
    }
    found
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

/// A cycle's names, from the one that is written first; a long one is shortened.
pub(super) fn shown(cycle: &[usize], name: impl Fn(usize) -> String) -> String {
    let first = cycle.iter().enumerate().min_by_key(|(_, at)| **at).map_or(0, |(place, _)| place);
    let around = cycle[first..].iter().chain(&cycle[..first]);
    let mut names: Vec<String> = around.take(LONGEST_SHOWN).map(|at| name(*at)).collect();
    if cycle.len() > LONGEST_SHOWN {
        names.push(format!("({} more)", cycle.len() - LONGEST_SHOWN));
    }
    names.extend(cycle.get(first).map(|at| name(*at)));
    names.join(" -> ")
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
