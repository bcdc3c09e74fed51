//! Estimates that are far from what was measured, with what to write instead.

use std::time::Duration;

use super::{WORTH, Weighed, lesson};
use crate::exec::Status;
use crate::exec::graph::NodeIx;
use crate::report::review::figures::Past;
use crate::report::review::history::median;
use crate::report::review::span::total;
use crate::report::review::verdict::many;
use crate::report::text::length;
use crate::value::duration_text;

/// Steps that take more than twice, or less than half, of what the plan says.
pub(super) fn off(past: &Past<'_>) -> Vec<Weighed> {
    past.graph.steps().filter_map(|node| far(past, node)).collect()
}

fn far(past: &Past<'_>, node: NodeIx) -> Option<Weighed> {
    let step = past.graph.step(node)?;
    let (from, to) = past.sources.estimates.get(node.at()).copied().flatten()?;
    let times = measured(past, node);
    let usual = median(&times)?;
    let off = if usual > to * 2 {
        usual.saturating_sub(to)
    } else if usual * 2 < from {
        from.saturating_sub(usual)
    } else {
        return None;
    };
    // Of a `foreach` and a service the time is that of many things, or of others.
    if off < WORTH || step.foreach.is_some() || step.service.is_some() {
        return None;
    }
    let said = if from == to {
        duration_text(from)
    } else {
        format!("{}..{}", duration_text(from), duration_text(to))
    };
    let runs = many(times.len(), "run");
    let which = if times.len() == 1 { String::new() } else { format!(" (the median of {runs})") };
    let name = past.name(node);
    let text = format!(
        "`{name}` takes {}{which}, and the plan says {said}: {}.",
        length(usual),
        factor(usual, from, to),
    );
    let mut found = lesson(past, "estimate", &[node], text);
    found.write = Some(format!("estimate {}", to_write(&times, usual)));
    Some((off, found))
}

/// What it took here and in earlier runs, in order of length.
fn measured(past: &Past<'_>, node: NodeIx) -> Vec<Duration> {
    let track = past.tracks.node(node);
    let done = track.ended.is_some_and(|(status, _)| status == Status::Succeeded);
    let now = (done && !track.tries.is_empty()).then(|| total(past.busy(node)));
    let before = past.earlier(node).filter(|step| step.succeeded()).map(|step| step.took);
    let mut times: Vec<Duration> = now.into_iter().chain(before).collect();
    times.sort_unstable();
    times
}

fn factor(usual: Duration, from: Duration, to: Duration) -> String {
    let of = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64().max(0.001);
    if usual > to {
        format!("{:.1} times as long", of(usual, to))
    } else {
        format!("{:.0}% of it", of(usual, from) * 100.0)
    }
}

/// One time, or a range where the times of several runs lie far apart.
fn to_write(times: &[Duration], usual: Duration) -> String {
    match times {
        [first, .., last] if times.len() >= 3 && *last > *first * 2 => {
            format!("{}..{}", rounded(*first), rounded(*last))
        }
        _ => rounded(usual),
    }
}

/// A time as one would write it.
fn rounded(length: Duration) -> String {
    let unit = match length.as_secs() {
        0 => 10,
        1..120 => 1_000,
        120..600 => 10_000,
        600..7_200 => 60_000,
        _ => 600_000,
    };
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let units = millis.saturating_add(unit / 2) / unit;
    duration_text(Duration::from_millis(units.max(1).saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_to_what_one_would_write() {
        let written = |seconds: f64| rounded(Duration::from_secs_f64(seconds));
        let texts = [0.004, 0.347, 1.4, 61.2, 241.0, 3_700.0].map(written);
        assert_eq!(texts, ["10ms", "350ms", "1s", "1m1s", "4m", "1h2m"]);
    }

    #[test]
    fn times_far_apart_make_a_range() {
        let times = [60, 90, 300].map(Duration::from_secs);
        assert_eq!(to_write(&times, times[1]), "1m..5m");
        assert_eq!(to_write(&times[..2], times[1]), "1m30s");
    }
}
