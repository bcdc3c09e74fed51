//! The order of the lines: what is waited for comes first, and a goal's steps stay together.
//!
//! A goal is a line where it begins, and one where it is achieved if something waits for that.
//! Where goals wait for each other's insides, so that they cannot stay together, the steps are in one
//! row without the goals around them. Invariant: edges lead to later lines only.

use std::collections::{BTreeSet, HashMap};

use crate::graph::diagram::Diagram;

/// What a line is about, by the diagram's node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Step(usize),
    /// A goal's beginning.
    Start(usize),
    /// A goal is achieved.
    End(usize),
}

impl Part {
    pub(super) fn node(self) -> usize {
        match self {
            Self::Step(node) | Self::Start(node) | Self::End(node) => node,
        }
    }
}

/// The lines in their order and what each waits for, by place in it.
#[derive(Debug)]
pub(super) struct Vertices {
    parts: Vec<Part>,
    /// Of each, those that wait for it, in order.
    pub(super) after: Vec<Vec<usize>>,
    /// Goals' steps are together.
    pub(super) nested: bool,
    /// Beginnings of goals that wait for something, or that are waited for.
    pub(super) tied: Vec<bool>,
}

impl Vertices {
    pub(super) fn new(diagram: &Diagram) -> Self {
        let ties = Ties::new(diagram);
        let nested = nested(diagram, &ties);
        let after = ties.edges(diagram);
        let found = Self::of(nested, &after, true);
        found.unwrap_or_else(|| {
            Self::of(flat(diagram, &after), &after, false).unwrap_or_else(Self::none)
        })
    }

    fn none() -> Self {
        Self { parts: Vec::new(), after: Vec::new(), nested: true, tied: Vec::new() }
    }

    /// `None` where an edge would lead upwards; in a flat order such edges are left out.
    fn of(parts: Vec<Part>, edges: &[(Part, Part)], nested: bool) -> Option<Self> {
        let places: HashMap<Part, usize> = parts.iter().copied().zip(0..).collect();
        let mut after = vec![BTreeSet::new(); parts.len()];
        let mut tied = vec![false; parts.len()];
        for (from, to) in edges {
            let (Some(&from), Some(&to)) = (places.get(from), places.get(to)) else { continue };
            if from >= to {
                if nested {
                    return None;
                }
                continue;
            }
            after.get_mut(from)?.insert(to);
            *tied.get_mut(from)? = true;
            *tied.get_mut(to)? = true;
        }
        let after = after.into_iter().map(|all| all.into_iter().collect()).collect();
        Some(Self { parts, after, nested, tied })
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The diagram's node at a place.
    pub(super) fn node(&self, place: usize) -> usize {
        self.parts.get(place).map_or(0, |part| part.node())
    }
}

/// Which goals have a beginning and an end that something is tied to.
struct Ties {
    starts: Vec<bool>,
    ends: Vec<bool>,
    /// Nodes that wait for one beside them, and those that one beside them waits for.
    led_to: Vec<bool>,
    led_from: Vec<bool>,
}

impl Ties {
    fn new(diagram: &Diagram) -> Self {
        let mut ties = Self {
            starts: vec![false; diagram.goals],
            ends: vec![false; diagram.goals],
            led_to: vec![false; diagram.count()],
            led_from: vec![false; diagram.count()],
        };
        let set = |flags: &mut Vec<bool>, at: usize| {
            if let Some(flag) = flags.get_mut(at) {
                *flag = true;
            }
        };
        for line in &diagram.lines {
            set(&mut ties.starts, line.to);
            set(&mut ties.ends, line.from);
            let Some((_, from, to)) = diagram.meet(line.from, line.to) else { continue };
            set(&mut ties.led_to, to);
            set(&mut ties.led_from, from);
        }
        ties
    }

    fn has(flags: &[bool], node: usize) -> bool {
        flags.get(node).copied().unwrap_or(false)
    }

    /// The written edges, and those between a goal's own lines and what it holds.
    fn edges(&self, diagram: &Diagram) -> Vec<(Part, Part)> {
        let end = |node| if diagram.is_goal(node) { Part::End(node) } else { Part::Step(node) };
        let start = |node| if diagram.is_goal(node) { Part::Start(node) } else { Part::Step(node) };
        let written = diagram.lines.iter().map(|line| (end(line.from), start(line.to)));
        let mut edges: Vec<(Part, Part)> = written.collect();
        for goal in 0..diagram.goals {
            if Self::has(&self.starts, goal) {
                let inner = Self::outermost(diagram, goal, &self.starts, &self.led_to);
                edges.extend(inner.into_iter().map(|node| (Part::Start(goal), start(node))));
            }
            if Self::has(&self.ends, goal) {
                let inner = Self::outermost(diagram, goal, &self.ends, &self.led_from);
                edges.extend(inner.into_iter().map(|node| (end(node), Part::End(goal))));
            }
            let both = Self::has(&self.starts, goal) && Self::has(&self.ends, goal);
            if both && diagram.children(goal).is_empty() {
                edges.push((Part::Start(goal), Part::End(goal)));
            }
        }
        edges
    }

