//! A line's lanes as characters: two columns a lane.
//!
//! A lane that a line only crosses stays whole, so that what is tied to it and what is not can be
//! told apart.

use super::Style;
use super::lanes::{Mark, Row};
use crate::report::layout::Paint;

/// The line with its mark, padded to so many columns.
pub(super) fn drawn(row: &Row, columns: usize, style: Style) -> String {
    let Some((mark, kind)) = row.mark else { return below(row, columns, style) };
    let ends = || row.joined.iter().copied().chain([mark]);
    let (from, to) = (ends().min().unwrap_or(mark), ends().max().unwrap_or(mark));
    let paint = Paint(style.colour);
    let mut line = String::new();
    for at in 0..columns.div_ceil(2).max(1) {
        if at == mark {
            line += &paint.bold(&glyph(kind, style).to_string());
        } else if row.joined.contains(&at) {
            let sides = Sides {
                up: is(&row.above, at),
                down: is(&row.below, at),
                left: from < at,
                right: at < to,
            };
            line.push(sides.tie(style));
        } else if is(&row.above, at) || is(&row.below, at) {
            line.push(upright(style));
        } else {
            line.push(if from < at && at < to { across(style) } else { ' ' });
        }
        if at + 1 < columns.div_ceil(2) {
            line.push(if from <= at && at < to { across(style) } else { ' ' });
        }
    }
    line
}

/// The lanes that go on below a line, without a mark.
pub(super) fn below(row: &Row, columns: usize, style: Style) -> String {
    let lane = |at: usize| if is(&row.below, at) { upright(style) } else { ' ' };
    let count = columns.div_ceil(2);
    (0..count).flat_map(|at| [Some(lane(at)), (at + 1 < count).then_some(' ')]).flatten().collect()
}

fn is(flags: &[bool], at: usize) -> bool {
    flags.get(at).copied().unwrap_or(false)
}

fn glyph(mark: Mark, style: Style) -> char {
    match (mark, style.ascii) {
        (Mark::Step { critical: true }, false) => '●',
        (Mark::Step { critical: false }, false) => '○',
        (Mark::Start, false) => '▽',
        (Mark::End, false) => '△',
        (Mark::Step { critical: true }, true) => '*',
        (Mark::Step { critical: false }, true) => 'o',
        (Mark::Start, true) => 'v',
        (Mark::End, true) => '^',
    }
}

fn upright(style: Style) -> char {
    if style.ascii { '|' } else { '│' }
}

fn across(style: Style) -> char {
    if style.ascii { '-' } else { '─' }
}

/// Where lines lead from a tie.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // the four directions
struct Sides {
    up: bool,
    down: bool,
    left: bool,
    right: bool,
}

impl Sides {
    fn tie(self, style: Style) -> char {
        if style.ascii {
            return match (self.up, self.down) {
                (true, false) => '\'',
                (false, true) => '.',
                _ => '+',
            };
        }
        match (self.up, self.down, self.left, self.right) {
            (true, true, true, true) => '┼',
            (true, true, true, false) => '┤',
            (true, true, false, _) => '├',
            (true, false, true, true) => '┴',
            (true, false, true, false) => '╯',
            (true, false, false, _) => '╰',
            (false, _, true, true) => '┬',
            (false, _, true, false) => '╮',
            (false, _, false, _) => '╭',
        }
    }
}
