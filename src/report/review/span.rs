//! Stretches of time: joined, measured, laid over each other. Knows nothing of runs.

use std::time::Duration;

use crate::exec::Timestamp;

/// From one moment to another, which is not before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct Span {
    pub(in crate::report) from: Timestamp,
    pub(in crate::report) to: Timestamp,
}

impl Span {
    pub(in crate::report) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to: to.max(from) }
    }

    pub(in crate::report) fn length(self) -> Duration {
        self.to.since(self.from)
    }

    /// What both have in common.
    pub(in crate::report) fn and(self, other: Self) -> Option<Self> {
        let both = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (both.from < both.to).then_some(both)
    }
}

/// The same times without overlaps, in order.
pub(in crate::report) fn joined(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.into_iter().collect();
    sorted.sort_unstable();
    let mut all: Vec<Span> = Vec::new();
    for span in sorted {
        match all.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => all.push(span),
        }
    }
    all
}

/// The length of spans that do not overlap.
pub(in crate::report) fn total(spans: &[Span]) -> Duration {
    spans.iter().map(|span| span.length()).sum()
}

/// What of the first is in none of the others. Both are joined already.
pub(in crate::report) fn without(spans: &[Span], others: &[Span]) -> Vec<Span> {
    let mut rest = Vec::new();
    let mut from_other = 0;
    for span in spans {
        let mut at = span.from;
        while others.get(from_other).is_some_and(|other| other.to <= span.from) {
            from_other += 1;
        }
        for other in others.iter().skip(from_other).take_while(|other| other.from < span.to) {
            if other.from > at {
                rest.push(Span::new(at, other.from));
            }
            at = at.max(other.to);
        }
        if at < span.to {
            rest.push(Span::new(at, span.to));
        }
    }
    rest
}

/// How long the first lasted within the others. The others are joined already.
pub(in crate::report) fn within(span: Span, others: &[Span]) -> Duration {
    let first = others.partition_point(|other| other.to <= span.from);
    let near = others.iter().skip(first).take_while(|other| other.from < span.to);
    near.filter_map(|other| span.and(*other)).map(Span::length).sum()
}

/// The most of them at one moment. One that ends as another begins is not at once with it.
pub(in crate::report) fn most_at_once(spans: &[Span]) -> u32 {
    let mut changes: Vec<(Timestamp, i32)> =
        spans.iter().flat_map(|span| [(span.from, 1), (span.to, -1)]).collect();
    changes.sort_unstable();
    let (mut now, mut most) = (0_i32, 0_i32);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    u32::try_from(most).unwrap_or(0)
}

/// The times in which at least so many of them are at once.
pub(in crate::report) fn full(spans: &[Span], many: u32) -> Vec<Span> {
    let mut changes: Vec<(Timestamp, i64)> =
        spans.iter().flat_map(|span| [(span.from, 1), (span.to, -1)]).collect();
    changes.sort_unstable();
    let (mut now, mut since, mut found) = (0_i64, None, Vec::new());
    for (at, change) in changes {
        now += change;
        match since {
            None if now >= i64::from(many) => since = Some(at),
            Some(from) if now < i64::from(many) => {
                found.push(Span::new(from, at));
                since = None;
            }
            _ => {}
        }
    }
    joined(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span::new(Timestamp(from), Timestamp(to))
    }

    #[test]
    fn overlaps_count_once() {
        let all = joined([span(5, 9), span(0, 3), span(2, 4), span(9, 10)]);
        assert_eq!(all, [span(0, 4), span(5, 10)]);
        assert_eq!(total(&all), Duration::from_millis(9));
    }

    #[test]
    fn what_is_left_out_is_gone_and_the_rest_stays() {
        let rest = without(&[span(0, 10), span(20, 30)], &[span(2, 4), span(8, 25)]);
        assert_eq!(rest, [span(0, 2), span(4, 8), span(25, 30)]);
    }

    #[test]
    fn one_that_ends_as_another_begins_is_not_at_once_with_it() {
        assert_eq!(most_at_once(&[span(0, 5), span(5, 9), span(3, 6)]), 2);
        assert_eq!(full(&[span(0, 5), span(5, 9), span(3, 6)], 2), [span(3, 6)]);
    }
}
