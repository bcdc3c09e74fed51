//! What tasks are to each other: dependencies by position.
//!
//! Invariant: what is wrong is reported and left out.

use std::collections::{BTreeSet, HashMap};

use super::read::Task;
use crate::interchange::error::Problems;
use crate::interchange::graph;
use crate::interchange::text::visible;

/// For each task the positions of those that it depends on: what it says itself, and what others
/// say of it.
pub(super) fn dependencies(tasks: &[Task], problems: &mut Problems) -> Vec<Vec<usize>> {
    let positions = positions(tasks, problems);
    // Any id may be that of a task whose own could not be read.
    let all_known = tasks.iter().all(|task| !task.id.is_empty());
    let mut edges = vec![BTreeSet::new(); tasks.len()];
    for (at, task) in tasks.iter().enumerate() {
        for (field, ids) in [("parents", &task.parents), ("children", &task.children)] {
            let place = || format!("workflow.specification.tasks[{at}].{field}");
            for id in ids {
                match positions.get(id.as_str()).copied() {
                    Some(other) if other == at => {
                        problems.add(place(), format!("`{}` depends on itself", visible(id)));
                    }
                    Some(other) if field == "parents" => {
                        edges[at].insert(other);
                    }
                    Some(other) => {
                        edges[other].insert(at);
                    }
                    None if all_known => {
                        problems.add(place(), format!("there is no task `{}`", visible(id)));
                    }
                    None => {}
                }
            }
        }
    }
    let edges: Vec<Vec<usize>> = edges.into_iter().map(|mine| mine.into_iter().collect()).collect();
    report_cycles(tasks, &edges, problems);
    edges
}

fn positions<'a>(tasks: &'a [Task], problems: &mut Problems) -> HashMap<&'a str, usize> {
    let mut positions = HashMap::new();
    for (at, task) in tasks.iter().enumerate().filter(|(_, task)| !task.id.is_empty()) {
        let first = *positions.entry(task.id.as_str()).or_insert(at);
        if first != at {
            let place = format!("workflow.specification.tasks[{at}].id");
            problems.add(place, format!("`{}` is the id of [{first}] already", visible(&task.id)));
        }
    }
    positions
}

fn report_cycles(tasks: &[Task], edges: &[Vec<usize>], problems: &mut Problems) {
    for cycle in graph::cycles(edges) {
        let first = cycle.iter().copied().min().unwrap_or_default();
        let place = format!("workflow.specification.tasks[{first}]");
        let shown = graph::shown(&cycle, |at| visible(&tasks[at].id));
        problems.add(place, format!("tasks wait for each other: {shown}"));
    }
}
