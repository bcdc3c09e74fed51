//! Goals in goals: each is laid out by itself and is then one box in the goal around it.
//!
//! An edge across goals is cut where it passes a goal's border, and put together again at the end.
//! Invariant: boxes are within their goal's box, and beside each other never overlap.

use std::collections::HashMap;

use super::boxes::{Frame, PAD, frame};
use super::layered::{Level, Link, Run, lay};
use crate::graph::diagram::Diagram;

/// Where a node is in the picture.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The picture, without its surroundings.
#[derive(Debug)]
pub(super) struct Nest {
    /// By node; the root's is all of it.
    pub(super) places: Vec<Place>,
    /// By line of the diagram.
    pub(super) routes: Vec<Vec<Run>>,
}

/// A part of a line within one goal.
#[derive(Debug, Clone, Copy)]
struct Part {
    line: usize,
    from: Option<usize>,
    to: Option<usize>,
}

/// A goal that has been laid out.
#[derive(Debug, Default)]
struct Inside {
    level: Level,
    parts: Vec<Part>,
    /// From the box's corner to what it holds.
    inset: (f64, f64),
    /// Where lines pass the border, from the box's left.
    ports: HashMap<usize, f64>,
}

pub(super) fn nest(diagram: &Diagram) -> Nest {
    let frames: Vec<Frame> = diagram.labels.iter().map(frame).collect();
    let mut sizes: Vec<(f64, f64)> =
        frames.iter().map(|frame| (frame.width, frame.height)).collect();
    let mut parts = cut(diagram);
    let mut insides: Vec<Inside> = (0..diagram.goals).map(|_| Inside::default()).collect();
    // What a goal holds has greater numbers.
    for goal in (0..diagram.goals).rev() {
        let own = std::mem::take(&mut parts[goal]);
        let inside = inside(diagram, goal, own, &sizes, &insides);
        let (width, height) = (inside.level.width, inside.level.height);
        let least = sizes[goal];
        sizes[goal] = (least.0.max(width + 2.0 * PAD), least.1 + height + PAD);
        insides[goal] =
            Inside { inset: ((sizes[goal].0 - width) / 2.0, least.1), ..inside }.with_ports();
    }
    put_together(diagram, &sizes, &insides)
}

/// The parts of all lines, by goal.
fn cut(diagram: &Diagram) -> Vec<Vec<Part>> {
    let mut parts: Vec<Vec<Part>> = vec![Vec::new(); diagram.goals];
    for (line, ends) in diagram.lines.iter().enumerate() {
        let Some((shared, from, to)) = diagram.meet(ends.from, ends.to) else { continue };
        for (end, top) in [(ends.from, from), (ends.to, to)] {
            let mut at = end;
            while at != top {
                let leaves = end == ends.from;
                let (from, to) = if leaves { (Some(at), None) } else { (None, Some(at)) };
                at = diagram.parent(at);
                parts[at].push(Part { line, from, to });
            }
        }
        parts[shared].push(Part { line, from: Some(from), to: Some(to) });
    }
    parts
}

fn inside(
    diagram: &Diagram,
    goal: usize,
    parts: Vec<Part>,
    sizes: &[(f64, f64)],
    insides: &[Inside],
) -> Inside {
    let children = diagram.children(goal);
    let numbers: HashMap<usize, usize> = children.iter().copied().zip(0..).collect();
    let end = |part: &Part, node: Option<usize>| {
        let node = node?;
        let port = insides.get(node).and_then(|inside| inside.ports.get(&part.line).copied());
        Some((*numbers.get(&node)?, port.unwrap_or(sizes[node].0 / 2.0)))
    };
    let links: Vec<Link> = parts
        .iter()
        .map(|part| Link { from: end(part, part.from), to: end(part, part.to) })
        .collect();
    let boxes: Vec<(f64, f64)> = children.iter().map(|child| sizes[*child]).collect();
    Inside { level: lay(&boxes, &links), parts, ..Inside::default() }
}

impl Inside {
    /// Where what comes from outside and what leads there passes the border.
    fn with_ports(mut self) -> Self {
        for (part, route) in self.parts.iter().zip(&self.level.routes) {
            let run = match (part.from, part.to) {
                (None, _) => route.first(),
                (_, None) => route.last(),
                _ => None,
            };
            if let Some(run) = run {
                self.ports.insert(part.line, run.x + self.inset.0);
            }
        }
        self
    }
}

fn put_together(diagram: &Diagram, sizes: &[(f64, f64)], insides: &[Inside]) -> Nest {
    let mut places = vec![Place::default(); diagram.count()];
    // By line: its parts from the outside in, those before the shared goal with a negative number.
    let mut found: Vec<Vec<(isize, Vec<Run>)>> = vec![Vec::new(); diagram.lines.len()];
    places[0] = Place { x: 0.0, y: 0.0, width: sizes[0].0, height: sizes[0].1 };
    for (goal, inside) in insides.iter().enumerate() {
        let (x, y) = (places[goal].x + inside.inset.0, places[goal].y + inside.inset.1);
        for (child, (left, top)) in diagram.children(goal).iter().zip(&inside.level.corners) {
            let (width, height) = sizes[*child];
            places[*child] = Place { x: x + left, y: y + top, width, height };
        }
        let depth = isize::try_from(diagram.depth(goal) + 1).unwrap_or(0);
        for (part, route) in inside.parts.iter().zip(&inside.level.routes) {
            let moved = route.iter().map(|run| Run {
                x: run.x + x,
                top: run.top + y,
                bottom: run.bottom + y,
            });
            let order = match (part.from, part.to) {
                (Some(_), Some(_)) => 0,
                (Some(_), None) => -depth,
                _ => depth,
            };
            found[part.line].push((order, moved.collect()));
        }
    }
    let routes = found.into_iter().map(|mut parts| {
        parts.sort_by_key(|(order, _)| *order);
        parts.into_iter().flat_map(|(_, runs)| runs).collect()
    });
    Nest { places, routes: routes.collect() }
}
