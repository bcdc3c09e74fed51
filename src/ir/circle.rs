//! Steps and goals that wait for each other in a circle: none of them would ever start.
//!
//! Knows edges, and what goals hold. Iterative, so that no plan is too deep.

use std::collections::HashMap;

use super::{Edge, Plan};
use crate::value::NodeId;

/// What waits, and what is waited for: a step; the start of a goal, and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Vertex<'p> {
    Step(&'p str),
    Start(&'p str),
    End(&'p str),
}

impl Vertex<'_> {
    fn name(self) -> String {
        let (Self::Step(name) | Self::Start(name) | Self::End(name)) = self;
        let name = if name.is_empty() { "the goal" } else { name };
        name.to_owned()
    }
}

/// Those of one circle, each waiting for the next, the first also last; empty where there is none.
pub(super) fn circle(plan: &Plan) -> Vec<String> {
    let waits = waiting(plan);
    let left = never_start(&waits);
    let Some(first) = left.keys().min().copied() else { return Vec::new() };
    // Whoever is left waits for another that is: the way along them comes back to one of it.
    let mut way = vec![first];
    loop {
        let last = way.last().copied().unwrap_or(first);
        let next = waits.get(&last).into_iter().flatten().find(|other| left.contains_key(other));
        let Some(next) = next.copied() else { return Vec::new() };
        if let Some(at) = way.iter().position(|vertex| *vertex == next) {
            let mut names: Vec<String> = way.split_off(at).into_iter().map(Vertex::name).collect();
            names.push(next.name());
            names.dedup();
            return if names.len() == 1 { vec![names[0].clone(); 2] } else { names };
        }
        way.push(next);
    }
}

type Waiting<'p> = HashMap<Vertex<'p>, Vec<Vertex<'p>>>;

/// What each waits for.
fn waiting(plan: &Plan) -> Waiting<'_> {
    let mut waits: Waiting<'_> = HashMap::new();
    let mut add = |from, to| {
        waits.entry(to).or_default();
        waits.entry(from).or_default().push(to);
    };
    for (id, step) in &plan.steps {
        let (own, goal) = (Vertex::Step(id.as_str()), step.goal.as_str());
        add(own, Vertex::Start(goal));
        add(Vertex::End(goal), own);
        step.edges.iter().for_each(|edge| add(own, target(edge)));
    }
    for (id, goal) in &plan.goals {
        let (start, end) = (Vertex::Start(id.as_str()), Vertex::End(id.as_str()));
        add(end, start);
        goal.edges.iter().for_each(|edge| add(start, target(edge)));
        if let Some(parent) = &goal.parent {
            add(start, Vertex::Start(parent.as_str()));
            add(Vertex::End(parent.as_str()), end);
        }
    }
    waits
}

fn target(edge: &Edge) -> Vertex<'_> {
    match &edge.on {
        NodeId::Step(id) => Vertex::Step(id.as_str()),
        NodeId::Goal(id) => Vertex::End(id.as_str()),
    }
}

/// Those that wait for a circle, or are in one, and for how many others they still wait.
fn never_start<'p>(waits: &Waiting<'p>) -> HashMap<Vertex<'p>, usize> {
    let mut left: HashMap<Vertex<'p>, usize> =
        waits.iter().map(|(vertex, others)| (*vertex, others.len())).collect();
    let mut waited_for: Waiting<'p> = HashMap::new();
    for (vertex, others) in waits {
        for other in others {
            waited_for.entry(*other).or_default().push(*vertex);
        }
    }
    let free = |left: &HashMap<Vertex<'p>, usize>| -> Vec<Vertex<'p>> {
        left.iter().filter(|(_, count)| **count == 0).map(|(vertex, _)| *vertex).collect()
    };
    let mut open = free(&left);
    while let Some(vertex) = open.pop() {
        left.remove(&vertex);
        for waiter in waited_for.get(&vertex).into_iter().flatten() {
            let Some(count) = left.get_mut(waiter) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.push(*waiter);
            }
        }
    }
    left
}
