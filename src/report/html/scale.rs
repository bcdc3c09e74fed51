//! From times to places on the chart. Long stretches in which nothing was done are cut short, so
//! that a run that waited for a weekend still shows what it did.

use crate::exec::Timestamp;
use crate::report::review::span::{Span, joined, total, without};

/// The chart's width in its own units.
pub(super) const WIDTH: f64 = 1_000.0;

/// What a stretch that is cut short is drawn as, as a share of the rest.
const CUT: f64 = 0.08;

/// A straight piece of the scale.
#[derive(Debug)]
struct Piece {
    span: Span,
    /// Where it begins, and how wide it is.
    at: f64,
    width: f64,
    cut: bool,
}

#[derive(Debug)]
pub(super) struct Scale {
    pieces: Vec<Piece>,
}

impl Scale {
    /// Of a run in which something was done in these times.
    pub(super) fn new(whole: Span, active: impl IntoIterator<Item = Span>) -> Self {
        let active = joined(active.into_iter().filter_map(|span| span.and(whole)));
        let done = total(&active).as_secs_f64().max(0.001);
        let long = (done * 0.4).max(5.0);
        let idle = without(&[whole], &active);
        let cuts: Vec<Span> =
            idle.into_iter().filter(|span| span.length().as_secs_f64() > long).collect();
        let drawn = without(&[whole], &cuts);
        let full = total(&drawn).as_secs_f64().max(0.001);
        let weight = full * (1.0 + CUT * count(cuts.len()));
        let mut spans: Vec<(Span, bool)> = drawn.into_iter().map(|span| (span, false)).collect();
        spans.extend(cuts.into_iter().map(|span| (span, true)));
        spans.sort_unstable_by_key(|(span, _)| *span);
        let mut at = 0.0;
        let pieces = spans.into_iter().map(|(span, cut)| {
            let share = if cut { full * CUT } else { span.length().as_secs_f64() };
            let piece = Piece { span, at, width: share / weight * WIDTH, cut };
            at += piece.width;
            piece
        });
        Self { pieces: pieces.collect() }
    }

    /// Where a time is.
    pub(super) fn place(&self, time: Timestamp) -> f64 {
        let next = self.pieces.partition_point(|piece| piece.span.to < time);
        let Some(piece) = self.pieces.get(next) else { return WIDTH };
        let length = piece.span.length().as_secs_f64().max(0.000_001);
        let into = time.since(piece.span.from).as_secs_f64() / length;
        piece.at + piece.width * into.clamp(0.0, 1.0)
    }

    /// The time at a place; only where it is not cut.
    pub(super) fn time(&self, place: f64) -> Option<Timestamp> {
        let piece = self.pieces.iter().find(|piece| place <= piece.at + piece.width + 0.001)?;
        let into = ((place - piece.at) / piece.width.max(0.000_001)).clamp(0.0, 1.0);
        (!piece.cut).then(|| piece.span.from.after(piece.span.length().mul_f64(into)))
    }

    /// What is cut short: the stretch, where it is drawn, and how wide.
    pub(super) fn cuts(&self) -> impl Iterator<Item = (Span, f64, f64)> {
        self.pieces
            .iter()
            .filter(|piece| piece.cut)
            .map(|piece| (piece.span, piece.at, piece.width))
    }
}

#[allow(clippy::cast_precision_loss)] // some pieces
fn count(many: usize) -> f64 {
    many as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span::new(Timestamp(from), Timestamp(to))
    }

    #[test]
    fn without_long_waits_it_is_straight() {
        let scale = Scale::new(span(0, 10_000), [span(0, 4_000), span(5_000, 10_000)]);
        assert!((scale.place(Timestamp(2_500)) - 250.0).abs() < 0.01);
        assert!((scale.place(Timestamp(99_000)) - 1_000.0).abs() < 0.01);
        assert_eq!(scale.cuts().count(), 0);
    }

    #[test]
    fn a_weekend_takes_little_room() {
        let weekend = 200_000_000;
        let scale =
            Scale::new(span(0, weekend + 2_000), [span(0, 1_000), span(weekend, weekend + 2_000)]);
        let (_, at, width) = scale.cuts().next().unwrap();
        assert!(at > 200.0 && width < 100.0, "{at} {width}");
        assert!(scale.place(Timestamp(1_000)) < scale.place(Timestamp(weekend)));
        assert_eq!(scale.time(at + width / 2.0), None);
    }

    #[test]
    fn a_run_without_length_has_a_scale() {
        let scale = Scale::new(span(5, 5), []);
        assert!(scale.place(Timestamp(5)).is_finite());
    }
}
