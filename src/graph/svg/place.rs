//! Where each spot of a layer is: as near below and above its neighbours as order and distance allow.
//!
//! Layer by layer the squares of the distances are made least, by pooling adjacent violators. Bends
//! weigh more, so that long edges run straight. Invariant: spots of a layer never overlap.

use super::layered::Web;

/// Between two boxes, a box and a bend, and two bends.
const APART: f64 = 26.0;
const BESIDE_BEND: f64 = 18.0;
const BENDS: f64 = 12.0;

const BEND_WEIGHT: f64 = 6.0;

/// Work past which fewer sweeps have to do, in ties looked at.
const WORK: usize = 600_000;

const MOST_SWEEPS: usize = 40;

/// The left side of each spot; the leftmost is at 0.
pub(super) fn place(web: &Web) -> Vec<f64> {
    let mut above = vec![Vec::new(); web.spots.len()];
    let mut below = vec![Vec::new(); web.spots.len()];
    for tie in &web.ties {
        let weight = match (web.spots[tie.upper].bend, web.spots[tie.lower].bend) {
            (true, true) => 8.0,
            (false, false) => 1.0,
            _ => 2.0,
        };
        above[tie.lower].push((tie.upper, tie.upper_dx - tie.lower_dx, weight));
        below[tie.upper].push((tie.lower, tie.lower_dx - tie.upper_dx, weight));
    }
    let mut lefts = packed(web);
    let sweeps = (WORK / web.ties.len().max(1)).clamp(2, MOST_SWEEPS);
    let nothing = vec![Vec::new(); web.spots.len()];
    for sweep in 0..sweeps {
        let count = web.layers.len();
        let last = sweep + 4 >= sweeps;
        for step in 0..count {
            let down = sweep % 2 == 0;
            let layer = &web.layers[if down { step } else { count - 1 - step }];
            let near = match (last, down) {
                (true, _) => [&above, &below],
                (false, true) => [&above, &nothing],
                (false, false) => [&below, &nothing],
            };
            settle(web, layer, near, &mut lefts);
        }
    }
    let first = lefts.iter().copied().fold(f64::INFINITY, f64::min);
    lefts.iter().map(|left| left - first).collect()
}

/// Side by side, the middle of each layer at 0.
fn packed(web: &Web) -> Vec<f64> {
    let mut lefts = vec![0.0; web.spots.len()];
    for layer in &web.layers {
        let offsets = offsets(web, layer);
        let end = layer.last().map_or(0.0, |last| web.spots[*last].width);
        let width = offsets.last().copied().unwrap_or(0.0) + end;
        for (spot, offset) in layer.iter().zip(&offsets) {
            lefts[*spot] = offset - width / 2.0;
        }
    }
    lefts
}

/// How far each spot of a layer is right of the first, at least.
fn offsets(web: &Web, layer: &[usize]) -> Vec<f64> {
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(layer.len());
    let mut before: Option<usize> = None;
    for spot in layer {
        if let Some(before) = before {
            let apart = match (web.spots[before].bend, web.spots[*spot].bend) {
                (true, true) => BENDS,
                (false, false) => APART,
                _ => BESIDE_BEND,
            };
            offset += web.spots[before].width + apart;
        }
        offsets.push(offset);
        before = Some(*spot);
    }
    offsets
}

type Neighbours = Vec<Vec<(usize, f64, f64)>>;

/// Moves a layer's spots as near to their neighbours as they can get.
fn settle(web: &Web, layer: &[usize], near: [&Neighbours; 2], lefts: &mut [f64]) {
    let offsets = offsets(web, layer);
    // Blocks of spots that stand as close as they may: (sum of wishes, weight, how many).
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (spot, offset) in layer.iter().zip(&offsets) {
        let (wish, weight) = wish(*spot, near, lefts);
        let weight = if web.spots[*spot].bend { weight * BEND_WEIGHT } else { weight };
        let mut block = ((wish - offset) * weight, weight, 1);
        while let Some(&(sum, heavy, count)) = blocks.last() {
            if sum / heavy <= block.0 / block.1 {
                break;
            }
            blocks.pop();
            block = (block.0 + sum, block.1 + heavy, block.2 + count);
        }
        blocks.push(block);
    }
    let starts =
        blocks.iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, *count));
    for ((spot, offset), start) in layer.iter().zip(&offsets).zip(starts) {
        lefts[*spot] = start + offset;
    }
}

/// Where a spot would best be, and how much that matters.
fn wish(spot: usize, near: [&Neighbours; 2], lefts: &[f64]) -> (f64, f64) {
    let all = || near.iter().flat_map(|near| &near[spot]);
    let weight: f64 = all().map(|(_, _, weight)| weight).sum();
    if weight <= 0.0 {
        return (lefts[spot], 0.01);
    }
    let sum: f64 = all().map(|(other, dx, weight)| (lefts[*other] + dx) * weight).sum();
    (sum / weight, weight)
}
