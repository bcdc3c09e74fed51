//! One goal's inside in layers: what waits for something is below it.
//!
//! Sugiyama's method: layers, bends where an edge passes a layer, an order within each layer that has
//! few crossings, then places. Knows boxes and edges by number only; edges that come from outside
//! enter at the top, and those that lead outside leave at the bottom.

use super::crossing;
use super::place;

/// Between two layers, for the edges.
const GAP: f64 = 44.0;

/// Between a goal's border and its first or last layer, for edges that pass the border.
const BORDER_GAP: f64 = 22.0;

/// With more bends than this, long edges go straight.
const MOST_BENDS: usize = 60_000;

/// How many boxes without edges stand beside each other, at least.
const BESIDE: usize = 4;

/// An edge within a goal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// A box, and how far from its left the edge is tied to it; `None` for outside.
    pub(super) from: Option<(usize, f64)>,
    pub(super) to: Option<(usize, f64)>,
}

/// A piece of an edge that runs straight down. Between two pieces it curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    pub(super) x: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// Where all is, from the upper left corner.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Of each box.
    pub(super) corners: Vec<(f64, f64)>,
    /// Of each link.
    pub(super) routes: Vec<Vec<Run>>,
}

/// A box or a bend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) layer: usize,
    pub(super) bend: bool,
}

/// Two spots that an edge ties, the upper one first, and where from their left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tie {
    pub(super) upper: usize,
    pub(super) lower: usize,
    pub(super) upper_dx: f64,
    pub(super) lower_dx: f64,
}

/// Boxes and bends, how they are tied, and which spots each link passes.
#[derive(Debug, Default)]
pub(super) struct Web {
    pub(super) spots: Vec<Spot>,
    pub(super) layers: Vec<Vec<usize>>,
    pub(super) ties: Vec<Tie>,
    paths: Vec<Vec<(usize, f64)>>,
}

/// Lays boxes of these sizes out.
pub(super) fn lay(sizes: &[(f64, f64)], links: &[Link]) -> Level {
    let mut web = web(sizes, links);
    crossing::reduce(&mut web);
    let lefts = place::place(&web);
    let mut level = Level::default();
    let mut tops = Vec::new();
    let mut y = 0.0;
    for (at, layer) in web.layers.iter().enumerate() {
        let height = layer.iter().map(|spot| web.spots[*spot].height).fold(0.0, f64::max);
        if at > 0 {
            let bends = |at: usize| web.layers[at].iter().all(|spot| web.spots[*spot].bend);
            y += if bends(at) || bends(at - 1) { BORDER_GAP } else { GAP };
        }
        tops.push((y, y + height));
        y += height;
    }
    level.height = y;
    level.width =
        web.spots.iter().zip(&lefts).map(|(spot, left)| left + spot.width).fold(0.0, f64::max);
    let vertical = |spot: usize| {
        let (top, bottom) = tops[web.spots[spot].layer];
        let upper = top + (bottom - top - web.spots[spot].height) / 2.0;
        (top, upper, upper + web.spots[spot].height, bottom)
    };
    level.corners = (0..sizes.len()).map(|spot| (lefts[spot], vertical(spot).1)).collect();
    let run = |path: &[(usize, f64)], at: usize| {
        let (spot, dx) = path[at];
        let (top, upper, lower, bottom) = vertical(spot);
        let x = lefts[spot] + dx;
        if web.spots[spot].bend {
            Run { x, top, bottom }
        } else if at == 0 {
            Run { x, top: lower, bottom: bottom.max(lower) }
        } else {
            Run { x, top: top.min(upper), bottom: upper }
        }
    };
    let route = |path: &Vec<(usize, f64)>| (0..path.len()).map(|at| run(path, at)).collect();
    level.routes = web.paths.iter().map(route).collect();
    level
}

