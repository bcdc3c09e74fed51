//! The order of each layer: sweeps up and down by the mean place of neighbours, of which the one with
//! the fewest crossings is kept.

use super::layered::Web;

/// Work past which fewer sweeps have to do, in ties looked at.
const WORK: usize = 400_000;

const MOST_SWEEPS: usize = 24;

/// Brings each layer of a web into an order with few crossings.
pub(super) fn reduce(web: &mut Web) {
    let near = Near::new(web);
    let sweeps = (WORK / web.ties.len().max(1)).clamp(2, MOST_SWEEPS);
    let mut places = vec![0.0; web.spots.len()];
    number(&web.layers, &mut places);
    let mut best = (crossings(web, &near, &places), web.layers.clone());
    for sweep in 0..sweeps {
        if best.0 == 0 && sweep > 0 {
            break;
        }
        let count = web.layers.len();
        for step in 0..count {
            let layer = if sweep % 2 == 0 { step } else { count - 1 - step };
            let ties = if sweep % 2 == 0 { &near.above } else { &near.below };
            sort(&mut web.layers[layer], ties, &near, &mut places);
        }
        let found = crossings(web, &near, &places);
        if found < best.0 || sweep == 0 {
            best = (found, web.layers.clone());
        }
    }
    web.layers = best.1;
}

/// Of each spot, what is tied to it in the layers above and below, with the place in its width.
struct Near {
    above: Vec<Vec<(usize, f64)>>,
    below: Vec<Vec<(usize, f64)>>,
}

impl Near {
    fn new(web: &Web) -> Self {
        let mut near = Self {
            above: vec![Vec::new(); web.spots.len()],
            below: vec![Vec::new(); web.spots.len()],
        };
        // Edges of a wide box are ordered by where they are tied to it.
        let part = |dx: f64, spot: usize| dx / (web.spots[spot].width + 1.0) - 0.5;
        for tie in &web.ties {
            near.above[tie.lower].push((tie.upper, part(tie.upper_dx, tie.upper)));
            near.below[tie.upper].push((tie.lower, part(tie.lower_dx, tie.lower)));
        }
        near
    }
}

#[allow(clippy::cast_precision_loss)] // far fewer than 2^52
fn number(layers: &[Vec<usize>], places: &mut [f64]) {
    for layer in layers {
        for (place, spot) in layer.iter().enumerate() {
            places[*spot] = place as f64;
        }
    }
}

/// What is tied to nothing stands last, out of the others' way.
fn sort(layer: &mut Vec<usize>, ties: &[Vec<(usize, f64)>], near: &Near, places: &mut [f64]) {
    let mean = |spot: usize| {
        if near.above[spot].is_empty() && near.below[spot].is_empty() {
            return f64::MAX;
        }
        let near = &ties[spot];
        let sum: f64 = near.iter().map(|(other, part)| places[*other] + part).sum();
        #[allow(clippy::cast_precision_loss)]
        if near.is_empty() { places[spot] } else { sum / near.len() as f64 }
    };
    let mut keyed: Vec<(f64, usize)> = layer.iter().map(|spot| (mean(*spot), *spot)).collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    *layer = keyed.into_iter().map(|(_, spot)| spot).collect();
    number(std::slice::from_ref(layer), places);
}

/// How many pairs of ties cross, layer by layer.
fn crossings(web: &Web, near: &Near, places: &[f64]) -> usize {
    web.layers.iter().map(|layer| below(layer, near, places)).sum()
}

/// Inversions of the lower ends, counted by a tree of sums.
fn below(layer: &[usize], near: &Near, places: &[f64]) -> usize {
    let mut ends: Vec<f64> = Vec::new();
    for spot in layer {
        let mut lower: Vec<f64> =
            near.below[*spot].iter().map(|(other, part)| places[*other] + part).collect();
        lower.sort_by(f64::total_cmp);
        ends.extend(lower);
    }
    let mut sorted = ends.clone();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let mut tree = vec![0_usize; sorted.len() + 1];
    let mut found = 0;
    for (seen, end) in ends.iter().enumerate() {
        let rank = sorted.partition_point(|other| other <= end);
        let mut at = rank;
        let mut lower = 0;
        while at > 0 {
            lower += tree[at];
            at &= at - 1;
        }
        found += seen - lower;
        at = rank;
        while at < tree.len() {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    found
}
