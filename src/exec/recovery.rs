//! What comes after a failed attempt: another try, a fallback, or the end. Pure.

use std::time::Duration;

use super::event::Failure;
use super::scope::Place;
use crate::ir::{Retry, RetryOn};
use crate::value::{EvalError, Expr, Value};

/// A `retry` with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// Attempts after the first.
    pub count: u32,
    pub delay: Duration,
    pub backoff: f64,
    pub max: Duration,
    pub jitter: bool,
    pub within: Option<Duration>,
    /// Which failures are tried again; empty: all that can be.
    pub on: Vec<RetryOn>,
}

impl RetryPolicy {
    /// A clause's, with the values that it has at a place.
    ///
    /// # Errors
    /// Where an expression of it has no value.
    pub fn new(place: &Place<'_>, retry: &Retry) -> Result<Self, EvalError> {
        let duration = |expr: Option<&Expr>| expr.map(|expr| place.duration(expr)).transpose();
        let backoff = match retry.backoff.as_ref().map(|expr| place.value(expr)).transpose()? {
            Some(Value::Number(factor)) => factor,
            Some(Value::Int(factor)) => f64::from(i32::try_from(factor).unwrap_or(i32::MAX)),
            _ => 1.0,
        };
        Ok(Self {
            count: place.count(&retry.count)?,
            delay: duration(retry.delay.as_ref())?.unwrap_or_default(),
            backoff,
            max: duration(retry.max.as_deref())?.unwrap_or(Duration::MAX),
            jitter: retry.jitter,
            within: duration(retry.within.as_deref())?,
            on: retry.on.clone(),
        })
    }

    /// Whether this failure is tried again at all.
    pub fn covers(&self, failure: &Failure) -> bool {
        if matches!(
            failure,
            Failure::Denied { .. }
                | Failure::Cancelled
                | Failure::Said { .. }
                | Failure::Service { .. }
                | Failure::Snapshot { .. }
        ) {
            return false;
        }
        self.on.is_empty() || self.on.iter().any(|on| is_of(failure, on))
    }

    /// The delay before the k-th attempt after the first: min(max, delay × backoff^(k-1)),
    /// saturating. `draw` in 0..1 makes full jitter of it.
    pub fn delay(&self, k: u32, draw: f64) -> Duration {
        let exponent = i32::try_from(k.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.delay.as_secs_f64() * self.backoff.powi(exponent);
        let full = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).min(self.max);
        if self.jitter { full.mul_f64(draw.clamp(0.0, 1.0)) } else { full }
    }

    /// The delay before the next attempt, or `None` where there is none: `failed` attempts of this
    /// way have failed, the last with `failure`, `elapsed` after the first began.
    pub fn next(
        &self,
        failed: u32,
        failure: &Failure,
        elapsed: Duration,
        draw: f64,
    ) -> Option<Duration> {
        if failed > self.count || !self.covers(failure) {
            return None;
        }
        let delay = self.delay(failed, draw);
        match self.within {
            Some(within) if elapsed.saturating_add(delay) >= within => None,
            _ => Some(delay),
        }
    }
}

fn is_of(failure: &Failure, on: &RetryOn) -> bool {
    match (on, failure) {
        (RetryOn::Exit(range), Failure::Exit { code }) => {
            (range.from..=range.to).contains(&i64::from(*code))
        }
        (RetryOn::Signal, Failure::Signal { .. })
        | (RetryOn::Timeout, Failure::Timeout { .. })
        | (RetryOn::Verify, Failure::Verify { .. })
        | (RetryOn::Output, Failure::Output { .. })
        | (RetryOn::Memory, Failure::Memory)
        | (RetryOn::Lost, Failure::Lost { .. }) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RetryPolicy {
        RetryPolicy {
            count: 3,
            delay: Duration::from_secs(10),
            backoff: 2.0,
            max: Duration::from_mins(1),
            jitter: false,
            within: None,
            on: Vec::new(),
        }
    }

    const EXIT: Failure = Failure::Exit { code: 1 };

    #[test]
    fn delays_grow_up_to_the_maximum() {
        let delays: Vec<u64> = (1..=5).map(|k| policy().delay(k, 0.5).as_secs()).collect();
        assert_eq!(delays, [10, 20, 40, 60, 60]);
    }

    #[test]
    fn huge_backoff_saturates() {
        let huge = RetryPolicy { backoff: 1e300, max: Duration::MAX, ..policy() };
        assert_eq!(huge.delay(u32::MAX, 0.0), Duration::MAX);
    }

    #[test]
    fn jitter_is_drawn_from_zero_to_the_delay() {
        let jittered = RetryPolicy { jitter: true, ..policy() };
        assert_eq!(jittered.delay(1, 0.0), Duration::ZERO);
        assert_eq!(jittered.delay(1, 0.5), Duration::from_secs(5));
        assert_eq!(jittered.delay(1, 1.0), Duration::from_secs(10));
    }

    #[test]
    fn count_is_of_attempts_after_the_first() {
        assert!(policy().next(3, &EXIT, Duration::ZERO, 0.0).is_some());
        assert_eq!(policy().next(4, &EXIT, Duration::ZERO, 0.0), None);
    }

    #[test]
    fn within_bounds_attempts_and_delays_together() {
        let bounded = RetryPolicy { within: Some(Duration::from_secs(25)), ..policy() };
        assert!(bounded.next(1, &EXIT, Duration::from_secs(14), 0.0).is_some());
        assert_eq!(bounded.next(1, &EXIT, Duration::from_secs(15), 0.0), None);
    }

    #[test]
    fn only_named_failures_are_tried_again() {
        let range = crate::ir::IntRange { from: 100, to: 110 };
        let picky = RetryPolicy { on: vec![RetryOn::Exit(range), RetryOn::Timeout], ..policy() };
        assert!(picky.covers(&Failure::Exit { code: 105 }));
        assert!(!picky.covers(&Failure::Exit { code: 2 }));
        assert!(picky.covers(&Failure::Timeout { after: Duration::ZERO, waited: String::new() }));
        assert!(!policy().covers(&Failure::Denied { by: String::new() }));
    }
}
