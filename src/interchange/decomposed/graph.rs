//! What steps are to each other: dependencies by position.
//!
//! Invariant: what is wrong is reported and left out.

use std::collections::{HashMap, HashSet};

use super::read::Step;
use crate::interchange::error::Problems;
use crate::interchange::graph;

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
    let number = |at: usize| steps[at].number.unwrap_or_default().to_string();
    for cycle in graph::cycles(edges) {
        let first = cycle.iter().copied().min().unwrap_or_default();
        let place = format!("steps[{first}].dependencies");
        problems.add(place, format!("steps wait for each other: {}", graph::shown(&cycle, number)));
    }
}