fn web(sizes: &[(f64, f64)], links: &[Link]) -> Web {
    let layers = ranks(sizes.len(), links);
    let enters = links.iter().any(|link| link.from.is_none());
    let leaves = links.iter().any(|link| link.to.is_none());
    let first = usize::from(enters);
    let last = first + layers.iter().max().map_or(0, |last| last + 1);
    let mut web = Web { layers: vec![Vec::new(); last + usize::from(leaves)], ..Web::default() };
    for ((width, height), layer) in sizes.iter().zip(&layers) {
        web.add(Spot { width: *width, height: *height, layer: layer + first, bend: false });
    }
    let layer_of = |end: Option<(usize, f64)>, outside: usize| {
        end.map_or(outside, |(spot, _)| layers[spot] + first)
    };
    let spans =
        links.iter().map(|link| layer_of(link.to, last).saturating_sub(layer_of(link.from, 0)));
    let straight = spans.sum::<usize>() > MOST_BENDS;
    for link in links {
        let (from, to) = (layer_of(link.from, 0), layer_of(link.to, last));
        let mut path = vec![link.from.unwrap_or_else(|| (web.bend(from), 0.0))];
        if !straight {
            path.extend((from + 1..to).map(|layer| (web.bend(layer), 0.0)));
        }
        path.push(link.to.unwrap_or_else(|| (web.bend(to), 0.0)));
        if from < to {
            web.tie(&path);
        }
        web.paths.push(path);
    }
    web
}

impl Web {
    fn add(&mut self, spot: Spot) -> usize {
        let at = self.spots.len();
        self.layers[spot.layer].push(at);
        self.spots.push(spot);
        at
    }

    fn bend(&mut self, layer: usize) -> usize {
        self.add(Spot { width: 0.0, height: 0.0, layer, bend: true })
    }

    fn tie(&mut self, path: &[(usize, f64)]) {
        for pair in path.windows(2) {
            let [(upper, upper_dx), (lower, lower_dx)] = *pair else { continue };
            self.ties.push(Tie { upper, lower, upper_dx, lower_dx });
        }
    }
}

/// The layer of each box: below all that it waits for, and no higher than what waits for it needs.
/// What is on a circle stays where the circle is entered.
fn ranks(count: usize, links: &[Link]) -> Vec<usize> {
    let mut after = vec![Vec::new(); count];
    let mut waits = vec![0_usize; count];
    let mut tied = vec![false; count];
    for link in links {
        for (spot, _) in [link.from, link.to].into_iter().flatten() {
            tied[spot] = true;
        }
        if let (Some((from, _)), Some((to, _))) = (link.from, link.to) {
            after[from].push(to);
            waits[to] += 1;
        }
    }
    let begins: Vec<bool> = waits.iter().map(|waits| *waits == 0).collect();
    let mut ranks = vec![0_usize; count];
    let mut order: Vec<usize> = (0..count).filter(|at| begins[*at]).collect();
    let mut done = 0;
    while let Some(&at) = order.get(done) {
        done += 1;
        for &next in &after[at] {
            ranks[next] = ranks[next].max(ranks[at] + 1);
            waits[next] -= 1;
            if waits[next] == 0 {
                order.push(next);
            }
        }
    }
    let entered: Vec<bool> = entered(count, links);
    for &at in order.iter().rev().filter(|at| begins[**at] && !entered[**at]) {
        let lowest = after[at].iter().map(|next| ranks[*next]).min();
        ranks[at] = lowest.map_or(ranks[at], |lowest| lowest.saturating_sub(1));
    }
    spread(&mut ranks, &tied);
    ranks
}

fn entered(count: usize, links: &[Link]) -> Vec<bool> {
    let mut entered = vec![false; count];
    for link in links.iter().filter(|link| link.from.is_none()) {
        if let Some((to, _)) = link.to {
            entered[to] = true;
        }
    }
    entered
}

/// Boxes that nothing is tied to stand in rows, not in one.
fn spread(ranks: &mut [usize], tied: &[bool]) {
    let loose: Vec<usize> = (0..ranks.len()).filter(|at| !tied[*at]).collect();
    let mut beside = BESIDE;
    while beside * beside < loose.len() {
        beside += 1;
    }
    for (number, at) in loose.into_iter().enumerate() {
        ranks[at] = number / beside;
    }
}