    /// What a goal holds that nothing inside of it comes before (or after); of goals without a line
    /// of that sort, what they hold.
    fn outermost(diagram: &Diagram, goal: usize, lines: &[bool], led: &[bool]) -> Vec<usize> {
        let mut found = Vec::new();
        let mut open: Vec<usize> = diagram.children(goal).to_vec();
        while let Some(node) = open.pop() {
            if Self::has(led, node) {
                continue;
            }
            if diagram.is_goal(node) && !Self::has(lines, node) {
                open.extend_from_slice(diagram.children(node));
            } else {
                found.push(node);
            }
        }
        found
    }
}

/// Goal by goal, each in the order of the text as far as edges allow.
fn nested(diagram: &Diagram, ties: &Ties) -> Vec<Part> {
    let mut before: HashMap<usize, BTreeSet<usize>> = HashMap::new();
    for line in &diagram.lines {
        if let Some((_, from, to)) = diagram.meet(line.from, line.to) {
            before.entry(to).or_default().insert(from);
        }
    }
    let mut parts = Vec::new();
    let mut open = vec![Part::Start(0)];
    while let Some(part) = open.pop() {
        let Part::Start(goal) = part else {
            parts.push(part);
            continue;
        };
        if goal != 0 {
            parts.push(part);
        }
        if goal != 0 && Ties::has(&ties.ends, goal) {
            open.push(Part::End(goal));
        }
        let inner = in_order(diagram.children(goal), &before);
        open.extend(
            inner.into_iter().rev().map(|node| {
                if diagram.is_goal(node) { Part::Start(node) } else { Part::Step(node) }
            }),
        );
    }
    parts
}

/// Kahn's algorithm; of several the first in the text. What is on a circle comes last.
fn in_order(nodes: &[usize], before: &HashMap<usize, BTreeSet<usize>>) -> Vec<usize> {
    let places: HashMap<usize, usize> = nodes.iter().copied().zip(0..).collect();
    let mut waits = vec![0_usize; nodes.len()];
    let mut after = vec![Vec::new(); nodes.len()];
    for (place, node) in nodes.iter().enumerate() {
        for from in before.get(node).into_iter().flatten().filter_map(|from| places.get(from)) {
            waits[place] += 1;
            after[*from].push(place);
        }
    }
    sorted(waits, &after).into_iter().filter_map(|place| nodes.get(place).copied()).collect()
}

/// All places, each behind those it waits for; of several the lowest first.
fn sorted(mut waits: Vec<usize>, after: &[Vec<usize>]) -> Vec<usize> {
    let mut ready: BTreeSet<usize> = (0..waits.len()).filter(|at| waits[*at] == 0).collect();
    let mut found = Vec::with_capacity(waits.len());
    let mut seen = vec![false; waits.len()];
    while let Some(at) = ready.pop_first() {
        found.push(at);
        seen[at] = true;
        for &next in &after[at] {
            waits[next] = waits[next].saturating_sub(1);
            if waits[next] == 0 && !seen[next] {
                ready.insert(next);
            }
        }
    }
    found.extend((0..waits.len()).filter(|at| !seen[*at]));
    found
}

/// All steps in one row, with those lines of goals that something is tied to.
fn flat(diagram: &Diagram, edges: &[(Part, Part)]) -> Vec<Part> {
    let goals: BTreeSet<usize> = edges
        .iter()
        .flat_map(|(from, to)| [*from, *to])
        .map(Part::node)
        .filter(|node| diagram.is_goal(*node))
        .collect();
    let mut parts: Vec<Part> = goals.iter().map(|goal| Part::Start(*goal)).collect();
    parts.extend((diagram.goals..diagram.count()).map(Part::Step));
    parts.extend(goals.iter().map(|goal| Part::End(*goal)));
    let tied: BTreeSet<usize> =
        edges.iter().flat_map(|(from, to)| [*from, *to]).filter_map(place_of(&parts)).collect();
    let all = parts.iter().enumerate();
    let parts: Vec<Part> = all
        .filter(|(at, part)| matches!(part, Part::Step(_)) || tied.contains(at))
        .map(|(_, part)| *part)
        .collect();
    let places: HashMap<Part, usize> = parts.iter().copied().zip(0..).collect();
    let mut waits = vec![0; parts.len()];
    let mut after = vec![Vec::new(); parts.len()];
    for (from, to) in edges {
        let (Some(&from), Some(&to)) = (places.get(from), places.get(to)) else { continue };
        waits[to] += 1;
        after[from].push(to);
    }
    sorted(waits, &after).into_iter().filter_map(|at| parts.get(at).copied()).collect()
}

fn place_of(parts: &[Part]) -> impl Fn(Part) -> Option<usize> {
    let places: HashMap<Part, usize> = parts.iter().copied().zip(0..).collect();
    move |part| places.get(&part).copied()
}
