//! Steps and goals that wait for each other in a circle: none of them would ever start.
//!
//! Knows edges, and what goals hold. Iterative, so that no plan is too deep.

use super::{Edge, Plan};
use crate::value::NodeId;

/// Those of one circle, each waiting for the next, the first also last; empty where there is none.
pub(super) fn circle(plan: &Plan) -> Vec<String> {
    let vertices = Vertices { plan };
    let pairs = vertices.pairs();
    let left = never_start(vertices.count(), &pairs);
    let first = (0..vertices.count()).filter(|&at| left[at]);
    let Some(first) = first.min_by_key(|&at| vertices.named(at)) else { return Vec::new() };
    // Whoever is left waits for another that is: the way along them comes back to one of it.
    let mut next = vec![None; vertices.count()];
    for &(from, to) in &pairs {
        if left[to as usize] {
            next[from as usize].get_or_insert(to as usize);
        }
    }
    let mut way = vec![first];
    let mut seen_at = vec![None; vertices.count()];
    seen_at[first] = Some(0);
    loop {
        let Some(next) = way.last().and_then(|last| next[*last]) else { return Vec::new() };
        if let Some(at) = seen_at[next] {
            let circle = way.split_off(at).into_iter().chain([next]);
            let mut names: Vec<String> = circle.map(|at| vertices.name(at)).collect();
            names.dedup();
            return if names.len() == 1 { vec![names[0].clone(); 2] } else { names };
        }
        seen_at[next] = Some(way.len());
        way.push(next);
    }
}

/// What waits, and what is waited for, by numbers: the steps; then of each goal its start and its end.
struct Vertices<'p> {
    plan: &'p Plan,
}

impl Vertices<'_> {
    fn count(&self) -> usize {
        self.plan.steps.len() + 2 * self.plan.goals.len()
    }

    fn start(&self, goal: &str) -> Option<usize> {
        Some(self.plan.steps.len() + 2 * self.plan.goals.get_index_of(goal)?)
    }

    fn end(&self, goal: &str) -> Option<usize> {
        Some(self.start(goal)? + 1)
    }

    fn target(&self, edge: &Edge) -> Option<usize> {
        match &edge.on {
            NodeId::Step(id) => self.plan.steps.get_index_of(id),
            NodeId::Goal(id) => self.end(id.as_str()),
        }
    }

    /// Who waits for whom; that all are in the plan was checked before.
    fn pairs(&self) -> Vec<(u32, u32)> {
        let mut pairs = Vec::with_capacity(4 * self.count());
        let mut add = |from: Option<usize>, to: Option<usize>| {
            let number = |at: Option<usize>| u32::try_from(at?).ok();
            pairs.extend(number(from).zip(number(to)));
        };
        for (at, step) in self.plan.steps.values().enumerate() {
            let goal = step.goal.as_str();
            add(Some(at), self.start(goal));
            add(self.end(goal), Some(at));
            step.edges.iter().for_each(|edge| add(Some(at), self.target(edge)));
        }
        for (id, goal) in &self.plan.goals {
            let (start, end) = (self.start(id.as_str()), self.end(id.as_str()));
            add(end, start);
            goal.edges.iter().for_each(|edge| add(start, self.target(edge)));
            if let Some(parent) = &goal.parent {
                add(start, self.start(parent.as_str()));
                add(self.end(parent.as_str()), end);
            }
        }
        pairs
    }

    /// What it is, steps before starts before ends, and its id. The least of these is the first of
    /// a circle, whatever the order of the text.
    fn named(&self, at: usize) -> (usize, &str) {
        let goal = |at: usize| self.plan.goals.get_index(at / 2).map_or("", |(id, _)| id.as_str());
        match (at.checked_sub(self.plan.steps.len()), self.plan.steps.get_index(at)) {
            (Some(of_goal), _) => (1 + of_goal % 2, goal(of_goal)),
            (None, step) => (0, step.map_or("", |(id, _)| id.as_str())),
        }
    }

    fn name(&self, at: usize) -> String {
        let (_, name) = self.named(at);
        if name.is_empty() { "the goal".to_owned() } else { name.to_owned() }
    }
}

/// Those that wait for a circle, or are in one.
fn never_start(count: usize, pairs: &[(u32, u32)]) -> Vec<bool> {
    let mut left = vec![0_u32; count];
    let mut ends = vec![0_u32; count + 1];
    for &(from, to) in pairs {
        left[from as usize] += 1;
        ends[to as usize + 1] += 1;
    }
    for at in 0..count {
        ends[at + 1] += ends[at];
    }
    // Who waits for each: behind one another, those of `to` from `ends[to]` on.
    let mut free_at = ends.clone();
    let mut waiters = vec![0_u32; pairs.len()];
    for &(from, to) in pairs {
        let free = &mut free_at[to as usize];
        waiters[*free as usize] = from;
        *free += 1;
    }
    let mut open: Vec<usize> = (0..count).filter(|&at| left[at] == 0).collect();
    while let Some(at) = open.pop() {
        for &waiter in &waiters[ends[at] as usize..ends[at + 1] as usize] {
            let count = &mut left[waiter as usize];
            *count -= 1;
            if *count == 0 {
                open.push(waiter as usize);
            }
        }
    }
    left.into_iter().map(|count| count > 0).collect()
}
