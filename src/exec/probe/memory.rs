//! `memory >= SIZE`: what the system could give to new programs.

use super::Answer;
use crate::value::size_text;

pub(super) fn ask(at_least: u64) -> Answer {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let Some(free) = available(&text) else {
        return Err("the system does not say how much memory is available".to_owned());
    };
    let (has, wanted) = (size_text(free), size_text(at_least));
    if free >= at_least {
        Ok(format!("{has} of memory are available"))
    } else {
        Err(format!("{has} of memory are available, not {wanted}"))
    }
}

fn available(text: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes.saturating_mul(1024))
}
